"""The whole system in the foreground: servers, example data, web, workers and schedule."""

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from tracker import bootstrap, clock, logs, migrate, runtime, supervise
from tracker.channels.create_key import create_key, create_signed_key
from tracker.channels.models import ChannelKey
from tracker.channels.rules import SCOPES, KeyKind, hash_of, new_app_id, new_secret
from tracker.config import Config
from tracker.db import APP_ROLE, Database
from tracker.demo import (
    sample,
    sample_calls,
    sample_changes,
    sample_complaints,
    sample_desk,
    sample_excuses,
    sample_figures,
    sample_history,
    sample_outages,
    sample_reports,
    sample_rules,
    sample_staff,
    sample_subscribers,
    sample_teams,
    sample_visits,
)
from tracker.demo.seed import seed
from tracker.embedded import locks
from tracker.embedded.logs import open_log
from tracker.notices.rules import QUEUES
from tracker.ports import require_free
from tracker.queueing import OTHERS
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.setting_kinds import ConfigError
from tracker.staff.second_factor import new_secret as new_phone_secret
from tracker.supervise import Child


@dataclass(frozen=True)
class Credentials:
    """What a visitor of the demonstration signs in, calls and signs with."""

    api_key: str
    password: str
    phone_secret: str
    app_id: str
    app_secret: str


def run(config: Config, say: Callable[[str], None]) -> int:
    """Set everything up, run it until Ctrl-C, and return the exit code.

    Raises ConfigError where a demonstration runs on the data folder already, or a port is in use.
    """
    folder = bootstrap.data_dir(config)
    lock = folder / "demo.lock"
    if locks.is_held(lock):
        raise _runs_already(lock)
    require_free(config.bind, config.port, "TRACKER_PORT")
    require_free(config.bind, config.public_port, "TRACKER_PUBLIC_PORT")
    with bootstrap.completed(config, say=say, make_keys=True) as complete, _alone(lock), _logging(complete):
        if complete.migration_database_url is None:
            raise AssertionError("a completed configuration has a migration address")
        say("migrating the database")
        migrate.upgrade(complete.migration_database_url)
        prepared = _prepare(complete, folder, say)
        say("starting web, workers and schedule")
        code = supervise.run(
            _children(complete, folder),
            say=say,
            on_ready=lambda: say(_welcome(complete, *prepared)),
        )
    say(f"stopped; data kept in {folder}")
    return code


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold the lock that tells others of this demonstration, with its process id in it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = locks.take(lock)
    if descriptor is None:
        raise _runs_already(lock)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def _runs_already(lock: Path) -> ConfigError:
    return ConfigError(f"a demonstration runs already on {lock.parent} (process {lock.read_text()})")


@contextmanager
def _logging(config: Config) -> Iterator[None]:
    """Log to a file: what becomes of example texts is no news for the person at the terminal."""
    path = bootstrap.data_dir(config) / "logs" / "demo.log"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(open_log(path), "a", encoding="utf-8") as file:
        logs.configure(config.log_level, file)
        yield


def _prepare(config: Config, folder: Path, say: Callable[[str], None]) -> tuple[Credentials, str]:
    """Reference data, sign-ins, example orders; returns the credentials and an order to look up."""
    if config.migration_database_url is not None:
        # Reference data is changed by people in the service's role; here that is us.
        owner = Database(config.migration_database_url, role=APP_ROLE)
        seed(owner)
        owner.dispose()
    run = runtime.start(config)
    try:
        credentials = _credentials(run, folder / "demo-credentials.json")
        sample_subscribers.fill(run, folder, say)
        sample_history.fill(run, folder, say)
        sample_figures.fill(run, folder, say)
        # The latest orders are recorded last, as they would be, and so stand first in every list.
        sample.fill(run, folder, say)
        sample_changes.fill(run, say)
        sample_outages.fill(run, say)
        sample_visits.fill(run, say)
        sample_complaints.fill(run, say)
        sample_teams.fill(run, say)
        sample_calls.fill(run, say)
        sample_excuses.fill(run, say)
        sample_reports.fill(run, say)
        sample_rules.fill(run, say)
        # Last, because from then on orders need their checks.
        sample_desk.fill(run, say)
        return credentials, _order_to_look_up(run)
    finally:
        run.close()


