"""Views: pure functions from small frozen values to Block Kit."""
