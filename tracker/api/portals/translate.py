"""From a portal's words into ours, and back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from tracker.api.portals.mapping import Form, Portal
from tracker.api.portals.requests import SCHEMAS, is_time, nested, paths_of
from tracker.orders.rules import Stage
from tracker.orders.standing import STAGE_WORDS
from tracker.problems import Fault, Refusal, faults_in

_PATHS = {kind: paths_of(schema) for kind, schema in SCHEMAS.items()}


@dataclass(frozen=True)
class Told:
    """A breach, and the portal's own name of where it is; empty for the whole request."""

    field: str
    fault: Fault


class PortalRefusal(Exception):
    """What a portal asked cannot be done; carries everything that is wrong in the portal's terms."""

    def __init__(self, *told: Told) -> None:
        super().__init__(", ".join(one.fault.rule for one in told))
        self.told = told


def read(portal: Portal, kind: str, sent: Any) -> dict[str, Any]:
    """A portal's request as our own schema of its kind loads it. Raises PortalRefusal with all faults."""
    form = portal.forms[kind]
    if not isinstance(sent, dict):
        raise PortalRefusal(Told("", Fault("field.type")))
    told = [
        # A name may hold half a surrogate pair, which no answer could be written with.
        Told(name.encode("utf-8", "replace").decode(), Fault("field.unknown"))
        for name in sent
        if name not in form.fields and name not in form.ignored
    ]
    values: dict[str, Any] = dict(form.constants)
    unreadable: dict[str, str] = {}
    for name, path in form.fields.items():
        value = sent.get(name)
        # Portals send an empty text for what was left out.
        if value is None or value == "":
            continue
        words = form.values.get(path)
        if words is not None and isinstance(value, str | int) and str(value) not in words:
            unreadable[path] = name
            told.append(Told(name, Fault("field.choice", "", {"choices": ", ".join(words)})))
            continue
        values[path] = _value(portal, kind, path, value, words)
    try:
        loaded: dict[str, Any] = SCHEMAS[kind].load(_whole(kind, values))
    except ValidationError as error:
        faults = [fault for fault in faults_in(error.messages) if _path(fault) not in unreadable]
        told += tell(form, faults)
    if told:
        raise PortalRefusal(*told)
    return loaded


def _value(portal: Portal, kind: str, path: str, value: Any, words: Mapping[str, str] | None) -> Any:
    if words is not None and isinstance(value, str | int):
        return words[str(value)]
    if isinstance(value, str) and is_time(_PATHS[kind][path]):
        return portal.read_time(value)
    return value


def _whole(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """With every object that has parts, so that each part that is missing is named by itself."""
    whole = nested(values)
    for path in _PATHS[kind]:
        if "." in path:
            whole.setdefault(path.partition(".")[0], {})
    return whole


def tell(form: Form, faults: Iterable[Fault]) -> list[Told]:
    """Our faults by the portal's names of the fields."""
    names = {path: name for name, path in form.fields.items()}
    return [Told(names.get(_path(fault), ""), fault) for fault in faults]


def _path(fault: Fault) -> str:
    return fault.pointer.strip("/").replace("/", ".")


def refuse(portal: Portal, told: Iterable[Told], language: str) -> dict[str, Any]:
    """The envelope of what is wrong; the first of it gives the code."""
    said = list(told)
    names = portal.envelope
    errors = [
        {
            names.field: one.field,
            names.code: portal.code_of(one.fault.rule),
            names.message: one.fault.words(language),
        }
        for one in said
    ]
    first = said[0].fault
    return {
        names.code: portal.code_of(first.rule),
        names.message: first.words(language),
        names.data: {names.errors: errors},
    }


def answer(portal: Portal, order: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The envelope of an order as `tracker.orders.queries` shows it."""
    stage, promise = Stage(order["stage"]), order["promise"]
    known = {
        "number": order["number"],
        "external_reference": order["external_reference"],
        "stage": portal.stages[stage],
        "stage_name": STAGE_WORDS[stage],
        "accepted_at": portal.write_time(order["accepted_at"]),
        "deadline": portal.write_time(promise["deadline"]),
        "first_deadline": portal.write_time(promise["first_deadline"]),
        "provisional": promise["provisional"],
        "explanation": promise["explanation"]["zh"],
    }
    names = portal.envelope
    return {
        names.code: portal.ok,
        names.message: "OK" if language == "en" else "成功",
        names.data: {name: known[ours] for ours, name in portal.answer.items()},
    }


def of_refusal(portal: Portal, kind: str, refusal: Refusal) -> PortalRefusal:
    """A refusal of ours in the portal's terms."""
    return PortalRefusal(*tell(portal.forms[kind], refusal.faults))
