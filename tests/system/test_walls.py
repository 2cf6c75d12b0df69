"""The second wall between operators (I6): what the service's database role reaches, whatever it asks for."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from neighbour import OPERATOR, Neighbour, settle_next_door, walled_tables
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from tracker import walls
from tracker.cli import main
from tracker.db import APP_ROLE, WEB_ROLE, Database
from tracker.embedded import Servers
from tracker.runtime import Runtime

ROOT = Path(__file__).parents[2]
OURS = 1

# Rows that are everybody's to read, and the next revision follows from everybody's; none may be written.
READABLE = {"calendar_days", "calendar_changes", "saved_templates", "template_approvals"}

# What only a worker does: it takes words out of histories, of whichever operator.
FOR_WORKERS = (
    "anonymise_complaints(bigint[])",
    "anonymise_orders(bigint[],timestamp with time zone)",
    "anonymise_subscribers(bigint[])",
    "delete_unbooked_slots(bigint[])",
)

# Where the product looks over every wall, and why it has to.
EVERYWHERE = {
    "tracker/reference.py": 1,  # the process's copy of what every operator's orders are checked against
    "tracker/cli/checking.py": 1,  # the same as health, before a start
    "tracker/health.py": 1,  # whether anything of anybody's waits too long
    "tracker/metrics.py": 1,  # totals over all operators
    "tracker/api/callbacks.py": 1,  # a provider's push may be about texts of several operators
    "tracker/pages/signing_in.py": 1,  # a session may be anybody's until it is found
    "tracker/pages/sign_in_steps.py": 5,  # and so may a name
    "tracker/pages/access.py": 1,  # an administrator looks after everybody's accounts, and reads every trail
    "tracker/pages/regulator.py": 2,  # totals of all operators, and what they have submitted
    "tracker/pages/texts.py": 1,  # the demonstration's phone gets everybody's texts
}


@pytest.fixture
def web(stores: Servers, clean: None) -> Iterator[Database]:
    """The database as the service reaches it."""
    made = Database(stores.app_url, role=WEB_ROLE, walled=True)
    yield made
    made.dispose()


@pytest.fixture
def neighbour(runtime: Runtime, plans: None, changeable: None, settings: dict[str, str]) -> Neighbour:
    return settle_next_door(runtime)


def count(connection: Connection, table: str, where: str = "true") -> int:
    found = connection.scalar(text(f"SELECT count(*) FROM {table} WHERE {where}"))
    assert found is not None
    return int(found)


def test_the_neighbour_has_one_of_everything(neighbour: Neighbour, database: Database) -> None:
    """Else what follows would prove nothing: a new table gets a row in tests/neighbour.py."""
    with database.reading() as connection:
        empty = [name for name, (rows, _) in neighbour.rows(connection).items() if not rows]
    assert empty == []


def test_nothing_of_the_neighbours_is_reached_from_within(neighbour: Neighbour, web: Database) -> None:
    with walls.within(OPERATOR), web.reading() as connection:
        assert all(count(connection, table) for table in walled_tables())
    with walls.within(OURS), web.reading() as connection:
        for table in walled_tables():
            seen = count(connection, table, f"operator_id = {OPERATOR}")
            assert seen == 0 or table == "calendar_changes", table
            others = count(connection, table, "operator_id IS NULL")
            assert others == 0 or table in READABLE, table


def test_nothing_of_the_neighbours_is_changed_from_within(
    neighbour: Neighbour, web: Database, database: Database
) -> None:
    """Every change that the role may make to a table at all meets no row; whatever is put in is refused."""
    with database.reading() as connection:
        before = neighbour.rows(connection)
    tried = 0
    for table in walled_tables():
        with walls.within(OURS), web.at_once() as connection:
            for statement in changes(connection, table):
                tried += 1
                assert connection.execute(text(statement)).rowcount == 0, statement
        with walls.within(OURS), web.at_once() as connection:
            if not connection.scalar(text("SELECT has_table_privilege(:t, 'INSERT')"), {"t": table}):
                continue
            tried += 1
            columns = copied_columns(connection, table)
            # As the owner reads the row: from within there is none to copy.
            with database.reading() as other:
                row = other.execute(
                    text(f"SELECT {columns} FROM {table} WHERE operator_id = {OPERATOR} LIMIT 1")
                ).one()
            given = {f"v{index}": value for index, value in enumerate(row)}
            values = ", ".join(
                f"CAST(:v{index} AS {kind})" for index, kind in enumerate(kinds(connection, table, columns))
            )
            with pytest.raises(DBAPIError, match="row-level security"):
                connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), adapted(given))
    assert tried > len(walled_tables())
    with database.reading() as connection:
        assert neighbour.rows(connection) == before


def changes(connection: Connection, table: str) -> Iterator[str]:
    """Every kind of change of the neighbour's rows that the role has a right to."""
    theirs = f"WHERE operator_id = {OPERATOR}"
    wanted = text(
        "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:table AS regclass) AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' AND has_column_privilege(attrelid, attnum, 'UPDATE')"
    )
    for name in connection.scalars(wanted, {"table": table}).all():
        yield f'UPDATE {table} SET "{name}" = "{name}" {theirs}'
    if connection.scalar(text("SELECT has_table_privilege(:table, 'DELETE')"), {"table": table}):
        yield f"DELETE FROM {table} {theirs}"


