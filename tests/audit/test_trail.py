"""The audit trail: one unbroken chain for each operator, in which every forgery is found."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.pool import NullPool

from tracker import clock, walls
from tracker.audit.append import append
from tracker.audit.check_trail import check_trail
from tracker.audit.note_seen import note_seen
from tracker.audit.rules import Action, Flaw
from tracker.audit.verify import UnknownEntryError, Verdict, heads, verify
from tracker.cli import main
from tracker.db import Database
from tracker.embedded import Servers
from tracker.health import examine

ROOT = Path(__file__).parents[2]


def note(database: Database, subject: str = "order:1", operator_id: int | None = 1, **more: object) -> None:
    said = {"actor": "staff:wang", "fields": ("contact_phone", "customer_name"), "why": "致电客户"} | more
    with database.transaction() as connection:
        append(connection, Action.SAW, operator_id=operator_id, subject=subject, **said)  # type: ignore[arg-type]


def saw(connection: Connection) -> None:
    append(connection, Action.SAW, operator_id=1, actor="staff:li", subject="order:2", fields=(), why="")


@pytest.fixture
def forge(stores: Servers, database: Database) -> Iterator[Callable[..., None]]:
    """Whoever owns the tables and takes the guards off: runs statements as if nothing kept the trail."""
    engine = create_engine(stores.owner_url, poolclass=NullPool)
    guarded = ("audit_entries", "audit_links")

    def run(*statements: str) -> None:
        with engine.begin() as connection:
            for table in guarded:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            connection.execute(text("ALTER TABLE audit_links DROP CONSTRAINT fk_audit_links_entry_id"))
            for statement in statements:
                connection.execute(text(statement))
            connection.execute(
                text(
                    "ALTER TABLE audit_links ADD CONSTRAINT fk_audit_links_entry_id"
                    " FOREIGN KEY (entry_id) REFERENCES audit_entries (id) NOT VALID"
                )
            )
            for table in guarded:
                connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))

    yield run
    engine.dispose()


def of(database: Database, chain: int = 1, **more: object) -> Verdict:
    return verify(database, [chain], **more)[0]  # type: ignore[arg-type]


def test_what_was_written_is_one_chain_for_each_operator(database: Database) -> None:
    for number in range(5):
        note(database, f"order:{number}", 1)
        note(database, f"order:{number}", 2)
    note(database, "account:1", None, fields=(), why="")
    verdicts = verify(database, [0, 1, 2, 3])
    assert [(one.chain, one.entries, one.broken) for one in verdicts] == [
        (0, 1, None),
        (1, 5, None),
        (2, 5, None),
        (3, 0, None),
    ]
    assert {one.chain: one.hash for one in heads(database)} == {
        one.chain: one.head for one in verdicts if one.entries
    }


@pytest.mark.parametrize(
    "more",
    [
        {"why": ""},
        {"fields": ()},
        {"fields": ("a", "b:c", "1:x")},
        {"why": "“引号”、换行\n和 emoji 🙂", "actor": "console:root"},
        {"why": "x" * 200, "actor": "y" * 80},
    ],
)
def test_database_and_rules_hash_alike(database: Database, more: dict[str, object]) -> None:
    with time_machine.travel(clock.now().replace(microsecond=1), tick=False):
        note(database, **more)
    with time_machine.travel(clock.now().replace(microsecond=999_999), tick=False):
        note(database, **more)
    assert of(database) == Verdict(1, 2, heads(database)[0].hash, None)


EDITS = [
    f"UPDATE audit_entries SET {change} WHERE id = 3"
    for change in (
        "actor = 'staff:li'",
        "action = 'changed'",
        "subject = 'order:9'",
        "fields = ARRAY['contact_phone']",
        "fields = ARRAY['customer_name', 'contact_phone']",
        "fields = ARRAY['contact_phonecustomer_name']",
        "why = ''",
        "at = at + interval '1 microsecond'",
    )
]
FORGERIES = [
    *((edit, Flaw.EDITED, 3) for edit in EDITS),
    ("DELETE FROM audit_entries WHERE id = 3", Flaw.MISSING, 3),
    (
        "DELETE FROM audit_links WHERE number = 3; DELETE FROM audit_entries WHERE id = 3",
        Flaw.MISSING,
        3,
    ),
    ("UPDATE audit_entries SET operator_id = 2 WHERE id = 3", Flaw.MISSING, 3),
    # The gap closed by moving what follows up.
    (
        "DELETE FROM audit_links WHERE number = 3; DELETE FROM audit_entries WHERE id = 3;"
        " UPDATE audit_links SET number = 3 WHERE number = 4;"
        " UPDATE audit_links SET number = 4 WHERE number = 5;"
        " UPDATE audit_chains SET entries = 4",
        Flaw.DISPLACED,
        3,
    ),
    ("UPDATE audit_links SET entry_id = 9 - entry_id WHERE number IN (4, 5)", Flaw.EDITED, 4),
    (
        "UPDATE audit_links SET hash = sha256('mine') WHERE number = 2;"
        " UPDATE audit_links SET previous = sha256('mine') WHERE number = 3",
        Flaw.EDITED,
        2,
    ),
    # Put in, with and without a link of its own.
    (
        "INSERT INTO audit_entries (operator_id, action, actor, subject, fields, why, at)"
        " VALUES (1, 'saw', 'staff:li', 'order:7', '{}', '', now())",
        Flaw.UNLINKED,
        6,
    ),
    (
        "INSERT INTO audit_entries (operator_id, action, actor, subject, fields, why, at)"
        " VALUES (1, 'saw', 'staff:li', 'order:7', '{}', '', now());"
        " INSERT INTO audit_links (chain, number, operator_id, entry_id, previous, hash)"
        " SELECT 1, 6, 1, 6, hash, sha256('mine') FROM audit_links WHERE number = 5",
        Flaw.EDITED,
        6,
    ),
    # The end cut off.
    (
        "DELETE FROM audit_links WHERE number > 3; DELETE FROM audit_entries WHERE id > 3",
        Flaw.CUT,
        4,
    ),
    ("DELETE FROM audit_links; DELETE FROM audit_entries", Flaw.CUT, 1),
    ("UPDATE audit_chains SET head = sha256('mine')", Flaw.CUT, 6),
]


@pytest.mark.parametrize(("statements", "flaw", "number"), FORGERIES)
def test_a_forgery_is_found_where_it_begins(
    database: Database, forge: Callable[..., None], statements: str, flaw: Flaw, number: int
) -> None:
    for one in range(5):
        note(database, f"order:{one}")
    assert of(database).broken is None
    # The unique index over entries is asked for each row: swapping two goes over a third.
    if "9 - entry_id" in statements:
        statements = (
            "ALTER TABLE audit_links DROP CONSTRAINT uq_audit_links_entry_id; "
            + statements
            + "; ALTER TABLE audit_links ADD CONSTRAINT uq_audit_links_entry_id UNIQUE (entry_id)"
        )
    forge(*statements.split("; "))
    broken = of(database).broken
    assert broken is not None
    assert (broken.flaw, broken.number) == (flaw, number)


def test_a_tail_that_is_cut_off_with_what_was_noted_of_it_is_found_by_a_head_kept_outside(
    database: Database, forge: Callable[..., None]
) -> None:
    for one in range(3):
        note(database, f"order:{one}")
    early = heads(database)[0]
    for one in range(3):
        note(database, f"order:{one}")
    kept = heads(database)[0]
    assert of(database, noted=[early.hash, kept.hash]).broken is None
    forge(
        "DELETE FROM audit_links WHERE number > 4",
        "DELETE FROM audit_entries WHERE id > 4",
        "UPDATE audit_chains SET entries = 4, head = (SELECT hash FROM audit_links WHERE number = 4)",
    )
    assert of(database).broken is None
    assert of(database, noted=[early.hash]).broken is None
    broken = of(database, noted=[kept.hash]).broken
    assert broken is not None
    assert broken.flaw is Flaw.NOT_OURS


def test_verifying_may_begin_in_the_middle(database: Database, forge: Callable[..., None]) -> None:
    for one in range(6):
        note(database, f"order:{one}", 1 + one % 2)
    forge("UPDATE audit_entries SET why = '' WHERE id = 1")
    assert of(database).broken is not None
    (verdict,) = verify(database, [1, 2], since_entry=3)
    assert (verdict.chain, verdict.entries, verdict.broken) == (1, 3, None)
    forge("UPDATE audit_entries SET why = '' WHERE id = 5")
    broken = verify(database, [1, 2], since_entry=3)[0].broken
    assert broken is not None
    assert broken.entry_id == 5
    with pytest.raises(UnknownEntryError):
        verify(database, [1], since_entry=99)


def test_many_at_once_make_one_chain_and_hold_nobody_up(database: Database) -> None:
    """Each writes its entry first and waits for another's row: a lock of the chain until then would block."""

    def work(number: int) -> None:
        for turn in range(10):
            with database.transaction() as connection:
                for chain in (1, 2) if number % 2 else (2, 1):
                    append(
                        connection,
                        Action.CHANGED,
                        operator_id=chain,
                        actor=f"staff:{number}",
                        subject=f"order:{turn}",
                        fields=("contact_phone",),
                        why="",
                    )
                    if number % 3 == 0:
                        connection.execute(text("SELECT pg_advisory_xact_lock(77)"))

    with ThreadPoolExecutor(8) as pool:
        outcomes = [pool.submit(work, number) for number in range(8)]
    failed = [one.exception() for one in outcomes if one.exception() is not None]
    # Two chains in one transaction, in two orders, may meet: PostgreSQL ends one of them, whole.
    assert all("deadlock" in str(error) for error in failed)
    verdicts = verify(database, [1, 2])
    assert [one.broken for one in verdicts] == [None, None]
    assert verdicts[0].entries == verdicts[1].entries > 0


