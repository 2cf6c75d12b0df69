"""Which subscribers a change concerns, in groups that get the same text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from tracker.tariff_changes.line import Line
from tracker.tariff_changes.sql import ARRIVED
from tracker.tariffs.rules import LEAD_DAYS, ChangeKind

# A change of price leaves alone who was promised a price for longer; a price or terms that begin after
# somebody has left are no news to them.
_CONCERNS = {
    ChangeKind.PRICE: (
        "(s.agreed_until IS NULL OR s.agreed_until < :effective_on)"
        " AND (s.ended_on IS NULL OR s.ended_on >= :effective_on)"
    ),
    ChangeKind.TERMS: "(s.ended_on IS NULL OR s.ended_on >= :effective_on)",
    ChangeKind.TERM_END: (
        "s.agreed_until BETWEEN :ends_from AND :ends_to"
        " AND (s.ended_on IS NULL OR s.ended_on > s.agreed_until)"
    ),
}
# No day of anybody's: stands where the day on which an agreement ends makes no difference.
NO_DAY = date(1, 1, 1)
_NO_DAY = NO_DAY.isoformat()

# What a subscriber pays before the change: the price of the latest earlier change that they were told of.
_PRIOR = """
    LEFT JOIN LATERAL (
        SELECT w.new_fen
        FROM tariff_warnings w
        JOIN notices n ON n.id = w.notice_id
        LEFT JOIN notices r ON r.retry_of = n.id
        WHERE w.subscriber_id = s.id AND w.kind = 'warning' AND w.change_id = ANY(:prior)
            AND w.effective_on < {begins}
            AND {arrived}
        ORDER BY w.effective_on DESC, w.change_id DESC
        LIMIT 1
    ) prior ON true
"""


@dataclass(frozen=True)
class Scope:
    """A change as far as it decides whom it concerns. `change_id` is None before it is announced."""

    kind: ChangeKind
    line: Line
    effective_on: date
    change_id: int | None = None
    ends_from: date | None = None
    ends_to: date | None = None
    new_fen: int | None = None

    @property
    def plans(self) -> list[int]:
        """The versions by which those whom it may concern have subscribed."""
        before = self.effective_on if self.ends_to is None else self.ends_to + timedelta(days=1)
        return self.line.sold_before(before)

    @property
    def values(self) -> dict[str, Any]:
        """What the statements below are given."""
        return {
            "plans": self.plans,
            "effective_on": self.effective_on,
            "ends_from": self.ends_from,
            "ends_to": self.ends_to,
            "new_fen": self.new_fen,
            "prior": self.line.announced_beside(self.change_id),
            "change": self.change_id,
        }

    def begins_on(self, agreed_until: date | None) -> date:
        """The first day of the change for somebody whose agreed price ends then."""
        if self.kind is not ChangeKind.TERM_END or agreed_until is None:
            return self.effective_on
        return agreed_until + timedelta(days=1)

    @property
    def ends(self) -> str:
        """The day by which texts of this change differ from subscriber to subscriber."""
        return "s.agreed_until" if self.kind is ChangeKind.TERM_END else f"DATE '{_NO_DAY}'"

    @property
    def old_fen(self) -> str:
        """The price before the change."""
        return "coalesce(prior.new_fen, s.monthly_fen)" if self._has_prior else "s.monthly_fen"

    @property
    def source(self) -> str:
        """FROM and WHERE over the subscribers concerned, as `s`."""
        begins = "s.agreed_until + 1" if self.kind is ChangeKind.TERM_END else "CAST(:effective_on AS date)"
        prior = _PRIOR.format(begins=begins, arrived=ARRIVED) if self._has_prior else ""
        news = f" AND {self.old_fen} <> :new_fen" if self.kind is ChangeKind.PRICE else ""
        return f"FROM subscribers s {prior} WHERE s.plan_id = ANY(:plans) AND {_CONCERNS[self.kind]}{news}"

    @property
    def due(self) -> str:
        """Further condition: the day has come on which a warning may leave."""
        if self.kind is not ChangeKind.TERM_END:
            return ""
        return f" AND s.agreed_until + 1 - {LEAD_DAYS} <= :today"

    @property
    def _has_prior(self) -> bool:
        return self.kind is not ChangeKind.TERMS and bool(self.line.announced_beside(self.change_id))


@dataclass(frozen=True)
class Group:
    """Subscribers who get the same text. `calls`: those of them whom no text is to be sent."""

    plan_id: int
    language: str
    old_fen: int
    agreed_until: date | None
    subscribers: int
    calls: int


# Whoever has a warning of the change already is told.
UNWARNED = (
    " AND NOT EXISTS (SELECT FROM tariff_warnings w"
    " WHERE w.change_id = :change AND w.subscriber_id = s.id AND w.kind = 'warning')"
)


def joined_wish(of: str) -> str:
    """A join that finds the wish, `wish`, of the subscribers `of`."""
    return (
        f"LEFT JOIN contact_wishes wish ON wish.operator_id = {of}.operator_id"
        f" AND wish.phone_digest = {of}.contact_digest AND wish.until_at IS NULL"
    )


def groups(
    connection: Connection, scope: Scope, conditions: str = "", values: Mapping[str, Any] | None = None
) -> list[Group]:
    """Everybody whom the change concerns and the further `conditions` let through, by text."""
    if not scope.plans:
        return []
    statement = text(
        f"""
        SELECT s.plan_id, s.language, s.old_fen, nullif(s.ends, DATE '{_NO_DAY}') AS ends,
            count(*) AS subscribers, count(*) FILTER (WHERE NOT s.takes_texts OR wish.id IS NOT NULL) AS calls
        FROM (
            SELECT s.operator_id, s.plan_id, s.language, {scope.old_fen} AS old_fen, {scope.ends} AS ends,
                s.takes_texts, s.contact_digest
            {scope.source} {conditions}
        ) s {joined_wish("s")}
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        """
    )
    rows = connection.execute(statement, {**scope.values, **(values or {})})
    return [Group(*row) for row in rows]
