"""What a subscription is: words that its columns may hold, and how two accounts of it differ."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

# Why a price was agreed for a time: a discount (优惠期), or a contract (合约期).
AGREEMENTS = ("discount", "contract")
# Where a subscription came from: an order that was completed, or the operator's own records.
SOURCES = ("order", "import")
LANGUAGES = ("zh", "en")
USUAL_LANGUAGE = "zh"

# An operator's own number of a subscription, which also stands in addresses.
REFERENCE_SHAPE = r"[0-9A-Za-z][0-9A-Za-z._:@-]{0,63}"
# The highest monthly price that is taken for no slip of the pen: a million yuan, in fen.
HIGHEST_FEN = 100_000_000
# An end may be known ahead, as one is that takes effect with the next month.
END_AHEAD = timedelta(days=366)

# What may be brought up to date. The plan and its price change by announced changes only.
CHANGEABLE = ("phone", "language", "agreed_until", "agreement", "ended_on")

_YUAN = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,2}))?")
_SEPARATORS = str.maketrans("", "", "._:@-")


def fen_of(yuan: str) -> int | None:
    """An amount in yuan as people write it, in fen: "129", "129.5". None for what is no monthly price:
    below zero, above HIGHEST_FEN, with more than two decimals, or no number.
    """
    found = _YUAN.fullmatch(yuan)
    if found is None:
        return None
    fen = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    return fen if fen <= HIGHEST_FEN else None


def tells_phone(reference: str, phone: str) -> bool:
    """Whether a reference, which is stored in clear, gives away a Chinese number (E.164)."""
    return phone.removeprefix("+86") in reference.translate(_SEPARATORS)


def is_agreed_in_full(agreed_until: date | None, agreement: str | None) -> bool:
    """Whether an agreed term has both its last day and its kind, or neither."""
    return (agreed_until is None) == (agreement is None)


def differences(stored: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is said otherwise than it is stored: by column, what it was (`from`) and what it is (`to`).

    A column that is not said does not differ.
    """
    return {
        column: {"from": stored[column], "to": value}
        for column, value in said.items()
        if stored[column] != value
    }
