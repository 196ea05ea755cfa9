"""Google's Calendar API over one calendar: our event ids, free and busy, entity tags, and who is written to."""

from integrations.sandbox.calendar.api import routes

__all__ = ["routes"]
