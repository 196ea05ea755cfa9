"""HubSpot as the domain's CRM: who an address is, read only."""

from integrations.hubspot.client import HubSpotCrm

__all__ = ["HubSpotCrm"]
