"""Putting a provider of the test's own in the place of the configured one."""

from tracker.runtime import Runtime
from tracker.sms.port import Gateway


def use_gateway(runtime: Runtime, gateway: Gateway) -> None:
    """From now on the runtime sends through this one, whatever it sent through before."""
    runtime.__dict__.pop("routes", None)
    runtime.__dict__["gateway"] = gateway
