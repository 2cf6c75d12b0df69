"""A complaint from its receipt to its end: owner, follow-ups, result, texts, and the walls around it."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import ProgrammingError

from tests.complaining import DAY, NOW, WORDS, Desk
from tests.serving import app_of
from tracker.complaints.history import NAME, NOTE, PHONE, TEXT
from tracker.complaints.persons import name_person
from tracker.complaints.record_satisfaction import record_satisfaction
from tracker.complaints.retract_complaint import retract_complaint
from tracker.db import PUBLIC_ROLE, Database
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.problems import Refusal
from tracker.staff.models import Account


def refused(call, *given, **named) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as caught:
        call(*given, **named)
    return [(fault.rule, fault.pointer) for fault in caught.value.faults]


def test_a_complaint_has_a_number_a_day_and_a_person(desk: Desk) -> None:
    manager = desk.hire("manager")
    one = desk.row(desk.file(desk.order()))
    assert one.number.startswith("TS261124")
    assert (one.source, one.topic, one.state, one.owner_id) == ("website", "overdue", "open", manager)
    assert (f"{one.due_on}", f"{one.next_on}") == ("2026-12-09", "2026-11-25")
    assert one.received_at == NOW
    (event,) = desk.events(one.id)
    assert (event.kind, event.actor, event.version) == ("filed", "customer:7", 1)
    assert event.detail == {"owner": manager, "next_on": "2026-11-25"}


def test_whoever_complains_is_told(desk: Desk) -> None:
    one = desk.row(desk.file(desk.order()))
    (told,) = desk.texts("complaint_received")
    assert told.body == (
        f"您的投诉已受理，编号{one.number}，专人跟进，最迟12月9日答复。咨询10000。【清远电信】"
    )
    assert told.order_id == one.order_id
    desk.file(desk.order(language="en"))
    assert "you have an answer by 9 Dec" in desk.texts("complaint_received")[1].body


def test_the_words_are_sealed(desk: Desk, stores) -> None:
    """I5."""
    one = desk.row(
        desk.file(
            None,
            text=WORDS,
            contact_name="欧阳春",
            contact_phone="13712345678",
            source="12345",
            actor=desk.staff,
        )
    )
    desk.hire("manager")
    desk.hand(one.id, desk.hire("second"), note="欧阳春 13712345678 要求回电")
    keys = desk.runtime.keys
    assert keys.open(bytes(one.text), TEXT) == WORDS
    assert keys.open(bytes(one.contact_name), NAME) == "欧阳春"
    assert keys.open(bytes(one.contact_phone), PHONE) == "+8613712345678"
    assert "回电" in keys.open(bytes(desk.events(one.id)[1].note), NOTE)
    owner = Database(stores.owner_url)
    with owner.reading() as connection:
        for table in ("complaints", "complaint_events", "notices"):
            stored = " ".join(
                str(row) for row in connection.execute(text(f"SELECT {table}::text FROM {table}"))
            )
            assert "欧阳" not in stored
            assert "13712345678" not in stored
            assert "欧阳春".encode().hex() not in stored
            assert b"13712345678".hex() not in stored
    owner.dispose()


def test_one_about_no_order_is_told_where_a_phone_is_known(desk: Desk) -> None:
    desk.file(None, "attitude", source="12315", contact_phone="13712345678", actor=desk.staff)
    (told,) = desk.texts("complaint_received")
    assert told.order_id is None
    anonymous = desk.file(None, "attitude", "营业厅关门太早", source="letters", actor=desk.staff)
    desk.hire("manager")
    desk.hand(anonymous, desk.hire("second"))
    desk.close(anonymous)
    assert len(desk.texts("complaint_received", "complaint_closed")) == 1


def test_what_was_received_long_ago_is_told_only_when_it_is_answered(desk: Desk) -> None:
    desk.hire("manager")
    one = desk.file(desk.order(), source="letters", received_at=NOW - 10 * DAY, actor=desk.staff)
    row = desk.row(one)
    assert f"{row.due_on}" == "2026-11-29"
    assert desk.texts("complaint_received") == []
    late = desk.row(desk.file(desk.order(), source="letters", received_at=NOW - 20 * DAY, actor=desk.staff))
    assert (f"{late.due_on}", f"{late.next_on}") == ("2026-11-19", "2026-11-24")
    desk.close(one)
    assert len(desk.texts("complaint_closed")) == 1


def test_who_is_in_charge_of_new_complaints(desk: Desk) -> None:
    nobody = desk.file(desk.order())
    assert desk.row(nobody).owner_id is None
    counter = desk.hire("counter", "counter")
    assert desk.row(desk.file(desk.order())).owner_id is None
    first, second = desk.hire("first"), desk.hire("second")
    assert desk.row(desk.file(desk.order())).owner_id == first
    name_person(desk.runtime, desk.staff, second)
    assert desk.row(desk.file(desk.order())).owner_id == second
    name_person(desk.runtime, desk.staff, counter)
    assert desk.row(desk.file(desk.order())).owner_id == counter
    with desk.runtime.db.transaction() as connection:
        connection.execute(update(Account).where(Account.id == counter).values(disabled_at=NOW))
    assert desk.row(desk.file(desk.order())).owner_id == first
    # Nobody follows it up, or answers it, before somebody is in charge of it.
    assert refused(desk.follow, nobody, NOW) == [("complaint.owner_required", "")]
    assert refused(desk.close, nobody) == [("complaint.owner_required", "")]
    desk.hand(nobody, first)
    desk.follow(nobody, NOW + DAY)


def test_nobody_of_elsewhere_can_be_in_charge(desk: Desk) -> None:
    """I6."""
    desk.hire("manager")
    one = desk.file(desk.order())
    stranger = desk.hire("stranger", operator_id=desk.operator_id + 1)
    installer = desk.hire("installer", "installer")
    for account in (stranger, installer, 9999):
        assert refused(desk.hand, one, account) == [("complaint.owner_unknown", "/owner")]
        assert refused(name_person, desk.runtime, desk.staff, account) == [
            ("complaint.owner_unknown", "/owner")
        ]


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"topic": "weather"}, [("field.choice", "/topic")]),
        ({"source": "newspaper"}, [("field.choice", "/source")]),
        ({"text": " \n\u200b "}, [("field.empty", "/text")]),
        ({"text": "好" * 1001}, [("field.too_long", "/text")]),
        ({"text": None}, [("field.null", "/text")]),
        ({"text": 5}, [("field.type", "/text")]),
        ({"contact_phone": "123"}, [("phone.invalid", "/contact_phone")]),
        ({"contact_name": ""}, [("field.empty", "/contact_name")]),
        ({"topic": None, "text": ""}, [("field.null", "/topic"), ("field.empty", "/text")]),
        ({"received_at": NOW + timedelta(hours=1)}, [("complaint.received_ahead", "/received_at")]),
        ({"received_at": NOW - 181 * DAY}, [("complaint.too_old", "/received_at")]),
    ],
)
def test_what_no_complaint_may_hold(desk: Desk, given, faults) -> None:
    assert refused(desk.file, desk.order(), **given) == faults
    assert desk.texts("complaint_received") == []


def test_lines_are_kept_and_what_cannot_be_seen_is_not(desk: Desk) -> None:
    one = desk.row(desk.file(desk.order(), text="第一件\r\n\r\n\t第二件\u200b\x07 \n"))
    assert desk.runtime.keys.open(bytes(one.text), TEXT) == "第一件\n第二件"


def test_an_order_of_another_operators_cannot_be_complained_about(desk: Desk) -> None:
    """I6."""
    elsewhere = Actor(desk.operator_id + 1, "customer:8")
    number = desk.order()
    one = desk.file(number)
    assert refused(desk.file, number, actor=elsewhere) == [("order.not_found", "")]
    assert refused(retract_complaint, desk.runtime, elsewhere, number, one) == [("order.not_found", "")]
    assert refused(retract_complaint, desk.runtime, desk.customer, desk.order(), one) == [
        ("complaint.not_found", "")
    ]
    assert refused(desk.file, "QY261124AAAAAAA") == [("order.not_found", "")]


def test_the_same_complaint_is_one(desk: Desk) -> None:
    desk.hire("manager")
    number = desk.order()
    first = desk.row(desk.file(number))
    with pytest.raises(Refusal) as caught:
        desk.file(number)
    assert caught.value.faults[0].words() == f"同样的投诉正在处理，编号 {first.number}"
    desk.file(number, text="还有一件事")
    desk.file(number, "fees")
    desk.file(desk.order())
    desk.close(first.id)
    desk.file(number)


def test_two_presses_at_once_file_one(desk: Desk) -> None:
    number = desk.order()
    outcomes: list[object] = []

    def press() -> None:
        try:
            outcomes.append(desk.file(number))
        except Refusal as refusal:
            outcomes.append(refusal.faults[0].rule)

    threads = [threading.Thread(target=press) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(str(one) for one in outcomes).count("complaint.duplicate") == 5
    assert len(desk.texts("complaint_received")) == 1


def test_a_complaint_is_followed_up_handed_on_and_closed(desk: Desk) -> None:
    first, second = desk.hire("first"), desk.hire("second", "counter")
    one = desk.file(desk.order())
    assert desk.follow(one, NOW + 3 * DAY) == 2
    assert desk.hand(one, second, if_version=2) == 3
    request = {"satisfaction": "neutral", "note": "客户要求书面答复", "settled_at_outlet": False}
    assert desk.close(one, request=request, if_version=3) == 4
    row = desk.row(one)
    assert (row.state, row.result, row.settled_at_outlet, row.satisfaction, row.next_on) == (
        "closed",
        "已补装并致歉",
        False,
        "neutral",
        None,
    )
    assert row.ended_at == NOW
    assert [event.kind for event in desk.events(one)] == ["filed", "followed_up", "handed_on", "closed"]
    assert desk.events(one)[2].detail == {"from": first, "owner": second}
    (told,) = desk.texts("complaint_closed")
    assert told.body == (
        f"您的投诉{row.number}已办结：已补装并致歉。不满意请拨10000，也可向12300申诉。【清远电信】"
    )
    # The answer is owed: where it cannot be shown to have arrived, a person calls.
    assert told.must_arrive
    assert record_satisfaction(desk.runtime, desk.staff, one, "satisfied", if_version=4) == 5
    assert desk.row(one).satisfaction == "satisfied"
    assert desk.events(one)[4].detail == {"satisfaction": "satisfied"}


def test_whoever_was_slower_is_refused(desk: Desk) -> None:
    """I7."""
    desk.hire("manager")
    second = desk.hire("second")
    one = desk.file(desk.order())
    desk.follow(one, NOW + DAY, if_version=1)
    stale = [("complaint.stale", "")]
    assert refused(desk.follow, one, NOW + DAY, if_version=1) == stale
    assert refused(desk.hand, one, second, if_version=1) == stale
    assert refused(desk.close, one, if_version=1) == stale
    assert desk.row(one).version == 2


def test_what_has_come_to_its_end_stays_as_it_is(desk: Desk) -> None:
    desk.hire("manager")
    second = desk.hire("second")
    number = desk.order()
    one = desk.file(number)
    assert refused(record_satisfaction, desk.runtime, desk.staff, one, "satisfied") == [
        ("complaint.not_closed", "")
    ]
    desk.close(one)
    ended = [("complaint.ended", "")]
    assert refused(desk.follow, one, NOW + DAY) == ended
    assert refused(desk.hand, one, second) == ended
    assert refused(desk.close, one) == ended
    assert refused(retract_complaint, desk.runtime, desk.customer, number, one) == ended
    assert refused(record_satisfaction, desk.runtime, desk.staff, one, "happy") == [
        ("field.choice", "/satisfaction")
    ]
    assert len(desk.texts("complaint_closed")) == 1


@pytest.mark.parametrize(
    ("request_", "faults"),
    [
        ({"note": ""}, [("field.empty", "/note")]),
        ({"next_on": "2026-11-23"}, [("complaint.follow_up_day", "/next_on")]),
        ({"next_on": "2026-12-10"}, [("complaint.follow_up_day", "/next_on")]),
        ({"next_on": "soon"}, [("field.date", "/next_on")]),
    ],
)
def test_a_follow_up_says_what_was_done_and_what_comes_next(desk: Desk, request_, faults) -> None:
    from tracker.complaints.follow_up import follow_up

    desk.hire("manager")
    one = desk.file(desk.order())
    given = {"note": "已联系", "next_on": "2026-11-25"} | request_
    assert refused(follow_up, desk.runtime, desk.staff, one, given) == faults
    assert desk.row(one).version == 1


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"result": " "}, [("field.empty", "/result")]),
        ({"result": "好" * 61}, [("field.too_long", "/result")]),
        ({"result": "已致电13712345678"}, [("complaint.personal", "/result")]),
        ({"settled_at_outlet": None}, [("field.null", "/settled_at_outlet")]),
        ({"satisfaction": "happy"}, [("field.choice", "/satisfaction")]),
    ],
)
def test_what_a_result_may_not_be(desk: Desk, given, faults) -> None:
    desk.hire("manager")
    one = desk.file(desk.order())
    assert refused(desk.close, one, request=given) == faults
    assert desk.row(one).state == "open"
    assert desk.texts("complaint_closed") == []


def test_another_operators_staff_find_nothing(desk: Desk) -> None:
    """I6."""
    from tracker.complaints.close_complaint import close_complaint
    from tracker.complaints.follow_up import follow_up

    desk.hire("manager")
    one = desk.file(desk.order())
    stranger = Actor(desk.operator_id + 1, "staff:stranger")
    given = {"note": "已联系", "next_on": "2026-11-25"}
    assert refused(follow_up, desk.runtime, stranger, one, given) == [("complaint.not_found", "")]
    closing = {"result": "已处理", "settled_at_outlet": True}
    assert refused(close_complaint, desk.runtime, stranger, one, closing) == [("complaint.not_found", "")]
    assert desk.row(one).state == "open"


def test_a_customer_takes_it_back_before_and_after_the_text(desk: Desk) -> None:
    number = desk.order()
    quick = desk.file(number)
    retract_complaint(desk.runtime, desk.customer, number, quick)
    row = desk.row(quick)
    assert (row.state, row.next_on, row.ended_at) == ("retracted", None, NOW)
    assert desk.events(quick)[1].kind == "retracted"
    # Nobody is told of what never was.
    assert [told.state for told in desk.texts("complaint_received", "complaint_retracted")] == ["cancelled"]
    slow = desk.file(number)
    with desk.runtime.db.transaction() as connection:
        connection.execute(update(Notice).where(Notice.state == "created").values(state="accepted"))
    retract_complaint(desk.runtime, desk.customer, number, slow)
    (told,) = desk.texts("complaint_retracted")
    assert told.body == (f"您的投诉{desk.row(slow).number}已按您的要求撤回。需要帮助请拨10000。【清远电信】")
    assert refused(retract_complaint, desk.runtime, desk.customer, number, slow) == [("complaint.ended", "")]


def test_a_call_that_is_not_needed_any_more_is_not_made(desk: Desk) -> None:
    number = desk.order(customer__phone="0763-3361234")
    one = desk.file(number)
    with desk.runtime.db.reading() as connection:
        tasks = text("SELECT count(*) FROM call_tasks WHERE closed_at IS NULL AND notice_id = :notice")
        (told,) = desk.texts("complaint_received")
        assert connection.scalar(tasks, {"notice": told.id}) == 1
        retract_complaint(desk.runtime, desk.customer, number, one)
        assert connection.scalar(tasks, {"notice": told.id}) == 0
    assert desk.texts("complaint_retracted") == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM complaints",
        "DELETE FROM complaint_events",
        "UPDATE complaint_events SET actor = 'x'",
        "DELETE FROM complaint_persons",
        "DELETE FROM ratings",
        "UPDATE ratings SET score = 5",
        "UPDATE ratings SET comment = NULL",
        "TRUNCATE complaints CASCADE",
    ],
)
def test_the_service_itself_rewrites_no_history(desk: Desk, statement: str) -> None:
    """I7."""
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        desk.runtime.db.transaction() as connection,
    ):
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("SELECT id, number, order_id, topic, received_at, due_on, state, result FROM complaints", True),
        ("SELECT order_id, score, rated_at, retracted_at FROM ratings", True),
        ("SELECT text FROM complaints", False),
        ("SELECT owner_id FROM complaints", False),
        ("SELECT contact_phone FROM complaints", False),
        ("SELECT source FROM complaints", False),
        ("SELECT id FROM complaint_events", False),
        ("SELECT operator_id FROM complaint_persons", False),
        ("SELECT comment FROM ratings", False),
        ("INSERT INTO complaints (number) VALUES ('x')", False),
        ("UPDATE complaints SET state = 'closed'", False),
        ("INSERT INTO ratings (score) VALUES (5)", False),
    ],
)
def test_the_customers_site_reads_what_it_shows(stores, statement: str, allowed: bool) -> None:
    """I6."""
    public = Database(stores.public_url, role=PUBLIC_ROLE)
    try:
        with public.reading() as connection:
            if allowed:
                connection.execute(text(statement))
            else:
                with pytest.raises(ProgrammingError, match="permission denied"):
                    connection.execute(text(statement))
    finally:
        public.dispose()


def test_metrics_tell_how_many_press(desk: Desk) -> None:
    desk.hire("manager")
    for days in (1, 13, 16, 17):
        desk.file(desk.order(), source="hotline", received_at=NOW - days * DAY, actor=desk.staff)
    desk.close(desk.file(desk.order()))
    told = app_of(desk.runtime).test_client().get("/metrics").text
    for state, count in (("open", 4), ("near", 1), ("overdue", 2)):
        assert f'tracker_complaints{{state="{state}"}} {count}.0' in told
