"""HubSpot as the domain's CRM: who an address is, tasks that are made once, deals that are changed."""

from integrations.hubspot.client import HubSpotCrm

__all__ = ["HubSpotCrm"]
