"""Holds, re-promises and excuses over HTTP: the deadline that follows, who is told, what is refused."""

from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from tests.excusing import approver_of
from tracker import clock
from tracker.clock import CITY_ZONE
from tracker.excuses.decide_excuse import decide_excuse
from tracker.notices.models import Notice
from tracker.orders.models import OrderEvent
from tracker.orders.verify_promises import verify_promises
from tracker.promises.models import PromiseEntry

ORDERS = "/api/v1/orders"
# A Friday afternoon; three working days are Monday, Tuesday, Wednesday 25 November.
ACCEPTED = datetime(2026, 11, 20, 16, 5, tzinfo=CITY_ZONE)
COMPANY = {"customer__kind": "enterprise", "plan": "24GD110002"}


def there(day: int, hour: int = 0, minute: int = 0) -> str:
    return datetime(2026, 11, day, hour, minute, tzinfo=CITY_ZONE).isoformat()


@pytest.fixture(autouse=True)
def monday_morning():
    """The Monday after: the order is two days old and has two working days left after today."""
    with time_machine.travel(datetime(2026, 11, 23, 9, 0, tzinfo=CITY_ZONE), tick=False) as traveller:
        yield traveller


@pytest.fixture
def order(post, order_body):
    return post(ORDERS, order_body(accepted_at=ACCEPTED.isoformat(), **COMPANY)).json


@pytest.fixture
def write(post, order):
    """POST to a part of the order at whatever version it has."""

    def send(part: str, body: dict, *, if_match: str = "*", key: str | None = None):
        return post(f"{ORDERS}/{order['number']}/{part}", body, key=key, If_Match=if_match)

    return send


@pytest.fixture
def ledger(get, order):
    return lambda query="": get(f"{ORDERS}/{order['number']}/promise{query}").json


@pytest.fixture
def told(database):
    def texts() -> list[str]:
        with database.reading() as connection:
            return list(connection.scalars(select(Notice.body).order_by(Notice.id)))

    return texts


HOLD = {"reason_code": "not_decorated", "starts_at": there(24), "ends_at": there(26, 10)}


def test_a_hold_moves_the_deadline_and_tells_the_customer(write, order, ledger, told, get) -> None:
    assert order["promise"]["deadline"] == "2026-11-25T10:00:00Z"
    answer = write("holds", HOLD, if_match='"1"')
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"2"'
    # Tuesday and Wednesday are held whole, so that Thursday and Friday are counted for them.
    assert answer.json["promise"]["deadline"] == "2026-11-27T10:00:00Z"
    assert answer.json["promise"]["first_deadline"] == "2026-11-25T10:00:00Z"
    assert "11月24–25日暂停计时，不计" in answer.json["promise"]["explanation"]["zh"]
    assert get(f"{ORDERS}/{order['number']}").json == answer.json
    (text_,) = told()
    assert f"订单{order['number']}已按您的要求缓装至11月26日，期间不计入承诺时限" in text_
    written = ledger()
    assert written["first"]["deadline"] == "2026-11-25T10:00:00Z"
    (entry,) = written["entries"]
    assert (entry["number"], entry["kind"], entry["reason_code"]) == (1, "hold", "not_decorated")
    assert (entry["actor"], entry["deadline"]) == ("channel:app", "2026-11-27T10:00:00Z")
    assert written["standing"]["deadline"] == "2026-11-27T10:00:00Z"


def test_the_deadline_of_any_past_moment_is_known(write, ledger, monday_morning) -> None:
    stored = clock.now()
    monday_morning.move_to(datetime(2026, 11, 23, 11, 0, tzinfo=CITY_ZONE))
    write("holds", HOLD)
    monday_morning.move_to(datetime(2026, 11, 24, 12, 0, tzinfo=CITY_ZONE))
    write("holds/1/lift", {})

    def as_of(moment: datetime) -> str | None:
        standing = ledger(f"?as_of={moment.isoformat().replace('+', '%2B')}")["standing"]
        return standing and standing["deadline"]

    assert as_of(stored) == "2026-11-25T10:00:00Z"
    assert as_of(datetime(2026, 11, 23, 12, 0, tzinfo=CITY_ZONE)) == "2026-11-27T10:00:00Z"
    # Lifted within Tuesday, the only day that was held: nothing is given back.
    assert as_of(clock.now()) == "2026-11-25T10:00:00Z"
    assert as_of(stored - timedelta(seconds=1)) is None


