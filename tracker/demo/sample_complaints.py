"""Examples of complaints, one for each way in which they may stand, and of ratings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select

from tracker import clock
from tracker.complaints.close_complaint import close_complaint
from tracker.complaints.file_complaint import file_complaint
from tracker.complaints.follow_up import follow_up
from tracker.complaints.models import Complaint
from tracker.complaints.persons import person_in_charge
from tracker.complaints.rate import rate
from tracker.complaints.record_call_back import record_call_back
from tracker.complaints.rules import Satisfaction, Source, Topic
from tracker.orders.actor import Actor
from tracker.orders.positions import START
from tracker.orders.queries import channel_orders
from tracker.orders.rules import PATH, Stage
from tracker.problems import Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

_ACTOR = "console:demo"
_MOST = 200
# So old is an order at least before somebody complains of it.
_COMPLAINED_AFTER = timedelta(days=4)
_CALLED = "示例：已致电客户并致歉，约定明天再联系。"


@dataclass(frozen=True)
class _Example:
    """A complaint that came in so many days ago; `result` where it is closed."""

    source: Source
    topic: Topic
    days_ago: int
    text: str
    result: str | None = None
    satisfaction: Satisfaction | None = None
    followed_up: bool = False


_COMPLAINTS = (
    _Example(Source.WEBSITE, Topic.OVERDUE, 1, "示例：承诺的日期已过，至今没有装通。"),
    _Example(Source.HOTLINE, Topic.FEES, 13, "示例：安装费比公示的多收了。", followed_up=True),
    _Example(Source.CITY_LINE, Topic.ATTITUDE, 18, "示例：约好上午来，下午才到，也没有人打电话。"),
    _Example(
        Source.OUTLET,
        Topic.WORKMANSHIP,
        6,
        "示例：光猫位置不合适。",
        "已上门移位",
        Satisfaction.SATISFIED,
    ),
    _Example(
        Source.APPEAL_LINE, Topic.SPEED, 20, "示例：测速达不到签约带宽。", "已更换光猫", Satisfaction.NEUTRAL
    ),
)
_RATINGS: tuple[tuple[int, str | None], ...] = (
    (5, "示例：师傅准时，很耐心。"),
    (4, None),
    (5, None),
    (2, "示例：施工后没有打扫。"),
    (1, "示例：来了三次才装好。"),
)


def fill(runtime: Runtime, say: Callable[[str], None]) -> None:
    """File, follow up and close complaints of each operator's example orders, and rate some; harmless to
    repeat. An operator without anybody who could be in charge has none.
    """
    reference = runtime.reference.current()
    for operator in sorted(reference.operators.values(), key=lambda operator: operator.id):
        with runtime.db.reading() as connection:
            known = connection.scalar(select(exists().where(Complaint.operator_id == operator.id)))
            in_charge = person_in_charge(connection, operator.id)
        if known or in_charge is None:
            continue
        channels = [one for one in reference.channels.values() if one.operator_id == operator.id]
        filed = _complain(runtime, operator.id, channels)
        rated = _rate(runtime, operator.id, channels)
        say(f"{operator.name}: {filed} example complaints, {rated} ratings")


def _complain(runtime: Runtime, operator_id: int, channels: Sequence[ChannelFacts]) -> int:
    """Complaints of orders that were old enough for them: what is overdue is not connected, the rest is."""
    actor, now = Actor(operator_id, _ACTOR), clock.now()
    going_on = list(_orders(runtime, channels, PATH[:-1]))
    completed = list(_orders(runtime, channels, (Stage.COMPLETED,)))
    filed = 0
    for example in _COMPLAINTS:
        received_at = now - timedelta(days=example.days_ago)
        orders = going_on if example.topic is Topic.OVERDUE else completed
        fitting = (one for one in orders if one[1] <= received_at - _COMPLAINED_AFTER)
        if (order := next(fitting, None)) is None:
            continue
        orders.remove(order)
        complaint = file_complaint(
            runtime,
            actor,
            order[0],
            example.topic,
            example.text,
            source=example.source,
            received_at=received_at,
        )
        if example.followed_up:
            follow_up(runtime, actor, complaint, {"note": _CALLED, "next_on": f"{clock.today()}"})
        if example.result is not None:
            ending = {"settled_at_outlet": example.source is Source.OUTLET, "note": _CALLED}
            given = {"result": example.result, "satisfaction": example.satisfaction}
            close_complaint(runtime, actor, complaint, ending | given)
        filed += 1
    return filed


def _rate(runtime: Runtime, operator_id: int, channels: Sequence[ChannelFacts]) -> int:
    """Ratings of what was completed lately; the customer of the worst one was called back."""
    actor, rated = Actor(operator_id, _ACTOR), 0
    for number, _ in _orders(runtime, channels, (Stage.COMPLETED,)):
        if rated == len(_RATINGS):
            break
        score, comment = _RATINGS[rated]
        try:
            rating = rate(runtime, actor, number, score, comment)
        except Refusal:
            # It was completed too long ago to be rated.
            continue
        rated += 1
        if score == min(score for score, _ in _RATINGS):
            record_call_back(runtime, actor, rating, _CALLED)
    return rated


def _orders(
    runtime: Runtime, channels: Sequence[ChannelFacts], stages: Sequence[Stage]
) -> Iterator[tuple[str, datetime]]:
    """Numbers of orders at these stages, and when each was accepted."""
    for stage in stages:
        for channel in channels:
            with runtime.db.reading() as connection:
                found, _, _ = channel_orders(connection, channel.id, after=START, limit=_MOST, stage=stage)
            yield from ((order["number"], order["accepted_at"]) for order in found)
