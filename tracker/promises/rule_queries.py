"""What became of an operator's promise rules, for people to read."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from tracker.promises.models import PromiseRule, PromiseRuleChange, RuleChangeKind


def latest_change(connection: Connection, operator_id: int) -> int:
    """The last change of any rule of the operator; 0 for none."""
    found: int | None = connection.scalar(
        select(func.max(PromiseRuleChange.id)).where(PromiseRuleChange.operator_id == operator_id)
    )
    return found or 0


def rule_changes(
    connection: Connection, operator_id: int, *, after: int = 0, before: int | None = None, limit: int = 50
) -> list[Row[Any]]:
    """Changes with the rules that they are of, the newest first: those after one, or before another."""
    rule = [column for column in PromiseRule.__table__.c if column.key not in ("id", "operator_id")]
    wanted = (
        select(PromiseRuleChange.__table__, *rule)
        .join(PromiseRule, PromiseRule.id == PromiseRuleChange.rule_id)
        .where(PromiseRuleChange.operator_id == operator_id, PromiseRuleChange.id > after)
        .order_by(PromiseRuleChange.id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(PromiseRuleChange.id < before)
    return list(connection.execute(wanted).all())


def versions_of(connection: Connection, rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every version of the rule's scope, withdrawn ones too, the newest first."""
    scope = ("operator_id", "customer_kind", "product", "area", "resource")
    wanted = (
        select(PromiseRule.__table__)
        .where(*(getattr(PromiseRule, name) == rule[name] for name in scope))
        .order_by(PromiseRule.version.desc())
    )
    return [row._asdict() for row in connection.execute(wanted)]


def all_versions(connection: Connection, operator_id: int) -> list[dict[str, Any]]:
    """Every version of every rule of the operator with its publication, withdrawn ones too."""
    published = PromiseRuleChange.kind == RuleChangeKind.PUBLISHED
    order = (PromiseRule.customer_kind, PromiseRule.product, PromiseRule.resource, PromiseRule.area)
    wanted = (
        select(PromiseRule.__table__, PromiseRuleChange.actor, PromiseRuleChange.reason)
        .outerjoin(PromiseRuleChange, and_(PromiseRuleChange.rule_id == PromiseRule.id, published))
        .where(PromiseRule.operator_id == operator_id)
        .order_by(*order, PromiseRule.version)
    )
    return [row._asdict() for row in connection.execute(wanted)]


def successor_of(connection: Connection, operator_id: int, rule_id: int) -> int | None:
    """The version that took a rule's place and stands; None where none did."""
    found: int | None = connection.scalar(
        select(PromiseRule.id).where(
            PromiseRule.operator_id == operator_id,
            PromiseRule.replaces_id == rule_id,
            PromiseRule.withdrawn_at.is_(None),
        )
    )
    return found
