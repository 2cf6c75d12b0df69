"""Looking an order up by the last four characters of a company's credit code."""

import re
from collections.abc import Callable
from datetime import date
from statistics import median
from time import perf_counter

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from werkzeug.test import TestResponse

from public_status import lookup
from public_status.runtime import PublicRuntime
from tracker.orders import numbers
from tracker.orders.place_orders import Placed

LookUp = Callable[..., TestResponse]

CODE = "91350100M000100Y43"
COMPANY = {"customer__kind": "enterprise", "plan": "24GD110002", "customer__credit_code": CODE}
UNKNOWN = numbers.new_number(date(2026, 11, 23))


@pytest.fixture
def number(morning, place: Callable[..., Placed]) -> str:
    return place(accepted_at="2026-11-23T09:30:00+08:00", **COMPANY).number


@pytest.mark.parametrize("form", [{}, {"audience": "enterprise"}], ids=["home", "company"])
@pytest.mark.parametrize(
    "typed", ["0Y43", "0y43", "０Ｙ４３", " 0Y43 ", CODE, "9135 0100 M000 100Y 43", "1234"]
)
def test_the_code_and_the_phone_both_open_the_order(
    look_up: LookUp, number: str, typed: str, form: dict[str, str]
) -> None:
    answer = look_up(number, typed, **form)
    assert answer.status_code == 200
    assert number in answer.text
    for personal in (CODE, "0Y43", "1234", "张三"):
        assert personal not in answer.text.replace(number, "")


@pytest.mark.parametrize("typed", ["0Y44", "Y430", "0000", "", CODE[:4], CODE[:-1] + "4"])
def test_nothing_else_does(look_up: LookUp, number: str, typed: str) -> None:
    answer = look_up(number, typed, audience="enterprise")
    assert answer.status_code == 404
    assert "没有查到订单" in answer.text


@pytest.mark.usefixtures("morning")
def test_an_order_without_a_code_is_opened_by_no_empty_one(
    look_up: LookUp, place: Callable[..., Placed]
) -> None:
    number = place().number
    assert look_up(number, "").status_code == 404
    assert look_up(number, "None").status_code == 404
    assert look_up(number, "1234").status_code == 200


def test_a_code_opens_its_own_order_only(look_up: LookUp, place: Callable[..., Placed], number: str) -> None:
    other = place(**{**COMPANY, "customer__credit_code": "91440300708461136T"}).number
    assert look_up(other, "0Y43").status_code == 404
    assert look_up(number, "136T").status_code == 404
    assert look_up(other, "136T").status_code == 200


def test_wrong_and_missing_get_the_same_answer_to_the_same_questions(
    look_up: LookUp, number: str, statements: list[str | bytes]
) -> None:
    # Whoever comes first asks for what is locked, too.
    look_up("", "")
    statements.clear()
    wrong = look_up(number, "9999", audience="enterprise")
    missing = look_up(UNKNOWN, "9999", audience="enterprise")
    assert wrong.status_code == missing.status_code == 404
    assert wrong.text.replace(number, "") == missing.text.replace(UNKNOWN, "")
    assert dict(wrong.headers) == dict(missing.headers)
    # The order is asked for, and the wrong try counted.
    assert len(statements) == 4
    assert statements[:2] == statements[2:]


def test_both_digests_are_compared_whichever_fits(
    public_runtime: PublicRuntime, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    compared: list[bool] = []
    compare = lookup.hmac.compare_digest

    def watched(known: bytes, given: bytes) -> bool:
        compared.append(compare(known, given))
        return compared[-1]

    monkeypatch.setattr(lookup.hmac, "compare_digest", watched)
    told = {}
    for what, (of, proof) in {
        "phone": (number, "1234"),
        "code": (number, "0Y43"),
        "wrong": (number, "9999"),
        "missing": (UNKNOWN, "1234"),
        "malformed": ("", "1234"),
    }.items():
        compared.clear()
        found = lookup.proved(public_runtime, of, proof)
        told[what] = (found is not None, tuple(compared))
    assert told == {
        "phone": (True, (True, False)),
        "code": (True, (False, True)),
        "wrong": (False, (False, False)),
        "missing": (False, (False, False)),
        "malformed": (False, (False, False)),
    }


def test_the_site_reads_the_digest_and_not_the_code(public_runtime: PublicRuntime) -> None:
    with public_runtime.db.reading() as connection:
        connection.execute(text("SELECT credit_lookup_digest FROM orders")).all()
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        public_runtime.db.reading() as connection,
    ):
        connection.execute(text("SELECT credit_code FROM orders"))


def test_digits_stay_easy_and_companies_have_a_form_of_their_own(client: FlaskClient) -> None:
    home = client.get("/").text
    field = re.search(r'<input id="last4"[^>]*>', home)
    assert field is not None
    assert 'inputmode="numeric"' in field[0]
    assert 'maxlength="4"' in field[0]
    assert 'href="/?audience=enterprise"' in home
    company = client.get("/?audience=enterprise").text
    field = re.search(r'<input id="last4"[^>]*>', company)
    assert field is not None
    assert "inputmode" not in field[0]
    assert "手机号后四位，或统一社会信用代码后四位" in company
    assert 'href="/">' in company


def test_a_miss_leads_back_to_the_same_form(look_up: LookUp, client: FlaskClient) -> None:
    missed = look_up(UNKNOWN, "12", audience="enterprise")
    assert "手机号后四位，或统一社会信用代码后四位" in missed.text
    assert "请输入四位：手机号或信用代码的最后四位" in missed.text
    assert UNKNOWN in missed.text
    assert "请输入手机号的后四位数字" in look_up(UNKNOWN, "0Y43").text
    english = look_up(UNKNOWN, "0I43", audience="enterprise", accept="en")
    assert "last of the phone number or of the credit code" in english.text
    expired = client.post("/status", data={"ticket": "x", "audience": "enterprise"})
    assert expired.status_code == 410


@pytest.mark.soak
def test_a_phone_and_a_code_take_the_same_time(public_runtime: PublicRuntime, number: str) -> None:
    taken: dict[str, list[float]] = {"1234": [], "0Y43": []}
    for _ in range(2000):
        for proof, times in taken.items():
            began = perf_counter()
            assert lookup.proved(public_runtime, number, proof)
            times.append(perf_counter() - began)
    phone, code = (median(times) for times in taken.values())
    assert abs(phone - code) < 0.05 * phone
