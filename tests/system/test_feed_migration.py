"""Orders and events that were there before the feed: they get their channel, and stand at its beginning."""

from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tracker import migrate
from tracker.embedded import Servers

_BEFORE = (
    "INSERT INTO operators (code, name, name_en, signature, hotline) VALUES ('x', '', '', '', '')",
    "INSERT INTO channels (operator_id, code, name, kind) VALUES (1, 'a', '', 'app'), (1, 'b', '', 'other')",
    "INSERT INTO divisions (code, name, level, kind) VALUES ('1', '', 'community', 'urban')",
    "INSERT INTO plans (operator_id, filing_number, region, version, state, audience, kind, product, name,"
    " name_en, monthly_fen, installation_fen, commissioning_fen, download_mbps, upload_mbps, services,"
    " services_en, restrictions, restrictions_en, remark, on_sale_from)"
    " VALUES (1, '', '', 1, 'draft', 'home', '套餐', '', '', '', 1, 0, 0, 1, 1, '', '', '', '', '',"
    " '2026-01-01')",
    "INSERT INTO orders (operator_id, channel_id, number, external_reference, content_digest, customer_kind,"
    " product, resource, community_code, language, customer_name, contact_phone, address_detail,"
    " phone_digest, lookup_digest, plan_id, price, stage, version, accepted_at, created_at)"
    " SELECT 1, 1 + n % 2, 'N' || n, 'R' || n, '', 'home', '', 'ready', '1', 'zh', '', '', '', '', '', 1,"
    " '{}', 'accepted', 1, now(), now() FROM generate_series(1, 7) AS n",
)
_EVENTS = (
    "INSERT INTO order_events (operator_id, order_id, order_version, kind, stage, detail, actor, occurred_at,"
    " recorded_at) SELECT 1, id, :version, 'accepted', 'accepted', '{}', '', now(), now() FROM orders"
)


@pytest.fixture
def earlier(stores: Servers) -> Iterator[str]:
    """A database of the version before the feed, with orders in it."""
    engine = create_engine(stores.owner_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS before_feed"))
        connection.execute(text("CREATE DATABASE before_feed"))
        url = stores.owner_url.replace("@/tracker", "@/before_feed")
        command.upgrade(migrate.alembic_config(url), "0009")
        inside = create_engine(url, poolclass=NullPool)
        with inside.begin() as there:
            for statement in _BEFORE:
                there.execute(text(statement))
            there.execute(text(_EVENTS), {"version": 1})
        inside.dispose()
        yield url
        connection.execute(text("DROP DATABASE before_feed WITH (FORCE)"))
    engine.dispose()


def test_what_was_there_is_filled_in_and_what_older_processes_write_too(earlier: str) -> None:
    command.upgrade(migrate.alembic_config(earlier), "0010")
    engine = create_engine(earlier, poolclass=NullPool)
    with engine.begin() as connection:
        # As the version before writes it, which knows no channel of an event.
        connection.execute(text(_EVENTS), {"version": 2})
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT e.order_version, e.written_in, e.channel_id, o.channel_id AS owner"
                " FROM order_events e JOIN orders o ON o.id = e.order_id"
            )
        ).all()
        horizon = connection.scalar(text("SELECT feed_horizon()"))
    engine.dispose()
    assert len(rows) == 14
    assert all(row.channel_id == row.owner for row in rows)
    assert {row.written_in for row in rows if row.order_version == 1} == {0}
    (written_in,) = {row.written_in for row in rows if row.order_version == 2}
    assert 0 < written_in < (horizon or 0)
