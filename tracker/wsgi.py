"""What a WSGI server loads: `tracker.wsgi:service` and `tracker.wsgi:public`, both factories.

A process serves one of them and loads only that. It is a worker of a web server, which it must not
outlive: an orphan would hold the port and serve on unwatched.
"""

from flask import Flask

from tracker.lifeline import die_with_parent
from tracker.loading import without_collecting


def service() -> Flask:
    """The API and the staff pages."""
    die_with_parent(always=True)
    from tracker import create_app
    from tracker.queueing import settle_memory

    with without_collecting():
        app = create_app()
    settle_memory()
    return app


def public() -> Flask:
    """The customers' site."""
    die_with_parent(always=True)
    from public_status import create_app
    from tracker.queueing import settle_memory

    with without_collecting():
        app = create_app()
    settle_memory()
    return app
