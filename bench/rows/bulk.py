"""A tariff warning to very many: two workers drain the bulk queue through a provider.

Beside them, in turns and with as many processes: Twilio's own client in a loop, and its
asynchronous client alone, neither of which writes anything down.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import insert, text

from bench.cost import cpu_seconds
from bench.figures import BenchError, Beside, Figure, Plan, Row
from bench.system import ROOT, System, Web, free_port
from tracker import clock
from tracker.notices.claim import BATCH
from tracker.notices.drafts import RECIPIENT
from tracker.notices.models import Notice
from tracker.notices.plan_notices import DELIVER

WORKERS = 2
IN_FLIGHT = 100
# Milliseconds of latency: share of the texts that is drained there, and the wanted shares of a loop
# with Twilio's client and of its asynchronous client.
_LATENCIES = {0: (1.0, 3.0, 0.7), 50: (0.5, 50.0, 0.8), 200: (0.15, None, None)}
_ACCOUNT = "AC" + "0" * 32
_NUMBERS = 5000
_CODES_EVERY = 1.0
_PATIENCE = 3600.0

_FAN_OUT = text(
    """
    INSERT INTO notices (operator_id, template, template_version, language, params, body, recipient,
        dedup_key, queue, state, next_at, created_at, attempts, misses)
    SELECT :operator, 'order_accepted', 1, 'zh', '{}',
        '您的千兆家庭129元套餐自2027年1月1日起月费由129元调为139元，咨询10000。【清远电信】',
        (CAST(:recipients AS bytea[]))[1 + n % :numbers], 'bench:bulk:' || :run || ':' || n,
        'bulk', 'created', now(), now(), 0, 0
    FROM generate_series(1, :count) AS n
    """
)
_OPEN = text("SELECT 1 FROM notices WHERE queue = 'bulk' AND state IN ('created', 'sending') LIMIT 1")
_STATES = text("SELECT state, count(*) AS n FROM notices WHERE queue = 'bulk' GROUP BY state")
_LAST = text("SELECT max(id) FROM notices WHERE queue = 'urgent'")
_CODES = text(
    "SELECT max(extract(epoch FROM accepted_at - created_at)) AS slowest, count(*) AS n,"
    " count(accepted_at) AS told FROM notices WHERE queue = 'urgent' AND id > :warm"
)


@dataclass
class _Drain:
    """What was seen of a drain: its rate, processor time in ms a text, each worker's megabytes, codes."""

    rate: float = 0.0
    cpu: float | None = None
    memory: list[float] = field(default_factory=list)
    slowest_code: float = 0.0
    codes: int = 0


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """One row for each latency of the provider."""
    return [_at(system, plan, latency, step) for latency in _LATENCIES]


def _at(system: System, plan: Plan, latency: int, step: Callable[[str], None]) -> Row:
    name = f"bulk texts, provider at {latency} ms"
    share, of_loop, of_alone = _LATENCIES[latency]
    count = max(round(plan.bulk_texts * share), 4 * BATCH)
    port = free_port()
    with system.process(f"provider-{latency}", "bench.provider", str(port), str(latency), ready=port):
        step(f"{name}: twilio's client in a loop")
        single = [_alone(port, plan.alone_seconds, 0, processes=1)]
        loops = [_alone(port, plan.alone_seconds, 0)]
        step(f"{name}: its asynchronous client alone")
        alone = [_alone(port, plan.alone_seconds, IN_FLIGHT)]
        step(f"{name}: {WORKERS} workers, {count:,} texts")
        drain = _drained(system, port, latency, count)
        step(f"{name}: both clients again")
        alone.append(_alone(port, plan.alone_seconds, IN_FLIGHT))
        loops.append(_alone(port, plan.alone_seconds, 0))
        single.append(_alone(port, plan.alone_seconds, 0, processes=1))
    return Row(
        name,
        Figure(f"{WORKERS} workers, {count:,} texts", drain.rate, cpu=drain.cpu),
        [
            Beside(_mean("twilio's client in a loop", single), of_loop),
            Beside(_mean(f"twilio's client in {WORKERS} loops", loops)),
            Beside(
                _mean(f"its asynchronous client alone, {WORKERS} × {IN_FLIGHT} under way", alone), of_alone
            ),
        ],
        f"worker memory {max(drain.memory[:WORKERS]):.0f} MB after the first tenth, "
        f"{max(drain.memory):.0f} MB at most; the slowest of {drain.codes} one-time codes took "
        f"{drain.slowest_code:.2f} s",
    )


def _drained(system: System, port: int, latency: int, count: int) -> _Drain:
    settings = {
        "TRACKER_SMS_GATEWAY": "twilio",
        "TRACKER_SMS_IN_FLIGHT": str(IN_FLIGHT),
        "TRACKER_LOG_LEVEL": "WARNING",
        "TWILIO_ACCOUNT_SID": _ACCOUNT,
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "TWILIO_FROM": "+15005550006",
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{port}",
    }
    with _no_texts(system), ExitStack() as stack:
        workers = [
            stack.enter_context(system.process(f"{queue}-{n}", "tracker", "worker", queue, **settings))
            for queue, n in [*(("bulk", n) for n in range(WORKERS)), ("urgent", 0)]
        ][:WORKERS]
        _queue_bulk(system, 4 * BATCH * WORKERS, f"{latency}-warm")
        _code(system)
        for _ in range(WORKERS):
            _ring(system, "bulk")
        _wait(system, lambda: None)
        _queue_bulk(system, count, str(latency))
        return _watch(system, workers, count)


