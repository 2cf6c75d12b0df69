"""What the public site's database role may do: this list and nothing else (I6).

The database itself is asked, by trying: every column of every table is read, every table written.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from tracker import tables
from tracker.db import PUBLIC_ROLE, Database
from tracker.embedded import Servers

# Reference data that the open pages publish, whole.
PUBLISHED = {
    "calendar_days",
    "calendar_years",
    "divisions",
    "operators",
    "plans",
    "promise_rules",
    "published_figures",
    "reference_revision",
}

READ = {
    # How an order stands. The digests are what number and four characters are compared with.
    "orders": "id operator_id number stage customer_kind product lookup_digest credit_lookup_digest price"
    " accepted_at appointment_starts_at appointment_ends_at closed_at installer_title installer_staff_number",
    "order_events": "id order_id order_version kind stage reason_code occurred_at",
    "promises": "order_id deadline provisional explanation",
    # When the clock stood still, until when, the deadline that came of it, and who of the operator's people
    # follows a delay up.
    "promise_entries": "order_id number kind recorded_at starts_at ends_at lifts reason_code deadline"
    " provisional explanation contact",
    # Fees due and paid; neither who recorded them nor a bank's reference.
    "charges": "id order_id fee amount_fen due_on reason",
    "payments": "id order_id fee amount_fen paid_at",
    # Announced changes and outages, of which nothing names a customer.
    "tariff_changes": "id operator_id kind filing_number region plan_id effective_on ends_from ends_to"
    " summary summary_en state announced_at withdrawn_at",
    "outages": "id operator_id kind area_codes starts_at ends_at first_starts_at first_ends_at minutes"
    " services reason reason_en announced_at changed_at area_changed_at withdrawn_at restored_at"
    " recovery_recorded_at",
    # The texts of an order, for the holder of its phone; not to whom they went.
    "notices": "id order_id template language body state created_at next_at accepted_at delivered_at",
    # What was asked for here, and what came of it.
    "customer_requests": "id kind operator_id order_id session_digest payload asked_at once state applied_at"
    " due_at undo_until refusal outcome",
    # What is still free; not who has booked.
    "visit_slots": "id operator_id area_code starts_at ends_at capacity booked closed_at",
    # How a complaint stands, for who made it; not what was written, nor in whose hands it is.
    "complaints": "id number order_id topic received_at due_on state result",
    "ratings": "order_id score rated_at retracted_at",
    # That a code went out, and what its session shows; not the digest of the code.
    "lookup_codes": "id order_id created_at expires_at tries used_at session_digest session_ends_at shown",
    # Digests of addresses and numbers that were tried.
    "lookup_tries": "key count ends_at",
}

WRITTEN = {
    # Asking for something; what comes of it is the service's to write.
    ("INSERT", "customer_requests"): "kind operator_id order_id session_digest payload asked_at once",
    ("INSERT", "lookup_tries"): "key count ends_at",
    ("UPDATE", "lookup_tries"): "count ends_at",
}

# Comparing a code and ending a session, which count the tries where the site cannot reach around them.
CALLED = {"open_lookup_session", "close_lookup_session"}


@pytest.fixture(scope="module")
def public(stores: Servers) -> Iterator[Database]:
    made = Database(stores.public_url, role=PUBLIC_ROLE)
    yield made
    made.dispose()


def refused(connection: Connection, statement: str) -> bool:
    """Whether the role may not do this. Anything else that is wrong with it comes after the privilege."""
    try:
        connection.execute(text(statement))
    except ProgrammingError as error:
        if "permission denied" not in str(error.orig):
            raise
        return True
    except DBAPIError:
        return False
    return False


def columns() -> list[tuple[str, str]]:
    return [
        (table.name, column.name) for table in tables.metadata().sorted_tables for column in table.columns
    ]


def allowed_to_read() -> set[tuple[str, str]]:
    named = {(table, column) for table, names in READ.items() for column in names.split()}
    return named | {one for one in columns() if one[0] in PUBLISHED}


def test_it_reads_what_is_listed_and_nothing_else(public: Database) -> None:
    with public.reading() as connection:
        assert connection.scalar(text("SELECT current_user")) == PUBLIC_ROLE
        read = {
            (table, column)
            for table, column in columns()
            if not refused(connection, f'SELECT "{column}" FROM "{table}" LIMIT 0')
        }
    assert read - allowed_to_read() == set(), "readable, but not listed"
    assert allowed_to_read() - read == set(), "listed, but not readable"


def test_it_writes_what_is_listed_and_nothing_else(public: Database) -> None:
    written: dict[tuple[str, str], set[str]] = {}
    with public.reading() as connection:
        for table, column in columns():
            for verb, statement in (
                ("INSERT", f'INSERT INTO "{table}" ("{column}") SELECT NULL WHERE false'),
                ("UPDATE", f'UPDATE "{table}" SET "{column}" = NULL WHERE false'),
            ):
                if not refused(connection, statement):
                    written.setdefault((verb, table), set()).add(column)
        names = {table for table, _ in columns()}
        for verb, words in (("DELETE", 'DELETE FROM "{}"'), ("TRUNCATE", 'TRUNCATE "{}"')):
            assert {one for one in names if not refused(connection, words.format(one))} == set(), verb
    expected = {what: set(names.split()) for what, names in WRITTEN.items()}
    # PostgreSQL itself keeps identities and generated columns from being written.
    assert written == expected


def test_it_reads_none_of_the_tables_beside_the_models(public: Database) -> None:
    """Views, foreign tables, whatever a migration makes without a model, and the catalogues' secrets."""
    with public.reading() as connection:
        known = {table for table, _ in columns()}
        others = connection.scalars(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'v', 'm', 'f', 'p')"
            )
        ).all()
        # The schema's revision is no secret.
        for name in set(others) - known - {"alembic_version"}:
            assert refused(connection, f'SELECT * FROM "{name}" LIMIT 0'), name
        assert refused(connection, "SELECT rolpassword FROM pg_authid")
        assert refused(connection, "CREATE TABLE public.mine (id int)")
        assert refused(connection, "SET ROLE tracker_app")


def test_it_calls_the_listed_functions_as_somebody_else_and_no_other(public: Database) -> None:
    with public.reading() as connection:
        definers = connection.scalars(
            text(
                "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
                " WHERE n.nspname = 'public' AND p.prosecdef AND has_function_privilege(p.oid, 'EXECUTE')"
                " AND p.prorettype <> 'trigger'::regtype"
            )
        ).all()
    assert set(definers) == CALLED


def test_it_draws_from_no_sequence_but_those_of_its_own_rows(public: Database) -> None:
    with public.reading() as connection:
        drawn = connection.scalars(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = 'public' AND CASE WHEN c.relkind = 'S' THEN"
                " has_sequence_privilege(c.oid, 'USAGE, UPDATE') END"
            )
        ).all()
    assert drawn == []
