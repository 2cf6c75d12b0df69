"""Save what an operator holds for a risk, and its steps of escalation."""

from dataclasses import asdict

from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.at_risk.models import RiskRules
from tracker.at_risk.read_rules import rules_in_force
from tracker.at_risk.rules import Rules, faults_of
from tracker.orders.actor import Actor
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_rules = RiskRules.__table__
LONGEST_REASON = 200


def save_rules(runtime: Runtime, actor: Actor, rules: Rules, reason: str, *, if_version: int) -> int:
    """Put another version in force; returns its number. `if_version`: the one that the actor saw.

    Raises Refusal: risk.stale, risk.nothing_new, field.required or field.too_long of the reason, and every
    rule of the figures that is broken.
    """
    faults = faults_of(rules)
    if not reason:
        faults.append(Fault("field.required", "/reason"))
    elif len(reason) > LONGEST_REASON:
        faults.append(Fault("field.too_long", "/reason", {"limit": LONGEST_REASON}))
    if faults:
        raise Refusal(*faults)
    with runtime.db.transaction() as connection:
        present = rules_in_force(connection, actor.operator_id)
        if present.version != if_version:
            raise Refusal(Fault("risk.stale"))
        if present.rules == rules:
            raise Refusal(Fault("risk.nothing_new"))
        made = connection.scalar(
            insert(_rules)
            .values(
                **asdict(rules) | {"digest_at": [f"{at:%H:%M}" for at in rules.digest_at]},
                operator_id=actor.operator_id,
                version=present.version + 1,
                reason=reason,
                actor=actor.label,
                at=clock.now(),
            )
            # Of two who saved at once, one was faster.
            .on_conflict_do_nothing()
            .returning(_rules.c.version)
        )
        if made is None:
            raise Refusal(Fault("risk.stale"))
    return int(made)
