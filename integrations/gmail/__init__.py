"""Gmail as the domain's mailbox: drafts that are sent once, and what came in."""

from integrations.gmail.client import GmailMailbox
from integrations.gmail.token import BadCredentials, Token, token_source

__all__ = ["BadCredentials", "GmailMailbox", "Token", "token_source"]
