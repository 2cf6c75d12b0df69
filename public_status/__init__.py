"""The customers' site: where an order stands, and what broadband costs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from public_status.runtime import PublicRuntime


def create_app(runtime: "PublicRuntime | None" = None) -> "Flask":
    """The site. Without a runtime, one is started from the environment.

    Raises ConfigError for a missing setting or pages that are not built, KeyRingError for an
    unusable key file.
    """
    from public_status.site import create

    return create(runtime)
