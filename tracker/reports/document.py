"""The parts that a report's content is made of, in Chinese and English at once.

Whatever a reader sees of the content is in it, words too: it reads the same for ever, whatever becomes of
the program's own words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

# {"zh": …, "en": …}
Words = Mapping[str, str]
# What stands in a cell follows from its column: see `Kind`.
Cell = Any


def words(zh: str, en: str) -> Words:
    """Something said in both languages."""
    return {"zh": zh, "en": en}


def same(name: str) -> Words:
    """A name that is the same in both languages, a dealer's say."""
    return words(name, name)


class Kind(StrEnum):
    """What the cells of a column hold; None stands where there is nothing to say."""

    TEXT = "text"  # Words
    COUNT = "count"  # a number
    RATE = "rate"  # [part, whole], of a sample of whole orders: told if that suffices
    SHARE = "share"  # [part, whole], of all there were: always told
    HOURS = "hours"  # a number
    RATIO = "ratio"  # a number
    MONEY = "money"  # fen
    DAY = "day"  # "2026-06-30"


@dataclass(frozen=True)
class Column:
    """A column of a table. `unit` stands behind its head, "小时" say."""

    code: str
    head: Words
    kind: Kind = Kind.COUNT
    unit: Words | None = None


@dataclass(frozen=True)
class Table:
    """A table. `total` is a row below the others; `empty` is said where there are no rows."""

    code: str
    title: Words
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None = None
    note: Words | None = None
    empty: Words | None = None


@dataclass(frozen=True)
class Section:
    """A numbered section: what is said, and tables."""

    code: str
    title: Words
    said: Sequence[Words] = ()
    tables: Sequence[Table] = ()
    is_appendix: bool = False

    def as_content(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)


def text_column(code: str, zh: str, en: str) -> Column:
    """A column of words."""
    return Column(code, words(zh, en), Kind.TEXT)


def count_column(code: str, zh: str, en: str) -> Column:
    """A column of orders, or of other things that are counted."""
    return Column(code, words(zh, en))


def rate_column(code: str, zh: str, en: str) -> Column:
    """A column of rates of samples of orders."""
    return Column(code, words(zh, en), Kind.RATE)


def share_column(code: str, zh: str, en: str) -> Column:
    """A column of parts of all there were."""
    return Column(code, words(zh, en), Kind.SHARE)


def hours_column(code: str, zh: str, en: str) -> Column:
    """A column of durations, in hours: the table's title says so."""
    return Column(code, words(zh, en), Kind.HOURS)
