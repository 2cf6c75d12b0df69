"""The service for tests, put together once for each way in which it is configured."""

from dataclasses import replace

from flask import Flask

from tracker import create_app
from tracker.runtime import Runtime

_apps: dict[str, Flask] = {}


def app_of(runtime: Runtime) -> Flask:
    """The service on this runtime, until another test asks for it on another.

    To put one together takes as long as three tests do: it writes the whole description of the API. Of a
    runtime only the configuration goes into it; all else is asked of the runtime with each request.
    """
    if runtime.config.portal_folder is not None:
        # What stands in the folder is read at the start, and is each test's own.
        return create_app(runtime)
    configured = repr(replace(runtime.config, files_dir=None))
    app = _apps.get(configured)
    if app is None:
        app = _apps[configured] = create_app(runtime)
    app.extensions["tracker"] = runtime.walled
    app.test_client_class = None
    return app
