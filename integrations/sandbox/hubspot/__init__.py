"""HubSpot's CRM API for reading: objects, associations, search with its lag, pipelines and owners."""

from integrations.sandbox.hubspot.api import routes

__all__ = ["routes"]
