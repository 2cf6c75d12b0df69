"""A report's content as a reader sees it, in one language: every cell a text, for page and PDF alike."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from babel.dates import format_date

from tracker import clock
from tracker.figures.rules import LEAST_SAMPLE
from tracker.reports.document import Kind
from tracker.tariffs.rules import yuan

_NOTHING = {"zh": "无数据", "en": "no data"}
_NO_ROWS = {"zh": "无", "en": "none"}
_SMALL = {"zh": "样本不足", "en": "small sample"}
_APPENDIX = {"zh": "附录", "en": "Appendix"}
_LONG_DAY = {"zh": "y年M月d日", "en": "d MMMM y"}
_SAMPLE_NOTE = {
    "zh": "“样本不足”：少于 {least} 单，不列比率；“无数据”：报告期内没有发生。",
    "en": '"Small sample": fewer than {least} orders, of which no rate is told; "no data": nothing happened'
    " in the period.",
}
_DIGITS = "零一二三四五六七八九十"


@dataclass(frozen=True)
class ShownCell:
    """What stands in a cell; `quiet` where it only says that there is nothing to tell."""

    words: str
    quiet: bool = False


@dataclass(frozen=True)
class ShownColumn:
    """The head of a column; numbers stand at its end."""

    head: str
    number: bool


@dataclass(frozen=True)
class ShownTable:
    """A table with its number and title; without rows it says `empty`."""

    code: str
    number: str
    title: str
    columns: Sequence[ShownColumn]
    rows: Sequence[Sequence[ShownCell]]
    total: Sequence[ShownCell] | None
    note: str
    empty: str


@dataclass(frozen=True)
class ShownSection:
    """A section with its number, "一" or "1"; of an appendix the word."""

    code: str
    is_appendix: bool
    number: str
    title: str
    said: Sequence[str]
    tables: Sequence[ShownTable]


@dataclass(frozen=True)
class ShownReport:
    """The whole document."""

    language: str
    title: str
    period: str
    days: str
    issuer: str
    as_of: str
    sample_note: str
    sections: Sequence[ShownSection]

    def as_data(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def shown_report(content: Mapping[str, Any], language: str) -> ShownReport:
    """The content in zh or en."""
    days = [long_day(date.fromisoformat(content[name]), language) for name in ("starts_on", "ends_on")]
    least = least_sample(content)
    return ShownReport(
        language,
        content["title"][language],
        content["period"][language],
        f"{days[0]} – {days[1]}" if language == "en" else f"{days[0]}至{days[1]}",
        content["issuer"][language],
        moment(datetime.fromisoformat(content["as_of"]), language),
        _SAMPLE_NOTE[language].format(least=least),
        [_section(one, place, language, least) for place, one in enumerate(content["sections"], start=1)],
    )


def least_sample(content: Mapping[str, Any]) -> int:
    """Of how many orders a rate is told, as it was when the content was made; version 1 did not say."""
    found: int = content.get("least_sample", LEAST_SAMPLE)
    return found


def moment(at: datetime, language: str) -> str:
    """A moment with its year, on the city's clocks: "2026年7月4日 09:30"."""
    there = clock.local(at)
    return f"{long_day(there.date(), language)}{',' if language == 'en' else ''} {there:%H:%M}"


def numeral(number: int) -> str:
    """A number up to 99 as sections bear it: 十二."""
    if number <= 10:
        return _DIGITS[number]
    tens, ones = divmod(number, 10)
    return f"{_DIGITS[tens] if tens > 1 else ''}十{_DIGITS[ones] if ones else ''}"


def cell(kind: str, value: Any, language: str, least: int = LEAST_SAMPLE) -> ShownCell:
    """A value of a column of this kind; rates of fewer than `least` orders are not told."""
    if value is None:
        return ShownCell("—", quiet=True)
    match Kind(kind):
        case Kind.TEXT:
            return ShownCell(value[language])
        case Kind.RATE | Kind.SHARE:
            return _share(*value, language, least if Kind(kind) is Kind.RATE else 0)
        case Kind.HOURS | Kind.RATIO:
            return ShownCell(f"{value:.1f}")
        case Kind.MONEY:
            return ShownCell(yuan(value))
        case Kind.DAY:
            return ShownCell(long_day(date.fromisoformat(value), language))
        case Kind.COUNT:
            return ShownCell(f"{value:,}")


def percent(part: int, whole: int) -> str:
    """A part of a whole: neither nothing nor all of it unless it is just that."""
    if part <= 0 or part >= whole:
        return "100%" if part > 0 else "0%"
    return f"{min(max(round(part / whole * 100, 1), 0.1), 99.9):.1f}%"


def shown_table(
    table: Mapping[str, Any], language: str, number: str = "", least: int = LEAST_SAMPLE
) -> ShownTable:
    """A table of the content, or one that is shown by itself."""
    columns = table["columns"]
    kinds = [column["kind"] for column in columns]

    def cells(row: Sequence[Any]) -> list[ShownCell]:
        return [cell(kind, value, language, least) for kind, value in zip(kinds, row, strict=True)]

    total = table["total"]
    return ShownTable(
        table["code"],
        number,
        table["title"][language],
        [ShownColumn(head_of(one, language), one["kind"] not in (Kind.TEXT, Kind.DAY)) for one in columns],
        [cells(row) for row in table["rows"]],
        None
        if total is None or not table["rows"]
        else [
            ShownCell("") if value is None else told for value, told in zip(total, cells(total), strict=True)
        ],
        table["note"][language] if table["note"] else "",
        (table["empty"] or _NO_ROWS)[language],
    )


def head_of(column: Mapping[str, Any], language: str) -> str:
    """The head of a column with its unit."""
    head, unit = column["head"][language], column["unit"]
    if unit is None:
        return str(head)
    return f"{head} ({unit['en']})" if language == "en" else f"{head}（{unit['zh']}）"


def _share(part: int, whole: int, language: str, least: int) -> ShownCell:
    if not whole:
        return ShownCell(_NOTHING[language], quiet=True)
    if whole < least:
        return ShownCell(_SMALL[language], quiet=True)
    return ShownCell(percent(part, whole))


def _section(section: Mapping[str, Any], place: int, language: str, least: int) -> ShownSection:
    number = numeral(place) if language == "zh" else str(place)
    before = f"{'表' if language == 'zh' else 'Table '}{'A' if section['is_appendix'] else place}"
    return ShownSection(
        section["code"],
        section["is_appendix"],
        _APPENDIX[language] if section["is_appendix"] else number,
        section["title"][language],
        [one[language] for one in section["said"]],
        [
            shown_table(table, language, f"{before}-{step}", least)
            for step, table in enumerate(section["tables"], start=1)
        ],
    )


def long_day(on: date, language: str) -> str:
    """A day with its year: "2026年7月4日"."""
    return format_date(on, _LONG_DAY[language], locale=language)
