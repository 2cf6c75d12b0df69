"""Forgetting: personal data goes once the time for which it may be kept is over."""
