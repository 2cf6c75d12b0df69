"""Outages in people's words, for the customers' site and the staff pages.

Words are the Chinese message ids of both catalogues.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tracker import clock
from tracker.orders.standing import N_
from tracker.outages.areas import AreaLine
from tracker.outages.rules import OPEN, Kind, Standing, standing_of
from tracker.pages import wording
from tracker.promises.wording import moment

KIND_WORDS = {Kind.PLANNED: N_("计划中断"), Kind.EMERGENCY: N_("突发中断")}

STANDING_WORDS = {
    Standing.COMING: N_("将要开始"),
    Standing.UNDER_WAY: N_("正在中断"),
    Standing.OVERDUE: N_("尚未恢复"),
    Standing.ENDED: N_("已结束"),
    Standing.RESTORED: N_("已恢复"),
    Standing.WITHDRAWN: N_("已取消"),
}
STANDING_TONES = {
    Standing.COMING: "quiet",
    Standing.UNDER_WAY: "warning",
    Standing.OVERDUE: "danger",
    Standing.ENDED: "quiet",
    Standing.RESTORED: "accent",
    Standing.WITHDRAWN: "quiet",
}

SERVICE_WORDS = {
    "broadband": N_("宽带"),
    "dedicated_line": N_("互联网专线"),
    "iptv": N_("IPTV 电视"),
    "landline": N_("固定电话"),
}


@dataclass(frozen=True)
class Told:
    """An outage as a page tells it: texts in the reader's language, words as message ids.

    `times` is the window without its first day, for a list that stands under that day. `moved_from` is the
    window that was announced first, where the present one is another. `reason_is_filed`: in Chinese on a
    page in English, for nobody translated it.
    """

    kind: Kind
    standing: Standing
    starts_at: datetime
    window: str
    times: str
    moved_from: str | None
    area: tuple[AreaLine, ...]
    area_changed_at: datetime | None
    services: tuple[str, ...]
    length: str | None
    reason: str
    reason_is_filed: bool
    operator: str
    hotline: str
    announced_at: datetime
    changed_at: datetime | None
    withdrawn_at: datetime | None
    restored_at: datetime | None

    @property
    def kind_tone(self) -> str:
        """A fault alarms as long as it is not over."""
        return "danger" if self.kind is Kind.EMERGENCY and self.standing in OPEN else "quiet"


def tell(
    outage: Any, area: Sequence[AreaLine], operator: str, hotline: str, now: datetime, language: str
) -> Told:
    """An outage, a row of its table or what was read of it, as it stands at a moment."""
    standing = standing_of(outage, now)
    today = clock.local_date(now)
    kind = Kind(outage.kind)
    expected = kind is Kind.EMERGENCY and outage.restored_at is None
    ends_at = outage.ends_at if outage.restored_at is None else outage.restored_at
    announced = (outage.first_starts_at, outage.first_ends_at)
    moved = (outage.starts_at, outage.ends_at) != announced
    filed = language == "en" and not outage.reason_en
    return Told(
        kind=kind,
        standing=standing,
        starts_at=outage.starts_at,
        window=window(outage.starts_at, ends_at, language, today, expected=expected),
        times=times(outage.starts_at, ends_at, language, today, expected=expected),
        moved_from=window(*announced, language, today, expected=expected) if moved else None,
        area=tuple(area),
        area_changed_at=outage.area_changed_at,
        services=tuple(SERVICE_WORDS[one] for one in SERVICE_WORDS if one in outage.services),
        length=outage.minutes and wording.span(timedelta(minutes=outage.minutes), language),
        reason=outage.reason if filed or language != "en" else outage.reason_en,
        reason_is_filed=filed,
        operator=operator,
        hotline=hotline,
        announced_at=outage.announced_at,
        changed_at=outage.changed_at,
        withdrawn_at=outage.withdrawn_at,
        restored_at=outage.restored_at,
    )


def window(
    starts_at: datetime, ends_at: datetime | None, language: str, today: Any, *, expected: bool = False
) -> str:
    """A window: "11月20日（周五）22时至次日6时", "Friday 20 November, 22:00 to 06:00 the next day".

    `expected`: its end is a guess.
    """
    first = wording.day(clock.local_date(starts_at), language, today)
    comma = ", " if language == "en" else ""
    return f"{first}{comma}{times(starts_at, ends_at, language, today, expected=expected)}"


def times(
    starts_at: datetime, ends_at: datetime | None, language: str, today: Any, *, expected: bool = False
) -> str:
    """The same without its first day: "0时至6时", "8:40起，恢复时间待定"."""
    there = clock.local(starts_at)
    if language == "en":
        start = f"{there:%H:%M}"
        if ends_at is None:
            return f"from {start}; no end known yet"
    else:
        start = f"{there.hour}时" if there.minute == 0 else f"{there.hour}:{there.minute:02d}"
        if ends_at is None:
            return f"{start}起，恢复时间待定"
    last, said = moment(ends_at)
    away = (last - there.date()).days
    if language == "en":
        hour, _, minute = said.removesuffix("时").partition(":")
        end = f"{int(hour):02d}:{minute or '00'}"
        if away == 1:
            end = f"{end} the next day"
        elif away > 1:
            end = f"{end} on {wording.day(last, language, today)}"
        return f"from {start}; expected back at {end}" if expected else f"{start} to {end}"
    day = "" if away < 1 else "次日" if away == 1 else wording.day(last, language, today)
    return f"{start}起，预计{day}{said}恢复" if expected else f"{start}至{day}{said}"
