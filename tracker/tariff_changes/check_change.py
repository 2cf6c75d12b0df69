"""What is wrong with a change that somebody wishes to announce, before anything is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import Connection, Row

from tracker import clock
from tracker.notices.rules import send_from
from tracker.problems import Fault, Refusal, faults_in
from tracker.tariff_changes.affected import Scope
from tracker.tariff_changes.line import Line, read_line
from tracker.tariffs.rules import (
    ChangeKind,
    ChangeState,
    earliest_effective_on,
    latest_notice_on,
    warn_from,
)
from tracker.tariffs.schemas import FIELDS, PlanDraftSchema
from tracker.templates.rules import unsuitable

_LONGEST_AHEAD = timedelta(days=730)
_NEEDED = {
    ChangeKind.PRICE: ("effective_on", "monthly_fen"),
    ChangeKind.TERMS: ("effective_on", "summary", "fields_"),
    ChangeKind.TERM_END: ("ends_from", "ends_to"),
}
_DATES = ("effective_on", "ends_from", "ends_to")
# What makes it another plan, or another kind of sale, and what the announcement itself decides.
FIXED = frozenset(
    ("filing_number", "region", "audience", "kind", "product", "on_sale_from", "on_sale_to", "monthly_fen")
)


@dataclass(frozen=True)
class Sound:
    """A change that may be announced. `fields` are those of the version that it brings, which is `sold` to
    new customers too unless the plan itself is not sold any more.
    """

    kind: ChangeKind
    line: Line
    scope: Scope
    fields: Mapping[str, Any]
    sold: bool
    latest_notice_on: date
    warn_from: date
    overridden: bool

    @property
    def effective_on(self) -> date:
        """The first day on which it holds for anybody."""
        return self.scope.effective_on


def check_change(
    connection: Connection, operator_id: int, request: Mapping[str, Any], now: datetime
) -> Sound:
    """A request loaded by ChangeRequestSchema, if it may be announced now.

    Raises Refusal with every rule broken.
    """
    kind = ChangeKind(request["kind"])
    faults = _faults_of_shape(kind, request)
    changed = _changed(kind, request, faults)
    line = read_line(connection, operator_id, request["filing_number"], request["region"])
    if not line.versions:
        faults.append(Fault("tariff_change.unknown_plan", "/filing_number"))
    faults += [
        Fault("tariff_change.words", f"/{name}", {"words": ", ".join(words)})
        for name in ("summary", "summary_en")
        if (words := unsuitable(request[name]))
    ]
    if faults:
        raise Refusal(*faults)
    effective_on: date = request["effective_on"] or request["ends_from"] + timedelta(days=1)
    pointer = "/effective_on" if request["effective_on"] else "/ends_from"
    faults += _faults_of_day(effective_on, pointer, request, now)
    version = line.latest_on(effective_on)
    if version is None:
        faults.append(Fault("tariff_change.unknown_plan", "/filing_number"))
        raise Refusal(*faults)
    repeats = _repeats(line, kind, effective_on, request)
    faults += repeats
    if kind is not ChangeKind.TERM_END and not repeats and _is_nothing(version, changed):
        faults.append(
            Fault("tariff_change.no_change", "/monthly_fen" if kind is ChangeKind.PRICE else "/fields")
        )
    if faults:
        raise Refusal(*faults)
    sold = line.in_force_on(effective_on) is not None
    return Sound(
        kind,
        line,
        Scope(
            kind,
            line,
            effective_on,
            ends_from=request["ends_from"],
            ends_to=request["ends_to"],
            new_fen=request["monthly_fen"],
        ),
        {name: getattr(version, name) for name in FIELDS}
        | changed
        | {"on_sale_from": effective_on, "on_sale_to": None if sold else effective_on - timedelta(days=1)},
        sold,
        latest_notice_on(effective_on),
        max(warn_from(effective_on), clock.local_date(now)),
        overridden=_is_too_near(effective_on, now),
    )


def _changed(kind: ChangeKind, request: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """The fields of the plan that differ in the version to come; what is wrong with them joins `faults`."""
    changed: dict[str, Any] = {}
    try:
        changed |= PlanDraftSchema(partial=True).load(request["fields_"])
    except ValidationError as error:
        faults += faults_in(error.messages, "/fields")
    if kind is ChangeKind.PRICE:
        changed["monthly_fen"] = request["monthly_fen"]
    return changed


def _is_nothing(version: Row[Any], changed: Mapping[str, Any]) -> bool:
    return all(getattr(version, name) == value for name, value in changed.items())


def first_day_told(now: datetime) -> date:
    """The first day on which a text that is sent now can arrive."""
    return clock.local_date(send_from(now, any_hour=False))


def _is_too_near(effective_on: date, now: datetime) -> bool:
    return latest_notice_on(effective_on) < first_day_told(now)


def _faults_of_shape(kind: ChangeKind, request: Mapping[str, Any]) -> list[Fault]:
    faults = [
        Fault("tariff_change.field_required", f"/{name.rstrip('_')}")
        for name in _NEEDED[kind]
        if request[name] is None or request[name] in ("", {})
    ]
    faults += [
        Fault("tariff_change.field_not_expected", f"/{name}")
        for name in (*_DATES, "monthly_fen")
        if name not in _NEEDED[kind] and request[name] is not None and not _is_price_of_terms(kind, name)
    ]
    if _is_price_of_terms(kind, "monthly_fen") and request["monthly_fen"] is not None:
        faults.append(Fault("tariff_change.price_elsewhere", "/monthly_fen"))
    if kind is ChangeKind.TERM_END and request["fields_"]:
        faults.append(Fault("tariff_change.field_not_expected", "/fields"))
    faults += [
        Fault("tariff_change.fixed_field", f"/fields/{name}", {"name": name})
        for name in sorted(FIXED & request["fields_"].keys())
    ]
    first, last = request["ends_from"], request["ends_to"]
    if first is not None and last is not None and last < first:
        faults.append(Fault("tariff_change.period", "/ends_to"))
    return faults


def _is_price_of_terms(kind: ChangeKind, name: str) -> bool:
    return kind is ChangeKind.TERMS and name == "monthly_fen"


def _faults_of_day(
    effective_on: date, pointer: str, request: Mapping[str, Any], now: datetime
) -> list[Fault]:
    today = clock.local_date(now)
    if effective_on <= today:
        return [Fault("tariff_change.effective_in_past", pointer)]
    if max(effective_on, request["ends_to"] or effective_on) > today + _LONGEST_AHEAD:
        return [Fault("tariff_change.too_far", pointer, {"days": _LONGEST_AHEAD.days})]
    if _is_too_near(effective_on, now) and request["override"] is None:
        earliest = earliest_effective_on(first_day_told(now))
        if request["ends_from"] is not None:
            earliest -= timedelta(days=1)
        return [Fault("tariff_change.too_near", pointer, {"earliest": earliest.isoformat()})]
    return []


def _repeats(line: Line, kind: ChangeKind, effective_on: date, request: Mapping[str, Any]) -> list[Fault]:
    faults = []
    for change in line.changes:
        if change.state != ChangeState.ANNOUNCED:
            continue
        if kind is ChangeKind.TERM_END:
            if change.ends_from is not None and (
                change.ends_from <= request["ends_to"] and request["ends_from"] <= change.ends_to
            ):
                faults.append(Fault("tariff_change.term_overlap", "/ends_from", {"change": change.id}))
        elif change.plan_id is not None and change.effective_on == effective_on:
            faults.append(Fault("tariff_change.duplicate", "/effective_on", {"change": change.id}))
    return faults
