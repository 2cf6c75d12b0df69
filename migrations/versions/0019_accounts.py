"""Staff: how customers are told of an installer, where an invitation goes."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("title", sa.String(length=20), nullable=True))
    op.add_column("accounts", sa.Column("staff_number", sa.String(length=20), nullable=True))
    op.add_column("accounts", sa.Column("phone", sa.LargeBinary(), nullable=True))
    op.add_column("accounts", sa.Column("phone_digest", sa.LargeBinary(), nullable=True))
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.create_index(
            "uq_accounts_staff_number",
            "accounts",
            ["operator_id", "staff_number"],
            unique=True,
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("uq_accounts_staff_number", table_name="accounts")
    for column in ("phone_digest", "phone", "staff_number", "title"):
        op.drop_column("accounts", column)
