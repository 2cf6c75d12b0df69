"""Put a new version of a promise rule in the place of one: its last day and the new one in one commit."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, update

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.promises.models import PromiseRule, RuleChangeKind
from tracker.promises.publish_rule import (
    beyond_ceilings,
    draft,
    faults_of,
    lock_rules,
    overlaps,
    publish,
    record_change,
    require_seen,
)
from tracker.promises.queries import read_rules
from tracker.promises.rules import Rule

_DAY = timedelta(days=1)
_SCOPE = ("customer_kind", "product", "area", "resource")
_LIMIT = ("amount", "unit", "cut_off", "end_of_day", "late_counts_as_next_day", "valid_to")


def replace_rule(
    db: Database,
    operator_id: int,
    rule_id: int,
    request: Mapping[str, Any],
    actor: str,
    *,
    seen: int | None = None,
) -> int:
    """Let another limit, loaded by RuleVersionSchema, stand for the same orders from a later day on.

    Returns the id of the new version. What was promised until then, and what is accepted before that day,
    keeps the old one (I3). `seen`: the operator's last change that whoever asks knew of. Raises Refusal:
    promise_rule.stale, promise_rule.not_found, or what `foresee_version` finds.
    """
    with db.transaction() as connection:
        lock_rules(connection, operator_id)
        require_seen(connection, operator_id, seen)
        old, _, wanted = foresee_version(connection, operator_id, rule_id, request)
        last_day = request["valid_from"] - _DAY
        connection.execute(update(PromiseRule).where(PromiseRule.id == rule_id).values(valid_to=last_day))
        record_change(
            connection,
            operator_id,
            rule_id,
            RuleChangeKind.ENDED,
            request["reason"],
            actor,
            last_day=last_day,
        )
        return publish(connection, operator_id, wanted, actor, replaces_id=old.id)


def foresee_version(
    connection: Connection, operator_id: int, rule_id: int, request: Mapping[str, Any]
) -> tuple[Rule, tuple[Rule, ...], dict[str, Any]]:
    """The rule that would be replaced, the rules as they would stand, and what would be published.

    Raises Refusal with every rule broken: promise_rule.not_found, promise_rule.not_ahead,
    promise_rule.ended, promise_rule.replaces_coming, promise_rule.nothing_new, promise_rule.above_ceiling,
    and what any rule must be.
    """
    rules = read_rules(connection, operator_id).get(operator_id, ())
    old = next((rule for rule in rules if rule.id == rule_id), None)
    if old is None:
        raise Refusal(Fault("promise_rule.not_found"))
    wanted = {**request, **{name: getattr(old, name) for name in _SCOPE}}
    new = draft(wanted)
    begins: date = request["valid_from"]
    faults = faults_of(wanted)
    if begins <= clock.today():
        faults.append(Fault("promise_rule.not_ahead", "/valid_from"))
    elif begins <= old.valid_from:
        faults.append(Fault("promise_rule.replaces_coming", "/valid_from"))
    elif old.valid_to is not None and old.valid_to < begins - _DAY:
        faults.append(Fault("promise_rule.ended", "/valid_from"))
    if all(getattr(new, name) == getattr(old, name) for name in _LIMIT):
        faults.append(Fault("promise_rule.nothing_new", "/amount"))
    kept = tuple(rule for rule in rules if rule.id != old.id)
    faults += overlaps(new, kept)
    faults += beyond_ceilings(connection, operator_id, new)
    if faults:
        raise Refusal(*faults)
    return old, (*kept, replace(old, valid_to=begins - _DAY), new), wanted
