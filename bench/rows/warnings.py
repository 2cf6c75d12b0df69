"""A warning for every subscriber of a plan, beside as many bare rows into a table with the same indexes."""

import time
from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import Connection, text

from bench.figures import BenchError, Beside, Figure, Plan, Row
from bench.system import System, Web
from tracker import clock
from tracker.contacts.record_wish import PURPOSE
from tracker.tariff_changes.announce_change import announce_change
from tracker.tariff_changes.coverage import coverage
from tracker.tariff_changes.read_change import read_change
from tracker.tariff_changes.schemas import ChangeRequestSchema
from tracker.tariff_changes.warn_subscribers import warn_subscribers
from tracker.tariffs.rules import earliest_effective_on

_PLAN, _REGION = "24GD100001", "441800"
_NUMBERS = 5000
# Within the 45 days of warnings, whatever day it is.
_AHEAD = timedelta(days=40)

_SUBSCRIBE = text(
    """
    INSERT INTO subscribers (operator_id, reference, plan_id, monthly_fen, language, contact, contact_digest,
        takes_texts, began_on, source, created_at)
    SELECT p.operator_id, 'KD' || lpad(n::text, 8, '0'), p.id, p.monthly_fen,
        CASE WHEN n % 50 = 0 THEN 'en' ELSE 'zh' END, (CAST(:contacts AS bytea[]))[1 + n % :numbers],
        sha256(n::text::bytea), n % 100 <> 0, DATE '2025-01-01', 'import', now()
    FROM generate_series(1, :count) AS n, plans p
    WHERE p.filing_number = :plan AND p.version = 1
    """
)
# What the job writes of a warning, of constants as far as it can.
_BARE = text(
    """
    INSERT INTO bare_notices (id, operator_id, template, template_version, language, params, body, recipient,
        recipient_digest, dedup_key, queue, state, next_at, created_at, attempts, misses, must_arrive)
    SELECT nextval('notices_id_seq'), s.operator_id, 'tariff_change', 1, s.language,
        CAST(:params AS jsonb), :body, s.contact, s.contact_digest, 'tariff:0:' || s.id, 'bulk', 'created',
        now() + (s.id % 400000) * interval '1 second', now(), 0, 0, true
    FROM subscribers s
    """
)


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """The first run over so many subscribers, and a second one, which has nothing to do."""
    count = plan.subscribers
    name = f"{count:,} tariff warnings"
    step(f"{name}: subscribers")
    _subscribe(system, count)
    effective = clock.today() + _AHEAD
    if earliest_effective_on(clock.today()) > effective:
        raise BenchError("the day of the change is too near")
    change_id = _announce(system, effective)
    with system.runtime.db.reading() as connection:
        change = read_change(connection, change_id)
    assert change is not None
    step(f"{name}: bare rows")
    bare = [_bare(system)]
    step(f"{name}: the job")
    first = _timed(lambda: warn_subscribers(system.runtime, change_id), count)
    _hours_later(system)
    step(f"{name}: the job again, with nothing to do")
    second = _timed(lambda: warn_subscribers(system.runtime, change_id), 0)
    began = time.monotonic()
    with system.runtime.db.reading() as connection:
        found = coverage(connection, change, clock.now())
    counted = time.monotonic() - began
    if found.subscribers != count:
        raise BenchError(f"{found.subscribers:,} of {count:,} were warned")
    step(f"{name}: bare rows again")
    bare.append(_bare(system))
    _tidy(system)
    ceiling = Figure("INSERT … SELECT into the same indexes", count * len(bare) / sum(bare))
    return [
        Row(
            name,
            Figure("warnings written", count / first),
            [Beside(ceiling, 0.5)],
            f"the second run, with nothing to do, took {second:.1f} s of the first one's {first:.1f} s;"
            f" coverage of all was counted in {counted:.1f} s",
        ),
        Row(
            f"{name}: a second run",
            Figure("warnings looked for again", count / second),
            [Beside(Figure("the first run", count / first), 1.0)],
        ),
    ]


def _subscribe(system: System, count: int) -> None:
    keys = system.runtime.keys
    contacts = [keys.seal(f"+86138{n:08d}", PURPOSE) for n in range(_NUMBERS)]
    values = {"contacts": contacts, "numbers": _NUMBERS, "count": count, "plan": _PLAN}
    with system.owner.begin() as connection:
        _empty(connection)
        connection.execute(_SUBSCRIBE, values)
    _analyse(system, "subscribers")


def _announce(system: System, effective: date) -> int:
    request = {
        "kind": "price",
        "filing_number": _PLAN,
        "region": _REGION,
        "effective_on": effective.isoformat(),
        "monthly_fen": 13900,
        "reason": "bench",
    }
    loaded = ChangeRequestSchema().load(request)
    return announce_change(system.runtime, system.channel.operator_id, loaded, "console:bench")


def _bare(system: System) -> float:
    """Seconds of one statement that writes rows of the same length into the same indexes."""
    values = {
        "params": '{"plan": "千兆家庭套餐（24GD100001）", "effective": "2027年1月1日", "old_fee": "129元",'
        ' "new_fee": "139元", "hotline": "10000", "signature": "清远电信"}',
        "body": "您的千兆家庭套餐（24GD100001）自2027年1月1日起月费由129元调为139元。"
        "详情见营业厅或官网资费公示，不同意可于此前免费改退，咨询10000。【清远电信】",
    }
    with system.owner.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS bare_notices"))
        connection.execute(text("CREATE TABLE bare_notices (LIKE notices INCLUDING ALL)"))
    began = time.monotonic()
    with system.owner.begin() as connection:
        connection.execute(_BARE, values)
    seconds = time.monotonic() - began
    with system.owner.begin() as connection:
        connection.execute(text("DROP TABLE bare_notices"))
    return seconds


def _timed(job: Callable[[], int], expected: int) -> float:
    began = time.monotonic()
    written = job()
    if written != expected:
        raise BenchError(f"{written:,} warnings were written instead of {expected:,}")
    return time.monotonic() - began


def _hours_later(system: System) -> None:
    """Have the next run look at everybody again, as it does once a day."""
    with system.owner.begin() as connection:
        connection.execute(text("UPDATE tariff_warning_runs SET whole_at = NULL"))


def _analyse(system: System, table: str) -> None:
    with system.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM ANALYZE {table}"))


def _empty(connection: Connection) -> None:
    connection.execute(text("TRUNCATE tariff_warning_runs, tariff_warnings, subscriber_events, subscribers"))


def _tidy(system: System) -> None:
    with system.owner.begin() as connection:
        _empty(connection)
        connection.execute(text("DELETE FROM tariff_changes"))
        connection.execute(
            text("DELETE FROM plan_events WHERE plan_id IN (SELECT id FROM plans WHERE version > 1)")
        )
        connection.execute(text("DELETE FROM plans WHERE version > 1"))
    system.forget_texts()
