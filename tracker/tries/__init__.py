"""Tries at what needs a proof, counted by all processes together: how often an address, how often wrong."""
