"""Orders that may break their promise: why, whom it was brought before, and who took it over."""