def test_what_was_rolled_back_leaves_no_gap(database: Database) -> None:
    note(database)

    def break_off() -> None:
        with database.transaction() as connection:
            saw(connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    note(database)
    assert (of(database).entries, of(database).broken) == (2, None)


@pytest.mark.faults
def test_a_killed_process_leaves_a_whole_chain(database: Database, stores: Servers) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(3):
        victim = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("append_and_die.py")), stores.app_url],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert victim.stdout is not None
        lines = [victim.stdout.readline() for _ in range(7)]
        victim.send_signal(signal.SIGKILL)
        lines += victim.stdout.readlines()
        victim.wait(10)
        victim.stdout.close()
        assert lines[0] == "1\n"
    note(database)
    verdict = of(database)
    assert verdict.broken is None
    assert verdict.entries >= 3 * 7 * 3


@pytest.mark.parametrize("role", ["tracker_app", "tracker_web"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET why = ''",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries CASCADE",
        "UPDATE audit_links SET hash = ''",
        "DELETE FROM audit_links",
        "INSERT INTO audit_links VALUES (1, 9, 1, 1, '', '')",
        "UPDATE audit_chains SET entries = 0",
        "DELETE FROM audit_chains",
        "ALTER TABLE audit_entries DISABLE TRIGGER ALL",
        "SELECT link_audit_entry()",
    ],
)
def test_no_role_of_ours_can_change_it(
    stores: Servers, database: Database, role: str, statement: str
) -> None:
    note(database)
    ours = Database(stores.app_url, role=role, walled=True)
    with walls.everywhere(), ours.engine.connect() as connection:
        with pytest.raises(DBAPIError) as refused:
            connection.execute(text(statement))
        connection.rollback()
    ours.dispose()
    assert isinstance(refused.value, ProgrammingError) or "trigger functions" in str(refused.value.orig)
    assert of(database).broken is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET why = ''",
        "DELETE FROM audit_links",
        "TRUNCATE audit_entries, audit_links",
    ],
)
def test_not_even_the_owner_slips(stores: Servers, database: Database, statement: str) -> None:
    note(database)
    owner = Database(stores.owner_url)
    with pytest.raises(DBAPIError, match="append-only"), owner.transaction() as connection:
        connection.execute(text(statement))
    owner.dispose()


