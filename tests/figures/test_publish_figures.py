"""On-time figures as published: when, of what, and what becomes of a correction."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from tests.backdated_orders import JULY, Backdated
from tests.excusing import excuse_delay
from tracker import clock
from tracker.cli import cli
from tracker.db import Database
from tracker.embedded import Servers
from tracker.figures.models import PublishedFigure
from tracker.figures.publish_figures import publish_figures
from tracker.figures.rules import Period, PeriodKind, halves_told, months_told
from tracker.orders.actor import Actor
from tracker.orders.place_hold import place_hold
from tracker.orders.place_orders import Placed
from tracker.orders.record_progress import record_progress
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from workers import jobs

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=clock.CITY_ZONE)  # type: ignore[arg-type,misc]


# The day after July has settled.
AUGUST = at(2026, 8, 5, 9)
MID_JULY = at(2026, 7, 15, 18)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def mobile(runtime: Runtime) -> int:
    """清远移动: the order that the others are copied from is another's."""
    operators = runtime.reference.current().operators.values()
    return next(one.id for one in operators if one.code == "mobile")


@pytest.fixture
def past(stores: Servers, place: Callable[..., Placed], mobile: int) -> Iterator[Callable[..., Backdated]]:
    """Makes an order of 清远移动 that was due in July, and was connected so long before the deadline."""
    pattern = place().number
    engine = create_engine(stores.owner_url, poolclass=NullPool)

    def make(
        due_at: datetime = MID_JULY, before: timedelta | None = HOUR, excuse: str | None = None
    ) -> Backdated:
        with engine.begin() as connection:
            order = Backdated(connection, pattern, mobile)
            order.promise(due_at)
            if excuse:
                order.line("excuse", due_at, excuse)
            if before is not None:
                order.event("stage", "activated", due_at - before)
            return order

    yield make
    engine.dispose()


def figures(database: Database, operator_id: int) -> list[tuple[Any, ...]]:
    """Kind, month, revision, gross and net counts and what was removed, of what was ever published."""
    columns = PublishedFigure
    wanted = (
        select(
            columns.kind,
            columns.starts_on,
            columns.revision,
            columns.due,
            columns.on_time,
            columns.net_due,
            columns.net_on_time,
            columns.removed,
        )
        .where(columns.operator_id == operator_id, columns.due + columns.net_due > 0)
        .order_by(columns.kind.desc(), columns.starts_on, columns.revision)
    )
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(wanted)]


def test_a_month_is_published_once_it_has_settled(
    runtime: Runtime, mobile: int, past: Any, set_clock: Any
) -> None:
    past()
    past(before=-HOUR)
    for early in (at(2026, 7, 31, 23, 59), at(2026, 8, 3, 23, 59)):
        set_clock(early)
        publish_figures(runtime.db)
        assert figures(runtime.db, mobile) == []
    set_clock(at(2026, 8, 4))
    assert publish_figures(runtime.db) == 3
    assert figures(runtime.db, mobile) == [("month", JULY.starts_on, 1, 2, 1, 2, 1, {})]
    assert publish_figures(runtime.db) == 0, "nothing has changed since"


def test_operators_without_orders_are_told_with_none(
    runtime: Runtime, mobile: int, past: Any, set_clock: Any
) -> None:
    past()
    set_clock(AUGUST)
    publish_figures(runtime.db)
    with runtime.db.reading() as connection:
        rows = connection.execute(select(PublishedFigure.operator_id, PublishedFigure.due)).all()
        operators = set(connection.scalars(text("SELECT id FROM operators")))
    assert {row.operator_id for row in rows} == operators
    assert sum(row.due for row in rows) == 1


def test_a_half_year_is_the_sum_of_its_months(
    runtime: Runtime, mobile: int, past: Any, set_clock: Any
) -> None:
    for month in range(7, 13):
        past(at(2026, month, 9, 12))
        past(at(2026, month, 9, 12), None, excuse="roadworks")
    set_clock(at(2027, 1, 20))
    publish_figures(runtime.db)
    told = figures(runtime.db, mobile)
    assert told[:6] == [
        ("month", date(2026, month, 1), 1, 2, 1, 1, 1, {"roadworks": 1}) for month in range(7, 13)
    ]
    assert told[6:] == [("half", date(2026, 7, 1), 1, 12, 6, 6, 6, {"roadworks": 6})]


def test_a_correction_stands_beside_what_was_published(
    runtime: Runtime, mobile: int, past: Any, set_clock: Any, stores: Servers
) -> None:
    order = past(before=-DAY)
    set_clock(AUGUST)
    publish_figures(runtime.db)
    engine = create_engine(stores.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE order_events SET occurred_at = occurred_at - interval '2 days' WHERE order_id = :id"
            ),
            {"id": order.id},
        )
    engine.dispose()
    set_clock(AUGUST + DAY)
    assert publish_figures(runtime.db) == 1
    assert figures(runtime.db, mobile) == [
        ("month", JULY.starts_on, 1, 1, 0, 1, 0, {}),
        ("month", JULY.starts_on, 2, 1, 1, 1, 1, {}),
    ]
    with runtime.db.reading() as connection:
        moments = list(
            connection.scalars(
                select(PublishedFigure.published_at)
                .where(PublishedFigure.operator_id == mobile)
                .order_by(PublishedFigure.revision)
            )
        )
    assert moments == [AUGUST, AUGUST + DAY]


