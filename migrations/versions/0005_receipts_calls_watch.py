"""Receipts, calls that people make, and what watching the system needs.

The table of notices grows and is written to all the time: its new indexes are built beside the
running system, and its new list of states is looked through after the commit.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BEFORE = "'created', 'sending', 'accepted', 'unknown', 'call', 'cancelled'"
_STATES = "'created', 'sending', 'accepted', 'unknown', 'call', 'undelivered', 'delivered', 'cancelled'"

# Written once and never changed (invariants I3, I7); not even the service can.
_APPEND_ONLY = ("notice_receipts", "call_attempts")
_KEPT = ("call_tasks", "tallies", "heartbeats")


def upgrade() -> None:
    op.add_column("notices", sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notices", sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "notices", sa.Column("must_arrive", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    # One statement, so that there is no moment without the constraint; the new one allows more.
    op.execute(
        f"""
        ALTER TABLE notices
            -- squawk-ignore ban-drop-constraint
            DROP CONSTRAINT ck_notices_state,
            ADD CONSTRAINT ck_notices_state CHECK (state IN ({_STATES})) NOT VALID
        """
    )
    _create_receipts()
    _create_calls()
    _create_watch()
    for table in _APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM tracker_app")
    for table in _KEPT:
        op.execute(f"REVOKE DELETE, TRUNCATE ON {table} FROM tracker_app")
    _call_for_those_left()
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE notices VALIDATE CONSTRAINT ck_notices_state")
        # Building waits for every transaction that is under way, and holds up none.
        op.execute("SET lock_timeout = 0")
        _index("ix_notices_silent", "ask_at", "state = 'accepted' AND ask_at IS NOT NULL")
        _index("ix_notices_unconfirmed", "accepted_at", "state = 'accepted' AND must_arrive")
        op.execute("SET lock_timeout = '2s'")


def _index(name: str, column: str, where: str) -> None:
    # What an interrupted attempt left behind is there, but of no use.
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.create_index(name, "notices", [column], postgresql_where=sa.text(where), postgresql_concurrently=True)


def _create_receipts() -> None:
    op.create_table(
        "notice_receipts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("notice_id", sa.BigInteger(), nullable=True),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("provider_reference", sa.String(length=64), nullable=False),
        sa.Column("provider_state", sa.String(length=40), nullable=False),
        sa.Column("error_code", sa.String(length=60), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_receipts_notice_id")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_notice_receipts_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_receipts")),
    )
    op.create_index(op.f("ix_notice_receipts_notice_id"), "notice_receipts", ["notice_id"], unique=False)


def _create_calls() -> None:
    op.create_table(
        "call_tasks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('reached', 'no_answer', 'call_back', 'wrong_number', 'told_by_text')",
            name=op.f("ck_call_tasks_outcome"),
        ),
        sa.CheckConstraint(
            "reason IN ('landline', 'refused', 'undelivered', 'exhausted', 'unknown', 'unconfirmed')",
            name=op.f("ck_call_tasks_reason"),
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_call_tasks_notice_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_call_tasks_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_call_tasks_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_tasks")),
    )
    still_open = sa.text("closed_at IS NULL")
    op.create_index("ix_call_tasks_due", "call_tasks", ["due_at"], postgresql_where=still_open)
    op.create_index("ix_call_tasks_open", "call_tasks", ["operator_id", "id"], postgresql_where=still_open)
    op.create_index(
        "uq_call_tasks_open_notice", "call_tasks", ["notice_id"], unique=True, postgresql_where=still_open
    )
    op.create_index(op.f("ix_call_tasks_operator_id_id"), "call_tasks", ["operator_id", "id"], unique=False)
    op.create_table(
        "call_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("call_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_call_attempts_operator_id")),
        sa.ForeignKeyConstraint(["task_id"], ["call_tasks.id"], name=op.f("fk_call_attempts_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_attempts")),
    )
    op.create_index(op.f("ix_call_attempts_task_id"), "call_attempts", ["task_id"], unique=False)


def _create_watch() -> None:
    op.create_table(
        "tallies",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("label", sa.String(length=30), nullable=False),
        sa.Column("slot", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("total", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("name", "label", "slot", name=op.f("pk_tallies")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("job", sa.String(length=30), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_heartbeats")),
    )


def _call_for_those_left() -> None:
    """Whoever was to be called before there were tasks gets one now."""
    op.execute(
        """
        INSERT INTO call_tasks (operator_id, notice_id, order_id, reason, detail, due_at, next_attempt_at,
                                attempts, version, opened_at)
        SELECT operator_id, id, order_id,
               CASE WHEN reason LIKE 'refused%' THEN 'refused' ELSE 'exhausted' END,
               coalesce(reason, ''), now() + interval '4 hours', now(), 0, 1, now()
        FROM notices WHERE state = 'call' ORDER BY id
        """
    )


def downgrade() -> None:
    op.drop_table("heartbeats")
    op.drop_table("tallies")
    op.drop_table("call_attempts")
    op.drop_table("call_tasks")
    op.drop_table("notice_receipts")
    op.drop_index("ix_notices_unconfirmed", table_name="notices")
    op.drop_index("ix_notices_silent", table_name="notices")
    op.drop_constraint(op.f("ck_notices_state"), "notices", type_="check")
    op.execute("UPDATE notices SET state = 'accepted' WHERE state = 'delivered'")
    op.execute("UPDATE notices SET state = 'call' WHERE state = 'undelivered'")
    op.create_check_constraint(op.f("ck_notices_state"), "notices", f"state IN ({_BEFORE})")
    op.drop_column("notices", "must_arrive")
    op.drop_column("notices", "delivered_at")
    op.drop_column("notices", "ask_at")
