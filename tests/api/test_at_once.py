"""The one statement that records most orders: as right as the long way, and never on old knowledge."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from tracker import clock
from tracker.api import idempotency
from tracker.channels.create_key import create_key
from tracker.channels.models import ChannelKey, IdempotencyRecord
from tracker.db import Database
from tracker.notices.call_models import CallTask
from tracker.notices.models import Notice
from tracker.orders import numbers, place_at_once
from tracker.orders.models import Order, OrderEvent
from tracker.promises.models import Promise

ORDERS = "/api/v1/orders"


@pytest.fixture
def ways(monkeypatch) -> list[bool]:
    """For each order, whether the one statement took it."""
    taken: list[bool] = []
    write = place_at_once.write_orders

    def watched(*arguments):
        rows = write(*arguments)
        taken.append(bool(rows))
        return rows

    monkeypatch.setattr(place_at_once, "write_orders", watched)
    return taken


def count(database: Database, table: type) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def rows_of(database: Database, table: type, number: str) -> dict:
    """What stands there of an order, less what differs between any two."""
    own = {"id", "order_id", "number", "external_reference", "lookup_digest", "dedup_key", "content_digest"}
    own |= {"customer_name", "contact_phone", "address_detail", "recipient", "params", "body"}
    own |= {"accepted_at", "deadline", "occurred_at", "recorded_at", "created_at", "next_at", "written_in"}
    order = select(Order.id).where(Order.number == number).scalar_subquery()
    key = Order.id if table is Order else table.order_id
    with database.reading() as connection:
        row = connection.execute(select(table.__table__).where(key == order)).one()._asdict()
    return {name: value for name, value in row.items() if name not in own}


def test_it_answers_and_writes_what_the_long_way_does(post, get, order_body, place, database, ways) -> None:
    answer = post(ORDERS, order_body())
    assert (answer.status_code, ways) == (201, [True])
    number, other = answer.json["number"], place().number
    assert get(f"{ORDERS}/{number}").json == answer.json
    assert get(f"{ORDERS}/{number}").headers["ETag"] == answer.headers["ETag"]
    for table in (Order, OrderEvent, Promise, Notice):
        assert rows_of(database, table, number) == rows_of(database, table, other), table.__name__
    with database.reading() as connection:
        notice = connection.execute(
            select(Notice.dedup_key, Notice.order_id, Notice.body).where(Notice.order_id.isnot(None))
        ).all()
    assert all(row.dedup_key == f"order:{row.order_id}:accepted" for row in notice)
    assert number in notice[0].body


def test_it_writes_a_credit_code_as_the_long_way_does(post, order_body, place, database, keys, ways) -> None:
    company = {"customer__kind": "enterprise", "plan": "24GD110002"}
    code = {"customer__credit_code": "91350100M000100Y43"}
    answer = post(ORDERS, order_body(**company, **code))
    assert (answer.status_code, ways) == (201, [True])
    number, other = answer.json["number"], place(**company, **code).number
    assert "credit" not in answer.text
    with database.reading() as connection:
        for one in (number, other):
            kept = select(Order.credit_code, Order.credit_lookup_digest).where(Order.number == one)
            sealed, digest = connection.execute(kept).one()
            assert keys.open(bytes(sealed), "orders.credit_code") == "91350100M000100Y43"
            assert bytes(digest) == keys.digest_of("orders.lookup", f"{one}/0Y43")


def test_a_repeat_gets_the_kept_answer_to_the_letter(post, order_body, ways) -> None:
    body = order_body()
    first, again = post(ORDERS, body, key="k"), post(ORDERS, body, key="k")
    assert ways[0] is True
    assert again.data == first.data
    assert {name: again.headers[name] for name in ("ETag", "Location")} == {
        name: first.headers[name] for name in ("ETag", "Location")
    }


def test_a_key_that_was_just_revoked_takes_in_nothing(post, order_body, database, api_key, ways) -> None:
    assert post(ORDERS, order_body()).status_code == 201
    with database.transaction() as connection:
        connection.execute(update(ChannelKey).values(revoked_at=clock.now()))
    answer = post(ORDERS, order_body())
    assert (answer.status_code, answer.json["rule"]) == (401, "key.unknown")
    assert (ways, count(database, Order)) == ([True, False], 1)


def test_a_key_that_was_just_made_opens(client, post, order_body, runtime, channel) -> None:
    assert post(ORDERS, order_body()).status_code == 201
    fresh = {"Authorization": f"Bearer {create_key(runtime.db, channel)}", "Idempotency-Key": "fresh"}
    assert client.post(ORDERS, json=order_body(), headers=fresh).status_code == 201


def test_a_plan_that_was_just_taken_off_sale_is_not_sold(
    post, order_body, database, stores, plans, ways
) -> None:
    assert post(ORDERS, order_body()).status_code == 201
    yesterday = clock.today() - timedelta(days=1)
    with database.transaction() as connection:
        connection.execute(
            text("UPDATE plans SET on_sale_to = :day, revision = 2 WHERE filing_number = '24GD100001'"),
            {"day": yesterday},
        )
    answer = post(ORDERS, order_body())
    assert (answer.status_code, answer.json["rule"]) == (422, "order.unknown_plan")
    assert (ways, count(database, Order)) == ([True, False], 1)


def test_what_was_refused_by_old_knowledge_is_judged_by_the_new(post, order_body, database, plans) -> None:
    yesterday = clock.today() - timedelta(days=1)
    change = text("UPDATE plans SET on_sale_to = :day, revision = 2 WHERE filing_number = '24GD100001'")
    with database.transaction() as connection:
        connection.execute(change, {"day": yesterday})
    assert post(ORDERS, order_body()).status_code == 422
    with database.transaction() as connection:
        connection.execute(change, {"day": None})
    assert post(ORDERS, order_body()).status_code == 201


def test_a_landline_is_called_and_an_old_order_told_of_nothing(post, order_body, database) -> None:
    assert post(ORDERS, order_body(customer__phone="0763-3361234")).status_code == 201
    assert (count(database, CallTask), count(database, Notice)) == (1, 1)
    earlier = (clock.now() - timedelta(days=3)).isoformat()
    assert post(ORDERS, order_body(accepted_at=earlier)).status_code == 201
    assert count(database, Notice) == 1


def test_a_number_that_another_order_has_is_drawn_again(post, order_body, place, monkeypatch, ways) -> None:
    known = place().number
    draws = iter([known, known])
    real = numbers.new_number
    monkeypatch.setattr(numbers, "new_number", lambda day: next(draws, None) or real(day))
    answer = post(ORDERS, order_body())
    assert (answer.status_code, ways) == (201, [False])
    assert answer.json["number"] != known


def test_whoever_is_overtaken_repeats_the_answer_that_stands(
    post, order_body, database, channel, monkeypatch
) -> None:
    """The long way holds a lock that the one statement does not wait for."""
    body = order_body()
    first = post(ORDERS, body, key="k")
    with database.transaction() as connection:
        kept = connection.execute(select(IdempotencyRecord.__table__)).one()._asdict()
        connection.execute(delete(IdempotencyRecord))
    real = idempotency.Answer

    def overtaken(*arguments):
        with database.engine.begin() as other:
            statement = IdempotencyRecord.__table__.insert()
            if not other.scalar(select(func.count()).select_from(IdempotencyRecord)):
                other.execute(statement, kept)
        return real(*arguments)

    monkeypatch.setattr("tracker.api.orders.Answer", overtaken)
    monkeypatch.setattr("tracker.api.orders.place_at_once", lambda *arguments: False)
    again = post(ORDERS, body, key="k")
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