def _credentials(run: Runtime, path: Path) -> Credentials:
    """The kept credentials, made at the first start, and present in the database."""
    kept = _kept(path)
    with run.db.reading() as connection:
        keys = {bytes(known) for known in connection.scalars(select(ChannelKey.secret_sha256))}
    if hash_of(kept.api_key) not in keys:
        create_key(run.db, _portal(run), kept.api_key, scopes=SCOPES, label="演示")
    if hash_of(kept.app_secret) not in keys:
        create_signed_key(
            run.db,
            run.keys,
            _portal(run),
            (kept.app_id, kept.app_secret),
            scopes=SCOPES,
            label="演示（签名）",
        )
    sample_staff.fill(run, kept.password, kept.phone_secret)
    return kept


def _kept(path: Path) -> Credentials:
    """What was made at an earlier start, and what a version since then needs besides."""
    known = json.loads(path.read_text()) if path.exists() else {}
    made = {
        "api_key": new_secret(),
        "password": secrets.token_urlsafe(9),
        "phone_secret": new_phone_secret(),
        "app_id": new_app_id(),
        "app_secret": new_secret(KeyKind.SIGNED),
    }
    if known.keys() != made.keys():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(made | known, file)
    return Credentials(**(made | known))


def _portal(run: Runtime) -> ChannelFacts:
    facts = run.reference.current()
    return next(
        c
        for c in facts.channels.values()
        if c.code == "gov-portal" and facts.operators[c.operator_id].code == "telecom"
    )


def _order_to_look_up(run: Runtime) -> str:
    """An example order that is under way, with the digits that open it: "QY… / 1234"."""
    from tracker.demo.queries import order_under_way

    with run.db.reading() as connection:
        row = order_under_way(connection, clock.now())
    if row is None:
        return ""
    phone = run.keys.open(bytes(row.contact_phone), "orders.contact_phone")
    return f"{row.number} / {phone[-4:]}"


def _host(config: Config) -> str:
    """Where this machine reaches what is bound, also where that is every address."""
    return "127.0.0.1" if config.bind in ("0.0.0.0", "::") else config.bind  # noqa: S104 - compared, not bound


def _children(config: Config, folder: Path) -> list[Child]:
    env = {**bootstrap.environment(config), "TRACKER_DEMO": "1", "PYTHONUNBUFFERED": "1"}

    def child(name: str, *arguments: str, ready_url: str | None = None) -> Child:
        argv = [sys.executable, "-m", "tracker", *arguments]
        return Child(name=name, argv=argv, env=env, log=folder / "logs" / f"{name}.log", ready_url=ready_url)

    host = _host(config)
    return [
        child("service", "serve", ready_url=f"http://{host}:{config.port}/healthz"),
        child("public-site", "serve-public", ready_url=f"http://{host}:{config.public_port}/healthz"),
        *(child(f"worker-{queue}", "worker", queue) for queue in (*QUEUES, *OTHERS)),
        child("schedule", "schedule"),
    ]


def _welcome(config: Config, credentials: Credentials, order: str) -> str:
    host = _host(config)
    service, site = f"http://{host}:{config.port}", f"http://{host}:{config.public_port}"
    curl = f"""curl -sS {service}/api/v1/orders \\
  -H 'Authorization: Bearer {credentials.api_key}' \\
  -H "Idempotency-Key: $(date +%s%N)" -H 'Content-Type: application/json' \\
  -d '{{"external_reference": "DEMO-'$(date +%s%N)'", "plan": "24GD100001",
       "customer": {{"kind": "home", "name": "陈小明", "phone": "13800001234"}},
       "address": {{"community_code": "441802006001", "detail": "北江路1号2栋301房"}}}}'"""
    return f"""
Ready on {clock.local(clock.now()):%Y-%m-%d %H:%M:%S}. Ctrl-C stops everything.

  Data              {config.data_dir}
  Customers' site   {site}/            look up {order}
  Texts sent        {service}/demo/texts
  Staff pages       {service}/
    sign in         telecom.manager, .counter, .dispatcher, .installer1, .installer2 (mobile., unicom. too),
                    {sample_staff.REVIEWER} (a second manager, who reviews),
                    administrator, regulator; password of all: {credentials.password}
                    managers and the administrator show a code too: {service}/demo/texts has it
  API               {service}/api/v1/openapi.json
  API key           {credentials.api_key}
  Signed requests   app id {credentials.app_id}, secret {credentials.app_secret}
  Sample portal     {service}/api/v1/portals/sample/orders (样例: docs/channels.md)

Send an order, then open the texts and look its number up with 1234:

{curl}
"""
