"""Whoever has lost an order's number: one answer, whatever stands under the phone."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tracker.customer_requests.models import CustomerRequest
from tracker.orders.models import Order
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime

_requests = CustomerRequest.__table__


@pytest.mark.parametrize(
    "typed", ["13800001234", "+86 138 0000 1234", "１３８００００１２３４", " 138-0000-1234 "]
)
def test_the_phone_is_handed_on_as_a_digest_only(
    client: FlaskClient, runtime: Runtime, place: Callable[..., Placed], typed: str
) -> None:
    place()
    answer = client.post("/lost-number", data={"phone": typed})
    assert answer.status_code == 200
    assert "请留意手机短信" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    with runtime.db.reading() as connection:
        row = connection.execute(select(_requests)).one()
        digest = connection.execute(select(Order.phone_digest)).scalar_one()
    assert (row.kind, row.operator_id, row.order_id, row.session_digest) == ("lost_number", None, None, None)
    assert row.payload == {"phone_digest": digest.hex()}


def test_one_answer_whatever_stands_under_the_phone(
    client: FlaskClient, place: Callable[..., Placed], statements: list[str | bytes]
) -> None:
    place()
    # Whoever comes first asks for what is locked, too.
    client.post("/lost-number", data={"phone": ""})
    statements.clear()
    answers, asked = [], []
    for phone in ("13800001234", "13900009999"):
        answers.append(client.post("/lost-number", data={"phone": phone}))
        asked.append(list(statements))
        statements.clear()
    known, unknown = answers
    assert known.status_code == unknown.status_code == 200
    assert known.text == unknown.text
    assert dict(known.headers) == dict(unknown.headers)
    assert asked[0] == asked[1]
    assert len(asked[0]) == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "请输入手机号"),
        ("  ", "请输入手机号"),
        ("1380000123", "11位数字"),
        ("abc", "11位数字"),
        ("1" * 5000, "11位数字"),
        ("138\x0000001234", "11位数字"),
        ("<b>1380000", "11位数字"),
    ],
)
def test_what_is_no_phone_is_pointed_out(
    client: FlaskClient, runtime: Runtime, typed: str, words: str
) -> None:
    answer = client.post("/lost-number", data={"phone": typed})
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "<b>1" not in answer.text
    assert re.search(r'id="phone"[^>]*value="([^"]*)"', answer.text)
    with runtime.db.reading() as connection:
        assert connection.execute(select(_requests)).all() == []


def test_the_front_page_leads_there(client: FlaskClient) -> None:
    assert 'href="/lost-number"' in client.get("/").text
    page = client.get("/lost-number?lang=en").text
    assert "Send me the number" in page
    assert 'inputmode="tel"' in page
