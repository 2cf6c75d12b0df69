"""The money of an order over HTTP: charged, waived, paid and given back, each of them once."""

from datetime import timedelta

import pytest

from tracker import clock
from tracker.problems import RULES

ORDERS = "/api/v1/orders"
PAYMENT = {"fee": "installation", "amount_fen": 10000, "reference": "P-1"}
ONCE, ANOTHER = ((clock.now() - timedelta(days=days)).isoformat() for days in (3, 5))
CHARGE = {"fee": "deposit", "amount_fen": 20000, "reference": "C-1", "reason": "光猫押金"}


@pytest.fixture
def order(post, order_body):
    return post(ORDERS, order_body()).json


@pytest.fixture
def path(order):
    return f"{ORDERS}/{order['number']}"


@pytest.fixture
def fees(get, path):
    """How the order's fees stand now, by fee."""
    return lambda: {one["fee"]: one for one in get(path).json["fees"]}


def rules(answer):
    return [(one["pointer"], one["rule"]) for one in answer.json["errors"]]


def test_a_new_order_says_what_it_costs(order, get, path) -> None:
    due = {
        "fee": "installation",
        "due_fen": 10000,
        "waived_fen": 0,
        "paid_fen": 0,
        "refunded_fen": 0,
        "balance_fen": 10000,
        "state": "due",
        "due_on": None,
    }
    assert order["fees"] == [due]
    assert get(path).json["fees"] == [due]
    assert get(ORDERS).json["orders"][0]["fees"] == [due]


def test_charges_and_payments_show_at_every_lookup(post, path, get, fees) -> None:
    due_on = (clock.today() + timedelta(days=7)).isoformat()
    charged = post(f"{path}/charges", CHARGE | {"due_on": due_on})
    assert (charged.status_code, charged.headers["ETag"]) == (201, '"2"')
    assert (charged.json["version"], charged.headers["Location"]) == (2, f"{path}/fees")
    assert (fees()["deposit"]["balance_fen"], fees()["deposit"]["due_on"]) == (20000, due_on)
    paid = post(f"{path}/payments", {**PAYMENT, "method": "wechat", "receipt": "0763-1"})
    assert (paid.status_code, paid.json["fees"], paid.headers["ETag"]) == (
        201,
        get(path).json["fees"],
        '"3"',
    )
    post(f"{path}/payments", {"fee": "deposit", "amount_fen": 20000, "reference": "P-2"})
    post(f"{path}/payments", {"fee": "deposit", "amount_fen": -20000, "reference": "P-3", "reason": "退光猫"})
    post(
        f"{path}/charges",
        {"fee": "installation", "amount_fen": -4000, "reference": "C-2", "reason": "老客户"},
    )
    found = fees()
    assert (found["deposit"]["state"], found["deposit"]["due_on"]) == ("refunded", None)
    assert found["installation"] == {
        "fee": "installation",
        "due_fen": 6000,
        "waived_fen": 4000,
        "paid_fen": 10000,
        "refunded_fen": 0,
        "balance_fen": -4000,
        "state": "to_return",
        "due_on": None,
    }
    book = get(f"{path}/fees")
    assert (book.json["fees"], book.json["version"], book.headers["ETag"]) == (
        get(path).json["fees"],
        6,
        '"6"',
    )
    assert [(one["reference"], one["amount_fen"]) for one in book.json["charges"]] == [
        ("C-1", 20000),
        ("C-2", -4000),
    ]
    assert [(one["reference"], one["method"], one["receipt"]) for one in book.json["payments"]] == [
        ("P-1", "wechat", "0763-1"),
        ("P-2", None, None),
        ("P-3", None, None),
    ]
    assert {one["actor"] for one in book.json["charges"] + book.json["payments"]} == {"channel:app"}


@pytest.mark.parametrize(
    ("kind", "body", "other"),
    [
        (
            "payments",
            PAYMENT | {"paid_at": ONCE, "method": "cash"},
            {"method": "card"},
        ),
        ("payments", PAYMENT, {"amount_fen": 9999}),
        ("payments", PAYMENT, {"fee": "monthly"}),
        ("payments", PAYMENT, {"paid_at": ANOTHER}),
        ("payments", PAYMENT | {"receipt": "1"}, {"receipt": None}),
        ("payments", PAYMENT | {"paid_at": ONCE}, {"paid_at": ANOTHER}),
        ("charges", CHARGE, {"amount_fen": 1}),
        ("charges", CHARGE, {"reason": "别的"}),
        ("charges", CHARGE, {"due_on": "9999-01-01"}),
        ("charges", CHARGE, {"charged_at": ANOTHER}),
    ],
)
def test_the_same_again_changes_nothing_and_another_is_refused(post, path, get, kind, body, other) -> None:
    first = post(f"{path}/{kind}", body)
    assert first.status_code == 201
    again = post(f"{path}/{kind}", body)
    assert (again.status_code, again.json, again.headers["ETag"]) == (200, first.json, '"2"')
    mended = {name: value for name, value in (body | other).items() if value is not None}
    refused = post(f"{path}/{kind}", mended)
    single = kind.removesuffix("s")
    assert (refused.status_code, rules(refused)) == (
        409,
        [("/reference", f"{single}.duplicate_reference")],
    )
    assert get(path).json["version"] == 2


