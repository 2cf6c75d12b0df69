"""Example excuses that wait for a decision or were decided on, and compensation of which some was paid."""

import io
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import exists, select

from tracker import clock
from tracker.compensation.keep_ledger import catch_up
from tracker.compensation.models import CompensationEntry
from tracker.compensation.pay import pay_compensation
from tracker.compensation.queries import Wanted, compensations_below
from tracker.compensation.rules import State
from tracker.excuses.ask_excuse import ask_excuse
from tracker.excuses.decide_excuse import decide_excuse
from tracker.excuses.models import ExcuseRequest
from tracker.figures.keep_cells import keep_cells
from tracker.figures.models import FigureFact
from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.orders.standing import ENDED_EARLY
from tracker.runtime import Runtime
from tracker.staff.models import Account

_CONSOLE = "console:demo"
# As histories name whoever asks.
DISPATCHER = "staff:{operator}.dispatcher"
_KEPT_DAYS = 400
_EXCUSES = (
    ("property_manager", "物业两次拒绝进入弱电间", "WY-0061", False),
    ("roadworks", "道路施工挖断管道，市政已出具说明", None, True),
    ("weather", "雷雨大风，高处作业停工", "QX-2026-07", False),
)
_REFUSED = "说明未盖章，补齐后再申请"
_HOURS = 20


def decider_of(runtime: Runtime, operator_id: int) -> Actor:
    """The first manager of an operator who is in office; the console where it has none."""
    with runtime.db.reading() as connection:
        username = connection.scalar(
            select(Account.username)
            .where(
                Account.operator_id == operator_id,
                Account.role == "manager",
                Account.disabled_at.is_(None),
            )
            .order_by(Account.id)
            .limit(1)
        )
    return Actor(operator_id, _CONSOLE if username is None else f"staff:{username}")


def excuse(runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any]) -> None:
    """Ask for an excuse and have it approved."""
    asked = ask_excuse(runtime, actor, number, request)
    decide_excuse(runtime, decider_of(runtime, actor.operator_id), asked, approve=True)


def fill(runtime: Runtime, say: Callable[[str], None]) -> None:
    """Let each operator's dispatcher ask for some, and one of them be refused; fix what late orders come to,
    and pay some of it. Harmless to repeat.
    """
    keep_cells(runtime.db)
    catch_up(runtime, clock.today() - timedelta(days=_KEPT_DAYS))
    for operator in sorted(runtime.reference.current().operators.values(), key=lambda one: one.id):
        asker = Actor(operator.id, DISPATCHER.format(operator=operator.code))
        with runtime.db.reading() as connection:
            known = connection.scalar(select(exists().where(ExcuseRequest.asked_by == asker.label)))
        if known:
            continue
        asked, paid = _ask(runtime, asker), _pay(runtime, operator.id)
        say(f"{operator.name}: {asked} example excuses asked for, {paid} compensations paid")


def _ask(runtime: Runtime, asker: Actor) -> int:
    """The last of them is refused, so that the history of decisions is not empty."""
    with runtime.db.reading() as connection:
        late = connection.execute(
            select(Order.number, FigureFact.deadline)
            .join(FigureFact, FigureFact.order_id == Order.id)
            .where(
                Order.operator_id == asker.operator_id,
                Order.stage.not_in(ENDED_EARLY),
                FigureFact.excuse.is_(None),
                FigureFact.connected_at > FigureFact.deadline,
            )
            .order_by(FigureFact.deadline.desc())
            .limit(len(_EXCUSES))
        ).all()
    asked = []
    for order, (code, text, evidence, has_photo) in zip(late, _EXCUSES, strict=False):
        request = {
            "reason_code": code,
            "reason_text": text,
            "starts_at": order.deadline - timedelta(hours=_HOURS),
            "ends_at": order.deadline + timedelta(hours=_HOURS),
            "evidence": evidence,
        }
        uploads = (_photo(),) if has_photo else ()
        asked.append(ask_excuse(runtime, asker, order.number, request, uploads=uploads))
    if len(asked) == len(_EXCUSES):
        decider = decider_of(runtime, asker.operator_id)
        decide_excuse(runtime, decider, asked[-1], approve=False, words=_REFUSED)
    return len(asked)


def _pay(runtime: Runtime, operator_id: int) -> int:
    """Every other one of the earliest."""
    with runtime.db.reading() as connection:
        rows = compensations_below(connection, operator_id, Wanted(state=State.OWED), limit=8)
        known = connection.scalar(
            select(
                exists().where(CompensationEntry.operator_id == operator_id, CompensationEntry.paid_fen > 0)
            )
        )
    chosen = {row.order_id: row.number for row in rows[::2]}
    if known or not chosen:
        return 0
    payment = {"method": "bill", "reference": f"BC-{operator_id:02}-0001", "paid_on": clock.today()}
    pay_compensation(runtime, decider_of(runtime, operator_id), chosen, payment)
    return len(chosen)


def _photo() -> bytes:
    """A dug-up road, as far as a few lines can show one."""
    picture = Image.new("RGB", (640, 400), "#8a8f94")
    draw = ImageDraw.Draw(picture)
    draw.polygon([(60, 400), (250, 120), (390, 120), (580, 400)], fill="#4b4f54")
    draw.rectangle([250, 210, 400, 330], fill="#6b4a2f")
    draw.line([(210, 200), (430, 200)], fill="#e0a800", width=14)
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()
