"""Delays that are to be excused, and what late orders are compensated with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_METHODS = "'cash', 'transfer', 'wechat', 'alipay', 'card', 'bill'"
_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    # Lines of before were written by one person alone, and stay as they are.
    op.add_column("promise_entries", sa.Column("asked_by", sa.String(length=80), nullable=True))
    _make_excuses()
    _make_compensation()
    for table in ("excuse_requests", "excuse_files", "compensation_entries"):
        op.execute(f"SELECT wall_in('{table}')")
    op.execute("REVOKE DELETE, TRUNCATE ON excuse_requests FROM tracker_app")
    # Files are deleted with what else is forgotten of an order.
    op.execute("REVOKE UPDATE, TRUNCATE ON excuse_files FROM tracker_app")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON compensation_entries FROM tracker_app")
    op.execute("REVOKE INSERT, DELETE, TRUNCATE ON compensation_reading FROM tracker_app")
    op.execute("SELECT copy_rights_to_web()")
    _forget_with_orders()


def _make_excuses() -> None:
    op.create_table(
        "excuse_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=False),
        sa.Column("reason_text", sa.String(length=200), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", sa.String(length=200), nullable=True),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.String(length=200), nullable=True),
        sa.Column("entry", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'refused', 'retracted')", name=op.f("ck_excuse_requests_state")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_excuse_requests_decided_at")
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_excuse_requests_decided_by")
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'refused') OR decided_by <> asked_by",
            name=op.f("ck_excuse_requests_two_people"),
        ),
        sa.CheckConstraint("state <> 'refused' OR words IS NOT NULL", name=op.f("ck_excuse_requests_words")),
        sa.CheckConstraint(
            "(state = 'approved') = (entry IS NOT NULL)", name=op.f("ck_excuse_requests_entry")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_excuse_requests_stretch")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_excuse_requests_operator_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_excuse_requests_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_excuse_requests")),
    )
    op.create_index(
        "ix_excuse_requests_open", "excuse_requests", ["operator_id", "id"], postgresql_where=_OPEN
    )
    op.create_index(
        op.f("ix_excuse_requests_operator_id_asked_at_id"),
        "excuse_requests",
        ["operator_id", "asked_at", "id"],
    )
    op.create_index(op.f("ix_excuse_requests_order_id"), "excuse_requests", ["order_id"])
    op.create_table(
        "excuse_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('photo', 'pdf')", name=op.f("ck_excuse_files_kind")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_excuse_files_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_excuse_files_order_id")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["excuse_requests.id"], name=op.f("fk_excuse_files_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_excuse_files")),
        sa.UniqueConstraint("name", name=op.f("uq_excuse_files_name")),
    )
    op.create_index(op.f("ix_excuse_files_request_id_id"), "excuse_files", ["request_id", "id"])
    op.create_index(op.f("ix_excuse_files_order_id"), "excuse_files", ["order_id"])


def _make_compensation() -> None:
    op.create_table(
        "compensation_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("fee_fen", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("paid_fen", sa.Integer(), nullable=False),
        sa.Column("working", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("because", sa.String(length=12), nullable=True),
        sa.Column("method", sa.String(length=10), nullable=True),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('fixed', 'corrected', 'paid', 'undone')", name=op.f("ck_compensation_entries_kind")
        ),
        sa.CheckConstraint(
            "days >= 0 AND fee_fen >= 0 AND amount_fen >= 0 AND paid_fen >= 0",
            name=op.f("ck_compensation_entries_amounts"),
        ),
        sa.CheckConstraint(
            "(kind = 'paid') = (method IS NOT NULL)", name=op.f("ck_compensation_entries_method")
        ),
        sa.CheckConstraint(
            "(kind = 'paid') = (reference IS NOT NULL)", name=op.f("ck_compensation_entries_reference")
        ),
        sa.CheckConstraint(
            "(kind = 'paid') = (paid_on IS NOT NULL)", name=op.f("ck_compensation_entries_paid_on")
        ),
        sa.CheckConstraint(
            f"method IS NULL OR method IN ({_METHODS})", name=op.f("ck_compensation_entries_method_known")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_compensation_entries_operator_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_compensation_entries_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compensation_entries")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_compensation_entries_order_id_number")),
    )
    op.create_index(
        op.f("ix_compensation_entries_operator_id_connected_at"),
        "compensation_entries",
        ["operator_id", "connected_at"],
    )
    op.create_index(
        op.f("ix_compensation_entries_operator_id_id"), "compensation_entries", ["operator_id", "id"]
    )
    op.create_table(
        "compensation_reading",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("read_to", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_compensation_reading_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compensation_reading")),
    )
    # From now on: of what was connected before, nobody is to get a text. `tracker compensation catch-up`
    # takes it in without.
    op.execute("INSERT INTO compensation_reading (id, read_to) SELECT 1, feed_horizon()")


def _forget_with_orders() -> None:
    """An order that is anonymised takes the words along that were written about it here."""
    op.execute(
        """
        CREATE FUNCTION forget_excuses() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            UPDATE excuse_requests SET reason_text = NULL, evidence = NULL,
                words = CASE WHEN words IS NULL THEN NULL ELSE '' END
            WHERE order_id = NEW.id;
            UPDATE compensation_entries SET reason = NULL
            WHERE order_id = NEW.id AND reason IS NOT NULL;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute("REVOKE EXECUTE ON FUNCTION forget_excuses() FROM PUBLIC")
    op.execute(
        """
        CREATE TRIGGER forget_excuses AFTER UPDATE OF anonymised_at ON orders
        FOR EACH ROW WHEN (OLD.anonymised_at IS NULL AND NEW.anonymised_at IS NOT NULL)
        EXECUTE FUNCTION forget_excuses()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER forget_excuses ON orders")
    op.execute("DROP FUNCTION forget_excuses()")
    for table in ("compensation_reading", "compensation_entries", "excuse_files", "excuse_requests"):
        op.drop_table(table)
    op.drop_column("promise_entries", "asked_by")
