"""What a manager typed into the form of a change, as the use cases take it; and what they say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from marshmallow import ValidationError

from tracker.pages import wording
from tracker.pages.change_words import ASKED, FIELDS_OF, IN_ORDER, PLAN_FIELDS
from tracker.problems import Fault, Refusal, faults_in
from tracker.staff.sign_in import Person
from tracker.tariff_changes.schemas import ChangeRequestSchema
from tracker.tariffs.rules import ChangeKind
from tracker.tariffs.written import FEES, read_written, write

_schema = ChangeRequestSchema()
_NEEDED = {
    ChangeKind.PRICE: ("effective_on", "monthly_fee", "reason"),
    ChangeKind.TERMS: ("effective_on", "summary", "reason"),
    ChangeKind.TERM_END: ("ends_from", "ends_to", "reason"),
}
# Taken over as they were typed.
_PLAIN = ("effective_on", "ends_from", "ends_to", "summary", "summary_en", "reason")
_FAULT_OF = {asked.written: name for name, asked in ASKED.items()}
_LONGEST_MANAGER = 40


@dataclass(frozen=True)
class Told:
    """One fault as a page tells it: the field's name, and words. `fill` is the day that would be right,
    `change` an announced change that stands against it.
    """

    name: str
    words: str
    fill: date | None = None
    change: int | None = None

    def __iter__(self) -> Any:
        """As a pair of field and words, which the shared summary of faults takes."""
        return iter((self.name, self.words))


def prefilled(kind: ChangeKind, plan: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """The form as it is shown first: today's terms, and what an address gives."""
    today = write(plan)
    terms = {field.written: today[field.written] for field in PLAN_FIELDS.values()}
    return {name: given.get(name) or terms.get(name, "") for name in FIELDS_OF[kind]}


def read_request(
    kind: ChangeKind,
    plan: Mapping[str, Any],
    texts: Mapping[str, str],
    person: Person,
    regions: Mapping[str, str],
) -> dict[str, Any]:
    """The change, loaded by ChangeRequestSchema. Raises Refusal with all that is wrong with the writing."""
    faults = [
        Fault("field.required", f"/{_FAULT_OF[name]}") for name in _NEEDED[kind] if not texts[name].strip()
    ]
    given: dict[str, Any] = {name: texts[name] for name in _PLAIN if texts.get(name, "").strip()}
    given |= {"kind": kind, "filing_number": plan["filing_number"], "region": plan["region"]}
    if texts["override_reason"].strip():
        manager = person.display_name[:_LONGEST_MANAGER]
        given["override"] = {"manager": manager, "reason": texts["override_reason"]}
    if kind is ChangeKind.PRICE and texts["monthly_fee"].strip():
        given |= _read(plan, {"monthly_fee": texts["monthly_fee"]}, regions, faults)
    elif kind is ChangeKind.TERMS:
        given["fields"] = changed = _changed(plan, texts, regions, faults)
        if not changed and not any(fault.pointer.strip("/") in PLAN_FIELDS for fault in faults):
            faults.append(Fault("tariff_change.no_change", "/fields"))
    try:
        loaded: dict[str, Any] = _schema.load(given)
    except ValidationError as error:
        # What was left empty is told already.
        told = {fault.pointer for fault in faults}
        faults += [fault for fault in faults_in(error.messages) if fault.pointer not in told]
    if faults:
        raise Refusal(*faults)
    return loaded


def said_of(faults: Sequence[Fault], language: str) -> list[Told]:
    """The faults of a change as its form tells them, in the order of its fields."""
    told = [_told(fault, language) for fault in faults]
    return sorted(told, key=lambda one: IN_ORDER.index(one.name) if one.name in IN_ORDER else -1)


def _told(fault: Fault, language: str) -> Told:
    name = fault.pointer.strip("/").removeprefix("fields/")
    if name == "on_sale_from":
        # Of the version that the change brings.
        name = "effective_on"
    if fault.rule == "tariff_change.too_near":
        fill = date.fromisoformat(fault.params["earliest"])
        begins = fill + timedelta(days=1) if name == "ends_from" else fill
        said = Fault(fault.rule, fault.pointer, {"earliest": wording.long_day(begins, language)})
        return Told(name, said.words(language), fill=fill)
    return Told(name, fault.words(language), change=fault.params.get("change"))


def _changed(
    plan: Mapping[str, Any], texts: Mapping[str, str], regions: Mapping[str, str], faults: list[Fault]
) -> dict[str, Any]:
    """The terms that were altered; what is wrong with them joins `faults`."""
    terms = {field.written: texts[field.written] for field in PLAN_FIELDS.values()}
    # Read in the same way, so that only what the manager altered differs.
    before = _read(plan, {}, regions, []) or plan
    return {
        name: value for name, value in _read(plan, terms, regions, faults).items() if value != before[name]
    }


def _read(
    plan: Mapping[str, Any], texts: Mapping[str, str], regions: Mapping[str, str], faults: list[Fault]
) -> dict[str, Any]:
    """What was typed over the plan as it is; nothing where it cannot be read, which `faults` tell then."""
    read = read_written({**write(plan), **texts}, regions)
    if isinstance(read, list):
        faults += read
        return {}
    wanted = {FEES.get(written, written) for written in texts or write(plan)}
    return {name: value for name, value in read.items() if name in wanted}
