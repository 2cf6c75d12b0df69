"""A working system in one command, filled with example data."""
