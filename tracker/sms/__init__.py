"""Gateways to SMS providers: one port, one file per provider."""
