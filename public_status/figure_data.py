"""On-time figures as open data: JSON, CSV and the schema of both, with every revision.

Rates of samples that are too small are not told, and neither is what they could be reckoned from.
"""

from collections.abc import Iterator
from typing import Any

from flask import Flask

from public_status.figure_board import PublishedFigure, Rate
from public_status.figures import reason_words
from public_status.open_files import instant, object_of, serve_files
from public_status.published import Snapshot
from public_status.runtime import PublicRuntime
from public_status.shelf import Shelf
from tracker.figures.rules import LEAST_SAMPLE, PeriodKind
from tracker.files.cells import BOM, csv_line

DEFINITIONS = {
    "gross": "orders whose first promise was due in the period, and those of them connected by it;"
    " nothing is left out",
    "net": "orders whose promise as it stands, after holds and new dates, was due in the period, without"
    " those withdrawn by the customer by then and those late for a recorded reason that is not the"
    " operator's doing",
    "sample": f"rates of fewer than {LEAST_SAMPLE} orders are not published: on_time, rate and removed are"
    " null then",
}
_COLUMNS = (
    "operator", "operator_name", "period", "first_day", "last_day", "revision", "current", "published_at",
    "gross_due", "gross_on_time", "gross_rate", "net_due", "net_on_time", "net_rate", "removed",
)  # fmt: skip


def register(app: Flask, run: PublicRuntime, shelf: Shelf) -> None:
    """The three files."""
    site_url = run.config.public_site_url
    serve_files(
        app,
        shelf,
        "/figures",
        saved_as="qingyuan-broadband-on-time.csv",
        as_json=lambda snapshot: as_json(snapshot, site_url),
        as_csv=as_csv,
        schema=schema(site_url),
    )


def as_json(snapshot: Snapshot, site_url: str) -> dict[str, Any]:
    """Everything, as `schema` describes it."""
    return {
        "schema": f"{site_url}/figures/schema.json",
        "title": "清远宽带报装按时率",
        "changed_at": instant(snapshot.changed_at),
        "least_sample": LEAST_SAMPLE,
        "definitions": DEFINITIONS,
        "figures": list(_figures(snapshot)),
    }


def as_csv(snapshot: Snapshot) -> bytes:
    """A row for each revision of each figure, in UTF-8 with a byte order mark, by which Excel knows it."""
    rows = (_row(one) for one in _figures(snapshot))
    lines = [_COLUMNS, *([row[name] for name in _COLUMNS] for row in rows)]
    return (BOM + "".join(csv_line(cells) for cells in lines)).encode()


def _row(figure: dict[str, Any]) -> dict[str, Any]:
    operator, removed = figure["operator"], figure["net"]["removed"]
    reasons = None if removed is None else "; ".join(f"{one['reason']} {one['count']}" for one in removed)
    rates = {
        f"{kind}_{name}": figure[kind][name]
        for kind in ("gross", "net")
        for name in ("due", "on_time", "rate")
    }
    names = {"operator": operator["code"], "operator_name": operator["name"]}
    return figure | rates | names | {"removed": reasons}


def _figures(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    operators = {one.id: one for one in snapshot.operators}
    newest: dict[tuple[int, Any], int] = {}
    for one in snapshot.figures:
        key = (one.operator_id, one.period)
        newest[key] = max(newest.get(key, 0), one.revision)
    for one in snapshot.figures:
        operator = operators[one.operator_id]
        yield {
            "operator": {"code": operator.code, "name": operator.name, "name_en": operator.name_en},
            "period": one.kind,
            "first_day": one.starts_on.isoformat(),
            "last_day": one.period.ends_on.isoformat(),
            "revision": one.revision,
            "current": newest[one.operator_id, one.period] == one.revision,
            "published_at": instant(one.published_at),
            "gross": _rate(Rate(one.on_time, one.due)),
            "net": {**_rate(Rate(one.net_on_time, one.net_due)), "removed": _removed(one)},
        }


def _rate(rate: Rate) -> dict[str, int | float | None]:
    told = rate.is_told
    return {
        "due": rate.sample,
        "on_time": rate.on_time if told else None,
        "rate": rate.hundredths if told else None,
    }


def _removed(one: PublishedFigure) -> list[dict[str, Any]] | None:
    if not Rate(one.net_on_time, one.net_due).is_told:
        return None
    return [
        {
            "reason": code,
            "name": reason_words(code, "zh"),
            "name_en": reason_words(code, "en"),
            "count": count,
        }
        for code, count in sorted(one.removed.items())
    ]


def schema(site_url: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of `as_json`; a row of the CSV has the same fields of a figure."""
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}
    day, moment = {"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}
    rate = {
        "due": {**count, "description": "the sample"},
        "on_time": {**count, "type": ["integer", "null"]},
        "rate": {"type": ["number", "null"], "minimum": 0, "maximum": 100, "description": "per cent"},
    }
    reason = object_of({"reason": text, "name": text, "name_en": text, "count": count})
    removed = {"type": ["array", "null"], "items": reason, "description": "left out of the net figure"}
    figure = {
        "operator": object_of(dict.fromkeys(("code", "name", "name_en"), text)),
        "period": {"enum": list(PeriodKind)},
        "first_day": day,
        "last_day": day,
        "revision": {"type": "integer", "minimum": 1, "description": "1: as first published"},
        "current": {"type": "boolean", "description": "whether no later revision stands"},
        "published_at": moment,
        "gross": {**object_of(rate), "description": DEFINITIONS["gross"]},
        "net": {**object_of({**rate, "removed": removed}), "description": DEFINITIONS["net"]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{site_url}/figures/schema.json",
        "title": "清远宽带报装按时率 (on-time rates of broadband installations)",
        "description": "By operator, month and half-year, every revision. Days are dates in Asia/Shanghai.",
        **object_of(
            {
                "schema": {"type": "string", "format": "uri-reference"},
                "title": text,
                "changed_at": moment,
                "least_sample": count,
                "definitions": object_of(dict.fromkeys(DEFINITIONS, text)),
                "figures": {"type": "array", "items": object_of(figure)},
            }
        ),
    }
