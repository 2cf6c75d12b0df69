"""What was typed into the form of an outage, as the use cases take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from tracker import clock
from tracker.orders.standing import N_
from tracker.outages.rules import LONGEST, SERVICES, hours
from tracker.outages.schemas import OutageSchema, WhySchema
from tracker.problems import Fault, Refusal, faults_in

_schema, _why = OutageSchema(), WhySchema()
_LONGEST_TEXT = 400
_MOST_CHOSEN = 400
_LINES = ("starts_at", "ends_at", "hours", "reason", "reason_en", "override_reason", "why", "find")


@dataclass(frozen=True)
class Asked:
    """A field of the form: its name there and its label."""

    written: str
    label: str


# By the names that faults give them, in the order of the form.
FIELDS = {
    "kind": Asked("kind", N_("类型")),
    "starts_at": Asked("starts_at", N_("开始时间")),
    "ends_at": Asked("ends_at", N_("结束时间")),
    "minutes": Asked("hours", N_("预计中断几小时")),
    "area": Asked("area", N_("地区")),
    "services": Asked("services", N_("影响业务")),
    "reason": Asked("reason", N_("原因")),
    "reason_en": Asked("reason_en", N_("原因（英文）")),
    "override_reason": Asked("override_reason", N_("提前不足72小时的理由")),
    "why": Asked("why", N_("为什么修改")),
}


@dataclass(frozen=True)
class Typed:
    """The form as it stands: one line each, and what is ticked."""

    kind: str = ""
    lines: Mapping[str, str] = field(default_factory=dict)
    area: tuple[str, ...] = ()
    services: tuple[str, ...] = ("broadband",)


def typed_in(form: MultiDict[str, str]) -> Typed:
    """What somebody sent."""
    return Typed(
        kind=form.get("kind", "")[:20],
        lines={name: form.get(name, "")[:_LONGEST_TEXT].replace("\0", "") for name in _LINES},
        area=tuple(dict.fromkeys(one[:20] for one in form.getlist("area")))[: _MOST_CHOSEN + 1],
        services=tuple(one for one in form.getlist("services") if one in SERVICES),
    )


def typed_of(row: Any) -> Typed:
    """An outage as its form shows it first."""
    lines = {
        "starts_at": moment_written(row.starts_at),
        "ends_at": moment_written(row.ends_at) if row.ends_at else "",
        "hours": f"{Decimal(row.minutes) / 60:.2f}".rstrip("0").rstrip(".") if row.minutes else "",
        "reason": row.reason,
        "reason_en": row.reason_en,
    }
    blank = dict.fromkeys(_LINES, "")
    return Typed(row.kind, blank | lines, tuple(row.area_codes), tuple(row.services))


def read_request(typed: Typed, *, may_override: bool, needs_why: bool) -> tuple[dict[str, Any], str]:
    """The outage, loaded by OutageSchema, and why it is changed. Raises Refusal with all that is wrong."""
    faults = []
    given: dict[str, Any] = {"kind": typed.kind, "area": list(typed.area), "services": list(typed.services)}
    needed = ("starts_at", "reason", *(("why",) if needs_why else ()))
    faults += [Fault("field.required", f"/{name}") for name in needed if not typed.lines[name].strip()]
    faults += [Fault("field.required", f"/{name}") for name in ("area", "services") if not given[name]]
    for name in ("starts_at", "ends_at"):
        if typed.lines[name].strip():
            given[name] = moment_typed(typed.lines[name])
            if not given[name]:
                faults.append(Fault("field.invalid", f"/{name}"))
    if typed.lines["hours"].strip():
        given["minutes"] = _minutes(typed.lines["hours"])
        if given["minutes"] is None:
            faults.append(Fault("field.range", "/minutes", {"low": "0.1", "high": hours(LONGEST)}))
    texts = ("reason", "reason_en", *(("override_reason",) if may_override else ()))
    given |= {name: typed.lines[name] for name in texts if typed.lines[name].strip()}
    told = {fault.pointer for fault in faults}
    loaded: dict[str, Any] = {}
    why = ""
    try:
        loaded = _schema.load(given)
    except ValidationError as error:
        faults += _of_fields(error, told)
    try:
        why = _why.load({"why": typed.lines["why"]})["why"] if needs_why else ""
    except ValidationError as error:
        faults += _of_fields(error, told)
    if faults:
        raise Refusal(*faults)
    return loaded, why


def told(faults: tuple[Fault, ...], language: str) -> list[tuple[str, str]]:
    """Each fault's field and words, in the order of the form; one line of each for a list."""
    pairs = dict.fromkeys((fault.pointer.strip("/").split("/")[0], fault.words(language)) for fault in faults)
    order = list(FIELDS)
    return sorted(pairs, key=lambda one: order.index(one[0]) if one[0] in order else -1)


def moment_typed(text: str) -> str:
    """A moment on the city's clocks, "2026-11-28T00:00", with its offset; empty where it is none."""
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        return ""
    return "" if read.tzinfo is not None else read.replace(tzinfo=clock.CITY_ZONE).isoformat()


def moment_written(at: datetime) -> str:
    """As the field of a form holds it."""
    return f"{clock.local(at):%Y-%m-%dT%H:%M}"


def _of_fields(error: ValidationError, told: set[str]) -> list[Fault]:
    """The faults of fields of which nothing is told yet."""
    return [fault for fault in faults_in(error.messages) if fault.pointer not in told]


def _minutes(text: str) -> int | None:
    """Hours as typed, in minutes; None for what is none or cannot be."""
    try:
        read = Decimal(text.strip().replace("，", ".").replace("。", "."))
    except InvalidOperation:
        return None
    if not read.is_finite() or not Decimal("0.1") <= read <= hours(LONGEST):
        return None
    return round(read * 60)
