"""Gmail as the domain's mailbox: drafts that are sent once, and what came in."""

from integrations.gmail.client import GmailMailbox

__all__ = ["GmailMailbox"]
