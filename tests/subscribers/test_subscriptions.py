"""A subscription's life: begun by a completed order, brought up to date, ended; its number sealed (I5)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from tracker import clock, crypto
from tracker.contacts.record_wish import PURPOSE, record_wish
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import PATH, Stage
from tracker.problems import Refusal
from tracker.subscribers import queries
from tracker.subscribers.begin_subscription import begin_subscription
from tracker.subscribers.end_subscription import end_subscription
from tracker.subscribers.update_subscription import update_subscription

ACTOR = "channel:app"


@pytest.fixture
def walk(runtime, channel):
    """Moves an order from stage to stage, all of them at a given moment, now if there is none."""

    def go(number: str, stages=PATH[1:], at: datetime | None = None) -> None:
        for stage in stages:
            step = {"stage": stage.value, "occurred_at": at}
            if stage is Stage.APPOINTED:
                start = clock.now() + timedelta(days=1)
                step["appointment"] = {"starts_at": start, "ends_at": start + timedelta(hours=2)}
            record_progress(runtime, Actor.of_channel(channel), number, step)

    return go


def test_a_completed_order_begins_a_subscription(place, walk, stored, keys, channel) -> None:
    order = place(language="en", customer__phone="0763-3368888")
    walk(order.number, PATH[1:-1])
    assert stored() == {}
    walk(order.number, PATH[-1:])
    (one,) = stored().values()
    assert (one.reference, one.order_id, one.source) == (order.number, order.order_id, "order")
    assert (one.operator_id, one.monthly_fen, one.language) == (channel.operator_id, 12900, "en")
    assert (one.takes_texts, one.agreed_until, one.agreement, one.ended_on) == (False, None, None, None)
    assert keys.open(bytes(one.contact), PURPOSE) == "+867633368888"
    assert bytes(one.contact_digest) == keys.digest_of(PURPOSE, "+867633368888")


def test_it_begins_on_the_citys_day_of_completion(place, walk, stored) -> None:
    """22:30 in UTC is the next morning in the city."""
    late = datetime.combine(clock.today() - timedelta(days=3), datetime.min.time(), clock.CITY_ZONE)
    half_past_six = late + timedelta(hours=6, minutes=30)
    order = place(accepted_at=(late - timedelta(days=1)).isoformat())
    walk(order.number, at=half_past_six)
    (one,) = stored().values()
    assert half_past_six.astimezone(UTC).hour == 22
    assert one.began_on == clock.today() - timedelta(days=3)


def test_the_price_is_the_one_it_was_sold_at(place, walk, stored, add_plan) -> None:
    order = place()
    yesterday = clock.today() - timedelta(days=1)
    add_plan(version=2, on_sale_from=yesterday.isoformat(), monthly_fen=13900)
    # The order was placed by the version before; another one is in force now.
    walk(order.number)
    (one,) = stored().values()
    assert one.monthly_fen == 12900


@pytest.mark.parametrize(
    ("asked", "known", "wish"),
    [("call", None, "call"), ("text", None, None), ("call", "no_texts", "no_texts")],
)
def test_who_wanted_calls_about_the_order_is_not_sent_texts_about_the_plan(
    place, walk, runtime, keys, channel, asked: str, known: str | None, wish: str | None
) -> None:
    phone = "+8613800001234"
    if known:
        record_wish(runtime.db, keys, channel.operator_id, phone, known, ACTOR)
    order = place(notify_by=asked)
    walk(order.number)
    key = channel.operator_id, keys.digest_of(PURPOSE, phone)
    assert runtime.reference.current().wishes.get(key) == wish


@pytest.mark.parametrize("ending", [Stage.WITHDRAWN, Stage.RETURNED])
def test_an_order_that_ends_otherwise_begins_none(place, walk, stored, runtime, channel, ending) -> None:
    order = place()
    step = {"stage": ending.value, "reason_code": "no_longer_wanted"}
    record_progress(runtime, Actor.of_channel(channel), order.number, step)
    assert stored() == {}


def test_it_is_begun_with_the_completion_or_not_at_all(place, walk, runtime, stored, monkeypatch) -> None:
    from tracker.orders import record_progress as recording

    order = place()
    walk(order.number, PATH[1:-1])

    def fail(*args, **more) -> None:
        raise RuntimeError("no notice")

    monkeypatch.setattr(recording, "plan_notices", fail)
    with pytest.raises(RuntimeError):
        walk(order.number, PATH[-1:])
    assert stored() == {}
    with runtime.db.reading() as connection:
        assert connection.scalar(select(Order.stage)) == PATH[-2]


def test_an_order_begins_one_only_however_often_it_is_told(place, walk, stored, runtime, keys) -> None:
    order = place()
    walk(order.number)
    before = stored()
    (one,) = before.values()
    with runtime.db.transaction() as connection:
        begin_subscription(
            connection,
            keys,
            operator_id=one.operator_id,
            order_id=order.order_id,
            number=order.number,
            plan_id=one.plan_id,
            monthly_fen=1,
            phone="+8613800009999",
            language="zh",
            began_on=clock.today(),
            now=clock.now(),
        )
    assert stored() == before


def test_records_that_came_before_the_completion_stand(bring, write, place, walk, stored) -> None:
    order = place()
    bring(write([{"reference": order.number, "monthly_fee": "99", "language": "en"}]))
    walk(order.number)
    (one,) = stored().values()
    assert (one.order_id, one.source, one.monthly_fen, one.language) == (
        order.order_id,
        "import",
        9900,
        "en",
    )


def test_the_digest_is_the_one_of_a_notice(place, walk, stored, runtime) -> None:
    """So a warning is sent by the bytes that are stored here, and repeats are found."""
    order = place()
    walk(order.number)
    (one,) = stored().values()
    with runtime.db.reading() as connection:
        digests = connection.scalars(select(Notice.recipient_digest)).all()
    assert {bytes(digest) for digest in digests} == {bytes(one.contact_digest)}


class TestChange:
    @pytest.fixture(autouse=True)
    def base(self, bring, write) -> None:
        bring(write([{}]))

    @pytest.fixture
    def change(self, runtime, keys, channel):
        def run(if_version: int | None = None, **request) -> int:
            request = {"reason": "客户来电", **request}
            return update_subscription(
                runtime.db, keys, channel.operator_id, "R0", request, ACTOR, if_version=if_version
            )

        return run

    @pytest.fixture
    def end(self, runtime, channel):
        def run(ended_on: date, if_version: int | None = None, reference: str = "R0") -> int:
            request = {"ended_on": ended_on, "reason": "拆机"}
            return end_subscription(
                runtime.db, channel.operator_id, reference, request, ACTOR, if_version=if_version
            )

        return run

    def test_another_number(self, change, stored, events, keys) -> None:
        assert change(phone="+867633368888", if_version=1) == 2
        one = stored()["R0"]
        assert keys.open(bytes(one.contact), PURPOSE) == "+867633368888"
        assert bytes(one.contact_digest) == keys.digest_of(PURPOSE, "+867633368888")
        assert (one.takes_texts, one.version) == (False, 2)
        (written,) = events()
        assert (written.kind, written.detail, written.reason) == ("updated", {"phone": {}}, "客户来电")
        assert (written.actor, written.operator_id) == (ACTOR, one.operator_id)

    def test_an_agreed_term_and_its_end(self, change, stored, events) -> None:
        change(agreed_until=date(2027, 1, 31), agreement="discount", language="en")
        one = stored()["R0"]
        assert (one.agreed_until, one.agreement, one.language) == (date(2027, 1, 31), "discount", "en")
        assert change(agreed_until=None, agreement=None) == 3
        one = stored()["R0"]
        assert (one.agreed_until, one.agreement, one.language) == (None, None, "en")
        assert events()[1].detail == {
            "agreed_until": {"from": "2027-01-31", "to": None},
            "agreement": {"from": "discount", "to": None},
        }

    def test_what_stands_so_already_is_no_change(self, change, stored, events) -> None:
        before = stored()
        assert change(language="zh", phone="+8613800001234") == 1
        assert (stored(), events()) == (before, [])

    def test_the_last_day_may_be_moved_until_it_has_gone_by(self, end, stored, events) -> None:
        today = clock.today()
        assert end(today + timedelta(days=30), if_version=1) == 2
        assert end(today + timedelta(days=30), if_version=2) == 2
        assert end(today, if_version=2) == 3
        assert end(today - timedelta(days=1), if_version=3) == 4
        assert stored()["R0"].ended_on == today - timedelta(days=1)
        with pytest.raises(Refusal, match=r"^subscriber\.ended$"):
            end(today)
        assert [one.kind for one in events()] == ["ended"] * 3

    @pytest.mark.parametrize(
        ("ended_on", "rule"),
        [
            (date(2024, 3, 14), "subscriber.days_reversed"),
            (timedelta(days=367), "subscriber.ends_too_far_ahead"),
        ],
    )
    def test_a_wrong_end_is_refused(self, end, stored, events, ended_on, rule) -> None:
        before = stored()
        ended_on = ended_on if isinstance(ended_on, date) else clock.today() + ended_on
        with pytest.raises(Refusal) as refused:
            end(ended_on)
        assert [fault.rule for fault in refused.value.faults] == [rule]
        assert (stored(), events()) == (before, [])

    def test_what_is_over_changes_no_more(self, change, end, stored, events) -> None:
        end(clock.today())
        assert change(language="en") == 3, "its last day is today"
        end(clock.today() - timedelta(days=1))
        before = stored()
        with pytest.raises(Refusal, match=r"^subscriber\.ended$"):
            change(language="zh")
        assert (stored(), len(events())) == (before, 3)

    @pytest.mark.parametrize(
        ("request_", "rule"),
        [
            ({}, "subscriber.nothing_said"),
            ({"agreement": "discount"}, "subscriber.agreed_in_part"),
            ({"agreed_until": date(2027, 1, 1)}, "subscriber.agreed_in_part"),
            (
                {"agreed_until": date(2024, 3, 14), "agreement": "discount"},
                "subscriber.agreed_before_start",
            ),
        ],
    )
    def test_a_wrong_update_is_refused(self, change, stored, events, request_, rule) -> None:
        before = stored()
        with pytest.raises(Refusal) as refused:
            change(**request_)
        assert [fault.rule for fault in refused.value.faults] == [rule]
        assert (stored(), events()) == (before, [])

    def test_a_stale_change_is_refused(self, change, end, stored) -> None:
        change(language="en")
        before = stored()
        for stale in (lambda: change(language="zh", if_version=1), lambda: end(clock.today(), if_version=1)):
            with pytest.raises(Refusal, match=r"^version\.stale$"):
                stale()
        assert stored() == before

    def test_another_operators_is_not_there(self, runtime, keys, channel, end) -> None:
        facts = runtime.reference.current()
        other = next(one.id for one in facts.operators.values() if one.id != channel.operator_id)
        with runtime.db.reading() as connection:
            assert queries.subscription(connection, keys, other, "R0") is None
        request = {"ended_on": clock.today(), "reason": "x"}
        with pytest.raises(Refusal, match=r"^subscriber\.not_found$"):
            end_subscription(runtime.db, other, "R0", request, ACTOR)


def test_a_reference_must_not_tell_the_new_number(bring, write, runtime, keys, channel) -> None:
    bring(write([{"reference": "KD13800005678"}]))
    request = {"phone": "+8613800005678", "reason": "x"}
    with pytest.raises(Refusal) as refused:
        update_subscription(runtime.db, keys, channel.operator_id, "KD13800005678", request, ACTOR)
    assert [(fault.rule, fault.pointer) for fault in refused.value.faults] == [
        ("subscriber.reference_tells_phone", "/phone")
    ]


class TestSecrecy:
    """I5: nothing readable of a number is stored, and rotating keys loses none."""

    NUMBERS = ("13800001234", "+8613912345678", "0763-3368888")

    @pytest.fixture(autouse=True)
    def base(self, bring, write, place, walk, runtime, keys, channel) -> None:
        bring(write([{"phone": number} for number in self.NUMBERS]))
        bring(write([{"phone": "13700007777"}]), update=True)
        request = {"phone": "+8613600006666", "reason": "x"}
        update_subscription(runtime.db, keys, channel.operator_id, "R1", request, ACTOR)
        order = place(customer__phone="13500005555")
        walk(order.number)

    def test_no_number_can_be_read_in_either_table(self, stores) -> None:
        engine = create_engine(stores.owner_url, poolclass=NullPool)
        with engine.connect() as connection:
            rows = connection.scalars(
                text(
                    "SELECT s::text || encode(s.contact, 'escape') || encode(s.contact_digest, 'escape')"
                    " FROM subscribers AS s UNION ALL SELECT e::text FROM subscriber_events AS e"
                )
            ).all()
        engine.dispose()
        assert len(rows) == 6
        hexed = [number.encode().hex() for number in ("00001234", "12345678", "3368888")]
        known = ["00001234", "12345678", "3368888", "00007777", "00006666", "00005555", *hexed]
        assert [number for row in rows for number in known if number in row] == []

    def test_two_of_one_number_are_sealed_differently(self, bring, write, stored) -> None:
        bring(write([{"reference": "A"}, {"reference": "B"}]))
        one, other = stored()["A"], stored()["B"]
        assert bytes(one.contact) != bytes(other.contact)
        assert bytes(one.contact_digest) == bytes(other.contact_digest)

    def test_a_rotated_ring_reads_the_old_and_knows_them_again(
        self, runtime, keys, channel, write, stored
    ) -> None:
        from tracker.subscribers.import_subscribers import import_subscribers

        rotated = keys.rotated()
        path = write([{"phone": "13700007777"}, {"phone": "13600006666"}, {"reference": "NEW"}])
        report = import_subscribers(runtime.db, rotated, channel.operator_id, path, actor="console:test")
        assert (report.stored, report.repeated, report.bad_rows) == (1, 2, 0)
        opened = {name: rotated.open(bytes(one.contact), PURPOSE) for name, one in stored().items()}
        assert opened["R0"] == "+8613700007777"
        assert opened["NEW"] == "+8613800001234"
        with pytest.raises(crypto.UnreadableError):
            keys.open(bytes(stored()["NEW"].contact), PURPOSE)
        with runtime.db.reading() as connection:
            shown = queries.subscription(connection, keys, channel.operator_id, "NEW")
        assert shown is not None
        assert shown["phone_masked"] is None, "an older process cannot show it, and does not fail"

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM subscribers",
            "TRUNCATE subscribers CASCADE",
            "UPDATE subscriber_events SET reason = ''",
            "DELETE FROM subscriber_events",
        ],
    )
    def test_the_service_rewrites_no_history(self, runtime, statement) -> None:
        """I7."""
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            runtime.db.transaction() as connection,
        ):
            connection.execute(text(statement))
