"""Many requests at one instant, each on a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

from tests.serving import app_of
from tracker.notices.models import Notice
from tracker.orders.models import Order

CROWD = 50


def together(runtime, api_key, requests):
    """Send all of them at once; returns the answers in order."""
    app = app_of(runtime)
    start = Barrier(len(requests))

    def send(request):
        path, body, headers = request
        with app.test_client() as client:
            start.wait(timeout=20)
            return client.post(path, json=body, headers={"Authorization": f"Bearer {api_key}", **headers})

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def count(database, table) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_identical_requests_make_one_order_and_equal_answers(runtime, api_key, order_body, database) -> None:
    body = order_body()
    answers = together(
        runtime, api_key, [("/api/v1/orders", body, {"Idempotency-Key": "same"}) for _ in range(CROWD)]
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert (count(database, Order), count(database, Notice)) == (1, 1)


def test_the_same_order_under_other_keys_is_still_one(runtime, api_key, order_body, database) -> None:
    body = order_body()
    answers = together(
        runtime, api_key, [("/api/v1/orders", body, {"Idempotency-Key": f"k{i}"}) for i in range(CROWD)]
    )
    assert sorted({answer.status_code for answer in answers}) in ([200, 201], [201])
    assert len({answer.json["number"] for answer in answers}) == 1
    assert (count(database, Order), count(database, Notice)) == (1, 1)


def test_two_steps_at_once_one_wins(runtime, api_key, place, database) -> None:
    number = place().number
    path = f"/api/v1/orders/{number}/progress"
    answers = together(
        runtime,
        api_key,
        [
            (path, {"stage": "verified"}, {"Idempotency-Key": f"s{i}", "If-Match": '"1"'})
            for i in range(CROWD)
        ],
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * (CROWD - 1)
