"""An index by which the audit trail of a day is found, however many entries came after it."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_INDEX = "ix_audit_entries_at_id"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Building waits for every transaction that is under way, and holds up none.
        op.execute("SET lock_timeout = 0")
        # What an interrupted attempt left behind is there, but of no use.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {_INDEX}")
        op.create_index(_INDEX, "audit_entries", ["at", "id"], postgresql_concurrently=True)
        op.execute("SET lock_timeout = '2s'")


def downgrade() -> None:
    op.drop_index(_INDEX, table_name="audit_entries")
