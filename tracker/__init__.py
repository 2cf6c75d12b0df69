"""Broadband installation orders: recorded from every channel, promised, told, published."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from tracker.runtime import Runtime


def create_app(runtime: "Runtime | None" = None) -> "Flask":
    """The service: API and staff pages. Without a runtime, one is started from the environment."""
    # Imported here so that small commands and the embedded servers do not load the web framework.
    from tracker.service import create

    return create(runtime)