def test_what_was_published_cannot_be_altered(
    runtime: Runtime, mobile: int, past: Any, set_clock: Any
) -> None:
    past()
    set_clock(AUGUST)
    publish_figures(runtime.db)
    for statement in ("UPDATE published_figures SET on_time = 0", "DELETE FROM published_figures"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            runtime.db.transaction() as connection,
        ):
            connection.execute(text(statement))


def test_real_orders_with_a_hold_an_excuse_and_a_withdrawal(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed], set_clock: Any
) -> None:
    actor = Actor.of_channel(channel)
    accepted = at(2026, 7, 13, 9, 30)
    why = {"reason_text": None, "evidence": None}
    set_clock(accepted + HOUR)
    kept, held, excused, withdrawn, late = (place(accepted_at=accepted.isoformat()).number for _ in range(5))
    # Three weeks at the customer's wish: due in August.
    wish = {"starts_at": accepted + DAY, "ends_at": accepted + 22 * DAY, "reason_code": "not_decorated"}
    place_hold(runtime, actor, held, why | wish)
    record_progress(
        runtime,
        actor,
        withdrawn,
        {"stage": "withdrawn", "occurred_at": accepted + HOUR, "reason_code": "no_longer_wanted"},
    )
    set_clock(accepted + 5 * DAY)
    barrier = {"starts_at": accepted + HOUR, "ends_at": accepted + 4 * DAY, "reason_code": "roadworks"}
    excuse_delay(runtime, actor, excused, why | barrier)
    _connect(runtime, actor, kept, accepted + 20 * HOUR)
    _connect(runtime, actor, late, accepted + 49 * HOUR)
    set_clock(AUGUST)
    publish_figures(runtime.db)
    assert figures(runtime.db, channel.operator_id) == [
        ("month", JULY.starts_on, 1, 5, 1, 2, 1, {"roadworks": 1, "withdrawn": 1})
    ]


def _connect(runtime: Runtime, actor: Actor, number: str, moment: datetime) -> None:
    visit = {"starts_at": moment + HOUR, "ends_at": moment + 3 * HOUR}
    for step, stage in enumerate(
        ("verified", "resource_checked", "dispatched", "appointed", "on_site", "activated")
    ):
        request = {"stage": stage, "occurred_at": moment - (5 - step) * timedelta(minutes=1)}
        if stage == "appointed":
            request["appointment"] = visit
        record_progress(runtime, actor, number, request)


def test_the_worker_and_the_command_publish(
    runtime: Runtime, mobile: int, past: Any, set_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    past()
    set_clock(AUGUST)
    result = CliRunner().invoke(cli, ["figures", "publish"])
    assert (result.exit_code, result.output.strip()) == (0, "3 figures are new")
    past()
    monkeypatch.setattr(jobs, "runtime", lambda: runtime)
    jobs.publish_figures()
    assert [row[2:5] for row in figures(runtime.db, mobile)] == [(1, 1, 1), (2, 2, 2)]
    assert "Example" in CliRunner().invoke(cli, ["figures", "publish", "--help"]).output


def test_without_any_order_there_is_nothing_to_tell(runtime: Runtime) -> None:
    assert publish_figures(runtime.db) == 0
    assert "0 figures are new" in CliRunner().invoke(cli, ["figures", "publish"]).output


@pytest.mark.parametrize(
    ("moment", "first", "last", "halves"),
    [
        (at(2026, 11, 24), date(2025, 11, 1), date(2026, 10, 1), [date(2025, 7, 1), date(2026, 1, 1)]),
        (at(2027, 1, 3, 23, 59), date(2025, 12, 1), date(2026, 11, 1), [date(2025, 7, 1), date(2026, 1, 1)]),
        (at(2027, 1, 4), date(2026, 1, 1), date(2026, 12, 1), [date(2026, 1, 1), date(2026, 7, 1)]),
        (at(2028, 2, 29), date(2027, 2, 1), date(2028, 1, 1), [date(2027, 1, 1), date(2027, 7, 1)]),
    ],
)
def test_the_periods_that_are_told(moment: datetime, first: date, last: date, halves: list[date]) -> None:
    months = months_told(moment)
    assert (months[0].starts_on, months[-1].starts_on, len(months)) == (first, last, 12)
    assert [one.starts_on for one in halves_told(moment)] == halves


def test_a_half_year_is_six_months() -> None:
    half = Period(PeriodKind.HALF, date(2026, 7, 1))
    assert [month.starts_on.month for month in half.months] == [7, 8, 9, 10, 11, 12]
    assert half.bounds == (half.months[0].bounds[0], half.months[-1].bounds[1])
