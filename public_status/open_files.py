"""How open data is given out: as files that any page may read, with the schema that describes them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, Response, jsonify, make_response

from public_status.published import Snapshot
from public_status.shelf import Kind, Shelf, shown
from tracker import clock


def serve_files(
    app: Flask,
    shelf: Shelf,
    path: str,
    *,
    as_json: Callable[[Snapshot], dict[str, Any]],
    schema: dict[str, Any],
    as_csv: Callable[[Snapshot], str] | None = None,
    saved_as: str = "",
) -> None:
    """Serve open data below `path`: JSON, its schema, and CSV where there is one, `saved_as` a name."""

    def in_json() -> Response:
        return open_to_all(jsonify(as_json(shown().snapshot)))

    def in_csv() -> Response:
        response = make_response(as_csv(shown().snapshot) if as_csv else "")
        response.content_type = "text/csv; charset=utf-8"
        response.headers["Content-Disposition"] = f'attachment; filename="{saved_as}"'
        return open_to_all(response)

    def described() -> Response:
        response = jsonify(schema)
        response.content_type = "application/schema+json"
        return open_to_all(response)

    views = {".json": in_json, "/schema.json": described} | ({".csv": in_csv} if as_csv else {})
    for ending, view in views.items():
        shelf.add(path + ending, Kind(for_people=False))
        app.add_url_rule(path + ending, path + ending, view)


def open_to_all(response: Response) -> Response:
    """Any page may read it, and any cache keep it as long as it asks whether it still stands."""
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def instant(at: datetime | None) -> str | None:
    """An instant on the city's clocks, with its offset."""
    return None if at is None else clock.local(at).isoformat(timespec="seconds")


def object_of(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object that has just these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
