"""One month's notice, the versions of a plan, and money in words: pure decisions."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from dateutil.relativedelta import relativedelta

AUDIENCES = ("home", "enterprise")
# 资费类型 as the operators' fee pages name them.
PLAN_KINDS = ("套餐", "加装包", "营销活动", "国际", "标准资费", "其他")


class PlanState(StrEnum):
    """How far a version of a plan has come."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"  # discarded, or taken off sale: what was published stays readable


class Standing(StrEnum):
    """How a version of a plan stands on a day, seen together with the others of its plan."""

    DRAFT = "draft"
    DISCARDED = "discarded"  # withdrawn before it was published
    UPCOMING = "upcoming"
    ON_SALE = "on_sale"
    ENDED = "ended"  # its last day has passed, by itself or because the next version began
    NEVER_BEGAN = "never_began"  # published, and taken back before its first day
    PRESENT_ONLY = "present_only"  # brought to present customers of a plan that is not sold any more


class ChangeKind(StrEnum):
    """What changes for customers that a plan has already."""

    PRICE = "price"
    TERMS = "terms"
    TERM_END = "term_end"  # a discount or a contract ends, for each on a day of their own


class ChangeState(StrEnum):
    """Whether an announced change stands."""

    ANNOUNCED = "announced"
    WITHDRAWN = "withdrawn"


# [ours] Warnings begin to leave so many days before a change.
LEAD_DAYS = 45

# The year, the province and six digits, as in 24BJ102053 (方案编号).
_FILING_NUMBER = re.compile(r"[0-9]{2}[A-Z]{2}[0-9]{6}")


class Version(Protocol):
    """Whatever is a version of a plan."""

    @property
    def version(self) -> int: ...

    @property
    def on_sale_from(self) -> date: ...

    @property
    def on_sale_to(self) -> date | None: ...


AnyVersion = TypeVar("AnyVersion", bound=Version)


def is_usual_filing_number(number: str) -> bool:
    """Whether a filing number has the usual shape; another is unusual and no mistake."""
    return _FILING_NUMBER.fullmatch(number) is not None


def in_force_on(versions: Iterable[AnyVersion], day: date) -> AnyVersion | None:
    """The version of one plan that is sold on a day: the newest that has begun, unless it ended."""
    begun = [one for one in versions if one.on_sale_from <= day and not never_began(one)]
    newest = max(begun, key=lambda one: (one.on_sale_from, one.version), default=None)
    if newest is None or (newest.on_sale_to is not None and newest.on_sale_to < day):
        return None
    return newest


def never_began(version: Version) -> bool:
    """Whether it is not sold on any day: it was taken back before its first one, or is for present customers
    of a plan that is not sold any more.
    """
    return version.on_sale_to is not None and version.on_sale_to < version.on_sale_from


def sold_until(version: AnyVersion, versions: Iterable[AnyVersion]) -> date | None:
    """The last day of a version among those of its plan: its own, or the day before the next begins."""
    following = [
        one.on_sale_from
        for one in versions
        if one.on_sale_from > version.on_sale_from and not never_began(one)
    ]
    eves = [min(following) - timedelta(days=1)] if following else []
    return min([*eves, *([version.on_sale_to] if version.on_sale_to else [])], default=None)


def overlapping(new_from: date, versions: Iterable[AnyVersion]) -> list[AnyVersion]:
    """Published versions of the same plan that one from `new_from` on would be in force beside.

    One without an end gives way to the next; one with an end that was published, or that begins on the
    same day or later, does not.
    """
    return [
        one
        for one in versions
        if not never_began(one)
        and (one.on_sale_from >= new_from or (one.on_sale_to is not None and one.on_sale_to >= new_from))
    ]


def clashing(version: Version, versions: Iterable[AnyVersion]) -> list[AnyVersion]:
    """Published versions of the same plan between which and this one a day could not choose.

    `overlapping` is about one that is new; this one may lie before others.
    """
    if never_began(version):
        return []
    return [
        one for one in versions if not never_began(one) and (_reaches(one, version) or _reaches(version, one))
    ]


def _reaches(earlier: Version, later: Version) -> bool:
    """Whether the earlier one's own end lies in the later one's time, or both begin together."""
    if earlier.on_sale_from == later.on_sale_from:
        return True
    return (
        earlier.on_sale_from < later.on_sale_from
        and earlier.on_sale_to is not None
        and earlier.on_sale_to >= later.on_sale_from
    )


def add_month(day: date) -> date:
    """The corresponding day of the next month, or its last day (民法典 202)."""
    return day + relativedelta(months=1)


def latest_notice_on(effective_on: date) -> date:
    """The last day on which a notice may arrive for a change that begins at 00:00 of `effective_on`.

    A whole month must have run out before that moment: the latest N with
    add_month(N) <= effective_on - 1 day (民法典 137, 202, read strictly). Going back a month from
    the eve is not the inverse: for 1 March it would give 28 January instead of the 31st, so the
    days after it are tried.
    """
    eve = effective_on - timedelta(days=1)
    day = eve - relativedelta(months=1)
    while add_month(day + timedelta(days=1)) <= eve:
        day += timedelta(days=1)
    return day


def earliest_effective_on(told_on: date) -> date:
    """The first day on which a change may begin for somebody who was told of it on `told_on`.

    The inverse of `latest_notice_on`: the day after a whole month has run out.
    """
    return add_month(told_on) + timedelta(days=1)


def warn_from(effective_on: date) -> date:
    """The day from which warnings of a change leave."""
    return effective_on - timedelta(days=LEAD_DAYS)


def yuan(fen: int) -> str:
    """An amount in fen (分) as people write yuan: "129", "129.50", "-3.05"."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    whole, rest = divmod(fen, 100)
    return f"{sign}{whole}.{rest:02d}" if rest else f"{sign}{whole}"
