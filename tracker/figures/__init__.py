"""On-time figures (按时率): what they are, and what of them the public is shown."""
