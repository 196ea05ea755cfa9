"""HubSpot's CRM API: objects, associations, search with its lag, pipelines and owners; tasks and deals for writing."""

from integrations.sandbox.hubspot.api import routes

__all__ = ["routes"]
