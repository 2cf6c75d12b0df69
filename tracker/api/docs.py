"""The API's description as JSON, as pages to browse, and all rules of problems in both languages."""

import gzip
import hashlib
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from flask import Blueprint, Flask, Response, json, make_response, render_template, request

from tracker.problems import RULES
from tracker.problems.rule import ProblemRule

blueprint = Blueprint("api_docs", __name__, url_prefix="/api/v1")

# The page draws with inline styles and asks this server only; scripts come from files alone.
_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def register(app: Flask, document: Mapping[str, Any]) -> None:
    """Serve `document`, which is written out once, and the pages."""
    written = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    packed = gzip.compress(written, mtime=0)
    tag = hashlib.sha256(written).hexdigest()[:32]

    def description() -> Response:
        small = request.accept_encodings.quality("gzip") > 0
        response = Response(packed if small else written, mimetype="application/json")
        if small:
            response.content_encoding = "gzip"
        response.set_etag(f"{tag}-gzip" if small else tag)
        response.vary.add("Accept-Encoding")
        response.cache_control.no_cache = True
        return response.make_conditional(request)

    # On the app and not on the blueprint, which is the module's and takes no address after its first app.
    app.add_url_rule("/api/v1/openapi.json", "api_description", description)
    app.register_blueprint(blueprint)


@blueprint.get("/docs")
def browse() -> Response:
    """The description to browse, and to try it out with a key."""
    response = make_response(render_template("api/docs.html"))
    response.headers["Content-Security-Policy"] = _CONTENT_POLICY
    return response


@blueprint.get("/problems")
def problems() -> str:
    """Every rule: its id, its status, what is said of its breach in Chinese and English."""
    return render_template("api/problems.html", families=_families())


def _families() -> list[tuple[str, list[ProblemRule]]]:
    """The rules by the first word of their ids, both by the alphabet."""
    rules = sorted(RULES.values(), key=lambda rule: rule.id)
    return [(family, list(of_it)) for family, of_it in groupby(rules, lambda rule: rule.id.partition(".")[0])]
