"""Rows of a file of subscriptions, each read into a request.

Nearly every row of a large base is written plainly, and is read by looking at it; whatever is not goes
through the fields that the API reads by. Both say the same of every row.
"""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any

from marshmallow import ValidationError

from tracker.contacts.recipients import chinese_mobile
from tracker.files.rows import Header
from tracker.problems import Fault, faults_in
from tracker.subscribers.book import Book
from tracker.subscribers.check_subscription import Request
from tracker.subscribers.rules import AGREEMENTS, LANGUAGES, REFERENCE_SHAPE, fen_of
from tracker.subscribers.schemas import SubscriptionRequestSchema

COLUMNS = (
    "reference",
    "plan",
    "region",
    "monthly_fee",
    "phone",
    "began_on",
    "language",
    "agreed_until",
    "agreement",
    "ended_on",
)
HEADER = Header(COLUMNS, ("reference", "plan", "phone", "began_on"))
EXAMPLE = (
    "KD0763000001,24GD100001,,129.00,13800001234,2024-03-15,zh,2026-12-31,discount,",
    "KD0763000002,24GD100003,441800,,0763-3368888,2025-01-08,,,,",
)

_schema = SubscriptionRequestSchema()
_is_reference = re.compile(REFERENCE_SHAPE).fullmatch
_is_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_LANGUAGES = frozenset(("", *LANGUAGES))
_AGREEMENTS = frozenset(("", *AGREEMENTS))
_fen_of = lru_cache(1 << 12)(fen_of)


@lru_cache(1 << 16)
def _day(text: str) -> date | None:
    """A day written plainly; None for anything that must be looked at more closely."""
    if not _is_day(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


class RowReader:
    """Reads the rows of one file, whose columns may stand in any order."""

    def __init__(self, names: Sequence[str], book: Book) -> None:
        # A column that is missing reads an empty cell at the end of each row.
        places = {name: place for place, name in enumerate(names)}
        self._pick = itemgetter(*(places.get(name, len(names)) for name in COLUMNS))
        self._plans = book.filing_numbers
        self._regions = book.regions | {""}

    def read(self, cells: list[str]) -> Request | list[Fault]:
        """The request that a row makes, or every fault of its fields. An empty cell says nothing."""
        row = self._pick([*cells, ""])
        return self.at_a_glance(row) or closely(row)

    def at_a_glance(self, row: Sequence[str]) -> Request | None:
        """The request of a row, its cells in the order of COLUMNS, that is written plainly and without
        fault; None for any other.
        """
        reference, plan, region, fee, phone, began, language, until, agreement, ended = row
        number = chinese_mobile(phone)
        began_on = _day(began)
        if (
            number is None
            or began_on is None
            or plan not in self._plans
            or region not in self._regions
            or language not in _LANGUAGES
            or agreement not in _AGREEMENTS
            or not _is_reference(reference)
        ):
            return None
        monthly_fen = _fen_of(fee) if fee else None
        agreed_until = _day(until) if until else None
        ended_on = _day(ended) if ended else None
        if (fee and monthly_fen is None) or (until and agreed_until is None) or (ended and ended_on is None):
            return None
        return Request(
            reference,
            plan,
            region or None,
            monthly_fen,
            number,
            began_on,
            language or None,
            agreed_until,
            agreement or None,
            ended_on,
        )


def closely(row: Sequence[str]) -> Request | list[Fault]:
    """The same of any row, by the fields of the API."""
    given: dict[str, Any] = {
        name: text for name, cell in zip(COLUMNS, row, strict=True) if (text := cell.strip())
    }
    faults = []
    fee = given.pop("monthly_fee", None)
    if fee is not None:
        given["monthly_fen"] = fen_of(fee)
        if given["monthly_fen"] is None:
            faults.append(Fault("subscriber.monthly_fee", "/monthly_fee"))
    try:
        loaded = _schema.load(given)
    except ValidationError as error:
        faults += faults_in(error.messages)
    return faults or Request(**loaded)