def test_the_visit_within_a_hold_is_off_once_however_often_it_is_sent(write, order, post, get) -> None:
    for step in ("verified", "resource_checked", "dispatched"):
        write("progress", {"stage": step})
    write("appointments", {"starts_at": there(25, 9), "ends_at": there(25, 11)})
    assert get(f"{ORDERS}/{order['number']}").json["stage"] == "appointed"
    first = write("holds", HOLD, key="hold-1")
    assert first.status_code == 201
    assert first.json["stage"] == "dispatched"
    again = write("holds", HOLD, key="hold-1")
    assert (again.status_code, again.json) == (201, first.json)
    assert get(f"{ORDERS}/{order['number']}").json == first.json
    assert first.headers["ETag"] == f'"{first.json["version"]}"'


def test_a_lifted_hold_tells_the_new_date(write, told, monday_morning) -> None:
    write("holds", {**HOLD, "ends_at": there(30)})
    monday_morning.move_to(datetime(2026, 11, 25, 9, 0, tzinfo=CITY_ZONE))
    lifted = write("holds/1/lift", {"reason_text": "客户来电"})
    assert lifted.status_code == 201
    assert lifted.json["promise"]["deadline"] == "2026-11-26T10:00:00Z"
    assert "已恢复办理，承诺11月26日18时前装通" in told()[-1]
    again = write("holds/1/lift", {})
    assert (again.status_code, again.json["rule"]) == (409, "hold.not_held")


def test_a_hold_for_weather_says_so_and_gives_the_date(write, told) -> None:
    assert write("holds", {**HOLD, "reason_code": "weather"}).status_code == 201
    assert "因天气暂停施工至11月26日，新期限11月27日18时" in told()[-1]


def test_a_line_that_must_be_built_gets_the_limit_for_building(write, order, told, get, post) -> None:
    answer = write("repromises", {"reason_code": "line_missing", "resource": "needs_building"})
    assert answer.status_code == 201
    # Ten working days after Friday 20 November: Friday 4 December.
    assert answer.json["promise"]["deadline"] == "2026-12-04T10:00:00Z"
    assert "经核查需先建设线路，承诺期限调整为12月4日18时" in told()[-1]
    again = write("repromises", {"reason_code": "line_missing", "resource": "needs_building"})
    assert (again.status_code, again.json["rule"]) == (409, "repromise.nothing_new")
    for stage in ("verified", "resource_checked"):
        assert write("progress", {"stage": stage}).status_code == 200
    assert len(told()) == 1, "that a line must be built was told with its date already"


def test_a_delay_gives_a_new_date_and_a_person(write, told, ledger, database) -> None:
    answer = write(
        "repromises",
        {
            "reason_code": "estate_unfinished",
            "deadline": there(30, 18),
            "contact": {"name": "王敏", "extension": "8"},
        },
    )
    assert answer.json["promise"]["deadline"] == "2026-11-30T10:00:00Z"
    assert "抱歉" in told()[-1]
    assert "因小区工程未竣工顺延，新期限11月30日18时。跟进人王敏，电话10000转8。" in told()[-1]
    write("holds", {**HOLD, "ends_at": there(25)})
    assert [entry["contact"] for entry in ledger()["entries"]] == [{"name": "王敏", "extension": "8"}, None]
    with database.reading() as connection:
        nobody = connection.scalars(select(PromiseEntry.number).where(PromiseEntry.contact.is_(None)))
        assert list(nobody) == [2], "null in the table, not a null of JSON's"


