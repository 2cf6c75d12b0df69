"""How customers want to be told: by text, by a call, or by no text at all (the opt-out list)."""