def copied_columns(connection: Connection, table: str) -> str:
    """The columns that an insert may name."""
    wanted = text(
        "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:table AS regclass) AND attnum > 0"
        " AND NOT attisdropped AND attidentity = '' AND attgenerated = ''"
    )
    return ", ".join(f'"{name}"' for name in connection.scalars(wanted, {"table": table}))


def kinds(connection: Connection, table: str, columns: str) -> list[str]:
    wanted = text(
        "SELECT attname, format_type(atttypid, atttypmod) AS kind FROM pg_attribute"
        " WHERE attrelid = CAST(:table AS regclass)"
    )
    found = {row.attname: row.kind for row in connection.execute(wanted, {"table": table})}
    return [found[name.strip('"')] for name in columns.split(", ")]


def adapted(given: dict[str, object]) -> dict[str, object]:
    """Values as the driver takes them: JSON as text."""
    return {
        name: json.dumps(value)
        if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict))
        else value
        for name, value in given.items()
    }


@pytest.mark.parametrize("wall", ["unset", "nobody's"])
def test_without_an_operator_nothing_of_operators_is_seen(
    neighbour: Neighbour, web: Database, wall: str
) -> None:
    if wall == "nobody's":
        walls.stand_by(None)
    try:
        with web.reading() as connection:
            for table in walled_tables():
                seen = count(connection, table, "operator_id IS NOT NULL")
                assert seen == 0 or table == "calendar_changes", table
                others = count(connection, table, "operator_id IS NULL")
                assert others == 0 or wall == "nobody's" or table in READABLE, table
    finally:
        walls.leave()


def test_the_role_itself_fails_closed(stores: Servers, neighbour: Neighbour) -> None:
    """A connection that nobody told anything, and one that was told nonsense."""
    plain = Database(stores.app_url, role=WEB_ROLE)
    with plain.transaction() as connection:
        assert connection.scalar(text("SELECT current_user")) == "tracker_web"
        assert count(connection, "orders") == 0
        connection.execute(text("SELECT set_config('tracker.operator', '99', true)"))
        assert count(connection, "orders") == 0
        connection.execute(text("SELECT set_config('tracker.operator', 'all', true)"))
        assert count(connection, "orders") == 2
        connection.execute(text("SELECT set_config('tracker.operator', 'mine', true)"))
        with pytest.raises(DBAPIError):
            count(connection, "orders")
    plain.dispose()


def test_a_wall_stands_for_its_context_alone(neighbour: Neighbour, web: Database) -> None:
    def seen() -> int:
        with web.reading() as one, web.engine.connect() as other:
            found = count(one, "orders")
            assert found == count(other, "orders")
        return found

    assert seen() == 0
    with walls.within(OPERATOR):
        assert seen() == 2
        with walls.within(OURS):
            assert seen() == 0
            with walls.everywhere():
                assert seen() == 2
            assert seen() == 0
        assert seen() == 2
    assert seen() == 0


def test_a_rollback_and_a_lost_connection_leave_the_wall_where_it_is(
    neighbour: Neighbour, web: Database
) -> None:
    with walls.within(OPERATOR):
        for _ in range(2):
            with web.engine.connect() as connection:
                assert count(connection, "orders") == 2
                with pytest.raises(ProgrammingError):
                    connection.execute(text("SELECT nothing"))
                connection.rollback()
                assert count(connection, "orders") == 2
        with web.engine.connect() as connection:
            assert count(connection, "orders") == 2
            connection.invalidate()
        with web.transaction() as connection:
            assert count(connection, "orders") == 2
    with web.transaction() as connection:
        assert count(connection, "orders") == 0


def test_a_connection_that_has_died_in_the_pool_is_replaced_as_it_is_told(
    stores: Servers, neighbour: Neighbour, web: Database
) -> None:
    with walls.within(OPERATOR), web.reading() as connection:
        process = connection.scalar(text("SELECT pg_backend_pid()"))
    other = Database(stores.app_url)
    with other.reading() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:process)"), {"process": process})
    other.dispose()
    with walls.within(OURS), web.reading() as connection:
        assert count(connection, "orders") == 0
        assert connection.scalar(text("SELECT pg_backend_pid()")) != process


