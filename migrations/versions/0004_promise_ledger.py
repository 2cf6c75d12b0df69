"""The promise ledger, the calendar that a promise was counted by, and what a channel's key may do."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# What a customer is shown of a ledger: when the clock stood still and the date since, not who wrote it.
_SHOWN = (
    "(order_id, number, kind, starts_at, ends_at, lifts, reason_code, recorded_at, deadline, provisional,"
    " explanation)"
)


def upgrade() -> None:
    op.add_column(
        "promises", sa.Column("calendar_revision", sa.Integer(), server_default=sa.text("1"), nullable=False)
    )
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_promises_provisional",
            "promises",
            ["order_id"],
            unique=False,
            postgresql_where=sa.text("provisional"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
    op.create_table(
        "promise_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifts", sa.SmallInteger(), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("reason_text", sa.String(length=200), nullable=True),
        sa.Column("evidence", sa.String(length=200), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("explanation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("calendar_revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('hold', 'resume', 'repromise', 'excuse', 'announcement')",
            name=op.f("ck_promise_entries_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_promise_entries_operator_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_promise_entries_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_entries")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_promise_entries_order_id_number")),
    )
    op.create_index(
        op.f("ix_promise_entries_operator_id_recorded_at"),
        "promise_entries",
        ["operator_id", "recorded_at"],
        unique=False,
    )
    op.create_index(
        "ix_promise_entries_provisional",
        "promise_entries",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("provisional"),
    )
    # Written once and never changed (invariant I3).
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON promise_entries FROM tracker_app")
    op.execute(f"GRANT SELECT {_SHOWN} ON promise_entries TO tracker_public")
    op.add_column(
        "channel_keys",
        sa.Column(
            "scopes",
            postgresql.ARRAY(sa.String(length=20)),
            server_default=sa.text("'{orders}'"),
            nullable=False,
        ),
    )


def downgrade() -> None:
    op.drop_column("channel_keys", "scopes")
    op.drop_table("promise_entries")
    op.drop_index("ix_promises_provisional", table_name="promises", postgresql_where=sa.text("provisional"))
    op.drop_column("promises", "calendar_revision")
