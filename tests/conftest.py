"""Real servers for every test: one PostgreSQL and one Valkey a test worker, in folders of their own.

The database is built by the migrations, once; each test that writes gets it back as seeded.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import argon2
import pytest
import redis
from hypothesis import HealthCheck
from hypothesis import settings as examples
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from public_status.spoken import SpokenEnvironment
from tests import known
from tests.cleaning import Copy, empty
from tests.watched_log import Watch
from tracker import config as configuration
from tracker import crypto, db, logs, migrate, reference
from tracker.channels.create_key import create_key
from tracker.channels.rules import SCOPES
from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.demo.seed import seed
from tracker.embedded import Servers, servers
from tracker.orders.place_orders import Placed, place_order
from tracker.orders.schemas import OrderRequestSchema
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

# A machine that is busy with other tests is no fault of an example.
examples.register_profile("beside others", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("beside others")

# Not the test's own folder: as root the servers run as another user, who must be able to reach it.
_BASE = Path(tempfile.gettempdir())

# Emptied after each test; the seeded tables stay.
_BUSINESS_TABLES = (
    "saved_templates, template_approvals, template_drafts, contact_wishes,"
    " recorded_texts, call_attempts, call_tasks, notice_receipts, notice_attempts, notices, payments,"
    " charges, promise_entries, promises, order_events, orders, idempotency_records, channel_keys, accounts,"
    " channel_key_uses, used_nonces,"
    " tallies, heartbeats, tariff_warning_runs, tariff_warnings, subscriber_events,"
    " subscribers, webhook_deliveries, webhooks, order_file_parts, order_files, outage_events, outages,"
    " customer_requests, lookup_codes, visit_slot_changes, slot_bookings, visit_slots,"
    " complaint_events, complaints, complaint_persons, ratings, published_figures, lookup_tries,"
    " audit_checks, audit_links, audit_chains, audit_entries,"
    " order_assignments, team_changes, team_members, teams,"
    " figure_facts, figure_cells, figure_hands, figure_tallies, figure_hand_tallies, figure_checks,"
    " half_year_report_events, half_year_reports, county_self_checks,"
    " real_name_checks, required_checks, return_requests,"
    " compensation_entries, excuse_files, excuse_requests,"
    " installer_actions, site_photos, line_tests, site_visits, call_line_codes,"
    " risk_digests, risk_takeovers, escalations, escalation_texts, risk_rules, digest_wishes,"
    " staff_sessions, recovery_codes, staff_codes, sign_in_tries"
)


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Hashes of passwords are slow on purpose; here they only have to be right."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = (1, 8, 1, 32, 16, "utf-8", argon2.Type.ID)
        patch.setattr(argon2.PasswordHasher.__init__, "__defaults__", cheap)
        yield


@pytest.fixture(scope="session", autouse=True)
def known_things() -> Iterator[None]:
    """Reference data is read once for each revision, and a template compiled once for each language."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "read", known.read)
        patch.setattr(SpokenEnvironment, "compile", known.compiled)
        yield
    known.let_go()


@pytest.fixture(scope="session")
def key_file() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="trk-keys-"))
    crypto.save(crypto.new_ring(), folder / "keys.json")
    yield folder / "keys.json"
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def stores() -> Iterator[Servers]:
    """PostgreSQL without fsync (no test pulls the plug) and Valkey."""
    folder = Path(tempfile.mkdtemp(prefix="trk-", dir=_BASE))
    folder.chmod(0o755)
    previous = os.environ.get("TRACKER_EMBEDDED_PG_OPTIONS")
    os.environ["TRACKER_EMBEDDED_PG_OPTIONS"] = "-c fsync=off -c full_page_writes=off"
    try:
        with servers(folder, say=lambda message: None) as running:
            migrate.upgrade(running.owner_url)
            owner = Database(running.owner_url, role=db.APP_ROLE)
            seed(owner)
            owner.dispose()
            yield running
    finally:
        if previous is None:
            del os.environ["TRACKER_EMBEDDED_PG_OPTIONS"]
        else:
            os.environ["TRACKER_EMBEDDED_PG_OPTIONS"] = previous
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def as_seeded(stores: Servers) -> Copy:
    """The calendar and the promise rules as the reference data has them."""
    names = ("promise_rule_changes", "promise_rules", "calendar_days", "calendar_years", "calendar_changes")
    return Copy(stores.owner_url, names)


@pytest.fixture(scope="session")
def _watch() -> Iterator[Watch]:
    made = Watch()
    made.begin()
    yield made
    made.end()


@pytest.fixture(autouse=True)
def watched_log(_watch: Watch) -> Iterator[Watch]:
    """No line that is logged during a test may name a customer's phone, name or address, or a code (I5)."""
    # Until a process has set its logs up, structlog writes past them.
    logs.configure("INFO")
    yield _watch
    found, _watch.found = _watch.found, []
    _watch.secrets.clear()
    assert found == []


