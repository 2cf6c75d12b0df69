"""Everything that can be wrong with what we are given: stable rule ids, status, words.

The same ids stand in API problems (RFC 9457), in import reports and on pages. An id is never
renamed or reused; callers' programs switch on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tracker.problems import (
    accounts,
    at_risk,
    audit,
    channels,
    complaints,
    counter,
    credit_codes,
    customer_requests,
    desk,
    excuses,
    figures,
    files,
    lookups,
    notices,
    orders,
    outages,
    payments,
    plans,
    promises,
    real_name,
    reports,
    requests,
    site_work,
    subscribers,
    tariff_changes,
    teams,
    visits,
    webhooks,
)
from tracker.problems.rule import ProblemRule

RULES: Mapping[str, ProblemRule] = {
    rule.id: rule
    for part in (
        requests,
        customer_requests,
        files,
        lookups,
        channels,
        webhooks,
        accounts,
        orders,
        credit_codes,
        outages,
        complaints,
        counter,
        payments,
        promises,
        notices,
        plans,
        subscribers,
        tariff_changes,
        teams,
        visits,
        real_name,
        desk,
        excuses,
        figures,
        site_work,
        audit,
        at_risk,
        reports,
    )
    for rule in part.RULES
}


@dataclass(frozen=True)
class Fault:
    """One breach: which rule, where (JSON pointer, empty for the whole), with what figures."""

    rule: str
    pointer: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def words(self, language: str = "zh") -> str:
        """What is said of it, in zh or en."""
        rule = RULES[self.rule]
        return (rule.en if language == "en" else rule.zh).format(**self.params)


class Refusal(Exception):
    """What was asked cannot be done; nothing of it was stored. Carries every fault found."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(fault.rule for fault in faults))
        self.faults = faults

    @property
    def status(self) -> int:
        """The HTTP status of the first fault."""
        return RULES[self.faults[0].rule].status


class RuleText(str):
    """A message that remembers its rule, so that it can pass through a library that wants text."""

    __slots__ = ("fault",)
    fault: Fault

    def __new__(cls, rule: str, **params: Any) -> "RuleText":
        fault = Fault(rule, "", params)
        text = super().__new__(cls, fault.words("en"))
        text.fault = fault
        return text

    def __copy__(self) -> "RuleText":
        return self

    def __deepcopy__(self, memo: Any) -> "RuleText":
        """Itself: nothing of it changes."""
        return self


def faults_in(messages: Any, pointer: str = "") -> list[Fault]:
    """The faults in marshmallow's nested messages, each with the JSON pointer of its place."""
    if isinstance(messages, Mapping):
        found = []
        for key, inner in messages.items():
            # A key may hold half a surrogate pair, which no answer could be written with.
            name = str(key).encode("utf-8", "replace").decode()
            step = "" if key == "_schema" else "/" + name.replace("~", "~0").replace("/", "~1")
            found += faults_in(inner, pointer + step)
        return found
    if isinstance(messages, list | tuple):
        return [fault for inner in messages for fault in faults_in(inner, pointer)]
    if isinstance(messages, RuleText):
        return [Fault(messages.fault.rule, pointer, messages.fault.params)]
    return [Fault("field.invalid", pointer)]
