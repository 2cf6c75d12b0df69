"""Changes of what customers pay: announced, told a full month before, and proved."""
