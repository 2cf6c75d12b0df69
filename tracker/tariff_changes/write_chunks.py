"""Write warnings or corrections chunk by chunk, each with the calls that follow from it."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from tracker.notices import tallies
from tracker.notices.open_calls import Needed, open_calls
from tracker.notices.rules import State, Why
from tracker.runtime import Runtime
from tracker.tariff_changes.affected import NO_DAY, Group
from tracker.tariff_changes.chunk import LANDLINE, NO_TEXT
from tracker.tariff_changes.read_change import Change
from tracker.tariff_changes.rules import WINDOW, Spread
from tracker.tariff_changes.texts import Words

_CHUNK = 10_000
# PostgreSQL uses one core for a statement. Subscribers are dealt out by their ids.
LANES = 2
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended('tariff warnings', :change * 8 + :lane))")


@dataclass(frozen=True)
class Told:
    """What a group is told, and when. `ends`: the day by which it differs from others of its language."""

    group: Group
    new_fen: int
    begins_on: date
    words: Words
    spread: Spread
    ends: date = NO_DAY


def write_chunks(
    runtime: Runtime,
    change: Change,
    statement: str,
    told: Sequence[Told],
    values: Mapping[str, Any],
    now: datetime,
) -> tuple[int, int]:
    """Run a statement of `chunk.py` for each version until all its subscribers are through.

    Each chunk is a commit. Returns how many notices were written, and the last subscriber's id.
    """
    written = last = 0
    with ThreadPoolExecutor(LANES, "warnings") as pool:
        for plan_id in sorted({one.group.plan_id for one in told}):
            here = [one for one in told if one.group.plan_id == plan_id]
            given = {**values, **_arrays(here), **_facts(here[0].words)}
            given |= {"change": change.id, "plan": plan_id, "chunk": _CHUNK, "lanes": LANES, "now": now}
            lane = partial(_lane, runtime, change, statement, here[0].words.template.code, given)
            for new, seen in pool.map(lane, range(LANES)):
                written, last = written + new, max(last, seen)
    return written, last


def _lane(
    runtime: Runtime, change: Change, statement: str, template: str, values: Mapping[str, Any], lane: int
) -> tuple[int, int]:
    """Every LANES-th subscriber of one version, chunk by chunk."""
    written, given = 0, {**values, "lane": lane}
    while True:
        with runtime.db.transaction() as connection:
            connection.execute(_TAKE_TURNS, {"change": change.id, "lane": lane})
            row = connection.execute(text(statement), given).one()
            _call(connection, change, template, row, given["now"])
        written += row.written
        given["after"] = row.last or given["after"]
        if row.seen < _CHUNK:
            return written, given["after"]


def take_turns(connection: Connection, change_id: int) -> None:
    """Until the commit nobody else writes warnings of this change."""
    for lane in range(LANES):
        connection.execute(_TAKE_TURNS, {"change": change_id, "lane": lane})


def per_day(runtime: Runtime, parts_of_each: int) -> float | None:
    """How many texts of so many parts all providers take within one day's send window; None: no limit."""
    rates = [runtime.config.sms_rates.get(name) for name in runtime.config.sms_gateways]
    known = [rate for rate in rates if rate is not None]
    if len(known) < len(rates):
        return None
    return sum(known) * WINDOW / max(parts_of_each, 1)


def _call(connection: Connection, change: Change, template: str, row: Any, now: datetime) -> None:
    """Ask people to call whom no text may or can be sent."""
    needed = [
        Needed(notice, template, change.row.operator_id, None, why, detail)
        for notices, why, detail in ((row.landlines, Why.LANDLINE, LANDLINE), (row.wishes, Why.WISH, NO_TEXT))
        for notice in notices or ()
    ]
    open_calls(connection, needed, now)
    tallies.count(connection, tallies.reached(State.CALL for _ in needed))


def _facts(words: Words) -> dict[str, Any]:
    template = words.template
    return {"template": template.code, "version": template.version, "queue": template.queue}


def _arrays(told: Sequence[Told]) -> dict[str, Any]:
    """The texts as columns, for a join."""
    return {
        "languages": [one.group.language for one in told],
        "old_fens": [one.group.old_fen for one in told],
        "ends": [one.ends for one in told],
        "bodies": [one.words.body for one in told],
        "params": [json.dumps(dict(one.words.values), ensure_ascii=False) for one in told],
        "new_fens": [one.new_fen for one in told],
        "begins": [one.begins_on for one in told],
        "opens": [one.spread.opens_at for one in told],
        "skips": [one.spread.skip for one in told],
        "spans": [one.spread.span for one in told],
    }
