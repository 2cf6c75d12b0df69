"""Examples of texts that did not arrive, and of the calls that came of them."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import exists, select, update

from tracker import clock
from tracker.notices.apply_receipts import apply_receipts
from tracker.notices.call_models import CallAttempt, CallTask
from tracker.notices.claimed import Claimed
from tracker.notices.models import Notice
from tracker.notices.record import record
from tracker.notices.record_call import record_call
from tracker.notices.rules import State
from tracker.orders.place_orders import place_order
from tracker.orders.schemas import OrderRequestSchema
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.sms.port import Accepted, Outcome, Receipt, Refused, Scope, Sms, Standing, Unknown

_ACTOR = "console:demo"
# The demonstration sends through another one. Whom it does not know it cannot ask about a text, so these
# stay as they are.
_PROVIDER = "aliyun"
_MOBILE, _LANDLINE = "1380000{:04d}", "0763338{:04d}"
_NOTE = "示例：家人接听，说晚上七点以后本人在家。"

# What became of the text of each example, by its phone.
_TEXTS: tuple[tuple[str, Outcome | None], ...] = (
    (_LANDLINE, None),
    (_LANDLINE, None),
    (_LANDLINE, None),
    (_MOBILE, Refused(Scope.NUMBER, "isv.BLACK_LIST")),
    (_MOBILE, Accepted("sample-1")),
    (_MOBILE, Accepted("sample-2")),
    (_MOBILE, Unknown("ReadTimeout")),
)
_UNDELIVERED = {4: "MOBILE_NOT_ON_SERVICE", 5: "MK:0001"}


def fill(runtime: Runtime, say: Callable[[str], None]) -> None:
    """Take orders whose texts do not arrive, for each operator, and call some customers; harmless to repeat.

    Where texts go through the provider that these name there are none.
    """
    if _PROVIDER in runtime.routes.gateways:
        return
    reference = runtime.reference.current()
    for operator in sorted(reference.operators.values(), key=lambda operator: operator.id):
        made = CallAttempt.operator_id == operator.id, CallAttempt.actor == _ACTOR
        with runtime.db.reading() as connection:
            known = connection.scalar(select(exists().where(*made)))
        if known:
            continue
        channel = next(
            one
            for one in reference.channels.values()
            if one.operator_id == operator.id and one.code == "hall"
        )
        notices = [_tell(runtime, channel, number) for number in range(len(_TEXTS))]
        _call(runtime, operator.id, notices)
        say(f"{operator.name}: {len(notices)} example texts that did not arrive, and calls about them")


def _tell(runtime: Runtime, channel: ChannelFacts, number: int) -> int:
    """An order, and what became of its first text, whose id is returned."""
    phone, outcome = _TEXTS[number]
    reference = runtime.reference.current()
    places = sorted(code for code, place in reference.places.items() if place.area == "urban")
    plan = next(
        versions[0].filing_number
        for (owner, _), versions in sorted(reference.plans.items())
        if owner == channel.operator_id and versions[0].audience == "home"
    )
    body = {
        "external_reference": f"SAMPLE-CALL-{number + 1}",
        "customer": {"kind": "home", "name": "示例客户", "phone": phone.format(100 + number)},
        "address": {"community_code": places[number * 37 % len(places)], "detail": f"{number + 1}号301房"},
        "plan": plan,
    }
    placed = place_order(runtime, channel, OrderRequestSchema().load(body))
    first = select(Notice.id).where(Notice.order_id == placed.order_id).order_by(Notice.id).limit(1)
    with runtime.db.reading() as connection:
        notice_id: int = connection.execute(first).scalar_one()
    if outcome is not None:
        _try(runtime, channel.operator_id, notice_id, outcome)
    if number in _UNDELIVERED and isinstance(outcome, Accepted):
        word = _UNDELIVERED[number]
        said = Receipt(notice_id, outcome.reference, Standing.UNDELIVERED, word, word)
        apply_receipts(runtime, _PROVIDER, [said])
    return notice_id


def _try(runtime: Runtime, operator_id: int, notice_id: int, outcome: Outcome) -> None:
    """As if a worker had handed it to the provider."""
    now = clock.now()
    with runtime.db.transaction() as connection:
        connection.execute(
            update(Notice)
            .where(Notice.id == notice_id)
            .values(
                state=State.SENDING,
                attempts=1,
                provider=_PROVIDER,
                sending_at=now,
                lease_until=now + timedelta(seconds=runtime.config.lease),
            )
        )
    record(runtime, [Claimed(1, operator_id, _PROVIDER, (now, notice_id), Sms(notice_id, "", ""))], [outcome])


def _call(runtime: Runtime, operator_id: int, notices: list[int]) -> None:
    """One customer was told, one was not there, one wants to be called in the evening."""
    outcomes = (("reached", ""), ("no_answer", ""), ("call_back", _NOTE))
    for notice_id, (outcome, note) in zip(notices, outcomes, strict=False):
        with runtime.db.reading() as connection:
            task = connection.execute(select(CallTask.id).where(CallTask.notice_id == notice_id)).scalar_one()
        back = clock.now() + timedelta(hours=9) if outcome == "call_back" else None
        given = {"outcome": outcome, "called_at": None, "call_back_at": back}
        record_call(runtime, operator_id, _ACTOR, task, given, note=note)
