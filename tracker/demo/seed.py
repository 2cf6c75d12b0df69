"""The demonstration's operators, channels, limits and plans; harmless to repeat."""

import tomllib
from datetime import date
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.channels.models import Channel
from tracker.db import Database
from tracker.places.load_divisions import load_divisions, packaged
from tracker.promises.import_calendar import import_calendar
from tracker.promises.models import PromiseRule
from tracker.staff.models import Operator
from tracker.tariffs.models import Plan

EXAMPLE = "示例，待运营商确认"
_IN_FORCE_FROM = date(2024, 1, 1)
_CITY = "441800"


def seed(db: Database) -> None:
    """Divisions, calendar, operators, channels, promise rules and published plans."""
    load_divisions(db, packaged())
    import_calendar(db)
    data = tomllib.loads((files("tracker") / "data" / "demo.toml").read_text(encoding="utf-8"))
    with db.transaction() as connection:
        connection.execute(insert(Operator).on_conflict_do_nothing(), data["operators"])
        operators = {row.code: row.id for row in connection.execute(select(Operator.code, Operator.id))}
        for operator_id in operators.values():
            _channels(connection, operator_id, data["channels"])
            _rules(connection, operator_id, data["rules"])
        _plans(connection, operators, data["plans"])


def _channels(connection: Connection, operator_id: int, channels: list[dict[str, Any]]) -> None:
    connection.execute(
        insert(Channel).on_conflict_do_nothing(),
        [channel | {"operator_id": operator_id} for channel in channels],
    )


def _rules(connection: Connection, operator_id: int, rules: list[dict[str, Any]]) -> None:
    common = {
        "operator_id": operator_id,
        "version": 1,
        "cut_off": None,
        "end_of_day": None,
        "late_counts_as_next_day": False,
        "valid_from": _IN_FORCE_FROM,
        "remark": EXAMPLE,
        "created_at": clock.now(),
    }
    connection.execute(insert(PromiseRule).on_conflict_do_nothing(), [common | rule for rule in rules])


def _plans(connection: Connection, operators: dict[str, int], plans: list[dict[str, Any]]) -> None:
    now = clock.now()
    rows = []
    for plan in plans:
        for code, (filing_number, monthly_fen) in plan["operators"].items():
            rows.append(
                {name: value for name, value in plan.items() if name != "operators"}
                | {
                    "operator_id": operators[code],
                    "filing_number": filing_number,
                    "monthly_fen": monthly_fen,
                    "region": _CITY,
                    "version": 1,
                    "state": "published",
                    "kind": "套餐",
                    "remark": EXAMPLE,
                    "on_sale_from": _IN_FORCE_FROM,
                    "published_at": now,
                }
            )
    connection.execute(insert(Plan).on_conflict_do_nothing(), rows)
