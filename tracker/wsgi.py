"""What a WSGI server loads: `tracker.wsgi:service` and `tracker.wsgi:public`, both factories.

A process serves one of them and loads only that.
"""

from flask import Flask

from tracker.lifeline import die_with_parent


def service() -> Flask:
    """The API and the staff pages."""
    die_with_parent()
    from tracker import create_app

    return create_app()


def public() -> Flask:
    """The customers' site."""
    die_with_parent()
    from public_status import create_app

    return create_app()
