"""Rules, calendars and templates as managers change them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _ceilings()
    _succession()
    _drafts()
    op.execute("SELECT copy_rights_to_web()")


def _ceilings() -> None:
    op.create_table(
        "promise_ceilings",
        sa.Column("customer_kind", sa.String(length=12), nullable=False),
        sa.Column("product", sa.String(length=30), nullable=False),
        sa.Column("area", sa.String(length=8), nullable=False),
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.SmallInteger(), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("end_of_day", sa.Time(), nullable=True),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_promise_ceilings_amount_positive")),
        sa.CheckConstraint(
            "unit IN ('hours','calendar_days','working_days')", name=op.f("ck_promise_ceilings_unit")
        ),
        sa.PrimaryKeyConstraint(
            "customer_kind", "product", "area", "resource", name=op.f("pk_promise_ceilings")
        ),
    )
    # Set where a city is set up; nobody who works for an operator moves it.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON promise_ceilings FROM tracker_app")


def _succession() -> None:
    op.add_column("promise_rules", sa.Column("replaces_id", sa.Integer(), nullable=True))
    # A few hundred rows: what would hurt on a large table takes no time here.
    op.create_foreign_key(
        op.f("fk_promise_rules_replaces_id"), "promise_rules", "promise_rules", ["replaces_id"], ["id"]
    )


def _drafts() -> None:
    op.create_table(
        "template_drafts",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("params", postgresql.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_template_drafts_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_drafts")),
    )
    op.create_index(
        "uq_template_drafts_open",
        "template_drafts",
        ["operator_id", "code"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    # A draft is never edited: it ends, and another follows it.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON template_drafts FROM tracker_app")
    op.execute("GRANT UPDATE (ended_at, ended_by, version) ON template_drafts TO tracker_app")
    op.execute("SELECT wall_in('template_drafts')")


def downgrade() -> None:
    op.drop_table("template_drafts")
    op.drop_constraint(op.f("fk_promise_rules_replaces_id"), "promise_rules", type_="foreignkey")
    op.drop_column("promise_rules", "replaces_id")
    op.drop_table("promise_ceilings")
