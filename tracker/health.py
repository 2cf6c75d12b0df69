"""Alive, and ready: what a load balancer and an engineer ask first."""

from datetime import date

from alembic.runtime.migration import MigrationContext
from flask import Blueprint, Response, current_app, jsonify

from tracker import clock, migrate, walls
from tracker.audit.check_trail import trail_word
from tracker.figures.check_figures import figures_word
from tracker.notices.figures import oldest_due
from tracker.notices.heartbeat import SWEEP, is_late, last_beat
from tracker.order_files.queries import oldest_waiting
from tracker.runtime import Runtime
from tracker.webhooks.figures import webhook_figures

blueprint = Blueprint("health", __name__)

# A text that has been due for longer than this means that workers or schedule are down.
_QUEUE_AGE_LIMIT = 300.0


@blueprint.get("/healthz")
def healthz() -> Response:
    """Alive: the process answers."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Whether it can serve: a word for each of the checks below."""
    runtime: Runtime = current_app.extensions["tracker"]
    with walls.everywhere():
        checks = examine(runtime)
    failed = any(word.startswith("failed") for word in checks.values())
    return jsonify({"status": "failed" if failed else "ready", "checks": checks}), 503 if failed else 200


def examine(runtime: Runtime) -> dict[str, str]:
    """Each check's word: "ok", "warning: …" or "failed: …". Never raises."""
    checks = {}
    for name, check in (
        ("database", _migrations),
        ("redis", _redis),
        ("reference", _reference),
        ("calendar", _calendar),
        ("queue", _queue),
        ("files", _files),
        ("sweep", _sweep),
        ("webhooks", _webhooks),
        ("audit", _audit),
        ("figures", _figures),
    ):
        try:
            checks[name] = check(runtime)
        except Exception as error:  # noqa: BLE001, RUF100 - a failed check is an answer, whatever failed
            checks[name] = f"failed: {type(error).__name__}"
    return checks


def _migrations(runtime: Runtime) -> str:
    with runtime.db.reading() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    wanted = migrate.head()
    return "ok" if found == wanted else f"failed: at revision {found}, the code wants {wanted}"


def _redis(runtime: Runtime) -> str:
    # Orders are taken in without Redis, texts only wait: so its loss is no reason to turn callers away.
    try:
        runtime.bell.ping()
    except Exception as error:  # noqa: BLE001, RUF100 - whatever failed, Redis does not answer
        return f"warning: {type(error).__name__}, texts wait"
    return "ok"


def _reference(runtime: Runtime) -> str:
    facts = runtime.reference.current()
    kinds = ("operators", "channels", "places", "rules", "plans")
    missing = [kind for kind in kinds if not getattr(facts, kind)]
    return f"failed: no {', '.join(missing)} on record: see `tracker setup`" if missing else "ok"


def _calendar(runtime: Runtime) -> str:
    calendars = runtime.reference.current().calendars
    last_year = None if calendars is None else calendars.general().last_announced_year
    return calendar_word(last_year, clock.today())


def calendar_word(last_announced_year: int | None, today: date) -> str:
    """What is to be said of the calendar: the next year is announced by November, as a rule."""
    if last_announced_year is None:
        return "failed: no calendar imported"
    if today.year > last_announced_year:
        return f"failed: {today.year} is not imported"
    if today.month >= 11 and today.year == last_announced_year:
        return f"warning: {today.year + 1} is not announced, promises into it are provisional"
    return "ok"


def _queue(runtime: Runtime) -> str:
    with runtime.db.reading() as connection:
        age = max(oldest_due(connection, clock.now()).values())
    return "ok" if age < _QUEUE_AGE_LIMIT else f"warning: the oldest due text has waited {age:.0f} s"


def _files(runtime: Runtime) -> str:
    with runtime.db.reading() as connection:
        age = oldest_waiting(connection, clock.now())
    return (
        "ok" if age < _QUEUE_AGE_LIMIT else f"warning: a file of orders has waited {age:.0f} s for a worker"
    )


def _sweep(runtime: Runtime) -> str:
    """The dead man's switch of schedule and upkeep. Orders are taken in without them, so it only warns."""
    with runtime.db.reading() as connection:
        last = last_beat(connection, SWEEP)
    if last is None:
        return "warning: no sweep has ended yet"
    now = clock.now()
    late = is_late(last, runtime.config.sweep_interval, now)
    return f"warning: the last sweep ended {(now - last).total_seconds():.0f} s ago" if late else "ok"


def _webhooks(runtime: Runtime) -> str:
    """Whether every channel hears what happens; the service takes orders in either way."""
    with runtime.db.reading() as connection:
        now = webhook_figures(connection, clock.now())
    said = []
    if paused := now.webhooks["paused_failing"]:
        said.append(f"{paused} paused after nothing got through")
    if failing := now.webhooks["failing"]:
        said.append(f"{failing} failing")
    if now.oldest_due >= _QUEUE_AGE_LIMIT:
        said.append(f"the oldest due delivery has waited {now.oldest_due:.0f} s")
    return f"warning: {', '.join(said)}" if said else "ok"


def _audit(runtime: Runtime) -> str:
    """Whether the audit trail was whole when it was last verified."""
    with runtime.db.reading() as connection:
        return trail_word(connection, clock.now())


def _figures(runtime: Runtime) -> str:
    """Whether figures were equal to what they are of when they were last compared."""
    with runtime.db.reading() as connection:
        return figures_word(connection, clock.now())
