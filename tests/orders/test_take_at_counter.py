"""Orders from the counter as a use case: what is told first, what is kept of it, and what repeats."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.conftest import order_json
from tracker import clock
from tracker.audit.models import AuditEntry
from tracker.clock import CITY_ZONE
from tracker.orders.actor import Actor
from tracker.orders.models import Order, OrderEvent
from tracker.orders.schemas import OrderRequestSchema
from tracker.orders.take_at_counter import Offer, counter_channels, offer, recent_dealers, take_at_counter
from tracker.problems import Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.tariffs.terms import Terms, read_terms, sold_through

PLACE = "441802006001"
BY = Actor(1, "staff:li.na")


@pytest.fixture
def hall(runtime: Runtime) -> ChannelFacts:
    """清远电信's business halls."""
    return next(
        one for one in counter_channels(runtime.reference.current(), 1) if one.kind == "business_hall"
    )


def plan_id(runtime: Runtime, filing_number: str = "24GD100001") -> int:
    return runtime.reference.current().plans[1, filing_number][-1].id


def offered(runtime: Runtime, channel: ChannelFacts, plan: int, resource: str = "ready") -> Offer:
    with runtime.db.reading() as connection:
        return offer(connection, runtime.reference.current(), channel, plan, PLACE, resource)


def request(**changes: Any) -> Any:
    return OrderRequestSchema().load(order_json(external_reference="counter-1", **changes))


def take(runtime: Runtime, hall: ChannelFacts, asked: Any, **how: Any) -> Any:
    plan = how.pop("plan", plan_id(runtime))
    given = {"stamp": offered(runtime, hall, plan).stamp, "acknowledged": True, **how}
    return take_at_counter(runtime, BY, hall, asked, plan, **given)


def rules(refusal: Any) -> list[str]:
    return [fault.rule for fault in refusal.value.faults]


def test_only_halls_and_service_centres_have_a_counter(runtime: Runtime) -> None:
    found = counter_channels(runtime.reference.current(), 1)
    assert {channel.kind for channel in found} == {"business_hall", "service_centre"}
    assert {channel.operator_id for channel in found} == {1}


def test_the_promise_told_is_the_promise_given(
    runtime: Runtime, hall: ChannelFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 25, 9, 0, tzinfo=CITY_ZONE))
    told = offered(runtime, hall, plan_id(runtime))
    placed = take(runtime, hall, request())
    with runtime.db.reading() as connection:
        order = connection.execute(select(Order.__table__)).one()
        event = connection.execute(select(OrderEvent.actor, OrderEvent.detail)).one()
    assert placed.number == order.number
    assert order.price["monthly_fen"] == told.plan.monthly_fen
    assert order.price["installation_fen"] == told.plan.installation_fen
    assert told.deadline.at == datetime(2026, 11, 27, 9, 0, tzinfo=CITY_ZONE)
    assert event.actor == "staff:li.na"
    assert event.detail == {
        "acknowledged": {"plan_id": told.plan.id, "terms_sha256": told.terms.digest, "changes": []},
    }


