"""What customers ask for on the public site, and the codes that prove whose the phone is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_KINDS = "'code', 'lost_number', 'appointment', 'hold', 'withdrawal', 'complaint', 'rating', 'undo'"
_STATES = "'asked', 'waiting', 'done', 'refused', 'undone'"


def upgrade() -> None:
    op.create_table(
        "customer_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("session_digest", sa.LargeBinary(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("once", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=10), server_default=sa.text("'asked'"), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undo_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("failures", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_customer_requests_kind")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_customer_requests_state")),
        sa.CheckConstraint(
            "(kind = 'lost_number') = (order_id IS NULL)", name=op.f("ck_customer_requests_order")
        ),
        sa.CheckConstraint(
            "(operator_id IS NULL) = (order_id IS NULL)", name=op.f("ck_customer_requests_operator")
        ),
        sa.CheckConstraint("octet_length(payload::text) <= 8192", name=op.f("ck_customer_requests_payload")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_customer_requests_operator_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_customer_requests_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_requests")),
        sa.UniqueConstraint("order_id", "once", name=op.f("uq_customer_requests_order_id_once")),
    )
    op.create_index(
        "ix_customer_requests_open",
        "customer_requests",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('asked', 'waiting')"),
    )
    op.create_index("ix_customer_requests_of_order", "customer_requests", ["order_id", "id"], unique=False)
    op.create_table(
        "lookup_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("session_digest", sa.LargeBinary(), nullable=True),
        sa.Column("session_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_lookup_codes_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_lookup_codes_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookup_codes")),
        sa.UniqueConstraint("session_digest", name=op.f("uq_lookup_codes_session_digest")),
    )
    op.create_index("ix_lookup_codes_of_order", "lookup_codes", ["order_id", "id"], unique=False)
    # A code lies nowhere in clear, not even in the text that brings it.
    op.add_column("notices", sa.Column("secret", sa.LargeBinary(), nullable=True))
    op.add_column("recorded_texts", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    _make_sessions()
    _grant()


def _make_sessions() -> None:
    """A code is compared, and its tries are counted, where the site cannot reach around it."""
    op.execute(
        """
        CREATE FUNCTION open_lookup_session(
            of_order bigint, given bytea, session bytea, at timestamptz, ends_at timestamptz
        ) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            code lookup_codes;
        BEGIN
            SELECT * INTO code FROM lookup_codes
            WHERE order_id = of_order ORDER BY id DESC LIMIT 1 FOR UPDATE;
            IF NOT FOUND OR code.used_at IS NOT NULL OR code.expires_at <= at OR code.tries >= 5 THEN
                RETURN 'gone';
            END IF;
            IF code.digest <> given THEN
                UPDATE lookup_codes SET tries = tries + 1 WHERE id = code.id;
                RETURN 'wrong';
            END IF;
            UPDATE lookup_codes SET used_at = at, session_digest = session, session_ends_at = ends_at
            WHERE id = code.id;
            RETURN 'opened';
        END
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION close_lookup_session(session bytea, at timestamptz)
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
            UPDATE lookup_codes SET session_ends_at = at
            WHERE session_digest = session AND session_ends_at > at
        $$
        """
    )


def _grant() -> None:
    op.execute("REVOKE DELETE, TRUNCATE ON customer_requests FROM tracker_app")
    for function in (
        "open_lookup_session(bigint, bytea, bytea, timestamptz, timestamptz)",
        "close_lookup_session(bytea, timestamptz)",
    ):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tracker_public")
    op.execute(
        "GRANT SELECT (id, kind, operator_id, order_id, session_digest, payload, asked_at, once, state,"
        " applied_at, due_at, undo_until, refusal, outcome),"
        " INSERT (kind, operator_id, order_id, session_digest, payload, asked_at, once)"
        " ON customer_requests TO tracker_public"
    )
    op.execute(
        "GRANT SELECT (id, order_id, created_at, expires_at, tries, used_at, session_digest, session_ends_at,"
        " shown) ON lookup_codes TO tracker_public"
    )
    op.execute("GRANT SELECT (installer_title, installer_staff_number) ON orders TO tracker_public")
    op.execute(
        "GRANT SELECT (id, order_id, template, language, body, state, created_at, next_at, accepted_at,"
        " delivered_at) ON notices TO tracker_public"
    )


def downgrade() -> None:
    op.execute(
        "REVOKE SELECT (id, order_id, template, language, body, state, created_at, next_at, accepted_at,"
        " delivered_at) ON notices FROM tracker_public"
    )
    op.execute("REVOKE SELECT (installer_title, installer_staff_number) ON orders FROM tracker_public")
    op.execute("DROP FUNCTION close_lookup_session(bytea, timestamptz)")
    op.execute("DROP FUNCTION open_lookup_session(bigint, bytea, bytea, timestamptz, timestamptz)")
    op.drop_column("recorded_texts", "sealed")
    op.drop_column("notices", "secret")
    op.drop_table("lookup_codes")
    op.drop_table("customer_requests")
