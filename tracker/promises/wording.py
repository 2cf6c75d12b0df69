"""A deadline and the reason for it, in the words of people (Chinese and English)."""

from datetime import date, datetime, time, timedelta

from tracker import clock
from tracker.promises.calendar import RestSpan
from tracker.promises.deadline import Deadline
from tracker.promises.holds import HeldDays
from tracker.promises.rules import Unit

_WEEKDAYS = "一二三四五六日"
_PROVISIONAL_ZH = "；以国务院节假日安排公布后为准"
_PROVISIONAL_EN = "; final once the State Council has announced the year's holidays"
# Not strftime, which speaks the language that the process happens to be started in.
MONTHS_EN = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(at: datetime) -> tuple[date, str]:
    """The local day of a deadline and its time as said: midnight is 24时 of the day that ends."""
    there = clock.local(at)
    if there.time() == time(0):
        return there.date() - timedelta(days=1), "24时"
    return there.date(), f"{there.hour}时" if there.minute == 0 else f"{there.hour}:{there.minute:02d}"


def deadline_for_sms(at: datetime) -> str:
    """A deadline as it stands in a text: "11月12日18时"."""
    day, clock_time = moment(at)
    return f"{day.month}月{day.day}日{clock_time}"


def deadline_for_sms_en(at: datetime) -> str:
    """A deadline in an English text: "12 Nov 18:00"."""
    day, clock_time = moment(at)
    return f"{_day_en(day)} {_clock_en(clock_time)}"


def day_for_sms(at: datetime, language: str) -> str:
    """The day that an instant ends, in a text: "11月12日", "12 Nov"."""
    day, _ = moment(at)
    return _day_en(day) if language == "en" else f"{day.month}月{day.day}日"


def _day_en(day: date) -> str:
    return f"{day.day} {MONTHS_EN[day.month]}"


def _clock_en(clock_time: str) -> str:
    return clock_time.removesuffix("时") + ":00" if clock_time.endswith("时") else clock_time


def explain(deadline: Deadline) -> dict[str, str]:
    """Why the deadline is that instant: one sentence each under "zh" and "en"."""
    return {"zh": _explain_zh(deadline), "en": _explain_en(deadline)}


def _explain_zh(deadline: Deadline) -> str:
    rule = deadline.rule
    if deadline.agreed:
        return f"顺延后重新承诺的期限{_held_zh(deadline)}{_PROVISIONAL_ZH if deadline.provisional else ''}。"
    if rule.unit is Unit.HOURS:
        return f"受理后{rule.amount}小时内，周末和节假日照常计时{_held_zh(deadline)}。"
    unit = "个工作日" if rule.unit is Unit.WORKING_DAYS else "日"
    text = f"{rule.amount}{unit}，受理当日不计"
    if deadline.postponed:
        day = deadline.counted_from
        text = f"截止时间后或休息日受理，视为{day.month}月{day.day}日受理；{text}"
    if deadline.skipped:
        text += "；跳过" + "、".join(_span_zh(span) for span in deadline.skipped)
    if deadline.make_up:
        text += f"；{_days_zh(deadline.make_up)}为调休上班，计为工作日"
    text += _held_zh(deadline)
    if deadline.provisional:
        text += _PROVISIONAL_ZH
    return text + "。"


def _explain_en(deadline: Deadline) -> str:
    rule = deadline.rule
    if deadline.agreed:
        return (
            f"A new date, given after a delay{_held_en(deadline)}"
            f"{_PROVISIONAL_EN if deadline.provisional else ''}."
        )
    if rule.unit is Unit.HOURS:
        return (
            f"Within {rule.amount} hours of acceptance; weekends and holidays are counted"
            f"{_held_en(deadline)}."
        )
    unit = "working days" if rule.unit is Unit.WORKING_DAYS else "days"
    if rule.amount == 1:
        unit = unit.removesuffix("s")
    text = f"{rule.amount} {unit}, the day of acceptance not counted"
    if deadline.postponed:
        day = deadline.counted_from
        text = f"accepted late or on a rest day, so counted as of {_day_en(day)}; {text}"
    if deadline.skipped:
        text += "; skipped: " + ", ".join(_span_en(span) for span in deadline.skipped)
    if deadline.make_up:
        text += "; worked in exchange for a holiday: " + ", ".join(_day_en(day) for day in deadline.make_up)
    text += _held_en(deadline)
    if deadline.provisional:
        text += _PROVISIONAL_EN
    return text + "."


def _held_zh(deadline: Deadline) -> str:
    """What holds gave back, as a further clause; empty where they gave nothing."""
    if deadline.held_days:
        days = "、".join(_range_zh(held.first, held.last) for held in deadline.held_days)
        return f"；{days}暂停计时，不计"
    return f"；暂停计时{length_zh(deadline.held)}，不计" if deadline.held else ""


def _held_en(deadline: Deadline) -> str:
    if deadline.held_days:
        return "; on hold and not counted: " + ", ".join(_days_en(held) for held in deadline.held_days)
    return f"; on hold and not counted: {length_en(deadline.held)}" if deadline.held else ""


def length_zh(length: timedelta) -> str:
    """A length of time to the minute: "2天3小时", "40分钟"."""
    return "".join(f"{count}{unit}" for count, unit in _parts_of(length, ("天", "小时", "分钟")))


def length_en(length: timedelta) -> str:
    """A length of time to the minute: "2 d 3 h", "40 min"."""
    return " ".join(f"{count} {unit}" for count, unit in _parts_of(length, ("d", "h", "min")))


def _parts_of(length: timedelta, units: tuple[str, str, str]) -> list[tuple[int, str]]:
    minutes = int(length.total_seconds()) // 60
    counts = (minutes // 1440, minutes // 60 % 24, minutes % 60)
    return [(count, unit) for count, unit in zip(counts, units, strict=True) if count] or [(0, units[2])]


def _span_zh(span: RestSpan) -> str:
    name = span.name or ("周" + "、周".join(_WEEKDAYS[i] for i in _weekdays(span)))
    return f"{_range_zh(span.first, span.last)}（{name}）"


def _span_en(span: RestSpan) -> str:
    return f"{_days_en(span)} ({span.name_en or 'weekend'})"


def _days_en(span: RestSpan | HeldDays) -> str:
    first, last = span.first, span.last
    if first == last:
        return _day_en(first)
    if first.month == last.month:
        return f"{first.day}–{_day_en(last)}"
    return f"{_day_en(first)} – {_day_en(last)}"


def _weekdays(span: RestSpan) -> list[int]:
    return [(span.first + timedelta(days=i)).weekday() for i in range((span.last - span.first).days + 1)]


def _range_zh(first: date, last: date) -> str:
    text = f"{first.month}月{first.day}日"
    if first == last:
        return text
    if first.month == last.month:
        return f"{first.month}月{first.day}–{last.day}日"
    return f"{text}–{last.month}月{last.day}日"


def _days_zh(days: tuple[date, ...]) -> str:
    return "、".join(f"{day.month}月{day.day}日" for day in days)