@pytest.fixture
def settings(
    stores: Servers, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The environment of a process that uses the test's servers; set for this process too."""
    values = {
        "TRACKER_DATABASE_URL": stores.app_url,
        "TRACKER_PUBLIC_DATABASE_URL": stores.public_url,
        "TRACKER_MIGRATION_DATABASE_URL": stores.owner_url,
        "TRACKER_REDIS_URL": stores.redis_url,
        "TRACKER_KEY_FILE": str(key_file),
        "TRACKER_SECRET_KEY": "a secret for tests, of thirty-two characters",
        "TRACKER_FILES_DIR": str(tmp_path / "files"),
    }
    for name in list(os.environ):
        if name.startswith(("TRACKER_", "TWILIO_")):
            monkeypatch.delenv(name)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


@pytest.fixture
def config(settings: dict[str, str]) -> configuration.Config:
    return configuration.load()


@pytest.fixture
def runtime(config: configuration.Config, clean: None) -> Iterator[Runtime]:
    with known.started(config) as made:
        yield made


@pytest.fixture
def own_pools() -> Iterator[None]:
    """For a test that ends connections: none of them waits in the pools for the tests after it."""
    known.let_go()
    yield
    known.let_go()


@pytest.fixture
def database(runtime: Runtime) -> Database:
    return runtime.db


@pytest.fixture
def keys(runtime: Runtime) -> KeyRing:
    return runtime.keys


@pytest.fixture
def clean(stores: Servers) -> Iterator[None]:
    """After the test, nothing but the seeded reference data is left, in either store."""
    yield
    empty(stores.owner_url, _BUSINESS_TABLES.split(", "))
    with redis.Redis.from_url(stores.redis_url) as client:
        client.flushall()


@pytest.fixture
def changeable(as_seeded: Copy, clean: None) -> Iterator[None]:
    """For a test that changes the calendar or the promise rules: after it they are as seeded again."""
    yield
    as_seeded.put_back()


@pytest.fixture
def plans(stores: Servers, clean: None) -> Iterator[None]:
    """For a test that adds plans, takes seeded ones off sale or announces changes: after it they are as
    seeded again, and nobody has one.
    """
    owner = create_engine(stores.owner_url, poolclass=NullPool)
    with owner.begin() as connection:
        plan = connection.scalar(text("SELECT max(id) FROM plans"))
        event = connection.scalar(text("SELECT max(id) FROM plan_events"))
    yield
    empty(stores.owner_url, _BUSINESS_TABLES.split(", "))
    with owner.begin() as connection:
        for statement in (
            "DELETE FROM plan_events WHERE id > :event",
            "ALTER TABLE plans DISABLE TRIGGER keep_published",
            "UPDATE plans SET change_id = NULL WHERE id > :plan",
            "UPDATE plans SET state = 'published', on_sale_to = NULL, withdrawn_at = NULL, revision = 1"
            " WHERE id <= :plan AND revision > 1",
            "ALTER TABLE plans ENABLE TRIGGER keep_published",
            "DELETE FROM tariff_changes",
            "DELETE FROM plans WHERE id > :plan",
        ):
            connection.execute(text(statement), {"event": event, "plan": plan})
    owner.dispose()


@pytest.fixture
def channel(runtime: Runtime) -> ChannelFacts:
    """清远电信's own app."""
    facts = runtime.reference.current()
    telecom = next(o for o in facts.operators.values() if o.code == "telecom")
    return next(c for c in facts.channels.values() if c.operator_id == telecom.id and c.code == "app")


@pytest.fixture
def api_key(runtime: Runtime, channel: ChannelFacts) -> str:
    """A key of the app that may do everything."""
    return create_key(runtime.db, channel, scopes=SCOPES)


_counter = iter(range(1, 10**9))


def order_json(**changes: Any) -> dict[str, Any]:
    """A good order as a channel sends it; a change names its field as "customer.phone" or "plan"."""
    body: dict[str, Any] = {
        "external_reference": f"T-{os.getpid()}-{next(_counter)}",
        "customer": {"kind": "home", "name": "张三", "phone": "13800001234"},
        "address": {"community_code": "441802006001", "detail": "测试路1号2栋301房"},
        "plan": "24GD100001",
    }
    for name, value in changes.items():
        place, *inner = name.split("__")
        if inner:
            body[place] = {**body[place], inner[0]: value}
        else:
            body[place] = value
    return body


@pytest.fixture
def order_body() -> Callable[..., dict[str, Any]]:
    """Makes the JSON of a good order; `customer__phone="..."` changes an inner field."""
    return order_json


@pytest.fixture
def place(runtime: Runtime, channel: ChannelFacts) -> Callable[..., Placed]:
    """Places an order through the real use case, changed as `order_body` does."""

    def make(**changes: Any) -> Placed:
        return place_order(runtime, channel, OrderRequestSchema().load(order_json(**changes)))

    return make
