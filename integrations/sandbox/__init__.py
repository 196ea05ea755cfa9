"""A whole workspace on loopback: Slack, Gmail and HubSpot with a durable ledger of what was done to them."""
