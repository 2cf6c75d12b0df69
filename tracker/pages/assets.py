"""The built style sheets and scripts: their addresses, and serving them.

`make pages` writes each file under a name that carries its content's hash, so a browser may keep
it for good, and a compressed copy beside it.
"""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Flask, Response, request, send_from_directory
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from tracker.setting_kinds import ConfigError

_PAGES = Path(__file__).resolve().parent
_SHELF = _PAGES / "static"
_MANIFEST = _SHELF / "build" / "manifest.json"

_YEAR = 365 * 86400
_HOUR = 3600

# The machine's own table of types may lack or misname some, and browsers are told not to guess.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class PagesNotBuiltError(ConfigError):
    """The pages' files are missing; the message says how to make them."""


@cache
def _manifest() -> dict[str, str]:
    try:
        names: dict[str, str] = json.loads(_MANIFEST.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PagesNotBuiltError("the pages' style sheets are not built: run `make pages`") from None
    return names


def asset_url(name: str) -> str:
    """The address of a built file by its plain name ("site.css").

    Raises PagesNotBuiltError where there is no build, or it does not know the name.
    """
    try:
        return f"/static/{_manifest()[name]}"
    except KeyError:
        raise PagesNotBuiltError(f"{name} is not among the built files: run `make pages`") from None


@cache
def asset_bytes(name: str) -> bytes:
    """A built file as it is, to be served under another address. Raises PagesNotBuiltError."""
    return (_SHELF / asset_url(name).removeprefix("/static/")).read_bytes()


@cache
def asset_text(name: str) -> Markup:
    """A built style sheet as it stands within a page. Raises PagesNotBuiltError."""
    return Markup(asset_bytes(name).decode())  # noqa: S704 - our own file


def style_source(name: str) -> str:
    """The source by which a Content-Security-Policy lets in just this sheet within a page."""
    return f"'sha256-{b64encode(sha256(asset_text(name).encode()).digest()).decode()}'"


def register(app: Flask) -> None:
    """Give the app the shared templates, `asset_url` and `asset_text`, and the files under /static.

    Raises PagesNotBuiltError, so that a site without its design does not start.
    """
    _manifest()
    pages = Blueprint("design", __name__, template_folder="templates")
    pages.add_url_rule("/static/<path:name>", "static", _static)
    app.register_blueprint(pages)
    app.jinja_env.globals.update(asset_url=asset_url, asset_text=asset_text)


def _static(name: str) -> Response:
    """One file of the shelf, compressed for those who take it so."""
    kind = _TYPES.get(Path(name).suffix)
    if kind is None:
        raise NotFound
    hashed = name in _manifest().values()
    packed = hashed and request.accept_encodings.quality("gzip") > 0 and (_SHELF / f"{name}.gz").is_file()
    response = send_from_directory(
        _SHELF, f"{name}.gz" if packed else name, mimetype=kind, max_age=_YEAR if hashed else _HOUR
    )
    response.cache_control.public = True
    response.cache_control.no_cache = None
    response.cache_control.immutable = hashed
    response.vary.add("Accept-Encoding")
    if packed:
        response.content_encoding = "gzip"
    return response