def test_a_person_may_follow_up_what_is_to_be_built(write, ledger) -> None:
    found = {"reason_code": "line_missing", "resource": "needs_building", "contact": {"name": "王敏"}}
    assert write("repromises", found).status_code == 201
    assert ledger()["entries"][0]["contact"] == {"name": "王敏", "extension": None}


EXCUSE = {
    "reason_code": "property_manager",
    "starts_at": there(20, 17),
    "ends_at": there(23, 8),
    "evidence": "函2026-118",
}


def test_an_excuse_is_asked_for_and_changes_nothing(write, ledger, told, get, order) -> None:
    answer = write("excuses", EXCUSE, key="excuse")
    assert (answer.status_code, answer.json["state"], answer.json["asked_by"]) == (202, "open", "channel:app")
    assert write("excuses", EXCUSE, key="excuse").json == answer.json
    assert ledger()["entries"] == []
    assert told() == []
    assert get(f"{ORDERS}/{order['number']}").json["version"] == 1
    assert get(answer.headers["Location"]).json == answer.json
    again = write("excuses", {**EXCUSE, "starts_at": there(22)})
    assert (again.status_code, again.json["rule"]) == (409, "excuse.overlaps")
    assert get(f"{ORDERS}/{order['number']}/excuses").json == {"excuses": [answer.json]}


def test_once_a_manager_has_approved_the_channel_reads_it(
    write, ledger, told, get, order, runtime, channel
) -> None:
    asked = write("excuses", EXCUSE).json
    approver = approver_of(runtime, channel.operator_id)
    decide_excuse(runtime, approver, asked["id"], approve=True)
    shown = get(f"{ORDERS}/{order['number']}/excuses/{asked['id']}").json
    assert (shown["state"], shown["entry"]) == ("approved", 1)
    (entry,) = ledger()["entries"]
    assert (entry["kind"], entry["evidence"], entry["asked_by"]) == ("excuse", "函2026-118", "channel:app")
    assert entry["actor"] == approver.label
    assert entry["deadline"] == "2026-11-25T10:00:00Z"
    assert told() == []
    assert get(f"{ORDERS}/{order['number']}").json["version"] == 2


def test_a_refusal_is_told_with_its_words(write, get, order, runtime, channel) -> None:
    asked = write("excuses", EXCUSE).json
    approver = approver_of(runtime, channel.operator_id)
    decide_excuse(runtime, approver, asked["id"], approve=False, words="物业函未盖章")
    shown = get(f"{ORDERS}/{order['number']}/excuses/{asked['id']}").json
    assert (shown["state"], shown["words"], shown["entry"]) == ("refused", "物业函未盖章", None)


def test_an_excuse_of_another_order_is_not_there(write, get, order, post, order_body) -> None:
    asked = write("excuses", EXCUSE).json
    other = post(ORDERS, order_body()).json["number"]
    missing = get(f"{ORDERS}/{other}/excuses/{asked['id']}")
    assert (missing.status_code, missing.json["rule"]) == (404, "excuse.not_found")
    nobodys = get(f"{ORDERS}/QY261124K7M4QZD/excuses")
    assert (nobodys.status_code, nobodys.json["rule"]) == (404, "order.not_found")


