"""An operator's orders at risk as rows of a file: what their list shows, nothing sealed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from tracker import clock
from tracker.at_risk.history import Followed, followed
from tracker.at_risk.queries import Position, Wanted, list_at_risk
from tracker.at_risk.read_rules import rules_in_force
from tracker.files.cells import instant_cell
from tracker.orders.standing import STAGE_WORDS
from tracker.reference import Reference
from tracker.runtime import Runtime
from tracker.teams.queries import teams_of

_AT_ONCE = 1000
_HOUR = 3600


@dataclass(frozen=True)
class Words:
    """What the file calls things, in the reader's language; `people` by actor."""

    risks: Callable[[Sequence[str]], str]
    levels: Mapping[int, str]
    kinds: Mapping[str, str]
    people: Callable[[str], str]
    translate: Callable[[str], str]


def pages(
    runtime: Runtime, operator_id: int, wanted: Wanted, words: Words
) -> Iterator[list[tuple[str | float, ...]]]:
    """Number, deadline, hours left (negative: past it), risks, level, stage, place, team, installer, visit,
    channel, kind of customer, who took it over; read in batches, all as of one moment.
    """
    facts, now = runtime.reference.current(), clock.now()
    behind: Position | None = None
    with runtime.db.reading() as connection:
        rules = rules_in_force(connection, operator_id).rules
        teams = {one.id: one.name for one in teams_of(connection, operator_id, closed=True)}
    while True:
        with runtime.db.reading() as connection:
            rows, behind = list_at_risk(
                connection, operator_id, rules, wanted, now, behind=behind, limit=_AT_ONCE
            )
            standing = followed(connection, operator_id, {row.id: row.deadline for row in rows})
        yield [_cells(facts, teams, row, standing[row.id], words, now) for row in rows]
        if behind is None:
            return


def _cells(
    facts: Reference,
    teams: Mapping[int, str],
    row: Row[Any],
    standing: Followed,
    words: Words,
    now: datetime,
) -> tuple[str | float, ...]:
    place = facts.places[row.community_code]
    installer = " ".join(part for part in (row.installer_title, row.installer_staff_number) if part)
    return (
        row.number,
        instant_cell(row.deadline),
        round((row.deadline - now).total_seconds() / _HOUR, 1),
        words.risks(row.risks),
        "" if standing.level is None else words.levels[standing.level],
        words.translate(STAGE_WORDS[row.stage]),
        place.county,
        place.town,
        place.name,
        teams.get(row.team_id, ""),
        installer,
        instant_cell(row.appointment_starts_at),
        facts.channels[row.channel_id].name,
        words.kinds[row.customer_kind],
        "" if standing.taken_by is None else words.people(standing.taken_by),
    )
