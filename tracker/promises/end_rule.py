"""End a promise rule, or withdraw one that nothing was promised by."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.promises.coverage import gaps
from tracker.promises.models import Promise, PromiseEntry, PromiseRule, PromiseRuleChange, RuleChangeKind
from tracker.promises.publish_rule import lock_rules, overlaps, record_change, require_seen
from tracker.promises.queries import read_rules
from tracker.promises.rules import Rule


def end_rule(
    db: Database,
    operator_id: int,
    rule_id: int,
    request: Mapping[str, Any],
    actor: str,
    *,
    seen: int | None = None,
    may_leave_gap: bool = True,
) -> None:
    """Give a rule its last day, loaded by RuleEndSchema, or another one while it is still in force.

    `seen`: the operator's last change that whoever asks knew of. Raises Refusal: promise_rule.stale,
    promise_rule.not_found, promise_rule.ended, promise_rule.ends_in_past, promise_rule.period,
    promise_rule.overlap where it would last into another rule, or promise_rule.leaves_gap where orders
    would be left without a limit and that may not be.
    """
    last_day: date = request["last_day"]
    with db.transaction() as connection:
        lock_rules(connection, operator_id)
        require_seen(connection, operator_id, seen)
        rule, others = rule_among(connection, operator_id, rule_id)
        faults = ending_faults(rule, others, last_day)
        if not may_leave_gap and last_day < date.max and gaps(rule, others, last_day + timedelta(days=1)):
            faults.append(Fault("promise_rule.leaves_gap", "/gap"))
        if faults:
            raise Refusal(*faults)
        _give_last_day(connection, operator_id, rule_id, last_day, request["reason"], actor)


def ending_faults(rule: Rule, others: tuple[Rule, ...], last_day: date) -> list[Fault]:
    """Everything that keeps a rule from ending that day, but that orders would be left without one.

    Raises Refusal promise_rule.ended for a rule that has ended.
    """
    today = clock.today()
    if rule.valid_to is not None and rule.valid_to < today:
        raise Refusal(Fault("promise_rule.ended"))
    faults = []
    if last_day < today:
        faults.append(Fault("promise_rule.ends_in_past", "/last_day"))
    if last_day < rule.valid_from:
        faults.append(Fault("promise_rule.period", "/last_day"))
    lasting = overlaps(replace(rule, valid_to=last_day), others)
    return faults + [replace(fault, pointer="/last_day") for fault in lasting]


def withdraw_rule(
    db: Database, operator_id: int, rule_id: int, reason: str, actor: str, *, seen: int | None = None
) -> None:
    """Take back a rule by which nothing was promised, as if it had never been published.

    A rule that got its last day for it has its former one again. `seen` is as for `end_rule`. Raises
    Refusal: promise_rule.stale, promise_rule.not_found or promise_rule.in_use.
    """
    with db.transaction() as connection:
        lock_rules(connection, operator_id)
        require_seen(connection, operator_id, seen)
        rule, others = rule_among(connection, operator_id, rule_id)
        # A promise refers to its rule by a key, so one that is being written now is waited for.
        replaces_id = connection.scalar(
            select(PromiseRule.replaces_id).where(PromiseRule.id == rule_id).with_for_update()
        )
        used = connection.scalar(select(Promise.order_id).where(Promise.rule_id == rule_id).limit(1))
        again = connection.scalar(
            select(PromiseEntry.id)
            .where(PromiseEntry.operator_id == operator_id, PromiseEntry.rule["id"].as_integer() == rule_id)
            .limit(1)
        )
        if used is not None or again is not None:
            raise Refusal(Fault("promise_rule.in_use"))
        connection.execute(
            update(PromiseRule).where(PromiseRule.id == rule_id).values(withdrawn_at=clock.now())
        )
        record_change(connection, operator_id, rule_id, RuleChangeKind.WITHDRAWN, reason, actor)
        before = next((other for other in others if other.id == replaces_id), None)
        if before is not None and before.valid_to == rule.valid_from - timedelta(days=1):
            last_day = _former_last_day(connection, before.id)
            _give_last_day(connection, operator_id, before.id, last_day, reason, actor)


def _give_last_day(
    connection: Connection,
    operator_id: int,
    rule_id: int,
    last_day: date | None,
    reason: str,
    actor: str,
) -> None:
    connection.execute(update(PromiseRule).where(PromiseRule.id == rule_id).values(valid_to=last_day))
    record_change(connection, operator_id, rule_id, RuleChangeKind.ENDED, reason, actor, last_day=last_day)


def _former_last_day(connection: Connection, rule_id: int) -> date | None:
    """The last day that a rule had before its latest change; None for open."""
    days = connection.scalars(
        select(PromiseRuleChange.last_day)
        .where(PromiseRuleChange.rule_id == rule_id)
        .order_by(PromiseRuleChange.id.desc())
        .limit(2)
    ).all()
    return days[1] if len(days) > 1 else None


def rule_among(connection: Connection, operator_id: int, rule_id: int) -> tuple[Rule, tuple[Rule, ...]]:
    """A rule of the operator, and all of them. Raises Refusal promise_rule.not_found."""
    rules = read_rules(connection, operator_id).get(operator_id, ())
    for rule in rules:
        if rule.id == rule_id:
            return rule, rules
    raise Refusal(Fault("promise_rule.not_found"))
