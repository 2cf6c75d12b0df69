"""Set a city up: divisions, calendar, and the operators, channels, limits and plans of a file.

Harmless to repeat: what is there already is left as it is.
"""

import tomllib
from collections.abc import Iterable
from datetime import date, time
from importlib.resources import files
from pathlib import Path
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from tracker.channels.models import Channel
from tracker.db import Base, Database
from tracker.places.load_divisions import load_divisions, packaged
from tracker.problems import Fault, Refusal, faults_in
from tracker.promises.import_calendar import import_calendar
from tracker.promises.models import PromiseCeiling, PromiseRule
from tracker.promises.publish_rule import publish
from tracker.promises.schemas import CeilingSchema, RuleRequestSchema
from tracker.staff.models import Operator
from tracker.tariffs.models import Plan
from tracker.tariffs.publish_plan import publish_version
from tracker.tariffs.schemas import PlanDraftSchema

_ACTOR = "console:setup"


class SetUpError(ValueError):
    """The file does not describe a city's operators; the message says where."""


def example() -> str:
    """The text of the demonstration's file, to begin one's own from."""
    return (files("tracker") / "data" / "demo.toml").read_text(encoding="utf-8")


def set_up(db: Database, content: str, divisions: Path | None = None) -> None:
    """Store what `content` (TOML) says, the divisions (by default Qingyuan's), and the calendar.

    Raises SetUpError, and DivisionsError for a wrong file of divisions.
    """
    try:
        data = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise SetUpError(f"not TOML: {error}") from None
    load_divisions(db, divisions or packaged())
    import_calendar(db)
    try:
        with db.transaction() as connection:
            _insert(connection, Operator, data["operators"])
            operators = {row.code: row.id for row in connection.execute(select(Operator.code, Operator.id))}
            for code in (operator["code"] for operator in data["operators"]):
                _channels(connection, operators[code], data["channels"])
                _rules(connection, operators[code], data["rules"], data)
            _ceilings(connection, data)
            _plans(connection, operators, data)
    except KeyError as error:
        raise SetUpError(f"{error.args[0]} is missing, or names nothing in the file") from None


def _insert(connection: Connection, table: type[Base], rows: list[dict[str, Any]]) -> None:
    """What is there already is left as it is."""
    if rows:
        connection.execute(insert(table).on_conflict_do_nothing(), rows)


def _channels(connection: Connection, operator_id: int, channels: list[dict[str, Any]]) -> None:
    _insert(connection, Channel, [channel | {"operator_id": operator_id} for channel in channels])


def _rules(
    connection: Connection, operator_id: int, rules: list[dict[str, Any]], data: dict[str, Any]
) -> None:
    scope = (PromiseRule.customer_kind, PromiseRule.product, PromiseRule.area, PromiseRule.resource)
    known = {
        tuple(row)
        for row in connection.execute(
            select(*scope, PromiseRule.valid_from).where(
                PromiseRule.operator_id == operator_id, PromiseRule.withdrawn_at.is_(None)
            )
        )
    }
    common = {
        "valid_from": data["in_force_from"],
        "remark": data.get("remark", ""),
        "reason": "设置城市时录入",
    }
    for rule in rules:
        try:
            request = RuleRequestSchema().load(_as_json({**common, **rule}))
            key = tuple(request[column.key] for column in (*scope, PromiseRule.valid_from))
            if key not in known:
                publish(connection, operator_id, request, _ACTOR, back_dated=True)
        except ValidationError as error:
            raise SetUpError(f"rules: {_words(faults_in(error.messages))}") from None
        except Refusal as refusal:
            raise SetUpError(f"rules: {_words(refusal.faults)}") from None


def _ceilings(connection: Connection, data: dict[str, Any]) -> None:
    """The city's longest limits, where the file names any."""
    common = {"source": data["remark"]} if data.get("remark") else {}
    try:
        rows = [CeilingSchema().load(_as_json({**common, **one})) for one in data.get("ceilings", [])]
    except ValidationError as error:
        raise SetUpError(f"ceilings: {_words(faults_in(error.messages))}") from None
    _insert(connection, PromiseCeiling, rows)


def _as_json(said: dict[str, Any]) -> dict[str, Any]:
    """TOML's own dates and times as the API writes them."""
    return {
        name: f"{value:%H:%M}"
        if isinstance(value, time)
        else value.isoformat()
        if isinstance(value, date)
        else value
        for name, value in said.items()
    }


def _plans(connection: Connection, operators: dict[str, int], data: dict[str, Any]) -> None:
    """Plans of whose filing number and region the operator has none yet, published."""
    known = {
        tuple(row) for row in connection.execute(select(Plan.operator_id, Plan.filing_number, Plan.region))
    }
    common = {
        "region": data["region"],
        "kind": "套餐",
        "remark": data.get("remark", ""),
        "on_sale_from": data["in_force_from"],
    }
    for plan in data["plans"]:
        said = {name: value for name, value in plan.items() if name != "operators"}
        for code, (filing_number, monthly_fen) in plan["operators"].items():
            price = {"filing_number": filing_number, "monthly_fen": monthly_fen}
            try:
                fields = PlanDraftSchema().load(_as_json({**common, **said, **price}))
                key = (operators[code], fields["filing_number"], fields["region"])
                if key not in known:
                    reason = "设置城市时在售"
                    publish_version(
                        connection, operators[code], fields, _ACTOR, reason, change_id=None, back_dated=True
                    )
            except ValidationError as error:
                faults = _words(faults_in(error.messages))
                raise SetUpError(f"plans, {filing_number}: {faults}") from None
            except Refusal as refusal:
                raise SetUpError(f"plans, {filing_number}: {_words(refusal.faults)}") from None


def _words(faults: Iterable[Fault]) -> str:
    return ", ".join(f"{fault.pointer} {fault.words('en')}" for fault in faults)
