"""Gmail's REST API over one mailbox, as strict and as forgetful about ids as the real one."""

from integrations.sandbox.gmail.api import routes

__all__ = ["routes"]
