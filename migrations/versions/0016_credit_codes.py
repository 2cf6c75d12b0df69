"""The credit code of a company, by which its clerk looks an order up, and who follows a delay up."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("credit_code", sa.LargeBinary(), nullable=True))
    op.add_column("orders", sa.Column("credit_lookup_digest", sa.LargeBinary(), nullable=True))
    op.add_column(
        "promise_entries",
        sa.Column("contact", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    # The customer is told who it is; the code itself stays sealed and out of the site's reach.
    op.execute("GRANT SELECT (credit_lookup_digest) ON orders TO tracker_public")
    op.execute("GRANT SELECT (contact) ON promise_entries TO tracker_public")


def downgrade() -> None:
    op.drop_column("promise_entries", "contact")
    op.drop_column("orders", "credit_lookup_digest")
    op.drop_column("orders", "credit_code")