def test_a_stamp_holds_while_the_same_is_told(
    runtime: Runtime, hall: ChannelFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning = datetime(2026, 11, 25, 9, 0, tzinfo=CITY_ZONE)
    monkeypatch.setattr(clock, "now", lambda: morning)
    home = offered(runtime, hall, plan_id(runtime))
    needs_building = offered(runtime, hall, plan_id(runtime), "needs_building")
    assert home.stamp != needs_building.stamp
    # Hours count from the saving; days do not move within the day, and do with it.
    monkeypatch.setattr(clock, "now", lambda: morning.replace(minute=5))
    assert offered(runtime, hall, plan_id(runtime)).stamp == home.stamp
    assert offered(runtime, hall, plan_id(runtime), "needs_building").stamp == needs_building.stamp
    monkeypatch.setattr(clock, "now", lambda: morning.replace(day=26))
    assert offered(runtime, hall, plan_id(runtime), "needs_building").stamp != needs_building.stamp


@pytest.mark.parametrize(
    ("how", "rule"),
    [
        ({"acknowledged": False}, "counter.not_acknowledged"),
        ({"stamp": ""}, "counter.not_as_shown"),
    ],
)
def test_what_was_not_told_is_not_stored(
    runtime: Runtime, hall: ChannelFacts, how: dict[str, Any], rule: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        take(runtime, hall, request(), **how)
    assert rules(refusal) == [rule]
    with runtime.db.reading() as connection:
        assert connection.execute(select(Order.id)).all() == []


def test_a_plan_for_others_or_sold_elsewhere_is_refused(runtime: Runtime, hall: ChannelFacts) -> None:
    company = plan_id(runtime, "24GD110002")
    with pytest.raises(Refusal) as refusal:
        take(runtime, hall, request(), plan=company)
    assert rules(refusal) == ["order.plan_audience"]
    with pytest.raises(Refusal) as refusal:
        offered(runtime, hall, plan_id(runtime, "24GD110009"))
    assert rules(refusal) == ["counter.plan_not_sold_here"]
    theirs = runtime.reference.current().plans[2, "24GD200001"][-1].id
    for wrong in (theirs, -1):
        with pytest.raises(Refusal) as refusal:
            offered(runtime, hall, wrong)
        assert rules(refusal) == ["order.unknown_plan"]


def test_a_form_sent_again_finds_its_order_whatever_changed_since(
    runtime: Runtime, hall: ChannelFacts, plans: None
) -> None:
    first = take(runtime, hall, request())
    stamp = offered(runtime, hall, plan_id(runtime)).stamp
    again = take_at_counter(
        runtime, BY, hall, request(), plan_id(runtime), stamp="not as shown", acknowledged=False
    )
    assert (again.number, again.repeated) == (first.number, True)
    with pytest.raises(Refusal) as refusal:
        take_at_counter(
            runtime,
            BY,
            hall,
            request(customer__name="李四"),
            plan_id(runtime),
            stamp=stamp,
            acknowledged=True,
        )
    assert rules(refusal) == ["order.duplicate_reference"]


def test_the_audit_trail_says_once_who_entered_what(runtime: Runtime, hall: ChannelFacts) -> None:
    placed = take(runtime, hall, request())
    take(runtime, hall, request())
    with runtime.db.reading() as connection:
        (entry,) = connection.execute(select(AuditEntry.__table__)).all()
    assert (entry.action, entry.actor, entry.operator_id) == ("changed", "staff:li.na", 1)
    assert entry.subject == f"order:{placed.order_id}"
    assert entry.fields == ["customer_name", "contact_phone", "address_detail"]


def test_who_needs_assistance_is_noted_and_makes_another_order_of_it(
    runtime: Runtime, hall: ChannelFacts
) -> None:
    take(runtime, hall, request(needs_assistance=True))
    with runtime.db.reading() as connection:
        assert connection.scalar(select(Order.needs_assistance))
    with pytest.raises(Refusal) as refusal:
        take(runtime, hall, request(needs_assistance=False))
    assert rules(refusal) == ["order.duplicate_reference"]


def test_dealers_are_the_operators_own_the_latest_first(runtime: Runtime, place: Any) -> None:
    for dealer in ("新城代理点", "学院路合作厅", None, "新城代理点"):
        place(dealer=dealer) if dealer else place()
    place(dealer="别家")
    with runtime.db.transaction() as connection:
        connection.execute(update(Order).where(Order.dealer == "别家").values(operator_id=2))
    with runtime.db.reading() as connection:
        assert recent_dealers(connection, 1, 20) == ["新城代理点", "学院路合作厅"]
        assert recent_dealers(connection, 1, 1) == ["新城代理点"]


@pytest.mark.parametrize(
    ("said", "hall_sells", "centre_sells"),
    [
        ("", True, True),
        ("无", True, True),
        ("全渠道", True, True),
        ("营业厅、官方APP", True, False),
        ("行政服务中心、营业厅", True, True),
        ("线下网点", True, True),
        ("客户经理", False, False),
        ("网上营业厅、小程序", False, False),
        ("掌上营业厅、营业厅", True, False),
        ("政务大厅", False, True),
    ],
)
def test_the_fee_schedule_says_where_a_plan_is_sold(said: str, hall_sells: bool, centre_sells: bool) -> None:
    assert sold_through(said, "business_hall") is hall_sells
    assert sold_through(said, "service_centre") is centre_sells


def test_terms_that_say_nothing_need_no_acknowledgement(runtime: Runtime) -> None:
    with runtime.db.reading() as connection:
        terms = read_terms(connection, [plan_id(runtime)])[plan_id(runtime)]
    assert terms.binding
    assert next(iter(terms.told)) == "restrictions"
    nothing = Terms(
        1, dict.fromkeys(terms.words, "无。") | {"cancellation": "随时可退"}, "", 0, 0, "", "", ""
    )
    assert not nothing.binding
    assert nothing.told == {"cancellation": "随时可退"}
    assert nothing.digest != terms.digest
