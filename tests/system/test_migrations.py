"""The schema: migrations that run both ways, match the models, and cannot hurt a running system."""

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from tracker import migrate, tables
from tracker.db import PUBLIC_ROLE, Database
from tracker.embedded import Servers


@pytest.fixture
def empty(stores: Servers) -> Iterator[str]:
    """An empty database beside the tests' own."""
    engine = create_engine(stores.owner_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS migrations"))
        connection.execute(text("CREATE DATABASE migrations"))
        yield stores.owner_url.replace("@/tracker", "@/migrations")
        # Without force: that asks for a right over autovacuum's workers, which plain dropping ends by itself.
        connection.execute(text("DROP DATABASE migrations"))
    engine.dispose()


def table_names(url: str) -> set[str]:
    engine = create_engine(url, poolclass=NullPool)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


def test_up_down_up_and_the_models_agree(empty: str) -> None:
    settings = migrate.alembic_config(empty)
    command.upgrade(settings, "head")
    built = table_names(empty)
    command.downgrade(settings, "base")
    assert table_names(empty) == {"alembic_version"}
    command.upgrade(settings, "head")
    assert table_names(empty) == built
    with redirect_stdout(io.StringIO()):
        command.check(settings)


def test_whoever_was_to_be_called_before_there_were_tasks_gets_one(empty: str) -> None:
    settings = migrate.alembic_config(empty)
    command.upgrade(settings, "0004")
    engine = create_engine(empty, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO operators (code, name, name_en, signature, hotline) VALUES ('x', '', '', '', '')"
            )
        )
        for state, reason in (("call", "refused (number): 21211"), ("accepted", None)):
            connection.execute(
                text(
                    "INSERT INTO notices (operator_id, template, template_version, language, params, body,"
                    " recipient, dedup_key, queue, state, next_at, attempts, misses, reason, created_at)"
                    " VALUES (1, 't', 1, 'zh', '{}', '', '', :state, 'bulk', :state, now(), 1, 0, :reason,"
                    " now())"
                ),
                {"state": state, "reason": reason},
            )
    command.upgrade(settings, "head")
    with engine.begin() as connection:
        tasks = connection.execute(text("SELECT notice_id, reason, detail FROM call_tasks")).all()
        assert tasks == [(1, "refused", "refused (number): 21211")]
        connection.execute(text("UPDATE notices SET state = 'undelivered' WHERE id = 1"))
        connection.execute(text("UPDATE notices SET state = 'delivered' WHERE id = 2"))
    command.downgrade(settings, "0004")
    with engine.begin() as connection:
        states = connection.scalars(text("SELECT state FROM notices ORDER BY id")).all()
    engine.dispose()
    assert states == ["call", "accepted"]


def test_keys_of_before_go_on_and_what_the_past_could_not_hold_ends(empty: str) -> None:
    settings = migrate.alembic_config(empty)
    command.upgrade(settings, "0007")
    engine = create_engine(empty, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO operators (code, name, name_en, signature, hotline) VALUES ('x', '', '', '', '')",
            "INSERT INTO channels (operator_id, code, name, kind) VALUES (1, 'app', '', 'app')",
            "INSERT INTO channel_keys (operator_id, channel_id, prefix, secret_sha256, created_at)"
            " VALUES (1, 1, 'trk_1', 'old', now())",
        ):
            connection.execute(text(statement))
    command.upgrade(settings, "0008")
    make = (
        "INSERT INTO channel_keys (operator_id, channel_id, prefix, created_at, secret_sha256, kind, app_id,"
        " sealed_secret, expires_at, replaces) VALUES (1, 1, 'trk_2', now(), "
    )
    with engine.begin() as connection:
        connection.execute(text(make + "'signed', 'signed', 'app_1', 'sealed', NULL, NULL)"))
        connection.execute(text(make + "'ending', 'bearer', NULL, NULL, now(), NULL)"))
        connection.execute(text(make + "'next', 'bearer', NULL, NULL, NULL, 3)"))
        known = connection.execute(
            text("SELECT kind, label, expires_at FROM channel_keys WHERE id = 1")
        ).one()
    assert known == ("bearer", "", None)
    command.downgrade(settings, "0007")
    with engine.begin() as connection:
        left = connection.scalars(text("SELECT secret_sha256 FROM channel_keys ORDER BY id")).all()
    engine.dispose()
    assert [bytes(secret) for secret in left] == [b"old", b"next"]


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(migrate.alembic_config()).get_heads()) == 1


