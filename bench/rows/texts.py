"""Texts sent by one worker, from the ring to the last one accepted."""

import time
from collections.abc import Callable

import psycopg
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import make_url
from twilio.rest import Client

from bench.figures import BenchError, Beside, Figure, Plan, Row
from bench.system import System, Web, free_port
from tracker import clock
from tracker.notices.claim import BATCH
from tracker.notices.deliver import MOST
from tracker.notices.drafts import RECIPIENT
from tracker.notices.models import Notice
from tracker.notices.plan_notices import DELIVER
from tracker.notices.rules import State
from tracker.sms.recording import RECIPIENT_COLUMN
from tracker.templates.seed import SEED

_QUEUE = "progress"
_ACCOUNT = "AC" + "0" * 32
_PATIENCE = 60.0


def measure(system: System, plan: Plan, ceilings: Web, step: Callable[[str], None]) -> list[Row]:
    """Both gateways, each beside a bare loop over what it writes to."""
    return [_recording(system, plan, step), _twilio(system, plan, step)]


def _recording(system: System, plan: Plan, step: Callable[[str], None]) -> Row:
    name = "texts sent, recording gateway"
    step(f"{name}: bare inserts")
    singly = [_bare_inserts(system, plan.ceiling_seconds, 1)]
    batched = [_bare_inserts(system, plan.ceiling_seconds, BATCH)]
    system.forget_texts()
    step(f"{name}: one worker")
    with system.process("worker", "tracker", "worker", _QUEUE):
        rate = _drained(system, plan.texts)
    step(f"{name}: bare inserts again")
    singly.append(_bare_inserts(system, plan.ceiling_seconds, 1))
    batched.append(_bare_inserts(system, plan.ceiling_seconds, BATCH))
    system.forget_texts()
    return Row(
        name,
        Figure(f"one worker, {plan.texts:,} texts", rate),
        [
            Beside(_mean("INSERT of a recorded text, a commit each", singly)),
            Beside(_mean(f"INSERT of {BATCH} recorded texts a commit", batched)),
        ],
    )


def _twilio(system: System, plan: Plan, step: Callable[[str], None]) -> Row:
    name = "texts sent, twilio gateway"
    port = free_port()
    settings = {
        "TRACKER_SMS_GATEWAY": "twilio",
        "TWILIO_ACCOUNT_SID": _ACCOUNT,
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "TWILIO_FROM": "+15005550006",
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{port}",
    }
    with system.process("provider", "bench.provider", str(port), ready=port):
        step(f"{name}: the client in a plain loop")
        loops = [_client_loop(port, plan.ceiling_seconds)]
        system.forget_texts()
        step(f"{name}: one worker")
        with system.process("worker-twilio", "tracker", "worker", _QUEUE, **settings):
            rate = _drained(system, plan.texts)
        step(f"{name}: the client in a plain loop again")
        loops.append(_client_loop(port, plan.ceiling_seconds))
    system.forget_texts()
    return Row(
        name,
        Figure(f"one worker, {plan.texts:,} texts", rate),
        [Beside(_mean("twilio's client in a loop", loops))],
        "the provider answers at 0 ms",
    )


def _drained(system: System, count: int) -> float:
    """Texts a second that the running worker sends; one batch first, so that it has loaded everything."""
    _queue(system, BATCH, 0)
    _until_accepted(system, _ring(system, BATCH))
    _queue(system, count, BATCH)
    began = _ring(system, count)
    return count / (_until_accepted(system, began) - began)


def _ring(system: System, count: int) -> float:
    with system.runtime.db.reading() as connection:
        first = connection.scalar(select(func.min(Notice.id)))
    began = time.monotonic()
    for _ in range(-(-count // MOST)):
        if not system.runtime.bell.ring(_QUEUE, DELIVER, int(first or 0)):
            raise BenchError("Redis did not take the ring")
    return began


def _until_accepted(system: System, began: float) -> float:
    waiting = select(Notice.id).where(Notice.state.in_([State.CREATED, State.SENDING])).limit(1)
    while True:
        with system.runtime.db.reading() as connection:
            left = connection.scalar(waiting)
        if left is None:
            break
        if time.monotonic() - began > _PATIENCE:
            raise BenchError(f"texts still wait after {_PATIENCE:g} s")
        time.sleep(0.02)
    ended = time.monotonic()
    with system.runtime.db.reading() as connection:
        failed = connection.scalar(select(func.count()).where(Notice.state != State.ACCEPTED))
    if failed:
        raise BenchError(f"{failed} texts were not accepted")
    return ended


def _queue(system: System, count: int, first: int) -> None:
    """Notices as orders leave them, without their rings."""
    template = SEED["order_accepted"]
    now = clock.now()
    rows = []
    for number in range(first, first + count):
        values = {
            "number": f"QY261123{number:07d}",
            "deadline": "11月25日 18:00",
            "hotline": "10000",
            "signature": "清远电信",
        }
        rows.append(
            {
                "operator_id": system.channel.operator_id,
                "template": template.code,
                "template_version": template.version,
                "language": "zh",
                "params": values,
                "body": template.render("zh", values),
                "recipient": system.runtime.keys.seal(f"+861380000{number % 10000:04d}", RECIPIENT),
                "dedup_key": f"bench:{number}",
                "queue": _QUEUE,
                "state": State.CREATED,
                "next_at": now,
                "created_at": now,
            }
        )
    with system.runtime.db.transaction() as connection:
        connection.execute(insert(Notice), rows)


def _bare_inserts(system: System, seconds: float, batch: int) -> float:
    """The rate of inserting recorded texts from one connection, so many a commit."""
    values = {
        "recipient": system.runtime.keys.seal("+8613800001234", RECIPIENT_COLUMN),
        "recipient_masked": "138****1234",
        "body": SEED["order_accepted"].zh,
        "accepted_at": clock.now(),
        "notice_id": 1,
    }
    url = make_url(str(system.config.database_url)).set(drivername="postgresql")
    marks = ", ".join(f"%({name})s" for name in values)
    statement = f"INSERT INTO recorded_texts ({', '.join(values)}) VALUES ({marks})"
    done, began = 0, time.monotonic()
    with psycopg.connect(url.render_as_string(hide_password=False)) as plain, plain.cursor() as cursor:
        while time.monotonic() - began < seconds:
            cursor.executemany(statement, [values] * batch)
            plain.commit()
            done += batch
    return done / (time.monotonic() - began)


def _client_loop(port: int, seconds: float) -> float:
    client = Client(_ACCOUNT, "0" * 32)
    client.api.base_url = f"http://127.0.0.1:{port}"
    client.region = client.edge = None
    body = SEED["order_accepted"].zh
    client.messages.create(to="+8613800001234", from_="+15005550006", body=body)
    sent, began = 0, time.monotonic()
    while time.monotonic() - began < seconds:
        client.messages.create(to="+8613800001234", from_="+15005550006", body=body)
        sent += 1
    return sent / (time.monotonic() - began)


def _mean(what: str, rates: list[float]) -> Figure:
    mean = sum(rates) / len(rates)
    return Figure(what, mean, drift=(max(rates) - min(rates)) / mean)
