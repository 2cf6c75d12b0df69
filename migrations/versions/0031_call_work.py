"""Work on the calls that are to be made: who is calling, what was said, and the board of notices."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_REASONS = "'landline', 'wish', 'repeated', 'refused', 'undelivered', 'exhausted', 'unknown', 'unconfirmed'"
_OUTCOMES = "'reached', 'no_answer', 'call_back', 'wrong_number', 'told_by_text', 'not_needed'"
_OPEN, _CLOSED = "closed_at IS NULL", "closed_at IS NOT NULL"
_INDEXES = (
    # Due first, of an operator; few are open.
    ("ix_call_tasks_next", "call_tasks", ["operator_id", "next_attempt_at", "id"], _OPEN),
    ("ix_call_tasks_closed", "call_tasks", ["operator_id", "closed_at", "id"], _CLOSED),
    ("ix_call_tasks_of_order", "call_tasks", ["order_id"], "order_id IS NOT NULL"),
    ("ix_call_attempts_operator_id_recorded_at", "call_attempts", ["operator_id", "recorded_at"], None),
    # A period of an operator's notices. The time first, in whose order they lie: so the planner knows that
    # a period is cheap to read. Without the id: many are planned at one moment, which takes little room then.
    ("ix_notices_created_at_operator_id", "notices", ["created_at", "operator_id"], None),
    # What went wrong is rare, and looked for among very many.
    (
        "ix_notices_trouble",
        "notices",
        ["operator_id", "created_at"],
        "state IN ('call', 'undelivered', 'unknown')",
    ),
)
_FORGET = """
    CREATE OR REPLACE FUNCTION forget_notices(ids bigint[]) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
    DECLARE
        and_retries bigint[] := ids || ARRAY(SELECT id FROM notices WHERE retry_of = ANY (ids));
    BEGIN
        UPDATE notices SET recipient = '', recipient_digest = NULL, body = '', secret = NULL,
            params = CASE WHEN params ? 'number' THEN jsonb_build_object('number', params -> 'number')
                ELSE '{}'::jsonb END
        WHERE id = ANY (and_retries);
        {also}
        DELETE FROM recorded_texts WHERE notice_id = ANY (and_retries);
    END
    $$
"""
_FORGET_NOTES = """UPDATE call_attempts SET note = NULL
        WHERE note IS NOT NULL
            AND task_id IN (SELECT id FROM call_tasks WHERE notice_id = ANY (and_retries));"""


def upgrade() -> None:
    op.add_column("call_tasks", sa.Column("claimed_by", sa.String(length=80), nullable=True))
    op.add_column("call_tasks", sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("call_attempts", sa.Column("note", sa.LargeBinary(), nullable=True))
    op.execute(_FORGET.replace("{also}", _FORGET_NOTES))
    op.execute(
        f"""
        ALTER TABLE call_tasks
            -- squawk-ignore ban-drop-constraint
            DROP CONSTRAINT ck_call_tasks_reason,
            ADD CONSTRAINT ck_call_tasks_reason CHECK (reason IN ({_REASONS}, 'asked')) NOT VALID,
            -- squawk-ignore ban-drop-constraint
            DROP CONSTRAINT ck_call_tasks_outcome,
            ADD CONSTRAINT ck_call_tasks_outcome CHECK (outcome IN ({_OUTCOMES}, 'sent_again')) NOT VALID
        """
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE call_tasks VALIDATE CONSTRAINT ck_call_tasks_reason")
        op.execute("ALTER TABLE call_tasks VALIDATE CONSTRAINT ck_call_tasks_outcome")
        # Building waits for every transaction that is under way, and holds up none.
        op.execute("SET lock_timeout = 0")
        for name, table, columns, where in _INDEXES:
            # What an interrupted attempt left behind is there, but of no use.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(
                name,
                table,
                columns,
                postgresql_concurrently=True,
                postgresql_where=None if where is None else sa.text(where),
            )
        op.execute("SET lock_timeout = '2s'")


def downgrade() -> None:
    for name, table, _, _ in _INDEXES:
        op.drop_index(name, table_name=table)
    op.execute("UPDATE call_tasks SET outcome = 'not_needed' WHERE outcome = 'sent_again'")
    op.execute("UPDATE call_tasks SET reason = 'wish' WHERE reason = 'asked'")
    for column, words in (("reason", _REASONS), ("outcome", _OUTCOMES)):
        op.drop_constraint(op.f(f"ck_call_tasks_{column}"), "call_tasks", type_="check")
        op.create_check_constraint(op.f(f"ck_call_tasks_{column}"), "call_tasks", f"{column} IN ({words})")
    op.execute(_FORGET.replace("{also}", ""))
    # What was noted goes with its column.
    op.drop_column("call_attempts", "note")
    op.drop_column("call_tasks", "claimed_until")
    op.drop_column("call_tasks", "claimed_by")