@pytest.mark.parametrize(
    ("part", "body", "status", "rule", "pointer"),
    [
        ("holds", {"ends_at": there(26)}, 422, "field.required", "/reason_code"),
        ("holds", {**HOLD, "reason_code": None}, 422, "field.null", "/reason_code"),
        ("holds", {**HOLD, "reason_code": "property_manager"}, 422, "hold.cause", "/reason_code"),
        ("holds", {**HOLD, "reason_code": "supply_short"}, 422, "hold.cause", "/reason_code"),
        ("holds", {**HOLD, "reason_code": "other"}, 422, "hold.cause", "/reason_code"),
        ("holds", {**HOLD, "ends_at": there(24)}, 422, "hold.end_before_start", "/ends_at"),
        ("holds", {**HOLD, "ends_at": there(22)}, 422, "hold.end_before_start", "/ends_at"),
        (
            "holds",
            {**HOLD, "starts_at": there(19), "ends_at": there(20), "evidence": "x"},
            422,
            "hold.already_over",
            "/ends_at",
        ),
        (
            "holds",
            {**HOLD, "starts_at": "2027-03-01T00:00:00Z", "ends_at": "2027-03-02T00:00:00Z"},
            422,
            "hold.too_far_ahead",
            "/ends_at",
        ),
        ("holds", {**HOLD, "ends_at": "2027-06-01T00:00:00Z"}, 422, "hold.too_far_ahead", "/ends_at"),
        ("holds", {**HOLD, "starts_at": there(21)}, 422, "hold.evidence_required", "/evidence"),
        ("holds", {**HOLD, "until": "x"}, 422, "field.unknown", "/until"),
        ("holds/1/lift", {}, 409, "hold.not_held", ""),
        ("holds/1/lift", {"resumes_at": there(30)}, 422, "hold.lift_in_future", "/resumes_at"),
        ("repromises", {"reason_code": "weather"}, 422, "repromise.one_of", ""),
        (
            "repromises",
            {"reason_code": "weather", "resource": "ready", "deadline": there(30)},
            422,
            "repromise.one_of",
            "",
        ),
        (
            "repromises",
            {"reason_code": "weather", "resource": "ready"},
            409,
            "repromise.nothing_new",
            "/resource",
        ),
        (
            "repromises",
            {"reason_code": "weather", "resource": "survey"},
            422,
            "order.no_promise_rule",
            "/resource",
        ),
        (
            "repromises",
            {"reason_code": "weather", "deadline": there(25, 18), "contact": {"name": "王敏"}},
            422,
            "repromise.not_later",
            "/deadline",
        ),
        (
            "repromises",
            {"reason_code": "weather", "deadline": "2028-01-01T00:00:00Z", "contact": {"name": "王敏"}},
            422,
            "repromise.too_far",
            "/deadline",
        ),
        (
            "repromises",
            {"reason_code": "weather", "deadline": there(30)},
            422,
            "repromise.contact_required",
            "/contact",
        ),
        (
            "excuses",
            {"reason_code": "supply_short", "starts_at": there(21), "ends_at": there(22), "evidence": "x"},
            422,
            "excuse.cause",
            "/reason_code",
        ),
        (
            "excuses",
            {"reason_code": "roadworks", "starts_at": there(22), "ends_at": there(21), "evidence": "x"},
            422,
            "excuse.end_before_start",
            "/ends_at",
        ),
        (
            "excuses",
            {"reason_code": "roadworks", "starts_at": there(22), "ends_at": there(24), "evidence": "x"},
            422,
            "excuse.in_the_future",
            "/ends_at",
        ),
        (
            "excuses",
            {"reason_code": "roadworks", "starts_at": there(19), "ends_at": there(21), "evidence": "x"},
            422,
            "excuse.before_acceptance",
            "/starts_at",
        ),
        (
            "excuses",
            {"reason_code": "roadworks", "starts_at": there(21), "ends_at": there(22)},
            422,
            "field.required",
            "/evidence",
        ),
    ],
)
def test_what_is_wrong_is_named_and_nothing_of_it_is_stored(
    write, ledger, told, get, order, part, body, status, rule, pointer
) -> None:
    answer = write(part, body)
    assert (answer.status_code, answer.json["rule"]) == (status, rule)
    assert answer.json["errors"][0]["pointer"] == pointer
    assert ledger()["entries"] == []
    assert told() == []
    assert get(f"{ORDERS}/{order['number']}").json["version"] == 1


def test_a_change_names_the_version_it_saw_and_happens_once_per_key(write, ledger, post, order) -> None:
    bare = post(f"{ORDERS}/{order['number']}/holds", HOLD)
    assert (bare.status_code, bare.json["rule"]) == (428, "version.required")
    assert write("holds", HOLD, if_match='"7"').status_code == 412
    first = write("holds", HOLD, if_match='"1"', key="hold")
    again = write("holds", HOLD, if_match='"1"', key="hold")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert len(ledger()["entries"]) == 1


