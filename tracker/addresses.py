"""Whom an address on the network stands for."""

import ipaddress


def household_of(address: str | None) -> str:
    """The address; of an IPv6 one the /64 network, which is what a household is given."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if found.version == 6:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