def test_what_the_connection_knows_is_not_told_again(web: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    real = psycopg.Connection.execute

    def hear(connection: Any, query: Any, params: Any = None, **more: Any) -> Any:
        told.append(params[0])
        return real(connection, query, params, **more)

    monkeypatch.setattr(psycopg.Connection, "execute", hear)
    for operator in (1, 1, 1, 2, 2, 1):
        with walls.within(operator), web.reading() as connection:
            connection.execute(text("SELECT 1"))
    assert told == ["1", "2", "1"]


def test_a_transaction_does_not_change_sides(neighbour: Neighbour, web: Database) -> None:
    with walls.within(OURS), web.transaction() as connection:
        with walls.within(OURS), web.transaction() as joined:
            assert joined is connection
        with walls.everywhere(), pytest.raises(RuntimeError, match="wall"), web.reading():
            pass


def test_an_answer_that_is_made_while_it_is_sent_stays_behind_its_wall() -> None:
    closed: list[bool] = []

    def pieces() -> Iterator[str]:
        try:
            while True:
                yield walls.present()
        finally:
            closed.append(True)

    with walls.within(7):
        sent = walls.carried(pieces())
    assert walls.present() == ""
    assert [next(sent), walls.present(), next(sent)] == ["7", "", "7"]
    sent.close()  # type: ignore[attr-defined]
    assert closed == [True]
    with walls.within(8):
        assert list(walls.carried(["a", "b"])) == ["a", "b"]


def test_a_login_that_cannot_step_down_is_told_of_before_a_start(
    stores: Servers, settings: dict[str, str], clean: None, capsys: pytest.CaptureFixture[str]
) -> None:
    def check() -> str:
        with pytest.raises(SystemExit):
            main(["check"])
        found = re.search(r"^database +(.*)$", capsys.readouterr().out, re.MULTILINE)
        assert found
        return found[1]

    assert check() == "ok"
    owner = Database(stores.owner_url)
    with owner.transaction() as connection:
        connection.execute(text("REVOKE tracker_web FROM tracker_app"))
    try:
        assert check() == "failed: OperationalError"
    finally:
        with owner.transaction() as connection:
            connection.execute(text("GRANT tracker_web TO tracker_app WITH INHERIT FALSE"))
        owner.dispose()
    assert check() == "ok"


def test_every_use_of_everywhere_is_argued_for() -> None:
    found = {}
    for folder in ("tracker", "workers", "public_status"):
        for path in (ROOT / folder).rglob("*.py"):
            uses = len(re.findall(r"\beverywhere\(\)", path.read_text()))
            if uses and path.name != "walls.py":
                found[str(path.relative_to(ROOT))] = uses
    assert found == EVERYWHERE


def test_every_table_of_operators_is_walled(database: Database) -> None:
    """Else a migration forgot `SELECT wall_in('table')`."""
    with database.reading() as connection:
        walled = set(
            connection.scalars(
                text(
                    "SELECT c.relname FROM pg_class c JOIN pg_policies p ON p.tablename = c.relname"
                    " WHERE c.relrowsecurity AND p.permissive = 'RESTRICTIVE'"
                    " AND 'tracker_web' = ANY(p.roles)"
                )
            )
        )
    assert walled == set(walled_tables())


def test_the_service_may_do_what_the_workers_may_and_no_more(database: Database) -> None:
    """Else a migration changed rights of tracker_app without `SELECT copy_rights_to_web()`."""
    wanted = {
        "tables": "SELECT relname, right_to FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE',"
        " 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS right_to WHERE relnamespace ="
        " 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'p')"
        " AND has_table_privilege(:role, oid, right_to)",
        "columns": "SELECT attrelid::regclass::text, attname, right_to FROM pg_attribute JOIN pg_class c ON"
        " c.oid = attrelid, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS right_to WHERE"
        " relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'p') AND attnum > 0"
        " AND NOT attisdropped AND has_column_privilege(:role, attrelid, attnum, right_to)",
        "sequences": "SELECT relname, right_to FROM pg_class, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE'])"
        " AS right_to WHERE relnamespace = 'public'::regnamespace AND CASE WHEN relkind = 'S' THEN"
        " has_sequence_privilege(:role, oid, right_to) END",
        "functions": "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " AND has_function_privilege(:role, oid, 'EXECUTE')",
    }
    with database.reading() as connection:
        for what, question in wanted.items():
            app, web = (
                {tuple(row) for row in connection.execute(text(question), {"role": role})}
                for role in (APP_ROLE, WEB_ROLE)
            )
            if what == "functions":
                app -= {(name,) for name in FOR_WORKERS}
            assert app == web, what
            assert app, what


def test_only_the_services_role_has_a_wall(stores: Servers, neighbour: Neighbour) -> None:
    """Workers look after everybody; what the site's role may read is its grants' matter."""
    roles: list[tuple[Callable[[], Database], str]] = [
        (lambda: Database(stores.app_url, role=APP_ROLE), "tracker_app"),
        (lambda: Database(stores.public_url, role="tracker_public"), "tracker_public"),
    ]
    for make, role in roles:
        made = make()
        with made.reading() as connection:
            assert connection.scalar(text("SELECT current_user")) == role
            assert connection.scalar(text("SELECT count(id) FROM orders")) == 2
        made.dispose()
