"""How fast the tracker is, as ratios to what the same machine can do at most in the same minutes.

Rates depend on the machine and on what else it does. So every speed is measured beside ceilings,
under the same server and in turns, and only the ratios are worth comparing with other runs.
"""