def test_a_reference_belongs_to_one_order_and_one_kind(post, order_body, path) -> None:
    other = f"{ORDERS}/{post(ORDERS, order_body()).json['number']}"
    assert post(f"{path}/payments", PAYMENT).status_code == 201
    assert post(f"{other}/payments", PAYMENT).json["rule"] == "payment.duplicate_reference"
    # Charges and payments are numbered by different systems.
    assert post(f"{path}/charges", CHARGE | {"reference": "P-1"}).status_code == 201


def test_the_version_is_asked_for_only_by_those_who_name_it(post, path) -> None:
    stale = post(f"{path}/payments", PAYMENT, If_Match='"7"')
    assert (stale.status_code, stale.json["rule"]) == (412, "version.stale")
    assert post(f"{path}/payments", PAYMENT, If_Match='"1"').status_code == 201
    assert post(f"{path}/charges", CHARGE, If_Match="*").status_code == 201
    # What is stored already is no new change, whatever version it was asked for at.
    assert post(f"{path}/payments", PAYMENT, If_Match='"1"').status_code == 200
    # And whoever moves the order must have seen the money.
    step = post(f"{path}/progress", {"stage": "verified"}, If_Match='"1"')
    assert step.json["rule"] == "version.stale"


def test_a_key_answers_again_what_it_answered(post, path) -> None:
    first = post(f"{path}/payments", PAYMENT, key="one")
    post(f"{path}/payments", PAYMENT | {"amount_fen": -10000, "reference": "R"})
    again = post(f"{path}/payments", PAYMENT, key="one")
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert post(f"{path}/payments", PAYMENT | {"amount_fen": 1}, key="one").status_code == 422


LATE, EARLY = "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"
LONG = "长" * 101


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"fee": "tea"}, [("/fee", "field.choice")]),
        ({"fee": None}, [("/fee", "field.null")]),
        ({"amount_fen": "100"}, [("/amount_fen", "field.type")]),
        ({"amount_fen": True}, [("/amount_fen", "field.type")]),
        ({"amount_fen": 1.5}, [("/amount_fen", "field.type")]),
        ({"amount_fen": 10_000_001}, [("/amount_fen", "field.range")]),
        ({"amount_fen": -10_000_001}, [("/amount_fen", "field.range")]),
        ({"reference": ""}, [("/reference", "field.empty")]),
        ({"reference": "x" * 65}, [("/reference", "field.too_long")]),
        ({"reference": "a\0b"}, [("/reference", "field.control_characters")]),
        ({"reason": LONG}, [("/reason", "field.too_long")]),
        ({"order": 1}, [("/order", "field.unknown")]),
    ],
)
@pytest.mark.parametrize("kind", ["payments", "charges"])
def test_what_either_must_not_say(post, path, get, kind, changes, faults) -> None:
    body = {"payments": PAYMENT, "charges": CHARGE}[kind]
    answer = post(f"{path}/{kind}", body | changes)
    assert (answer.status_code, rules(answer)) == (422, faults)
    assert get(path).json["version"] == 1


@pytest.mark.parametrize(
    ("changes", "status", "faults"),
    [
        ({"amount_fen": 0}, 422, [("/amount_fen", "payment.nothing")]),
        ({"amount_fen": -1}, 409, [("/amount_fen", "payment.refund_exceeds")]),
        ({"paid_at": LATE}, 422, [("/paid_at", "payment.in_the_future")]),
        ({"paid_at": EARLY}, 422, [("/paid_at", "fee.too_early")]),
        ({"paid_at": "2026-11-24T10:00:00"}, 422, [("/paid_at", "field.timestamp")]),
        ({"fee": "other"}, 422, [("/reason", "fee.words_required")]),
        ({"method": "gold"}, 422, [("/method", "field.choice")]),
        ({"receipt": "x" * 65}, 422, [("/receipt", "field.too_long")]),
        ({"due_on": "2026-11-30"}, 422, [("/due_on", "field.unknown")]),
        (
            {"fee": "other", "amount_fen": 0, "paid_at": LATE},
            422,
            [
                ("/amount_fen", "payment.nothing"),
                ("/paid_at", "payment.in_the_future"),
                ("/reason", "fee.words_required"),
            ],
        ),
    ],
)
def test_what_a_payment_must_not_say(post, path, get, changes, status, faults) -> None:
    answer = post(f"{path}/payments", PAYMENT | changes)
    assert (answer.status_code, rules(answer)) == (status, faults)
    assert get(path).json["version"] == 1


