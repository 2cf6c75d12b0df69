"""On-time figures as they are published."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "published_figures",
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("on_time", sa.Integer(), nullable=False),
        sa.Column("net_due", sa.Integer(), nullable=False),
        sa.Column("net_on_time", sa.Integer(), nullable=False),
        sa.Column("removed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('month', 'half')", name=op.f("ck_published_figures_kind")),
        sa.CheckConstraint("0 <= on_time AND on_time <= due", name=op.f("ck_published_figures_gross")),
        sa.CheckConstraint(
            "0 <= net_on_time AND net_on_time <= net_due", name=op.f("ck_published_figures_net")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_published_figures_operator_id")
        ),
        sa.PrimaryKeyConstraint(
            "operator_id", "kind", "starts_on", "revision", name=op.f("pk_published_figures")
        ),
    )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON published_figures FROM tracker_app")
    op.execute("GRANT SELECT ON published_figures TO tracker_public")
    op.execute(
        """
        CREATE TRIGGER raise_reference_revision
        AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON published_figures
        FOR EACH STATEMENT EXECUTE FUNCTION raise_reference_revision()
        """
    )


def downgrade() -> None:
    op.drop_table("published_figures")