def _watch(system: System, workers: list[int], count: int) -> _Drain:
    drain = _Drain()
    with system.owner.connect() as connection:
        warm = connection.scalar(_LAST)
    before = _cpu(workers)
    began = last_code = last_look = time.monotonic()
    _ring(system, "bulk")

    def look() -> None:
        nonlocal last_code, last_look
        now = time.monotonic()
        if now - last_code > _CODES_EVERY:
            last_code = now
            _code(system)
        if now - last_look > max(1.0, count / 100_000):
            last_look = now
            drain.memory += [_megabytes(pid) for pid in workers]

    drain.rate = count / (_wait(system, look) - began)
    after = _cpu(workers)
    drain.cpu = None if before is None or after is None else (after - before) / count * 1000
    drain.memory += [_megabytes(pid) for pid in workers]
    time.sleep(1)
    with system.owner.connect() as connection:
        states = {row.state: row.n for row in connection.execute(_STATES)}
        codes = connection.execute(_CODES, {"warm": warm}).one()
    if set(states) != {"accepted"} or codes.told != codes.n:
        raise BenchError(f"not all texts were accepted: {states}, {codes.told} of {codes.n} codes")
    drain.slowest_code, drain.codes = float(codes.slowest), codes.n
    return drain


def _wait(system: System, look: Callable[[], None]) -> float:
    """When nothing was due any more; `look` is called all the while."""
    end = time.monotonic() + _PATIENCE
    with system.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.scalar(_OPEN) is not None:
            if time.monotonic() > end:
                raise BenchError(f"texts still wait after {_PATIENCE:g} s")
            look()
            time.sleep(0.05)
    return time.monotonic()


def _queue_bulk(system: System, count: int, run: str) -> None:
    """The fan-out of a tariff change: one statement, as the numbers are what is drained, not how it came."""
    seal = system.runtime.keys.seal
    values = {
        "operator": system.channel.operator_id,
        "recipients": [seal(f"+861380000{n:04d}", RECIPIENT) for n in range(_NUMBERS)],
        "numbers": _NUMBERS,
        "count": count,
        "run": run,
    }
    with system.owner.begin() as connection:
        connection.execute(_FAN_OUT, values)


def _code(system: System) -> None:
    """A one-time code: planned and rung for, as the public site does."""
    now = clock.now()
    row = {
        "operator_id": system.channel.operator_id,
        "template": "one_time_code",
        "template_version": 1,
        "language": "zh",
        "params": {},
        "body": "验证码384921，用于查询宽带进度，10分钟内有效，请勿告知他人。【清远电信】",
        "recipient": system.runtime.keys.seal("+8613800001234", RECIPIENT),
        "dedup_key": f"bench:code:{time.monotonic_ns()}",
        "queue": "urgent",
        "state": "created",
        "next_at": now,
        "created_at": now,
    }
    with system.runtime.db.transaction() as connection:
        connection.execute(insert(Notice.__table__), row)
    _ring(system, "urgent")


def _ring(system: System, queue: str) -> None:
    with system.runtime.db.reading() as connection:
        first = connection.scalar(text("SELECT min(id) FROM notices WHERE queue = :queue"), {"queue": queue})
    if not system.runtime.bell.ring(queue, DELIVER, int(first or 0)):
        raise BenchError("Redis did not take the ring")


@contextmanager
def _no_texts(system: System) -> Iterator[None]:
    system.forget_texts()
    try:
        yield
    finally:
        system.forget_texts()


@dataclass(frozen=True)
class _Alone:
    """Texts a second of Twilio's client alone, and its processor time in milliseconds a text."""

    rate: float
    cpu: float


def _alone(port: int, seconds: float, in_flight: int, processes: int = WORKERS) -> _Alone:
    """So many processes at once."""
    command = [sys.executable, "-m", "bench.client_alone", str(port), str(seconds), str(in_flight)]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    rate, sent, cpu = 0.0, 0, 0.0
    for process in running:
        told, _ = process.communicate(timeout=seconds + 60)
        if process.returncode:
            raise BenchError(f"twilio's client alone ended with {process.returncode}")
        count, took, used = told.split()
        rate += int(count) / float(took)
        sent += int(count)
        cpu += float(used)
    return _Alone(rate, cpu / sent * 1000)


def _cpu(workers: list[int]) -> float | None:
    used = [cpu_seconds(pid) for pid in workers]
    return sum(seconds or 0.0 for seconds in used) if None not in used else None


def _megabytes(pid: int) -> float:
    """Resident memory of a process; 0 where /proc does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def _mean(what: str, seen: list[_Alone]) -> Figure:
    rates = [one.rate for one in seen]
    mean = sum(rates) / len(rates)
    cpu = sum(one.cpu for one in seen) / len(seen)
    return Figure(what, mean, drift=(max(rates) - min(rates)) / mean, cpu=cpu)