@pytest.mark.parametrize(
    ("changes", "status", "faults"),
    [
        ({"amount_fen": 0}, 422, [("/amount_fen", "charge.nothing")]),
        ({"amount_fen": -1}, 409, [("/amount_fen", "charge.waiver_exceeds")]),
        ({"fee": "installation", "amount_fen": -10001}, 409, [("/amount_fen", "charge.waiver_exceeds")]),
        (
            {"fee": "installation", "amount_fen": -1, "reason": None},
            422,
            [("/reason", "charge.reason_required")],
        ),
        ({"charged_at": LATE}, 422, [("/charged_at", "charge.in_the_future")]),
        ({"charged_at": EARLY}, 422, [("/charged_at", "fee.too_early")]),
        ({"due_on": "2026-02-30"}, 422, [("/due_on", "field.date")]),
        ({"due_on": "2020-01-01"}, 422, [("/due_on", "charge.due_before_charged")]),
        ({"due_on": "9999-12-31"}, 422, [("/due_on", "charge.due_too_far")]),
        (
            {"fee": "installation", "amount_fen": -1, "due_on": "2026-12-31"},
            422,
            [("/due_on", "charge.due_on_not_expected")],
        ),
        ({"method": "cash"}, 422, [("/method", "field.unknown")]),
        ({"charged_at": LATE, "due_on": "9999-12-31"}, 422, [("/charged_at", "charge.in_the_future")]),
    ],
)
def test_what_a_charge_must_not_say(post, path, get, changes, status, faults) -> None:
    answer = post(f"{path}/charges", CHARGE | changes)
    assert (answer.status_code, rules(answer)) == (status, faults)
    assert get(path).json["version"] == 1


@pytest.mark.parametrize(
    ("fee", "amount", "rule"),
    [("installation", -1, "charge.reason_required"), ("other", 100, "fee.words_required")],
)
def test_a_waiver_and_an_unnamed_fee_need_words(post, path, fee, amount, rule) -> None:
    body = {"fee": fee, "amount_fen": amount, "reference": "C"}
    assert rules(post(f"{path}/charges", body)) == [("/reason", rule)]
    assert post(f"{path}/charges", body | {"reason": "跳线改造"}).status_code == 201


def test_what_can_be_refunded_is_told(post, path) -> None:
    post(f"{path}/payments", PAYMENT | {"amount_fen": 10050})
    too_much = {**PAYMENT, "reference": "R", "amount_fen": -10051}
    answer = post(f"{path}/payments", too_much, Accept_Language="en")
    assert answer.json["title"] == "More is given back than is held for this fee (at most 100.50 yuan)."
    assert "最多可退 100.50 元" in post(f"{path}/payments", too_much).json["title"]


@pytest.mark.parametrize("number", ["QY000000000000X", "nonsense"])
def test_there_is_no_such_order(post, get, order, number) -> None:
    for answer in (
        post(f"{ORDERS}/{number}/payments", PAYMENT),
        post(f"{ORDERS}/{number}/charges", CHARGE),
        get(f"{ORDERS}/{number}/fees"),
    ):
        assert (answer.status_code, answer.json["rule"]) == (404, "order.not_found")


def test_another_channels_order_is_none(client, runtime, post, path) -> None:
    """I6: not even within an operator."""
    from tracker.channels.create_key import create_key

    post(f"{path}/payments", PAYMENT)
    hall = next(c for c in runtime.reference.current().channels.values() if c.code == "hall")
    headers = {"Authorization": f"Bearer {create_key(runtime.db, hall)}", "Idempotency-Key": "x"}
    assert client.get(f"{path}/fees", headers=headers).status_code == 404
    # Not even whether its reference is used is told.
    answer = client.post(f"{path}/payments", json=PAYMENT, headers=headers)
    assert (answer.status_code, answer.json["rule"]) == (404, "order.not_found")


def test_every_rule_speaks_both_languages() -> None:
    ours = [rule for rule in RULES.values() if rule.id.startswith(("payment", "charge.", "fee."))]
    assert len(ours) == 19
    assert all(rule.zh.format(most="1") and rule.en.format(most="1") for rule in ours)
