"""How a route of the API documents itself.

A route lives on this `Blueprint` and says in one line what the machinery cannot know:

    @blueprint.operation("placeOrder", *refusals.PLACING, scope="orders", sends=("ETag", "Location"))

its operationId, the rules of `tracker.problems` that its use case may refuse by, the scopes of which
a key needs one, and the headers of its answers (`Retry-After?` where it is not always there). All else
follows (`tracker.api.document`): from IDEMPOTENCY and IF_MATCH, from the schemas and from the address the
other problems; the words for a field come from its metadata or `tracker.api.glossary`, those for a
parameter from `tracker.api.parameters`; a body and an answer take their examples from
`tracker/api/examples`, a schema that is a resource its links from `tracker.api.links`. What is missing is
named by tests/api/test_document.py.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import flask_smorest
from flask import Response, request
from marshmallow import RAISE
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter

from tracker.api.field_rules import rules_of

_View = TypeVar("_View", bound=Callable[..., Any])

# Where the parts of an operation that OpenAPI has no word for wait until the document is completed.
NOTES = "x-notes"


LARGEST_ID = 2**31 - 1
LARGEST_LONG_ID = 2**63 - 1


class Id(IntegerConverter):
    """The id of a row in an address; what no row can have is no address."""

    def __init__(self, url_map: Any) -> None:
        super().__init__(url_map, min=1, max=LARGEST_ID)


class LongId(IntegerConverter):
    """The same of a table that may come to hold more rows."""

    def __init__(self, url_map: Any) -> None:
        super().__init__(url_map, min=1, max=LARGEST_LONG_ID)


class _Parser(FlaskParser):  # type: ignore[misc]
    """A parameter that is not known is refused too: a misspelt filter would answer with everything."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A part of the API."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # First, while the schemas are still in what the decorators have kept.
        self._prepare_doc_cbks.insert(0, _prepare_notes)
        self._prepare_doc_cbks.append(_join_parameters)
        self.before_request(_refuse_impossible_addresses)
        self.after_request(_keep_out_of_caches)

    @staticmethod
    def operation(
        name: str, *rules: str, scope: str | Iterable[str] = (), sends: Iterable[str] = ()
    ) -> Callable[[_View], _View]:
        """Name an operation, the rules it may refuse by, scopes of which its key needs one, and the
        headers that its answers carry beside those of every answer.
        """
        scopes = (scope,) if isinstance(scope, str) else tuple(scope)

        def note(view: _View) -> _View:
            kept = getattr(view, "_apidoc", {})
            said = {"name": name, "rules": rules, "scopes": scopes, "sends": tuple(sends)}
            view._apidoc = {**kept, "said": said}  # type: ignore[attr-defined]  # flask-smorest's shelf
            return view

        return note


def _prepare_notes(doc: dict[str, Any], doc_info: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What flask-smorest would forget of an operation, for `tracker.api.document` to spell out."""
    said = doc_info.get("said", {"name": None, "rules": (), "scopes": (), "sends": ()})
    given = doc_info.get("arguments", {}).get("parameters", ())
    by_fields = {rule for parameter in given for rule in rules_of(parameter["schema"])}
    return {**doc, NOTES: {**said, "field_rules": sorted(by_fields)}}


def _join_parameters(doc: dict[str, Any], doc_info: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Those of the query's schema and those told by hand, which would else take their place."""
    by_hand = doc_info.get("manual_doc", {}).pop("parameters", ())
    return {**doc, "parameters": [*doc.get("parameters", ()), *by_hand]}


def _refuse_impossible_addresses() -> None:
    """PostgreSQL cannot look for a NUL, so there is nothing at an address that holds one."""
    if any(isinstance(part, str) and "\0" in part for part in (request.view_args or {}).values()):
        raise NotFound


def _keep_out_of_caches(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response
