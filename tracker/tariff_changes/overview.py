"""Announced changes as their operator's staff look at them: the most pressing first, and how far each is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, text

from tracker import clock
from tracker.tariff_changes.affected import NO_DAY, Group
from tracker.tariff_changes.check_change import first_day_told
from tracker.tariff_changes.read_change import Change
from tracker.tariff_changes.sql import ARRIVED
from tracker.tariff_changes.undo_warnings import TO_CORRECT


class Standing(StrEnum):
    """How far a change is on a day."""

    AWAITING = "awaiting"  # warnings do not leave yet
    TELLING = "telling"
    BEGINNING = "beginning"  # agreed prices end one after the other, and the first has
    IN_EFFECT = "in_effect"
    WITHDRAWN = "withdrawn"


_LAST_DAY = "coalesce(c.ends_to + 1, c.effective_on)"
# `before` is the version that whoever subscribes on the eve subscribes by; an agreed price returns to it.
_SHOWN = f"""
    SELECT shown.* FROM (
        SELECT c.*, coalesce(brought.name, before.name) AS name,
            coalesce(brought.name_en, before.name_en) AS name_en,
            before.monthly_fen AS old_fen, brought.monthly_fen AS new_fen,
            CASE WHEN c.state = 'withdrawn' THEN 'withdrawn'
                WHEN {_LAST_DAY} <= :today THEN 'in_effect'
                WHEN c.effective_on <= :today THEN 'beginning'
                WHEN c.warn_from <= :today THEN 'telling'
                ELSE 'awaiting' END AS standing
        FROM tariff_changes c
        LEFT JOIN plans brought ON brought.id = c.plan_id
        LEFT JOIN LATERAL (
            SELECT p.name, p.name_en, p.monthly_fen FROM plans p
            WHERE p.operator_id = c.operator_id AND p.filing_number = c.filing_number AND p.region = c.region
                AND p.published_at IS NOT NULL AND p.on_sale_from < c.effective_on
                AND (p.on_sale_to IS NULL OR p.on_sale_to >= p.on_sale_from)
            ORDER BY p.on_sale_from DESC, p.version DESC
            LIMIT 1
        ) before ON true
        WHERE c.operator_id = :operator
    ) shown
