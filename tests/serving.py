"""The service for tests, put together once for each way in which it is configured; apps behind a socket."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tracker import create_app
from tracker.runtime import Runtime

_apps: dict[str, Flask] = {}


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """What is served logs its requests itself."""


class _KeepsAlive(_Quiet):
    protocol_version = "HTTP/1.1"


@contextmanager
def served(app: Flask, *, keeps_alive: bool = False) -> Iterator[str]:
    """The address at which an app answers behind a real socket, for the length of the block."""
    handler = _KeepsAlive if keeps_alive else _Quiet
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def app_of(runtime: Runtime) -> Flask:
    """The service on this runtime, until another test asks for it on another.

    To put one together takes as long as three tests do: it writes the whole description of the API. Of a
    runtime only the configuration goes into it; all else is asked of the runtime with each request.
    """
    portals = runtime.config.portal_folder
    # The folder is each test's own; what stands in it is read at the start.
    mapped = sorted((file.name, file.read_text()) for file in portals.glob("*.toml")) if portals else []
    configured = repr((replace(runtime.config, files_dir=None, portal_folder=None), mapped))
    app = _apps.get(configured)
    if app is None:
        app = _apps[configured] = create_app(runtime)
    app.extensions["tracker"] = runtime.walled
    app.test_client_class = None
    return app
