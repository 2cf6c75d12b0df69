"""Tell staff of escalations, in working hours alone: what comes up within half an hour is one text."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, insert, select, update

from tracker import clock
from tracker.at_risk.models import Escalation, EscalationText
from tracker.at_risk.queries import standing_near
from tracker.at_risk.read_rules import rules_in_force
from tracker.at_risk.recipients import of_level, recipients, texts_to
from tracker.at_risk.rules import GRAVITY, TEXTS_APART, Level, Risk, told_ahead
from tracker.at_risk.words import LEVEL_WORDS, RISK_WORDS
from tracker.notices.office_hours import is_at_work, office_calendar
from tracker.notices.plan_notices import plan_notices
from tracker.orders.desk_list import held
from tracker.orders.models import Order
from tracker.orders.open_work import DEADLINE, to_install
from tracker.orders.rules import Stage
from tracker.promises.wording import deadline_for_sms
from tracker.runtime import Runtime

ONE, SEVERAL = "escalation", "escalations"
_escalations = Escalation.__table__
_texts = EscalationText.__table__


def tell_staff(runtime: Runtime) -> int:
    """Plan the texts that are due; returns how many escalations they tell of."""
    told = 0
    reference = runtime.reference.current()
    for operator_id in reference.operators:
        if is_at_work(reference, operator_id, clock.now()):
            told += sum(_tell(runtime, operator_id, level) for level in Level)
    return told


def _tell(runtime: Runtime, operator_id: int, level: Level) -> int:
    now = clock.now()
    with runtime.db.transaction() as connection:
        last = connection.scalar(
            select(func.max(_texts.c.at)).where(_texts.c.operator_id == operator_id, _texts.c.level == level)
        )
        if last is not None and now - last < TEXTS_APART:
            return 0
        # Another round that has them waits here, and then finds none.
        waiting = connection.execute(
            select(_escalations.c.id, _escalations.c.order_id, _escalations.c.deadline)
            .where(
                _escalations.c.operator_id == operator_id,
                _escalations.c.level == level,
                _escalations.c.settled_at.is_(None),
            )
            .order_by(_escalations.c.deadline, _escalations.c.id)
            .with_for_update()
        ).all()
        if not waiting:
            return 0
        standing = _standing(connection, operator_id, level, waiting, now)
        text_id = None
        if standing:
            text_id = _plan(connection, runtime, operator_id, level, standing, now)
        still = [row.id for row, _ in standing]
        settle = update(_escalations).where(_escalations.c.id.in_([row.id for row in waiting]))
        connection.execute(settle.values(settled_at=now))
        if still:
            connection.execute(
                update(_escalations).where(_escalations.c.id.in_(still)).values(text_id=text_id)
            )
    return len(standing)


def _standing(
    connection: Connection, operator_id: int, level: Level, waiting: Sequence[Row[Any]], now: datetime
) -> list[tuple[Row[Any], str]]:
    """Those of which it still holds, with the order's number: it is open, its clock runs, the deadline is the
    same, it has come to no higher step, and nobody has come to the site of which dispatchers would be told
    that nobody has.
    """
    higher = exists().where(
        _escalations.c.order_id == Order.id,
        _escalations.c.deadline == DEADLINE,
        _escalations.c.level > level,
    )
    found = to_install(select(Order.id, Order.number, DEADLINE.label("deadline")), operator_id).where(
        Order.id.in_([row.order_id for row in waiting]), ~held(now), ~higher
    )
    if level is Level.DISPATCHERS:
        found = found.where(Order.stage != Stage.ON_SITE)
    by_id = {row.id: row for row in connection.execute(found)}
    return [
        (row, by_id[row.order_id].number)
        for row in waiting
        if row.order_id in by_id and by_id[row.order_id].deadline == row.deadline
    ]


def _plan(
    connection: Connection,
    runtime: Runtime,
    operator_id: int,
    level: Level,
    standing: Sequence[tuple[Row[Any], str]],
    now: datetime,
) -> int:
    # Whoever holds the office now, and not whoever held it when it was written down.
    staff = of_level(recipients(connection, operator_id), level)
    text_id: int = connection.execute(
        insert(_texts)
        .values(operator_id=operator_id, level=level, account_ids=[one.id for one in staff], at=now)
        .returning(_texts.c.id)
    ).scalar_one()
    first, number = standing[0]
    values = {"level": LEVEL_WORDS[level], "number": number}
    if len(standing) == 1:
        template = ONE
        values["reason"] = RISK_WORDS[_gravest(connection, runtime, operator_id, first.order_id, now)]
        values["deadline"] = deadline_for_sms(first.deadline)
    else:
        template = SEVERAL
        values["count"] = str(len(standing))
    texts = texts_to(runtime, staff, operator_id, template, values, f"escalation:{text_id}")
    plan_notices(connection, runtime, runtime.reference.current(), texts, now)
    return text_id


def _gravest(
    connection: Connection, runtime: Runtime, operator_id: int, order_id: int, now: datetime
) -> Risk:
    """Why an order is brought up, as it stands now: hours may lie between that and the text."""
    calendar = office_calendar(runtime.reference.current(), operator_id)
    rules = told_ahead(rules_in_force(connection, operator_id).rules, calendar, now)
    near = {row.id: row.risks for row in standing_near(connection, operator_id, rules, now)}
    return next((one for one in GRAVITY if one in near.get(order_id, ())), Risk.DUE)
