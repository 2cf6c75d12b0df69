"""Channels that are told of what happens to their orders: signed requests, each order's in its order."""
