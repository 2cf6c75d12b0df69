"""What customers think of an installation: once, in time, taken back; and who is called back."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from tests.complaining import DAY, NOW, Desk
from tracker.complaints.models import Rating
from tracker.complaints.rate import COMMENT
from tracker.complaints.record_call_back import NOTE, record_call_back
from tracker.complaints.retract_rating import retract_rating
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.problems import Refusal

MINUTE = timedelta(minutes=1)


def refused(call, *given, **named) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as caught:
        call(*given, **named)
    return [(fault.rule, fault.pointer) for fault in caught.value.faults]


def test_a_rating_is_kept_and_thanked_for(desk: Desk) -> None:
    number = desk.completed()
    row = desk.rating(desk.rate(number, 4, "师傅很耐心\n就是来晚了"))
    assert (row.score, row.actor, row.rated_at, row.follow_up_on) == (4, "customer:7", NOW, None)
    assert desk.runtime.keys.open(bytes(row.comment), COMMENT) == "师傅很耐心\n就是来晚了"
    (told,) = desk.texts("rating_received")
    assert told.body == f"您对订单{number}的评价已收到，谢谢。需要帮助请拨10000。【清远电信】"


@pytest.mark.parametrize("comment", [None, ""])
def test_a_rating_needs_no_words(desk: Desk, comment: str | None) -> None:
    assert desk.rating(desk.rate(desk.completed(), 5, comment)).comment is None


@pytest.mark.parametrize(
    ("score", "comment", "faults"),
    [
        (0, None, [("field.range", "/score")]),
        (6, None, [("field.range", "/score")]),
        ("5", None, [("field.type", "/score")]),
        (True, None, [("field.type", "/score")]),
        (None, None, [("field.null", "/score")]),
        (4.5, None, [("field.type", "/score")]),
        (5, "好" * 501, [("field.too_long", "/comment")]),
    ],
)
def test_what_is_no_rating(desk: Desk, score, comment, faults) -> None:
    assert refused(desk.rate, desk.completed(), score, comment) == faults
    assert desk.texts("rating_received") == []


def test_only_what_was_completed_lately_is_rated(desk: Desk) -> None:
    assert refused(desk.rate, desk.order()) == [("rating.not_completed", "")]
    withdrawn = desk.order()
    desk.set_order(withdrawn, stage="withdrawn", closed_at=NOW)
    assert refused(desk.rate, withdrawn) == [("rating.not_completed", "")]
    old = desk.completed(ago=30 * DAY + MINUTE)
    assert refused(desk.rate, old) == [("rating.too_late", "")]
    # Sent in time, though nobody took it in until later.
    desk.rate(old, asked_at=NOW - 2 * MINUTE)


def test_an_order_is_rated_once(desk: Desk, at) -> None:
    number = desk.completed()
    first = desk.rate(number, 1)
    assert refused(desk.rate, number, 5) == [("rating.already", "")]
    retract_rating(desk.runtime, desk.customer, number, first)
    assert desk.rating(first).retracted_at == NOW
    assert desk.rating(desk.rate(number, 5)).score == 5


def test_two_ratings_at_once_are_one(desk: Desk) -> None:
    number = desk.completed()
    outcomes: list[str] = []

    def send() -> None:
        try:
            outcomes.append(str(desk.rate(number)))
        except Refusal as refusal:
            outcomes.append(refusal.faults[0].rule)

    threads = [threading.Thread(target=send) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert outcomes.count("rating.already") == 4


def test_a_rating_is_taken_back_for_ten_minutes(desk: Desk, at) -> None:
    number = desk.completed()
    one = desk.rate(number)
    at(NOW + 10 * MINUTE + timedelta(seconds=1))
    assert refused(retract_rating, desk.runtime, desk.customer, number, one) == [("rating.retract_late", "")]
    # Asked for in time, though nobody took it in until later.
    retract_rating(desk.runtime, desk.customer, number, one, asked_at=NOW + 10 * MINUTE)
    assert refused(retract_rating, desk.runtime, desk.customer, number, one) == [("rating.retracted", "")]


def test_whoever_was_thanked_is_told_that_it_is_taken_back(desk: Desk) -> None:
    number = desk.completed()
    retract_rating(desk.runtime, desk.customer, number, desk.rate(number))
    assert [told.state for told in desk.texts("rating_received", "rating_retracted")] == ["cancelled"]
    one = desk.rate(number)
    with desk.runtime.db.transaction() as connection:
        connection.execute(update(Notice).where(Notice.state == "created").values(state="delivered"))
    retract_rating(desk.runtime, desk.customer, number, one)
    (told,) = desk.texts("rating_retracted")
    assert told.body == f"您对订单{number}的评价已撤回，可重新评价。需要帮助请拨10000。【清远电信】"


def test_another_orders_rating_cannot_be_taken_back(desk: Desk) -> None:
    """I6."""
    number = desk.completed()
    one = desk.rate(number)
    assert refused(retract_rating, desk.runtime, desk.customer, desk.completed(), one) == [
        ("rating.not_found", "")
    ]
    elsewhere = Actor(desk.operator_id + 1, "customer:9")
    assert refused(retract_rating, desk.runtime, elsewhere, number, one) == [("order.not_found", "")]
    assert refused(record_call_back, desk.runtime, elsewhere, one, "x") == [("rating.not_found", "")]


@pytest.mark.parametrize(("score", "called"), [(1, True), (2, True), (3, False), (5, False)])
def test_whoever_is_not_content_is_called_back_by_tomorrow(desk: Desk, score: int, called: bool) -> None:
    row = desk.rating(desk.rate(desk.completed(), score))
    assert (str(row.follow_up_on) == "2026-11-25") is called


def test_a_call_back_is_written_down_once(desk: Desk) -> None:
    low = desk.rate(desk.completed(), 2)
    assert refused(record_call_back, desk.runtime, desk.staff, low, " ") == [("field.empty", "/note")]
    record_call_back(desk.runtime, desk.staff, low, "已致歉，王先生满意")
    row = desk.rating(low)
    assert (row.followed_up_at, row.followed_up_by) == (NOW, "staff:manager")
    assert desk.runtime.keys.open(bytes(row.follow_up_note), NOTE) == "已致歉，王先生满意"
    assert refused(record_call_back, desk.runtime, desk.staff, low, "再来") == [("rating.followed_up", "")]
    high = desk.rate(desk.completed(), 3)
    assert refused(record_call_back, desk.runtime, desk.staff, high, "谢") == [("rating.not_low", "")]
    number = desk.completed()
    gone = desk.rate(number, 1)
    retract_rating(desk.runtime, desk.customer, number, gone)
    assert refused(record_call_back, desk.runtime, desk.staff, gone, "谢") == [("rating.retracted", "")]


def test_comments_are_sealed(desk: Desk) -> None:
    """I5."""
    desk.rate(desk.completed(), 2, "请打13712345678")
    with desk.runtime.db.reading() as connection:
        stored = str(connection.execute(text("SELECT ratings::text FROM ratings")).scalar_one())
        assert connection.scalar(select(Rating.comment)) is not None
    assert "13712345678" not in stored
    assert b"13712345678".hex() not in stored
