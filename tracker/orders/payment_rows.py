"""Rows of a file of payments and charges, each read into an entry of an order's account.

Billing systems and spreadsheets write columns, fees and times in their own way: Chinese or the API's words,
amounts in yuan, times of the city without a zone.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from tracker.clock import CITY_ZONE
from tracker.fields import Text
from tracker.files.rows import Header
from tracker.orders import numbers
from tracker.orders.fee_rules import HIGHEST_FEN, Kind
from tracker.orders.fee_schemas import ChargeRequestSchema, PaymentRequestSchema
from tracker.orders.fee_words import FEE_WORDS
from tracker.orders.record_fees import Entry, OrderKey
from tracker.orders.schemas import REFERENCE_LIMIT
from tracker.orders.standing import N_
from tracker.problems import Fault, Refusal, faults_in

# Each column by its name in the API's words, and as people title it.
COLUMNS = {
    "number": "订单号",
    "external_reference": "外部单号",
    "channel": "渠道",
    "kind": "类别",
    "fee": "费用",
    "amount": "金额",
    "reference": "流水号",
    "paid_at": "缴费时间",
    "charged_at": "计费时间",
    "due_on": "缴费期限",
    "method": "方式",
    "receipt": "票据号",
    "reason": "说明",
}
EXAMPLE = (
    "QY261123K7M4QZX,,,payment,installation,100.00,PAY-0001,2026-11-23 10:05,,,wechat,0763-118201,",
    ",BOSS-0001,hall,charge,deposit,200.00,DEP-0001,,2026-11-23,2026-11-30,,,光猫押金",
    "QY261123K7M4QZX,,,charge,installation,-50.00,WVR-0001,,2026-11-24,,,,老客户减免",
)

METHOD_WORDS = {
    "cash": N_("现金"),
    "transfer": N_("转账"),
    "wechat": N_("微信"),
    "alipay": N_("支付宝"),
    "card": N_("银行卡"),
    "bill": N_("随账单"),
}

_FIELD_OF = {title: field for field, title in COLUMNS.items()} | {field: field for field in COLUMNS}
_NEEDED = ("fee", "amount", "reference")
# A row that does not say what it is tells of money.
_KIND_OF = {
    "": Kind.PAYMENT,
    "payment": Kind.PAYMENT,
    "缴费": Kind.PAYMENT,
    "charge": Kind.CHARGE,
    "收费": Kind.CHARGE,
}
_CODE_OF = {
    "fee": {word: fee.value for fee, word in FEE_WORDS.items()},
    "method": {word: method for method, word in METHOD_WORDS.items()},
}
_SCHEMAS = {Kind.PAYMENT: PaymentRequestSchema(), Kind.CHARGE: ChargeRequestSchema()}
# What a request calls otherwise than a file does.
_NAMED_IN_FILES = {"amount_fen": "amount"}

_REFERENCE = Text(REFERENCE_LIMIT)

_YUAN = re.compile(r"(-?)([0-9]{1,6})(?:\.([0-9]{1,2}))?")
_TIME = re.compile(
    r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?"
)


class PaymentsHeader(Header):
    """The header of such a file, in either language and any order."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, _NEEDED)

    def check(self, names: list[str]) -> None:
        """Raises Refusal with file.missing_column, file.unknown_column, file.repeated_column."""
        found = [_FIELD_OF.get(name) for name in names]
        needed = [*_NEEDED] if {"number", "external_reference"} & set(found) else ["number", *_NEEDED]
        faults = [
            Fault("file.missing_column", "", {"column": field}) for field in needed if field not in found
        ]
        faults += [
            Fault("file.unknown_column", "", {"column": name})
            for name, field in zip(names, found, strict=True)
            if field is None
        ]
        faults += [
            Fault("file.repeated_column", "", {"column": field})
            for field in COLUMNS
            if found.count(field) > 1
        ]
        if faults:
            raise Refusal(*faults)


class RowReader:
    """Reads the rows of one file of an operator.

    `channels` are the ids of its channels by their codes; `channel` is the code of the one whose own
    references are meant where a row names none.
    """

    def __init__(self, names: Sequence[str], channels: Mapping[str, int], channel: str | None) -> None:
        self._fields = [_FIELD_OF[name] for name in names]
        self._channels, self._channel = channels, channel

    def read(self, cells: Sequence[str]) -> Entry | list[Fault]:
        """The entry that a row makes, or every fault of it. An empty cell says nothing."""
        given = {
            field: text for field, cell in zip(self._fields, cells, strict=True) if (text := cell.strip())
        }
        faults: list[Fault] = []
        order = self._order(given, faults)
        kind = _KIND_OF.get(given.pop("kind", ""))
        if kind is None:
            return [*faults, Fault("field.choice", "/kind", {"choices": "payment, charge"})]
        request = _loaded(kind, given, faults)
        if faults or order is None or request is None:
            return faults
        return Entry(kind, order, request)

    def _order(self, given: dict[str, str], faults: list[Fault]) -> OrderKey | None:
        number, reference = given.pop("number", None), given.pop("external_reference", None)
        code = given.pop("channel", None) or self._channel
        if number is not None and reference is not None:
            faults.append(Fault("payment_row.two_orders", "/number"))
            return None
        if number is not None:
            normal = numbers.normalise(number)
            if normal is None:
                faults.append(Fault("order.not_found", "/number"))
            return normal
        if reference is None:
            faults.append(Fault("payment_row.no_order", "/number"))
            return None
        if code not in self._channels:
            faults.append(Fault("payment_row.channel", "/channel"))
            return None
        try:
            return self._channels[code], _REFERENCE.deserialize(reference)
        except ValidationError as error:
            faults += faults_in(error.messages, "/external_reference")
            return None


def _loaded(kind: Kind, given: dict[str, Any], faults: list[Fault]) -> dict[str, Any] | None:
    """The request in what a row gives, by the fields of the API."""
    for field, codes in _CODE_OF.items():
        if field in given:
            given[field] = codes.get(given[field], given[field])
    for field in ("paid_at", "charged_at"):
        if field in given:
            given[field] = _instant(given[field])
    if "due_on" in given:
        given["due_on"] = _instant(given["due_on"]).partition("T")[0]
    amount = given.pop("amount", None)
    if amount is not None:
        given["amount_fen"] = fen_of(amount)
        if given["amount_fen"] is None:
            faults.append(Fault("payment_row.amount", "/amount"))
            given["amount_fen"] = 0
    try:
        loaded: dict[str, Any] = _SCHEMAS[kind].load(given)
    except ValidationError as error:
        faults += faults_in(error.messages)
        return None
    return loaded


def column_of(fault: Fault) -> str:
    """The column, in the API's words, whose cell a fault is about; "" for the row as a whole."""
    name = fault.pointer.strip("/")
    return _NAMED_IN_FILES.get(name, name)


def field_of(name: str) -> str:
    """The column, in the API's words, that is known by this title."""
    return _FIELD_OF[name]


def fen_of(yuan: str) -> int | None:
    """An amount in yuan, "129.50" or "-30", in fen; None for what is none, or more than a slip of the pen."""
    found = _YUAN.fullmatch(yuan)
    if found is None:
        return None
    fen = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    if fen > HIGHEST_FEN:
        return None
    return -fen if found[1] else fen


def _instant(text: str) -> str:
    """A time of the city as ISO 8601 with its zone; anything else as it is."""
    found = _TIME.fullmatch(text)
    if found is None:
        return text
    try:
        at = datetime(*(int(part or 0) for part in found.groups()), tzinfo=CITY_ZONE)  # type: ignore[arg-type]
    except ValueError:
        return text
    return at.isoformat()
