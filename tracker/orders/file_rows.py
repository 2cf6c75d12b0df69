"""Rows of a file of orders, each read into what `OrderRequestSchema` loads.

Nearly every row is written plainly, and is read by looking at it; whatever is not goes through the fields
that the API reads by. Both say the same of every row.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from marshmallow import ValidationError

from tracker import credit_codes
from tracker.contacts.recipients import chinese_mobile
from tracker.files.cells import as_meant
from tracker.orders.file_columns import COLUMN_OF, COLUMNS, FIELDS, HEADER
from tracker.orders.schemas import OrderRequestSchema
from tracker.problems import Fault, faults_in

Request = dict[str, Any]

_schema = OrderRequestSchema()
# Ideographs and signs that are the same in every normal form, and of which none is invisible.
_SEEN = r"!-~\u4e00-\u9fff\u3001\u3002\uff01-\uff5e"


def _plain(limit: int) -> Any:
    """A text of so many characters that needs no mending; no apostrophe that a spreadsheet made us write."""
    first = _SEEN.replace("!-~", "!-&(-~")
    return re.compile(f"[{first}](?:[ {_SEEN}]{{0,{limit - 2}}}[{_SEEN}])?").fullmatch


_is_reference, _is_name, _is_detail = _plain(64), _plain(60), _plain(120)
_is_plan, _is_dealer = _plain(30), _plain(60)
_is_community = re.compile(r"[0-9]{12}").fullmatch
_is_instant = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:Z|[+-][0-9]{2}:[0-9]{2})").fullmatch
_KINDS = {"home": "home", "enterprise": "enterprise", **FIELDS["customer_kind"].words}
_RESOURCES = {"": "ready", "ready": "ready", "needs_building": "needs_building", **FIELDS["resource"].words}
_LANGUAGES = {"": "zh", "zh": "zh", "en": "en", **FIELDS["language"].words}
# As people and programs write yes and no.
_ASSISTED = {"": False, "否": False, "false": False, "是": True, "true": True}
_WAYS = {"": "text", "text": "text", "call": "call", **FIELDS["notify_by"].words}

# As people and spreadsheets write a time on the city's clocks: 2026-11-08 09:30, 2026/11/8 9:30:00.
_ON_THE_CITYS_CLOCKS = re.compile(
    r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?", re.ASCII
)


class RowReader:
    """Reads the rows of one file, whose columns may stand in any order."""

    def __init__(self, names: Sequence[str]) -> None:
        fields = [HEADER.field_of(name) if name else None for name in names]
        places = {field: place for place, field in enumerate(fields) if field is not None}
        # A column that is missing reads an empty cell at the end of each row.
        self._pick = itemgetter(*(places.get(name, len(names)) for name in COLUMNS))
        self._width = len(names)

    def read(self, cells: list[str]) -> Request | list[Fault]:
        """The request that a row makes, or every fault of its fields. An empty cell says nothing."""
        row = self._pick([*cells[: self._width], ""])
        return at_a_glance(row) or closely(row)


def at_a_glance(row: Sequence[str]) -> Request | None:
    """The request of a row, its cells in the order of COLUMNS, that is written plainly and without fault;
    None for any other.
    """
    (
        reference, kind, name, phone, code, community, detail, plan, resource, accepted,
        dealer, language, way, assisted
    ) = row  # fmt: skip
    number = chinese_mobile(phone)
    if (
        number is None
        or kind not in _KINDS
        or resource not in _RESOURCES
        or language not in _LANGUAGES
        or way not in _WAYS
        or assisted not in _ASSISTED
        or (code and not credit_codes.is_sound(code))
        or not _is_community(community)
        or not _is_reference(reference)
        or not _is_name(name)
        or not _is_detail(detail)
        or not _is_plan(plan)
        or (dealer and not _is_dealer(dealer))
        or (accepted and not _is_instant(accepted))
    ):
        return None
    try:
        accepted_at = datetime.fromisoformat(accepted).astimezone(UTC) if accepted else None
    except ValueError:
        return None
    return {
        "external_reference": reference,
        "customer": {"kind": _KINDS[kind], "name": name, "phone": number, "credit_code": code or None},
        "address": {"community_code": community, "detail": detail},
        "plan": plan,
        "resource": _RESOURCES[resource],
        "accepted_at": accepted_at,
        "dealer": dealer or None,
        "language": _LANGUAGES[language],
        "notify_by": _WAYS[way],
        "needs_assistance": _ASSISTED[assisted],
    }


def closely(row: Sequence[str]) -> Request | list[Fault]:
    """The same of any row, by the fields of the API."""
    request: Request = {"customer": {}, "address": {}}
    for (column, pointer), cell in zip(COLUMNS.items(), row, strict=True):
        text = as_meant(cell)
        if not text.strip():
            continue
        *places, name = pointer.strip("/").split("/")
        target = request[places[0]] if places else request
        target[name] = _in_the_apis_words(column, text)
    try:
        loaded: Request = _schema.load(request)
    except ValidationError as error:
        return faults_in(error.messages)
    return loaded


def column_of(fault: Fault) -> str | None:
    """The field of a file that a fault is about; None for the row as a whole."""
    return COLUMN_OF.get(fault.pointer)


def _in_the_apis_words(column: str, text: str) -> str | bool:
    if column == "accepted_at":
        return _with_zone(text.strip())
    if column == "needs_assistance":
        return _ASSISTED.get(text.strip(), text)
    words = FIELDS[column].words
    return words.get(text.strip(), text) if words else text


def _with_zone(written: str) -> str:
    """A time on the city's clocks with its zone; anything else as it was written."""
    found = _ON_THE_CITYS_CLOCKS.fullmatch(written)
    if found is None:
        return written
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}+08:00"
