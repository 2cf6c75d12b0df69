"""Dates, times left and money as people say them, in zh and en, on the city's clocks."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from babel.dates import format_date

from tracker import clock
from tracker.channels.quotas import Quota
from tracker.promises.wording import moment
from tracker.tariffs.rules import yuan

# The year is said only where it is not the reader's own.
_DAY = {"zh": "M月d日（EEE）", "en": "EEEE d MMMM"}
_DAY_OF_ANOTHER_YEAR = {"zh": "y年M月d日（EEE）", "en": "EEEE d MMMM y"}
_SHORT_DAY = {"zh": "M月d日", "en": "d MMM"}
_LONG_DAY = {"zh": "y年M月d日", "en": "d MMMM y"}
_UNITS = {
    "zh": {1: "秒", 60: "分钟", 3600: "小时", 86400: "天"},
    "en": {1: "second", 60: "minute", 3600: "hour", 86400: "day"},
}
_NEAR_DAYS = {
    "zh": {-1: "昨天", 0: "今天", 1: "明天"},
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
}


@lru_cache(maxsize=4096)
def _written(on: date, pattern: str, language: str) -> str:
    """A day by a pattern. Pages say the same few days again and again."""
    return format_date(on, pattern, locale=language)


def day(on: date, language: str, today: date) -> str:
    """A day with its weekday, and its year if it is not this one: "11月12日（周四）"."""
    patterns = _DAY if on.year == today.year else _DAY_OF_ANOTHER_YEAR
    return _written(on, patterns[language], language)


def month(on: date, language: str) -> str:
    """A month above a row of days: "11月", "Nov"."""
    return _written(on, "MMM", language)


def month_of_year(on: date, language: str) -> str:
    """A month with its year: "2027年1月", "January 2027"."""
    return _written(on, "y年M月" if language == "zh" else "MMMM y", language)


def weekday(on: date, language: str) -> str:
    """A weekday in a narrow column: "四", "Th"."""
    return _written(on, "EEEEE" if language == "zh" else "EEEEEE", language)


def long_day(on: date, language: str) -> str:
    """A day of the record, always with its year: "2024年1月1日", "1 January 2024"."""
    return _written(on, _LONG_DAY[language], language)


def short_day(on: date, language: str, today: date) -> str:
    """A day in a row of many, and its year if it is not this one: "11月12日", "12 Nov"."""
    return _written(on, (_SHORT_DAY if on.year == today.year else _LONG_DAY)[language], language)


def deadline(at: datetime, language: str, today: date) -> str:
    """A promised instant: "11月12日（周四）18:00", "18:00 on Thursday 12 November"."""
    there, clock_time = deadline_parts(at, language, today)
    return f"{clock_time} on {there}" if language == "en" else f"{there}{clock_time}"


def deadline_parts(at: datetime, language: str, today: date) -> tuple[str, str]:
    """Its day and its time; midnight is the 24:00 of the day that ends."""
    on, said = moment(at)
    hour, _, minute = said.removesuffix("时").partition(":")
    return day(on, language, today), f"{int(hour):02d}:{minute or '00'}"


def instant(at: datetime, language: str, today: date) -> str:
    """When something happened: "11月23日 09:30", "23 Nov, 09:30"."""
    there = clock.local(at)
    patterns = _SHORT_DAY if there.year == today.year else _LONG_DAY
    comma = "," if language == "en" else ""
    return f"{_written(there.date(), patterns[language], language)}{comma} {there:%H:%M}"


def span(length: timedelta, language: str) -> str:
    """A length of time in its two largest units, rounded down: "2 天 3 小时", "40 分钟"."""
    minutes = max(int(length.total_seconds()) // 60, 0)
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    units = ("day", "hour", "minute") if language == "en" else ("天", "小时", "分钟")
    parts = [(days, units[0]), (hours, units[1]), (minutes, units[2])]
    while len(parts) > 1 and parts[0][0] == 0:
        parts.pop(0)
    said = [(count, unit) for count, unit in parts[:2] if count] or [(0, units[2])]
    if language == "en":
        return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in said)
    return " ".join(f"{count} {unit}" for count, unit in said)


def money(fen: int, language: str) -> str:
    """An amount: "129 元", "¥129"."""
    return f"¥{yuan(fen)}" if language == "en" else f"{yuan(fen)} 元"


def exact_money(fen: int) -> str:
    """An amount to the fen, as formulas and books write it, alike in both languages: "¥3.00"."""
    whole, cents = divmod(fen, 100)
    return f"¥{whole:,}.{cents:02}"


def monthly(fen: int, language: str) -> str:
    """A monthly fee: "129 元/月", "¥129 a month"."""
    return f"¥{yuan(fen)} a month" if language == "en" else f"{yuan(fen)} 元/月"


def fee_change(old_fen: int, new_fen: int, language: str) -> str:
    """A monthly fee before and after: "129 → 139 元/月", "¥129 → ¥139 a month"."""
    sign = "¥" if language == "en" else ""
    return f"{sign}{yuan(old_fen)} → {monthly(new_fen, language)}"


def bandwidth(mbps: int, language: str) -> str:
    """A speed as plans are sold: "1000M", in English "1,000 Mbit/s"."""
    return f"{mbps:,} Mbit/s" if language == "en" else f"{mbps}M"


def clauses(text: str, language: str) -> list[str]:
    """The parts of a published sentence, which separates them by semicolons."""
    parts = text.replace("；", ";").split(";")
    found = [part.strip() for part in parts if part.strip()]
    return [one[:1].upper() + one[1:] for one in found] if language == "en" else found


def as_day(on: date | str) -> date:
    """A day, also where a history holds it as text."""
    return date.fromisoformat(on) if isinstance(on, str) else on


def relative_day(on: date, language: str, today: date) -> str:
    """How far away a day is: "今天", "37 天后", "3 天前"; in English "today", "in 37 days", "3 days ago"."""
    away = (on - today).days
    near = _NEAR_DAYS[language].get(away)
    if near is not None:
        return near
    if language == "en":
        return f"in {away} days" if away > 0 else f"{-away} days ago"
    return f"{away} 天后" if away > 0 else f"{-away} 天前"


def share(part: int, whole: int) -> str:
    """A part of a whole, "96.3%", as `hundredths` has it."""
    return f"{hundredths(part, whole):g}%"


def hundredths(part: int, whole: int) -> float:
    """A part of a whole of 100, to one decimal: neither nothing nor all of it unless it is just that."""
    if part <= 0 or part >= whole:
        return 100 if 0 < whole <= part else 0
    return min(max(round(part / whole * 100, 1), 0.1), 99.9)


def limit(quota: Quota, language: str) -> str:
    """How often somebody may call: "6,000 次/分钟", in English "6,000 a minute"."""
    unit = _UNITS[language].get(quota.seconds)
    if language == "en":
        return f"{quota.amount:,} a {unit}" if unit else f"{quota.amount:,} in {quota.seconds:,} seconds"
    return f"{quota.amount:,} 次/{unit}" if unit else f"{quota.seconds:,} 秒 {quota.amount:,} 次"
