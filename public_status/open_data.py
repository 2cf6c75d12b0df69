"""All published plans as open data (开放数据): JSON, CSV, and the schema of both.

Every version with its days, so that whoever reads it can tell what was sold when. It holds what was
recorded and nothing that depends on the day of reading. See docs/open-data.md.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Flask

from public_status.open_files import instant, object_of, serve_files
from public_status.published import Change, PlanVersion, PublishedPlan, Snapshot
from public_status.runtime import PublicRuntime
from public_status.shelf import Shelf
from tracker.files.cells import BOM, csv_line
from tracker.tariffs.rules import AUDIENCES, PLAN_KINDS, ChangeKind, ChangeState, PlanState, sold_until

_MONEY = ("monthly", "installation", "commissioning")
_TEXTS = (
    "name", "name_en", "services", "services_en", "restrictions", "restrictions_en", "scope",
    "sales_channels", "validity", "stay", "cancellation", "liability", "voice", "data", "iptv", "benefits",
    "overage", "other_services", "remark",
)  # fmt: skip


def register(app: Flask, run: PublicRuntime, shelf: Shelf) -> None:
    """The three files."""
    site_url = run.config.public_site_url
    serve_files(
        app,
        shelf,
        "/fees",
        saved_as="qingyuan-broadband-fees.csv",
        as_json=lambda snapshot: as_json(snapshot, site_url),
        as_csv=lambda snapshot: as_csv(snapshot, site_url),
        schema=schema(site_url),
    )


def as_json(snapshot: Snapshot, site_url: str) -> dict[str, Any]:
    """Everything, as `schema` describes it."""
    return {
        "schema": f"{site_url}/fees/schema.json",
        "title": "清远宽带资费公示",
        "changed_at": instant(snapshot.changed_at),
        "plans": [
            {
                **_identity(plan, site_url),
                "versions": [_version(version, plan) for version in plan.versions],
                "changes": [_change(change, plan) for change in plan.changes],
            }
            for plan in snapshot.plans.values()
        ],
    }


def as_csv(snapshot: Snapshot, site_url: str) -> bytes:
    """A row for each version of each plan, in UTF-8 with a byte order mark, by which Excel knows it."""
    lines = [_COLUMNS, *([row[name] for name in _COLUMNS] for row in _rows(snapshot, site_url))]
    return (BOM + "".join(csv_line(cells) for cells in lines)).encode()


def _rows(snapshot: Snapshot, site_url: str) -> Iterator[dict[str, Any]]:
    for plan in snapshot.plans.values():
        for version in plan.versions:
            identity = _identity(plan, site_url)
            operator, region = identity.pop("operator"), identity.pop("region")
            yield {
                "operator": operator["code"],
                "operator_name": operator["name"],
                "region": region["code"],
                "region_name": region["name"],
                **identity,
                **_version(version, plan),
            }


def _identity(plan: PublishedPlan, site_url: str) -> dict[str, Any]:
    operator = plan.operator
    return {
        "operator": {
            "code": operator.code,
            "name": operator.name,
            "name_en": operator.name_en,
            "hotline": operator.hotline,
        },
        "region": {"code": plan.region, "name": plan.region_name},
        "filing_number": plan.filing_number,
        "url": site_url + plan.path,
    }


def _version(version: PlanVersion, plan: PublishedPlan) -> dict[str, Any]:
    fees: dict[str, int | str] = {}
    for name in _MONEY:
        fen: int = getattr(version, f"{name}_fen")
        fees |= {f"{name}_fen": fen, f"{name}_yuan": _yuan(fen)}
    return {
        "version": version.version,
        "state": version.state,
        "audience": version.audience,
        "kind": version.kind,
        "product": version.product,
        **fees,
        "download_mbps": version.download_mbps,
        "upload_mbps": version.upload_mbps,
        **{name: getattr(version, name) for name in _TEXTS},
        "on_sale_from": _day(version.on_sale_from),
        "on_sale_to": _day(version.on_sale_to),
        "sold_until": _day(sold_until(version, plan.versions)),
        "published_at": instant(version.published_at),
        "withdrawn_at": instant(version.withdrawn_at),
    }


def _change(change: Change, plan: PublishedPlan) -> dict[str, Any]:
    brought = next((one.version for one in plan.versions if one.id == change.plan_id), None)
    return {
        "kind": change.kind,
        "state": change.state,
        "effective_on": _day(change.effective_on),
        "ends_from": _day(change.ends_from),
        "ends_to": _day(change.ends_to),
        "version": brought,
        "summary": change.summary,
        "summary_en": change.summary_en,
        "announced_at": instant(change.announced_at),
        "withdrawn_at": instant(change.withdrawn_at),
    }


def _yuan(fen: int) -> str:
    """Exactly, with both decimals: a float would not be exact."""
    return f"{fen // 100}.{fen % 100:02d}"


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


_ONE_ROW_IDENTITY = (
    "operator", "operator_name", "region", "region_name", "filing_number", "url", "version", "state",
    "audience", "kind", "product",
)  # fmt: skip
_COLUMNS = (
    *_ONE_ROW_IDENTITY,
    *(f"{name}_{unit}" for name in _MONEY for unit in ("fen", "yuan")),
    "download_mbps",
    "upload_mbps",
    *_TEXTS,
    "on_sale_from",
    "on_sale_to",
    "sold_until",
    "published_at",
    "withdrawn_at",
)


def schema(site_url: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of `as_json`; a row of the CSV has the same fields of a version."""
    text = {"type": "string"}
    day = {"type": "string", "format": "date"}
    moment = {"type": "string", "format": "date-time"}
    or_none = {name: {**kind, "type": ["string", "null"]} for name, kind in (("day", day), ("at", moment))}
    count = {"type": "integer", "minimum": 0}
    version = {
        "version": {"type": "integer", "minimum": 1},
        "state": {
            "enum": [PlanState.PUBLISHED, PlanState.WITHDRAWN],
            "description": "withdrawn: taken off sale, or taken back before its first day",
        },
        "audience": {"enum": list(AUDIENCES)},
        "kind": {"enum": list(PLAN_KINDS), "description": "资费类型"},
        "product": text,
        **{f"{name}_fen": {**count, "description": "分 (1/100 yuan)"} for name in _MONEY},
        **{f"{name}_yuan": {**text, "pattern": r"^[0-9]+\.[0-9]{2}$"} for name in _MONEY},
        "download_mbps": count,
        "upload_mbps": count,
        **dict.fromkeys(_TEXTS, text),
        "on_sale_from": {**day, "description": "上线日期: the first day of sale"},
        "on_sale_to": {**or_none["day"], "description": "下线日期: its own last day of sale, if it has one"},
        "sold_until": {
            **or_none["day"],
            "description": "the last day of sale: its own, or the eve of the next version's first;"
            " before on_sale_from where it was taken back before it began",
        },
        "published_at": moment,
        "withdrawn_at": or_none["at"],
    }
    change = {
        "kind": {"enum": list(ChangeKind)},
        "state": {"enum": list(ChangeState)},
        "effective_on": {**day, "description": "the first day on which it holds for anybody"},
        "ends_from": {**or_none["day"], "description": "term_end: for agreed prices that end from this day"},
        "ends_to": {**or_none["day"], "description": "term_end: through this day"},
        "version": {"type": ["integer", "null"], "description": "the version that it brings"},
        "summary": text,
        "summary_en": text,
        "announced_at": moment,
        "withdrawn_at": or_none["at"],
    }
    code = {**text, "description": "division code of the city or county"}
    plan = {
        "operator": object_of(dict.fromkeys(("code", "name", "name_en", "hotline"), text)),
        "region": object_of({"code": code, "name": text}),
        "filing_number": {**text, "description": "方案编号"},
        "url": {"type": "string", "format": "uri-reference"},
        "versions": {"type": "array", "minItems": 1, "items": object_of(version)},
        "changes": {"type": "array", "items": object_of(change)},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{site_url}/fees/schema.json",
        "title": "清远宽带资费公示 (published broadband fees)",
        "description": "Every published version of every plan. Days are dates in Asia/Shanghai.",
        **object_of(
            {
                "schema": {"type": "string", "format": "uri-reference"},
                "title": text,
                "changed_at": moment,
                "plans": {"type": "array", "items": object_of(plan)},
            }
        ),
    }
