"""Hypothesis for the pure tests: bounded, so that the folder runs in about a second."""

from hypothesis import settings

settings.register_profile("core", deadline=None, max_examples=40)
settings.load_profile("core")
