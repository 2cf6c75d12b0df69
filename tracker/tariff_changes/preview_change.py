"""What would follow from announcing a change: who is told, what, how many texts, over how many days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Connection, Row, text

from tracker import clock
from tracker.runtime import Runtime
from tracker.tariff_changes import texts
from tracker.tariff_changes.affected import Group, groups
from tracker.tariff_changes.check_change import Sound, check_change
from tracker.tariff_changes.read_change import Change
from tracker.tariff_changes.rules import spread
from tracker.tariff_changes.write_chunks import per_day
from tracker.tariffs.rules import ChangeKind, ChangeState
from tracker.templates.length import parts

_KEPT = text(
    "SELECT count(*) FROM subscribers s WHERE s.plan_id = ANY(:plans) AND s.agreed_until >= :effective_on"
    " AND (s.ended_on IS NULL OR s.ended_on >= :effective_on)"
)


@dataclass(frozen=True)
class Wording:
    """One text, how many subscribers it is for, and how many of them are to be called instead."""

    language: str
    body: str
    parts: int
    old_fen: int
    new_fen: int
    effective_on: date
    subscribers: int
    calls: int


@dataclass(frozen=True)
class Preview:
    """What would follow. `kept_by_agreement` of the plan's subscribers keep a price agreed for longer."""

    effective_on: date
    latest_notice_on: date
    warn_from: date
    days: int
    wordings: Sequence[Wording]
    kept_by_agreement: int
    part_fen: float

    @property
    def subscribers(self) -> int:
        """How many are told."""
        return sum(one.subscribers for one in self.wordings)

    @property
    def calls(self) -> int:
        """How many of them by a person."""
        return sum(one.calls for one in self.wordings)

    @property
    def texts(self) -> int:
        """How many by a text."""
        return self.subscribers - self.calls

    @property
    def parts(self) -> int:
        """In how many parts, which is what providers bill."""
        return sum((one.subscribers - one.calls) * one.parts for one in self.wordings)

    @property
    def cost_fen(self) -> float:
        """At what price, in fen."""
        return self.parts * self.part_fen


def preview_change(runtime: Runtime, operator_id: int, request: Mapping[str, Any]) -> Preview:
    """Preview a change, loaded by ChangeRequestSchema. Raises Refusal as announcing it would."""
    now = clock.now()
    with runtime.db.reading() as connection:
        sound = check_change(connection, operator_id, request, now)
        found = groups(connection, sound.scope)
        kept = _kept(connection, sound)
    change = _as_announced(sound, operator_id, request)
    wordings = [wording for group in found if (wording := _wording(runtime, change, group)) is not None]
    return Preview(
        sound.effective_on,
        sound.latest_notice_on,
        sound.warn_from,
        _days(runtime, wordings, now),
        wordings,
        kept,
        runtime.config.sms_part_fen,
    )


def _wording(runtime: Runtime, change: Change, group: Group) -> Wording | None:
    new_fen = change.new_fen(group)
    if change.is_no_news(group):
        return None
    words = texts.warning(runtime.reference.current(), runtime.config, change, group)
    return Wording(
        group.language,
        words.body,
        parts(words.body),
        group.old_fen,
        new_fen,
        change.scope.begins_on(group.agreed_until),
        group.subscribers,
        group.calls,
    )


def _days(runtime: Runtime, wordings: Sequence[Wording], now: datetime) -> int:
    """Over how many days texts about one and the same day leave; of several such days, the most."""
    most_parts = max((one.parts for one in wordings), default=1)
    counts: dict[date, int] = {}
    for one in wordings:
        counts[one.effective_on] = counts.get(one.effective_on, 0) + one.subscribers
    most = per_day(runtime, most_parts)
    return max((spread(day, count, now, most).days for day, count in counts.items()), default=1)


def _kept(connection: Connection, sound: Sound) -> int:
    if sound.kind is not ChangeKind.PRICE:
        return 0
    return connection.execute(_KEPT, sound.scope.values).scalar_one()


def _as_announced(sound: Sound, operator_id: int, request: Mapping[str, Any]) -> Change:
    """The change as it would stand."""
    row = SimpleNamespace(
        id=None,
        operator_id=operator_id,
        plan_id=None,
        state=ChangeState.ANNOUNCED,
        summary=request["summary"],
        summary_en=request["summary_en"] or request["summary"],
    )
    return Change(cast("Row[Any]", row), sound.line, sound.scope)
