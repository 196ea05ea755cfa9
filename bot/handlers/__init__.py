"""Slack handlers: check, commit one short transaction, acknowledge, return. The worker updates the cards."""
