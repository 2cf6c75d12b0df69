"""Promises: the deadline that figures and compensation judge by, where a date was given anew."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# What stood before the first date given anew. Holds that came after it are not in it, for to count with them
# takes the calendar.
_BEFORE = """
UPDATE promise_entries AS one SET binding_deadline = before.deadline
FROM (
    SELECT p.order_id, first.number, coalesce(last.deadline, p.deadline) AS deadline
    FROM promises AS p
    JOIN LATERAL (
        SELECT min(number) AS number FROM promise_entries
        WHERE order_id = p.order_id AND agreed_at IS NOT NULL
    ) AS first ON first.number IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT deadline FROM promise_entries
        WHERE order_id = p.order_id AND number < first.number ORDER BY number DESC LIMIT 1
    ) AS last ON true
) AS before
WHERE one.order_id = before.order_id AND one.number >= before.number AND one.deadline <> before.deadline
"""
_READ_ANEW = """
TRUNCATE figure_facts, figure_cells, figure_hands, figure_tallies, figure_hand_tallies;
TRUNCATE figure_checks;
UPDATE figure_reading SET read_to = 0;
"""


def upgrade() -> None:
    op.add_column("promise_entries", sa.Column("binding_deadline", sa.DateTime(timezone=True)))
    op.execute(_BEFORE)
    op.execute(_READ_ANEW)


def downgrade() -> None:
    op.drop_column("promise_entries", "binding_deadline")
    op.execute(_READ_ANEW)
