"""Who saw or changed personal data: append-only, each entry linked to the one before it.

An entry is linked as its transaction is committed, by the database itself: the lock of a chain is held no
longer than that, entries may be written anywhere in a transaction, and one that is rolled back or killed
leaves no gap.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "action IN ('saw', 'changed', 'granted', 'revoked')", name=op.f("ck_audit_entries_action")
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_audit_entries_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(
        op.f("ix_audit_entries_operator_id_id"), "audit_entries", ["operator_id", "id"], unique=False
    )
    op.create_index(op.f("ix_audit_entries_subject_id"), "audit_entries", ["subject", "id"], unique=False)
    op.create_index(op.f("ix_audit_entries_actor_id"), "audit_entries", ["actor", "id"], unique=False)
    op.create_table(
        "audit_chains",
        sa.Column("chain", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("chain = coalesce(operator_id, 0)", name=op.f("ck_audit_chains_chain")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_audit_chains_operator_id")),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_chains")),
    )
    op.create_table(
        "audit_links",
        sa.Column("chain", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_links_entry_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_audit_links_operator_id")),
        sa.PrimaryKeyConstraint("chain", "number", name=op.f("pk_audit_links")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_links_entry_id")),
    )
    op.create_table(
        "audit_checks",
        sa.Column("chain", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("broken_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_audit_checks_operator_id")),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_checks")),
    )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM tracker_app")
    op.execute("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_chains, audit_links FROM tracker_app")
    _link_at_commit()
    _keep()


def _link_at_commit() -> None:
    # What is hashed is told in tracker/audit/rules.py, which counts it anew: each part with its length, so
    # that no two entries read alike.
    op.execute(
        """
        CREATE FUNCTION audit_part(part text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
            SELECT convert_to(octet_length(convert_to(part, 'UTF8'))::text || ':', 'UTF8')
                || convert_to(part, 'UTF8')
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION link_audit_entry() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            in_chain smallint := coalesce(NEW.operator_id, 0);
            last audit_chains;
            made bytea;
        BEGIN
            SELECT * INTO last FROM audit_chains WHERE chain = in_chain FOR UPDATE;
            IF NOT FOUND THEN
                INSERT INTO audit_chains (chain, operator_id, entries, head)
                VALUES (in_chain, NEW.operator_id, 0, decode(repeat('00', 32), 'hex'))
                ON CONFLICT DO NOTHING;
                SELECT * INTO last FROM audit_chains WHERE chain = in_chain FOR UPDATE;
            END IF;
            made := sha256(
                last.head
                || audit_part(in_chain::text)
                || audit_part((last.entries + 1)::text)
                || audit_part(NEW.id::text)
                || audit_part(NEW.action)
                || audit_part(NEW.actor)
                || audit_part(NEW.subject)
                || audit_part(cardinality(NEW.fields)::text)
                || (SELECT coalesce(string_agg(audit_part(field), ''::bytea ORDER BY nth), ''::bytea)
                    FROM unnest(NEW.fields) WITH ORDINALITY AS one (field, nth))
                || audit_part(NEW.why)
                || audit_part((extract(epoch FROM NEW.at) * 1000000)::bigint::text)
            );
            INSERT INTO audit_links (chain, number, operator_id, entry_id, previous, hash)
            VALUES (in_chain, last.entries + 1, NEW.operator_id, NEW.id, last.head, made);
            UPDATE audit_chains SET entries = last.entries + 1, head = made WHERE chain = in_chain;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE CONSTRAINT TRIGGER link AFTER INSERT ON audit_entries
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION link_audit_entry()
        """
    )


def _keep() -> None:
    """Also against a slip of the tables' owner, who has every right."""
    op.execute(
        """
        CREATE FUNCTION keep_audit_trail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit trail is append-only';
        END $$
        """
    )
    for table in ("audit_entries", "audit_links"):
        op.execute(
            f"""
            CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION keep_audit_trail()
            """
        )


def downgrade() -> None:
    for table in ("audit_checks", "audit_links", "audit_chains", "audit_entries"):
        op.drop_table(table)
    op.execute("DROP FUNCTION link_audit_entry()")
    op.execute("DROP FUNCTION audit_part(text)")
    op.execute("DROP FUNCTION keep_audit_trail()")
