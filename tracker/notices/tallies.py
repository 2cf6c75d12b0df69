"""Raise running totals in the transaction of what they count, so that a crash leaves neither or both."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ARRAY, Connection, Float, String, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from tracker.notices.rules import State, send_from
from tracker.notices.watch_models import Tally
from tracker.templates.seed import SEED

ATTEMPTS = "attempts"
REACHED = "reached"
# The states that are counted when a notice reaches them.
COUNTED = frozenset({State.ACCEPTED, State.DELIVERED, State.UNDELIVERED, State.CALL})
# Upper bounds of the histograms of how long customers waited, in seconds.
BOUNDS = (1, 5, 15, 60, 300, 1800, 7200, 43200, 86400, 172800)
ENDLESS = "+Inf"
SUM = "sum"

Key = tuple[str, str]

_tallies = Tally.__table__
_SLOTS = 16
_given = (
    func.unnest(
        bindparam("names", type_=ARRAY(String)),
        bindparam("labels", type_=ARRAY(String)),
        bindparam("totals", type_=ARRAY(Float(53))),
    )
    .table_valued("name", "label", "total", name="given")
    .render_derived()
)
_insert = insert(_tallies).from_select(
    ["name", "label", "slot", "total"],
    # A connection's own slot: others that count at the same time seldom wait for it.
    select(
        _given.c.name,
        _given.c.label,
        func.mod(func.pg_backend_pid(), _SLOTS),
        _given.c.total,
    ),
)
_RAISE = _insert.on_conflict_do_update(
    index_elements=[_tallies.c.name, _tallies.c.label, _tallies.c.slot],
    set_={"total": _tallies.c.total + _insert.excluded.total},
)


def count(connection: Connection, *additions: Mapping[Key, float]) -> None:
    """Add to totals, each named by what is counted and its label."""
    totals: dict[Key, float] = {}
    for some in additions:
        for key, amount in some.items():
            totals[key] = totals.get(key, 0.0) + amount
    if totals:
        # In one order everywhere, so that two transactions in one slot never wait for each other.
        keys = sorted(totals)
        given = {
            "names": [name for name, _ in keys],
            "labels": [label for _, label in keys],
            "totals": [totals[key] for key in keys],
        }
        connection.execute(_RAISE, given)


def reached(states: Iterable[State]) -> Mapping[Key, float]:
    """Additions for notices that reached these states now."""
    return Counter((REACHED, state.value) for state in states if state in COUNTED)


def waits(name: str, notices: Iterable[tuple[str, datetime]], now: datetime) -> dict[Key, float]:
    """Additions to the histogram `name` for notices, as (template, created_at), that reached it now.

    A customer waits from the moment at which the text may leave, not through the night before.
    """
    additions: dict[Key, float] = {}
    # A batch of warnings was planned at one moment.
    for (code, created_at), alike in Counter(notices).items():
        template = SEED.get(code)
        due = send_from(created_at, any_hour=template is None or template.any_hour)
        seconds = max(0.0, (now - due).total_seconds())
        bound = next((str(bound) for bound in BOUNDS if seconds <= bound), ENDLESS)
        for label, amount in ((bound, float(alike)), (SUM, seconds * alike)):
            additions[name, label] = additions.get((name, label), 0.0) + amount
    return additions