def test_an_old_snapshot_forks_nothing(database: Database) -> None:
    """A transaction that sees the chain as it was cannot go on from there."""
    note(database)
    old = database.engine.execution_options(isolation_level="REPEATABLE READ")
    with old.connect() as connection:
        connection.execute(text("SELECT 1"))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(note, database).result()
        saw(connection)
        with pytest.raises(DBAPIError, match="could not serialize"):
            connection.commit()
    assert (of(database).entries, of(database).broken) == (2, None)


def test_a_look_is_noted_once_a_day(database: Database) -> None:
    def look(fields: tuple[str, ...] = ("text",), actor: str = "staff:wang") -> None:
        with database.transaction() as connection:
            note_seen(
                connection,
                ["complaint:1", "complaint:2", "complaint:1"],
                operator_id=1,
                actor=actor,
                fields=fields,
                why="complaint shown",
            )

    noon = clock.now().replace(hour=4, minute=0)
    with time_machine.travel(noon, tick=False) as traveller:
        look()
        look()
        assert of(database).entries == 2
        look(fields=("text", "notes"))
        assert of(database).entries == 4
        look(actor="staff:li")
        assert of(database).entries == 6
        # 24:00 in the city is 16:00 UTC.
        traveller.shift(timedelta(hours=11, minutes=59))
        look()
        assert of(database).entries == 6
        traveller.shift(timedelta(minutes=1))
        look()
        assert of(database).entries == 8