"""
# What is to come by its day; then what has begun and what was withdrawn, the latest first.
_LIST = text(
    f"""
    {_SHOWN}
    WHERE (CAST(:standing AS text) IS NULL OR standing = :standing)
        AND (CAST(:kind AS text) IS NULL OR kind = :kind)
    ORDER BY CASE standing WHEN 'withdrawn' THEN 2 WHEN 'in_effect' THEN 1 ELSE 0 END,
        CASE WHEN standing NOT IN ('withdrawn', 'in_effect') THEN effective_on END,
        effective_on DESC, id DESC
    LIMIT :limit OFFSET :skip
    """
)
_ONE = text(f"{_SHOWN} WHERE id = :change")
_TOLD_SO_FAR = text(
    f"""
    SELECT w.change_id, count(*) AS subscribers, count(*) FILTER (WHERE {ARRIVED}) AS told
    FROM tariff_warnings w
    JOIN notices n ON n.id = w.notice_id
    LEFT JOIN notices r ON r.retry_of = n.id
    WHERE w.change_id = ANY(:changes) AND w.kind = 'warning'
    GROUP BY w.change_id
    """
)
_WARNED = text(
    """
    SELECT wanted.id, (
        SELECT count(*) FROM (
            SELECT FROM tariff_warnings w WHERE w.change_id = wanted.id AND w.kind = 'warning' LIMIT :most
        ) found
    ) AS warnings
    FROM unnest(CAST(:changes AS int[])) WITH ORDINALITY AS wanted (id, place)
    ORDER BY wanted.place
    """
)
_FIRST_TEXT = text(
    """
    SELECT count(*) AS warnings, min(coalesce(n.accepted_at, n.delivered_at)) AS left_at,
        min(n.next_at) FILTER (WHERE n.state IN ('created', 'sending')) AS due_at
    FROM (
        SELECT w.notice_id FROM tariff_warnings w
        WHERE w.change_id = :change AND w.kind = 'warning' LIMIT :most
    ) written JOIN notices n ON n.id = written.notice_id
    """
)
_SUBSCRIBED = text(
    "SELECT count(*) FROM (SELECT FROM subscribers s WHERE s.plan_id = ANY(:plans) LIMIT :most) found"
)
_TO_UNDO = text(
    f"""
    SELECT count(DISTINCT n.id) FILTER (WHERE 'created' IN (n.state, r.state)) AS unsent,
        count(*) FILTER (WHERE {TO_CORRECT}) AS told
    FROM tariff_warnings w
    JOIN subscribers s ON s.id = w.subscriber_id
    JOIN notices n ON n.id = w.notice_id
    LEFT JOIN notices r ON r.retry_of = n.id
    WHERE w.change_id = :change AND w.kind = 'warning'
    """
)
_CORRECTIONS = text(
    """
    SELECT count(*) AS written, count(*) FILTER (WHERE told) AS told,
        count(*) FILTER (WHERE NOT told AND calling) AS to_call, (
            SELECT run.undone_at FROM tariff_warning_runs run WHERE run.change_id = :change
        ) AS undone_at
    FROM (
        SELECT n.delivered_at IS NOT NULL OR r.delivered_at IS NOT NULL OR EXISTS (
                SELECT FROM call_tasks t WHERE t.notice_id IN (n.id, r.id) AND t.outcome = 'reached') AS told,
            n.state IN ('call', 'undelivered')
                OR coalesce(r.state IN ('call', 'undelivered'), false) AS calling
        FROM tariff_warnings w
        JOIN notices n ON n.id = w.notice_id
        LEFT JOIN notices r ON r.retry_of = n.id
        WHERE w.change_id = :change AND w.kind = 'correction'
    ) corrections
    """
)


@dataclass(frozen=True)
class ToUndo:
    """What withdrawing a change now would come to: texts that are not sent, customers who are corrected."""

    unsent: int
    told: int


@dataclass(frozen=True)
class Corrections:
    """How far those are who were told of a change that was withdrawn. `is_done`: no more will be written."""

    written: int
    told: int
    to_call: int
    is_done: bool


@dataclass(frozen=True)
class FirstTexts:
    """The day on which the first texts of a change left, or on which they will."""

    on: date
    have_left: bool


def first_texts(connection: Connection, change: Change, now: datetime, most: int) -> FirstTexts | None:
    """When the first of up to `most` warnings left; else when one can, by the hours of texts.

    None where no text will: the change has begun or was withdrawn, or all are told by calls.
    """
    row = connection.execute(_FIRST_TEXT, {"change": change.id, "most": most}).one()
    if row.left_at is not None:
        return FirstTexts(clock.local_date(row.left_at), have_left=True)
    last = change.row.ends_to or change.row.effective_on
    if not change.stands or last < clock.local_date(now) or (row.warnings and row.due_at is None):
        return None
    planned = change.row.warn_from if row.due_at is None else clock.local_date(row.due_at)
    return FirstTexts(max(planned, first_day_told(now)), have_left=False)


def change_list(
    connection: Connection,
    operator_id: int,
    today: date,
    *,
    standing: Standing | None = None,
    kind: str | None = None,
    limit: int = 20,
    skip: int = 0,
) -> tuple[Sequence[Row[Any]], bool]:
    """An operator's changes with the names and fees of their plans, and whether there are more.

    What is to come stands first, by its day; then what has begun and what was withdrawn, latest first.
    """
    values = {"operator": operator_id, "today": today, "standing": standing, "kind": kind}
    rows = connection.execute(_LIST, values | {"limit": limit + 1, "skip": skip}).all()
    return rows[:limit], len(rows) > limit


def change_shown(connection: Connection, operator_id: int, change_id: int, today: date) -> Row[Any] | None:
    """One of them; None where the operator has no such change."""
    values = {"operator": operator_id, "today": today, "change": change_id}
    return connection.execute(_ONE, values).one_or_none()


def told_so_far(connection: Connection, changes: Sequence[int], most: int) -> dict[int, tuple[int, int]]:
    """For each change how many have been told, and how many warnings there are.

    Changes are left out once that would mean to look at more than `most` warnings in all.
    """
    room, counted = most, []
    for change_id, warnings in connection.execute(_WARNED, {"changes": list(changes), "most": most + 1}):
        if 0 < warnings <= room:
            room -= warnings
            counted.append(change_id)
    if not counted:
        return {}
    rows = connection.execute(_TOLD_SO_FAR, {"changes": counted})
    return {row.change_id: (row.told, row.subscribers) for row in rows}


def concerns_more_than(connection: Connection, change: Change, most: int) -> bool:
    """Whether a change may concern more than so many subscribers, as far as that is known at once."""
    row = connection.execute(_WARNED, {"changes": [change.id], "most": most + 1}).one()
    if row.warnings > most:
        return True
    subscribed: int = connection.execute(
        _SUBSCRIBED, {"plans": change.scope.plans, "most": most + 1}
    ).scalar_one()
    return subscribed > most


def example_group(connection: Connection, change: Change) -> Group | None:
    """Somebody whom a change concerns, as the group that the text for them is made for; None for nobody."""
    scope = change.scope
    if not scope.plans:
        return None
    ends = f"nullif({scope.ends}, DATE '{NO_DAY.isoformat()}')"
    statement = text(f"SELECT s.plan_id, s.language, {scope.old_fen}, {ends} {scope.source} LIMIT 1")
    row = connection.execute(statement, scope.values).one_or_none()
    return None if row is None else Group(*row, subscribers=1, calls=0)


def to_undo(connection: Connection, change_id: int) -> ToUndo:
    """What withdrawing the change now would come to."""
    return ToUndo(**connection.execute(_TO_UNDO, {"change": change_id}).one()._mapping)


def corrections(connection: Connection, change_id: int) -> Corrections:
    """How far the corrections of a withdrawn change are."""
    row = connection.execute(_CORRECTIONS, {"change": change_id}).one()
    return Corrections(row.written, row.told, row.to_call, row.undone_at is not None)
