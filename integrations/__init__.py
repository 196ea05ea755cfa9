"""Adapters to the services outside, one package each, and the sandbox that stands in for all of them."""
