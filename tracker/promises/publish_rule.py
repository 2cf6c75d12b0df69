"""Publish a promise rule: one more row, from a day on; nothing that stands is edited."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.promises.ceilings import first_beyond, meets
from tracker.promises.models import PromiseRule, PromiseRuleChange, RuleChangeKind
from tracker.promises.queries import read_calendars, read_ceilings, read_rules
from tracker.promises.rule_queries import latest_change
from tracker.promises.rule_words import limit
from tracker.promises.rules import Rule, Unit, ambiguous

# Held until the commit: two rules that are saved at once must see each other.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('promise rules', :operator))")
_SCOPE = ("customer_kind", "product", "area", "resource")


def publish_rule(
    db: Database, operator_id: int, request: Mapping[str, Any], actor: str, *, seen: int | None = None
) -> int:
    """Publish a rule, loaded by RuleRequestSchema; returns its id.

    `seen`: the operator's last change of a rule that whoever asks knew of. Raises Refusal with every rule
    broken: promise_rule.begins_in_past, promise_rule.period, promise_rule.hours_run_through,
    promise_rule.overlap, promise_rule.above_ceiling; or promise_rule.stale.
    """
    with db.transaction() as connection:
        lock_rules(connection, operator_id)
        require_seen(connection, operator_id, seen)
        return publish(connection, operator_id, request, actor)


def publish(
    connection: Connection,
    operator_id: int,
    request: Mapping[str, Any],
    actor: str,
    *,
    back_dated: bool = False,
    replaces_id: int | None = None,
) -> int:
    """The same inside a transaction. `back_dated`: it may have been in force before it is written
    down, as when a city is set up. `replaces_id`: the rule that got its last day for it.
    """
    lock_rules(connection, operator_id)
    faults = published_faults(connection, operator_id, request, back_dated=back_dated)
    if faults:
        raise Refusal(*faults)
    same_scope = [
        PromiseRule.operator_id == operator_id,
        *(getattr(PromiseRule, name) == request[name] for name in _SCOPE),
    ]
    version = (connection.scalar(select(func.max(PromiseRule.version)).where(*same_scope)) or 0) + 1
    now = clock.now()
    values = {name: value for name, value in request.items() if name != "reason"}
    rule_id: int = connection.execute(
        insert(PromiseRule)
        .values(operator_id=operator_id, version=version, created_at=now, replaces_id=replaces_id, **values)
        .returning(PromiseRule.id)
    ).scalar_one()
    record_change(
        connection, operator_id, rule_id, RuleChangeKind.PUBLISHED, request["reason"], actor,
        last_day=request["valid_to"],
    )  # fmt: skip
    return rule_id


def published_faults(
    connection: Connection, operator_id: int, request: Mapping[str, Any], *, back_dated: bool = False
) -> list[Fault]:
    """Everything that keeps a rule from being published."""
    faults = faults_of(request)
    if not back_dated and request["valid_from"] < clock.today():
        faults.append(Fault("promise_rule.begins_in_past", "/valid_from"))
    rule = draft(request)
    faults += overlaps(rule, read_rules(connection, operator_id).get(operator_id, ()))
    # Who sets a city up says which limits are its operators' own.
    return faults if back_dated else [*faults, *beyond_ceilings(connection, operator_id, rule)]


def require_seen(connection: Connection, operator_id: int, seen: int | None) -> None:
    """Raises Refusal promise_rule.stale where somebody changed a rule since. The rules must be locked."""
    if seen is not None and seen != latest_change(connection, operator_id):
        raise Refusal(Fault("promise_rule.stale"))


def lock_rules(connection: Connection, operator_id: int) -> None:
    """Keep any other change of the operator's rules waiting until the commit."""
    connection.execute(_LOCK, {"operator": operator_id})


def record_change(
    connection: Connection,
    operator_id: int,
    rule_id: int,
    kind: RuleChangeKind,
    reason: str,
    actor: str,
    *,
    last_day: Any = None,
) -> None:
    """Write down what became of a rule."""
    connection.execute(
        insert(PromiseRuleChange).values(
            operator_id=operator_id,
            rule_id=rule_id,
            kind=kind,
            last_day=last_day,
            reason=reason,
            actor=actor,
            at=clock.now(),
        )
    )


def draft(request: Mapping[str, Any]) -> Rule:
    """The rule that a request would make, before it has an id."""
    names = set(Rule.__dataclass_fields__) - {"id", "version", "unit"}
    return Rule(id=0, version=0, unit=Unit(request["unit"]), **{name: request[name] for name in names})


def faults_of(request: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with a rule by itself."""
    faults = []
    if request["valid_to"] is not None and request["valid_to"] < request["valid_from"]:
        faults.append(Fault("promise_rule.period", "/valid_to"))
    if request["unit"] == Unit.HOURS:
        faults += [
            Fault("promise_rule.hours_run_through", f"/{name}")
            for name in ("cut_off", "end_of_day", "late_counts_as_next_day")
            if request[name]
        ]
    return faults


def overlaps(rule: Rule, others: tuple[Rule, ...]) -> list[Fault]:
    """Each other rule between which and this one an order could not choose."""
    return [
        Fault("promise_rule.overlap", "/valid_from", {"rule": other.id})
        for other in others
        if other.id != rule.id and ambiguous(rule, other)
    ]


def beyond_ceilings(connection: Connection, operator_id: int, rule: Rule) -> list[Fault]:
    """The longest limits of the city for such orders that the rule would go beyond."""
    ceilings = [one for one in read_ceilings(connection) if meets(rule, one.rule)]
    calendars = read_calendars(connection) if ceilings else None
    if calendars is None:
        return []
    calendar, today = calendars.of(operator_id, ""), clock.today()
    return [
        Fault(
            "promise_rule.above_ceiling",
            "/amount",
            {"zh": limit(one.rule, "zh"), "en": limit(one.rule, "en"), "source": one.source},
        )
        for one in ceilings
        if first_beyond(rule, one.rule, calendar, today) is not None
    ]