def test_the_scheduled_check_tells_health(
    runtime: object, database: Database, forge: Callable[..., None]
) -> None:
    assert examine(runtime)["audit"] == "ok"  # type: ignore[arg-type]
    for one in range(4):
        note(database, f"order:{one}")
    assert check_trail(database) == 0
    assert examine(runtime)["audit"] == "ok"  # type: ignore[arg-type]
    with time_machine.travel(clock.now() + timedelta(days=3)):
        assert "last verified" in examine(runtime)["audit"]  # type: ignore[arg-type]
    # Nothing that the chain says of itself is wrong: the check remembers where it ended.
    forge(
        "DELETE FROM audit_links WHERE number > 2",
        "DELETE FROM audit_entries WHERE id > 2",
        "UPDATE audit_chains SET entries = 2, head = (SELECT hash FROM audit_links WHERE number = 2)",
    )
    for _ in range(2):
        assert check_trail(database) == 1
        word = "warning: the audit trail of operator 1 is broken at entry 3"
        assert examine(runtime)["audit"] == word  # type: ignore[arg-type]


def test_the_command(
    settings: dict[str, str],
    database: Database,
    forge: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["audit", *words])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    for one in range(3):
        note(database, f"order:{one}")
    note(database, "account:1", None)
    code, out, _ = run("head")
    none, telecom = (line.split() for line in out.splitlines())
    assert (code, none[:2], telecom[:2]) == (0, ["-", "1"], ["telecom", "3"])
    code, out, err = run("verify", "--head", telecom[2])
    assert (code, out) == (0, "")
    assert f"telecom: whole up to entry 3, head {telecom[2]}" in err
    assert run("verify", "--operator", "-")[0] == 0
    assert run("verify", "--since", "2", "--operator", "telecom")[0] == 0
    for words in (["--operator", "nobody"], ["--since", "999"]):
        assert run("verify", *words)[0] == 1
    assert run("verify", "--head", "abc")[0] == 2
    forge("UPDATE audit_entries SET actor = 'staff:li' WHERE id = 2")
    code, out, _ = run("verify")
    assert (code, out) == (1, "telecom: broken at entry 2 (id 2): the entry is not what was written\n")
    assert run("verify", "--operator", "-")[0] == 0


def test_a_long_chain_is_gone_through_in_batches(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_entries (operator_id, action, actor, subject, fields, why, at)"
                " SELECT 1, 'saw', 'staff:wang', 'order:' || n, ARRAY['contact_phone'], 'calls', now()"
                " FROM generate_series(1, 4500) AS n"
            )
        )
    told: list[int] = []
    verdict = of(database, advance=told.append)
    assert (verdict.entries, verdict.broken) == (4500, None)
    assert sum(told) == 4500
    assert max(told) <= 2000
