"""Orders from portals that have field names, codes and an envelope of their own.

One adapter for all of them: a mapping file says how a portal's requests are read and answered.
"""
