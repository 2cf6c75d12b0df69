"""Example real-name checks, and returns that wait for a decision or were decided on."""

from collections.abc import Callable, Sequence
from itertools import cycle

from sqlalchemy import Row, exists, select

from tracker.demo.sample_excuses import DISPATCHER, decider_of
from tracker.orders.actor import Actor
from tracker.orders.ask_return import ask_return
from tracker.orders.decide_return import decide_return
from tracker.orders.models import Order
from tracker.orders.record_check import record_check
from tracker.orders.return_rules import can_be_returned
from tracker.orders.rules import CLOSED, Stage
from tracker.problems import Refusal
from tracker.real_name.models import RequiredChecks
from tracker.real_name.require_checks import require_checks
from tracker.real_name.rules import Check
from tracker.runtime import Runtime

_ACTOR = "console:demo"
_REQUIRED = (Check.ID_DOCUMENT, Check.FACE_MATCH)
_RETURNS = 4
_REFUSED = "备用纤芯可用，请先按备用路由施工"
_REASONS = (
    ("line_too_long", "入户光缆超出 300 米", "KC-0118"),
    ("property_manager", "物业两次拒绝进场", "WY-0052"),
    ("unreachable", "三天内五次致电无人接听", None),
    ("barrier", None, "KC-0121"),
)


def fill(runtime: Runtime, say: Callable[[str], None]) -> None:
    """Let each operator require two checks, record them, and ask for some returns; harmless to repeat."""
    for operator in sorted(runtime.reference.current().operators.values(), key=lambda one: one.id):
        with runtime.db.reading() as connection:
            known = connection.scalar(select(exists().where(RequiredChecks.operator_id == operator.id)))
            orders = connection.execute(
                select(Order.id, Order.number, Order.stage)
                .where(Order.operator_id == operator.id, Order.closed_at.is_(None))
                .order_by(Order.id)
            ).all()
        if known:
            continue
        checks = _check(runtime, operator.id, orders)
        require_checks(runtime.db, operator.id, _REQUIRED, "固话宽带开户管控要求（示例）", _ACTOR)
        asker = Actor(operator.id, DISPATCHER.format(operator=operator.code))
        returns = _return(runtime, asker, orders)
        say(f"{operator.name}: {checks} example real-name checks, {returns} returns asked for")


def _check(runtime: Runtime, operator_id: int, orders: Sequence[Row[tuple[int, str, str]]]) -> int:
    """What has been verified has passed; of what has not, some failed, some wait."""
    actor, recorded = Actor(operator_id, _ACTOR), 0
    fates = cycle(("none", "failed", "half", "passed"))
    for order in orders:
        if Stage(order.stage) in CLOSED | {Stage.ACTIVATED}:
            continue
        fate = next(fates) if order.stage == Stage.ACCEPTED else "passed"
        for check in _REQUIRED:
            if fate == "none" or (fate == "half" and check is Check.FACE_MATCH):
                continue
            failed = fate == "failed" and check is Check.FACE_MATCH
            request = {
                "check": check.value,
                "result": "failed" if failed else "passed",
                "reference": None if failed else f"RZ-{order.id:06d}",
                "reason_code": "face_differs" if failed else None,
                "reason_text": None,
            }
            record_check(runtime, actor, order.number, request)
            recorded += 1
    return recorded


def _return(runtime: Runtime, asker: Actor, orders: Sequence[Row[tuple[int, str, str]]]) -> int:
    """Ask for a few; the last one is refused, so that the history of decisions is not empty."""
    asked: list[int] = []
    for order in orders:
        if len(asked) == _RETURNS:
            break
        if order.stage == Stage.ACCEPTED or not can_be_returned(Stage(order.stage)):
            continue
        code, text, evidence = _REASONS[len(asked)]
        request = {"reason_code": code, "reason_text": text, "evidence": evidence}
        try:
            asked.append(ask_return(runtime, asker, order.number, request))
        except Refusal:
            continue
    if asked:
        decider = decider_of(runtime, asker.operator_id)
        decide_return(runtime, decider, asked[-1], approve=False, words=_REFUSED)
    return len(asked)
