"""The credit code of a company: which codes are right, and what an order keeps of one."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.conftest import order_json
from tracker import credit_codes
from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.orders.check_order import digest_of
from tracker.orders.models import Order
from tracker.orders.place_orders import place_orders
from tracker.orders.proofs import can_be_last_four, last_four_in
from tracker.orders.schemas import OrderRequestSchema
from tracker.problems import Refusal, faults_in

# Published by their holders.
KNOWN = ("91350100M000100Y43", "91440300708461136T", "914403001922038216")
CODE = KNOWN[0]
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
COMPANY = {"customer__kind": "enterprise", "plan": "24GD110002"}

bodies = st.builds(
    "{}{}{}".format,
    st.text(LETTERS, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(LETTERS, min_size=9, max_size=9),
)
codes = bodies.map(lambda body: body + credit_codes.check_character(body))


def load(**changes: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = OrderRequestSchema().load(order_json(**changes))
    return loaded


def refused(**changes: Any) -> list[tuple[str, str]]:
    return [
        (fault.rule, fault.pointer)
        for fault in faults_in(OrderRequestSchema().validate(order_json(**{**COMPANY, **changes})))
    ]


@pytest.mark.parametrize("code", KNOWN)
def test_codes_in_use_are_right(code: str) -> None:
    assert credit_codes.is_sound(code)


@given(codes, st.integers(0, 17), st.sampled_from(LETTERS))
def test_every_wrong_character_is_found(code: str, place: int, other: str) -> None:
    wrong = code[:place] + other + code[place + 1 :]
    assert credit_codes.is_sound(wrong) == (wrong == code)


@given(codes, st.integers(0, 16))
def test_every_two_neighbours_that_changed_places_are_found(code: str, place: int) -> None:
    turned = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert credit_codes.is_sound(turned) == (turned == code)


@given(st.text(max_size=20))
def test_whatever_else_is_no_code(text: str) -> None:
    assert credit_codes.is_sound(text) <= (len(text) == 18 and set(text) <= set(LETTERS))


@pytest.mark.parametrize(
    "written",
    [
        CODE,
        CODE.lower(),
        f" {CODE} ",
        "9135 0100 M000 100Y 43",
        "913501-00M000100-Y43",
        "９１350100Ｍ000100ｙ43",
    ],
)
def test_it_is_kept_as_one_whatever_way_it_is_written(written: str) -> None:
    request = load(customer__credit_code=written, **COMPANY)
    assert request["customer"]["credit_code"] == CODE


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("", "field.empty"),
        ("  ", "field.empty"),
        (5, "field.type"),
        (["x"], "field.type"),
        ("9135\u00000100M000100Y43", "field.control_characters"),
        ("9" * 41, "field.too_long"),
        (CODE[:-1], "credit_code.malformed"),
        (CODE + "3", "credit_code.malformed"),
        (CODE.replace("M", "O"), "credit_code.malformed"),
        ("9135010AM000100Y43", "credit_code.malformed"),
        ("统一社会信用代码九一三五零一零零号码", "credit_code.malformed"),
        (CODE[:-1] + "4", "credit_code.check_character"),
        (CODE[:-2] + "34", "credit_code.check_character"),
    ],
)
def test_a_wrong_code_is_told_by_its_rule(written: Any, rule: str) -> None:
    assert refused(customer__credit_code=written) == [(rule, "/customer/credit_code")]


def test_an_order_without_one_says_so_by_null_or_by_nothing() -> None:
    assert load()["customer"]["credit_code"] is None
    assert load(customer__credit_code=None)["customer"]["credit_code"] is None


def test_a_home_has_none(runtime, channel) -> None:
    request = load(customer__credit_code=CODE, address__community_code="441802006999")
    (refusal,) = place_orders(runtime, channel, [request])
    assert isinstance(refusal, Refusal)
    assert {(fault.rule, fault.pointer) for fault in refusal.faults} == {
        ("credit_code.not_enterprise", "/customer/credit_code"),
        ("order.unknown_community", "/address/community_code"),
    }


def test_it_is_sealed_and_its_last_four_are_a_digest(place, database: Database, keys: KeyRing) -> None:
    number = place(customer__credit_code=CODE, **COMPANY).number
    with database.reading() as connection:
        row = connection.execute(select(Order)).one()
    assert keys.open(bytes(row.credit_code), "orders.credit_code") == CODE
    assert bytes(row.credit_lookup_digest) == keys.digest_of("orders.lookup", f"{number}/0Y43")
    assert CODE not in repr(row)
    assert CODE.encode() not in b"".join(value for value in row if isinstance(value, bytes))


def test_an_order_without_one_has_neither(place, database: Database) -> None:
    place(**COMPANY)
    with database.reading() as connection:
        found = connection.execute(select(Order.credit_code, Order.credit_lookup_digest)).one()
    assert tuple(found) == (None, None)


def test_the_same_order_with_another_code_is_another_order(runtime, channel) -> None:
    once = {"external_reference": "CREDIT-1", **COMPANY}
    first, again, other, none = place_orders(
        runtime,
        channel,
        [
            load(customer__credit_code=CODE, **once),
            load(customer__credit_code=CODE.lower(), **once),
            load(customer__credit_code=KNOWN[1], **once),
            load(**once),
        ],
    )
    assert (again.number, again.repeated) == (first.number, True)
    for refusal in (other, none):
        assert [fault.rule for fault in refusal.faults] == ["order.duplicate_reference"]


def test_orders_from_before_there_were_codes_are_known_again(keys: KeyRing) -> None:
    request = load(external_reference="OLD-1", accepted_at="2026-11-20T01:30:00Z")
    before = json.loads(json.dumps(request, default=str, ensure_ascii=False))
    del before["customer"]["credit_code"], before["notify_by"], before["needs_assistance"]
    as_stored = json.dumps(before, sort_keys=True, ensure_ascii=False)
    assert digest_of(keys, request) == keys.digest_of(
        "orders.content", hashlib.sha256(as_stored.encode()).hexdigest()
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1234", "1234"),
        (" １２３４ ", "1234"),
        ("12 34", "1234"),
        ("0y43", "0Y43"),
        ("０Ｙ４３", "0Y43"),
        (CODE, "0Y43"),
        (f" {CODE[:4]} {CODE[4:].lower()} ", "0Y43"),
        ("13800001234", "13800001234"),
        ("", ""),
    ],
)
def test_the_last_four_are_read_as_customers_write_them(typed: str, meant: str) -> None:
    assert last_four_in(typed) == meant


@pytest.mark.parametrize(
    ("proof", "of_phone", "of_company"),
    [
        ("1234", True, True),
        ("0Y43", False, True),
        ("0I43", False, False),
        ("123", False, False),
        ("12345", False, False),
        ("", False, False),
        ("१२३४", False, False),
        ("一二三四", False, False),
    ],
)
def test_what_can_be_the_last_four(proof: str, of_phone: bool, of_company: bool) -> None:
    assert can_be_last_four(proof, of_company=False) is of_phone
    assert can_be_last_four(proof, of_company=True) is of_company
