"""Slack as an app sees it: Web API, Socket Mode, signed HTTP delivery, and the people who press its buttons."""
