"""All announced outages of the last year and to come as open data: JSON and its schema.

It holds what was recorded and nothing that depends on the moment of reading. See docs/open-data.md.
"""

from typing import Any

from flask import Flask

from public_status.open_files import instant, object_of, serve_files
from public_status.outage_board import PublishedOutage
from public_status.published import OperatorCard, Snapshot
from public_status.runtime import PublicRuntime
from public_status.shelf import Shelf
from tracker.outages.rules import SERVICES
from tracker.outages.rules import Kind as OutageKind

_INSTANTS = (
    "starts_at", "ends_at", "first_starts_at", "first_ends_at", "announced_at", "changed_at",
    "area_changed_at", "withdrawn_at", "restored_at",
)  # fmt: skip
_ALWAYS_THERE = ("starts_at", "first_starts_at", "announced_at")


def register(app: Flask, run: PublicRuntime, shelf: Shelf) -> None:
    """The two files."""
    site_url = run.config.public_site_url
    serve_files(
        app,
        shelf,
        "/outages",
        as_json=lambda snapshot: as_json(snapshot, site_url),
        schema=schema(site_url),
    )


def as_json(snapshot: Snapshot, site_url: str) -> dict[str, Any]:
    """Everything, as `schema` describes it."""
    operators = {one.id: one for one in snapshot.operators}
    return {
        "schema": f"{site_url}/outages/schema.json",
        "title": "清远网络中断公告",
        "changed_at": instant(snapshot.changed_at),
        "outages": [_outage(one, operators[one.operator_id], snapshot) for one in snapshot.outages],
    }


def _outage(one: PublishedOutage, operator: OperatorCard, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": one.id,
        "operator": {
            "code": operator.code,
            "name": operator.name,
            "name_en": operator.name_en,
            "hotline": operator.hotline,
        },
        "kind": one.kind,
        "area": [_place(code, snapshot) for code in one.area_codes],
        "communities": one.communities,
        **{name: instant(getattr(one, name)) for name in _INSTANTS},
        "minutes": one.minutes,
        "services": list(one.services),
        "reason": one.reason,
        "reason_en": one.reason_en,
    }


def _place(code: str, snapshot: Snapshot) -> dict[str, str]:
    division = snapshot.places.by_code[code]
    return {"code": code, "level": division.level, "name": division.name}


def schema(site_url: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of `as_json`."""
    text = {"type": "string"}
    moment = {"type": "string", "format": "date-time"}
    told = {
        "starts_at": "when it begins",
        "ends_at": "when it is to end; null: nobody knows yet",
        "first_starts_at": "when it was to begin as first announced",
        "first_ends_at": "when it was to end as first announced",
        "changed_at": "when anything of it was last changed",
        "area_changed_at": "when its area was last changed",
        "withdrawn_at": "when it was withdrawn: it does not take place",
        "restored_at": "when service came back, where that was recorded",
    }
    instants = {
        name: {
            **moment,
            **({} if name in _ALWAYS_THERE else {"type": ["string", "null"]}),
            **({"description": told[name]} if name in told else {}),
        }
        for name in _INSTANTS
    }
    place = {
        "code": {**text, "description": "division code"},
        "level": {"enum": ["county", "town", "community"]},
        "name": text,
    }
    outage = {
        "id": {"type": "integer"},
        "operator": object_of(dict.fromkeys(("code", "name", "name_en", "hotline"), text)),
        "kind": {"enum": list(OutageKind)},
        "area": {"type": "array", "minItems": 1, "items": object_of(place)},
        "communities": {"type": "integer", "minimum": 0, "description": "how many lie in the area"},
        **instants,
        "minutes": {
            "type": ["integer", "null"],
            "description": "how long service is expected to be away; null: the whole window",
        },
        "services": {"type": "array", "minItems": 1, "items": {"enum": list(SERVICES)}},
        "reason": text,
        "reason_en": {**text, "description": "empty where nobody translated it"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{site_url}/outages/schema.json",
        "title": "清远网络中断公告 (announced outages)",
        "description": "Outages of the last year and to come. Instants bear the offset of Asia/Shanghai.",
        **object_of(
            {
                "schema": {"type": "string", "format": "uri-reference"},
                "title": text,
                "changed_at": moment,
                "outages": {"type": "array", "items": object_of(outage)},
            }
        ),
    }
