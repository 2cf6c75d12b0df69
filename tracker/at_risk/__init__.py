"""Orders that are likely to break their promise, and who is told of them by when."""
