"""End a promise rule, or withdraw one that nothing was promised by."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, select, update

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.promises.models import Promise, PromiseEntry, PromiseRule, RuleChangeKind
from tracker.promises.publish_rule import lock_rules, overlaps, record_change
from tracker.promises.queries import read_rules
from tracker.promises.rules import Rule


def end_rule(db: Database, operator_id: int, rule_id: int, request: Mapping[str, Any], actor: str) -> None:
    """Give a rule its last day, loaded by RuleEndSchema, or another one while it is still in force.

    Raises Refusal: promise_rule.not_found, promise_rule.ended, promise_rule.ends_in_past,
    promise_rule.period, or promise_rule.overlap where it would last into another rule.
    """
    last_day: date = request["last_day"]
    today = clock.today()
    with db.transaction() as connection:
        lock_rules(connection, operator_id)
        rule, others = _rule(connection, operator_id, rule_id)
        if rule.valid_to is not None and rule.valid_to < today:
            raise Refusal(Fault("promise_rule.ended"))
        faults = []
        if last_day < today:
            faults.append(Fault("promise_rule.ends_in_past", "/last_day"))
        if last_day < rule.valid_from:
            faults.append(Fault("promise_rule.period", "/last_day"))
        faults += [
            replace(fault, pointer="/last_day")
            for fault in overlaps(replace(rule, valid_to=last_day), others)
        ]
        if faults:
            raise Refusal(*faults)
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


def withdraw_rule(db: Database, operator_id: int, rule_id: int, reason: str, actor: str) -> None:
    """Take back a rule by which nothing was promised, as if it had never been published.

    Raises Refusal: promise_rule.not_found or promise_rule.in_use.
    """
    with db.transaction() as connection:
        lock_rules(connection, operator_id)
        _rule(connection, operator_id, rule_id)
        # A promise refers to its rule by a key, so one that is being written now is waited for.
        connection.execute(select(PromiseRule.id).where(PromiseRule.id == rule_id).with_for_update())
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


def _rule(connection: Connection, operator_id: int, rule_id: int) -> tuple[Rule, tuple[Rule, ...]]:
    """A rule of the operator, and all of them."""
    rules = read_rules(connection, operator_id).get(operator_id, ())
    for rule in rules:
        if rule.id == rule_id:
            return rule, rules
    raise Refusal(Fault("promise_rule.not_found"))