def test_two_at_once_wait_for_each_other(empty: str) -> None:
    code = f"from tracker import migrate; migrate.upgrade({empty!r})"
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]


# Locks that a large table could not bear; these migrations change tables of a few hundred rows only.
_ON_SMALL_TABLES = {
    "0003": (
        "adding-field-with-default",
        "adding-foreign-key-constraint",
        "adding-serial-primary-key-field",
        "ban-drop-constraint",
        "constraint-missing-not-valid",
        "require-concurrent-index-creation",
    ),
    # Emptied by it, first of all.
    "0028": ("require-concurrent-index-creation",),
}


def test_squawk_finds_nothing_dangerous(tmp_path: Path) -> None:
    script = ScriptDirectory.from_config(migrate.alembic_config())
    for revision in script.walk_revisions():
        settings = migrate.alembic_config()
        settings.output_buffer = io.StringIO()
        command.upgrade(settings, f"{revision.down_revision or 'base'}:{revision.revision}", sql=True)
        (tmp_path / f"{revision.revision}.sql").write_text(settings.output_buffer.getvalue())
    # Lengths are limits of the field (an order number has 15 characters), small numbers fit their type,
    # and nothing is retried half way: each migration is one transaction.
    everywhere = (
        "prefer-text-field",
        "prefer-bigint-over-int",
        "prefer-bigint-over-smallint",
        "prefer-robust-stmts",
    )
    squawk = Path(sys.executable).with_name("squawk")
    for path in sorted(tmp_path.glob("*.sql")):
        excluded = ",".join((*everywhere, *_ON_SMALL_TABLES.get(path.stem, ())))
        found = subprocess.run(
            [str(squawk), f"--exclude={excluded}", str(path)], capture_output=True, text=True
        )
        assert found.returncode == 0, found.stdout


def test_every_row_of_an_operator_says_whose_it_is() -> None:
    """I6: reference data of the city is everybody's; all else names its operator."""
    of_the_city = {
        "operators",
        "divisions",
        "calendar_years",
        "reference_revision",
        "recorded_texts",  # the provider's side, which knows no operators
        "tallies",
        "figure_reading",  # how far all histories were read
        "figure_checks",  # what came of comparing all of them
        "lookup_tries",  # digests of addresses and of numbers that may be nobody's
        "heartbeats",
        "sign_in_tries",  # digests of names that may be nobody's
    }
    without = {t.name for t in tables.metadata().sorted_tables if "operator_id" not in t.columns}
    assert without == of_the_city


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT contact_phone FROM orders",
        "SELECT customer_name FROM orders",
        "SELECT * FROM orders",
        "SELECT * FROM notices",
        "SELECT * FROM notice_receipts",
        "SELECT * FROM call_tasks",
        "SELECT * FROM accounts",
        "SELECT * FROM channel_keys",
        "SELECT actor FROM order_events",
        "SELECT reference FROM payments",
        "SELECT reason FROM payments",
        "SELECT reference FROM charges",
        "SELECT actor FROM charges",
        "INSERT INTO orders (number) VALUES ('x')",
        "UPDATE orders SET stage = 'completed'",
        "DELETE FROM payments",
    ],
)
def test_the_public_sites_role_sees_and_changes_nothing_else(stores: Servers, statement: str) -> None:
    public = Database(stores.public_url, role=PUBLIC_ROLE)
    with pytest.raises(ProgrammingError, match="permission denied"), public.reading() as connection:
        connection.execute(text(statement))
    public.dispose()


def test_a_single_login_steps_down_to_the_roles(stores: Servers) -> None:
    for role in ("tracker_app", "tracker_public"):
        database = Database(stores.owner_url, role=role)
        with database.reading() as connection:
            assert connection.scalar(text("SELECT current_user")) == role
        database.dispose()
