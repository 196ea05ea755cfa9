"""Entry points: what people press in Slack, the worker that acts on it, the web routes and the command line."""