def test_once_the_line_works_its_promise_changes_no_more(write) -> None:
    for stage in ("verified", "resource_checked", "dispatched"):
        write("progress", {"stage": stage})
    visit = {"starts_at": there(23, 8), "ends_at": there(23, 10)}
    write("progress", {"stage": "appointed", "appointment": visit})
    write("progress", {"stage": "on_site"})
    assert write("progress", {"stage": "activated"}).status_code == 200
    for part, body in (
        ("holds", HOLD),
        ("holds/1/lift", {}),
        ("repromises", {"reason_code": "weather", "resource": "needs_building"}),
    ):
        answer = write(part, body)
        assert (answer.status_code, answer.json["rule"]) == (409, "promise.order_done"), part


def test_a_hold_does_not_stand_in_the_way_of_a_step_that_is_told_late(write) -> None:
    """An installer without signal sends what happened before the hold was written down."""
    write("holds", HOLD)
    late = datetime(2026, 11, 23, 8, 30, tzinfo=CITY_ZONE).isoformat()
    assert write("progress", {"stage": "verified", "occurred_at": late}).status_code == 200


def test_each_entry_is_an_event_of_the_order_too(write, database) -> None:
    write("holds", HOLD)
    write("holds/1/lift", {})
    with database.reading() as connection:
        events = connection.execute(
            select(OrderEvent.order_version, OrderEvent.kind, OrderEvent.actor, OrderEvent.stage).order_by(
                OrderEvent.id
            )
        ).all()
    assert [tuple(event) for event in events] == [
        (1, "accepted", "channel:app", "accepted"),
        (2, "hold", "channel:app", "accepted"),
        (3, "resume", "channel:app", "accepted"),
    ]


def test_another_channels_ledger_does_not_exist(client, order, runtime) -> None:
    from tracker.channels.create_key import create_key

    other = next(c for c in runtime.reference.current().channels.values() if c.code == "hall")
    headers = {"Authorization": f"Bearer {create_key(runtime.db, other)}"}
    path = f"{ORDERS}/{order['number']}"
    assert client.get(f"{path}/promise", headers=headers).status_code == 404
    change = {**headers, "Idempotency-Key": "x", "If-Match": "*"}
    assert client.post(f"{path}/holds", json=HOLD, headers=change).status_code == 404


def test_the_ledgers_add_up_and_one_that_does_not_is_found(write, order, runtime, stores) -> None:
    write("holds", HOLD)
    write("repromises", {"reason_code": "line_missing", "resource": "needs_building"})
    write("holds/1/lift", {})
    assert verify_promises(runtime) == (1, [])
    from tracker.db import Database

    owner = Database(stores.owner_url)
    with owner.transaction() as connection:
        connection.execute(
            text("UPDATE promise_entries SET deadline = deadline - interval '1 day' WHERE number = 2")
        )
    owner.dispose()
    count, (difference,) = verify_promises(runtime)
    assert (count, difference.order, difference.entry) == (1, order["number"], 2)
    assert difference.replayed - difference.stored == timedelta(days=1)


@pytest.mark.parametrize(
    "statement", ["UPDATE promise_entries SET deadline = now()", "DELETE FROM promise_entries"]
)
def test_the_service_itself_cannot_rewrite_the_ledger(database, statement) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.transaction() as connection:
        connection.execute(text(statement))


def test_many_holds_at_once_are_written_one_after_the_other(runtime, api_key, order) -> None:
    """Each sees the ones before it: numbers without a gap, one deadline."""
    from test_concurrency import CROWD, together

    answers = together(
        runtime,
        api_key,
        [
            (f"{ORDERS}/{order['number']}/holds", HOLD, {"Idempotency-Key": f"h{i}", "If-Match": "*"})
            for i in range(CROWD)
        ],
    )
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json["promise"]["deadline"] for answer in answers} == {"2026-11-27T10:00:00Z"}
    with runtime.db.reading() as connection:
        numbers = list(connection.scalars(select(PromiseEntry.number).order_by(PromiseEntry.number)))
    assert numbers == list(range(1, CROWD + 1))
