"""The calendar with its history, and the changes of promise rules.

These tables hold a few hundred rows each, so that what would hurt on a large one takes no time here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Written once and never changed (invariants I3, I7); not even the service can.
_APPEND_ONLY = ("calendar_changes", "calendar_years", "promise_rule_changes")


def upgrade() -> None:
    _calendar()
    _rules()
    for table in _APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM tracker_app")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON calendar_days FROM tracker_app")
    op.execute("GRANT UPDATE (until_revision) ON calendar_days TO tracker_app")
    op.execute("GRANT UPDATE (withdrawn_at) ON promise_rules TO tracker_app")


def _calendar() -> None:
    op.create_table(
        "calendar_changes",
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('announcement', 'override', 'withdrawal')", name=op.f("ck_calendar_changes_kind")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_calendar_changes_operator_id")
        ),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_calendar_changes")),
    )
    op.create_index(
        op.f("ix_calendar_changes_operator_id"), "calendar_changes", ["operator_id"], unique=False
    )
    # What is there already was brought in by one change, the first.
    op.execute(
        "INSERT INTO calendar_changes (revision, kind, source, actor, at)"
        " SELECT 1, 'announcement', min(source), 'system', min(announced_at)"
        " FROM calendar_years HAVING count(*) > 0"
    )
    first = sa.text("1")
    op.add_column(
        "calendar_years", sa.Column("since_revision", sa.Integer(), server_default=first, nullable=False)
    )
    # A few hundred rows, so that rewriting the table takes no time.
    op.drop_constraint("pk_calendar_days", "calendar_days", type_="primary")
    op.add_column("calendar_days", sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False))
    op.create_primary_key(op.f("pk_calendar_days"), "calendar_days", ["id"])
    op.add_column(
        "calendar_days", sa.Column("override", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("calendar_days", sa.Column("operator_id", sa.SmallInteger(), nullable=True))
    op.add_column("calendar_days", sa.Column("county_code", sa.String(length=12), nullable=True))
    op.add_column(
        "calendar_days", sa.Column("since_revision", sa.Integer(), server_default=first, nullable=False)
    )
    op.add_column("calendar_days", sa.Column("until_revision", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_calendar_days_operator_id"), "calendar_days", "operators", ["operator_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_calendar_days_county_code"), "calendar_days", "divisions", ["county_code"], ["code"]
    )
    op.create_check_constraint(
        op.f("ck_calendar_days_scope"),
        "calendar_days",
        "override OR (operator_id IS NULL AND county_code IS NULL)",
    )
    op.create_index(
        "uq_calendar_days_standing",
        "calendar_days",
        ["day", "override", "operator_id", "county_code"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("until_revision IS NULL"),
    )


def _rules() -> None:
    op.add_column("promise_rules", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(
        op.f("uq_promise_rules_operator_id_customer_kind_product_area_resource_valid_from"),
        "promise_rules",
        type_="unique",
    )
    op.create_index(
        "uq_promise_rules_standing",
        "promise_rules",
        ["operator_id", "customer_kind", "product", "area", "resource", "valid_from"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "promise_rule_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('published', 'ended', 'withdrawn')", name=op.f("ck_promise_rule_changes_kind")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_promise_rule_changes_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["promise_rules.id"], name=op.f("fk_promise_rule_changes_rule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_rule_changes")),
    )
    op.create_index(
        op.f("ix_promise_rule_changes_operator_id_id"),
        "promise_rule_changes",
        ["operator_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_promise_rule_changes_rule_id"), "promise_rule_changes", ["rule_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("promise_rule_changes")
    op.drop_index(
        "uq_promise_rules_standing",
        table_name="promise_rules",
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.execute("DELETE FROM promise_rules WHERE withdrawn_at IS NOT NULL")
    op.create_unique_constraint(
        op.f("uq_promise_rules_operator_id_customer_kind_product_area_resource_valid_from"),
        "promise_rules",
        ["operator_id", "customer_kind", "product", "area", "resource", "valid_from"],
    )
    op.drop_column("promise_rules", "withdrawn_at")
    # The calendar as it stood last, without its history and without what persons set.
    op.execute("DELETE FROM calendar_days WHERE until_revision IS NOT NULL OR override")
    op.drop_index(
        "uq_calendar_days_standing",
        table_name="calendar_days",
        postgresql_where=sa.text("until_revision IS NULL"),
    )
    op.drop_constraint(op.f("ck_calendar_days_scope"), "calendar_days", type_="check")
    op.drop_constraint(op.f("fk_calendar_days_county_code"), "calendar_days", type_="foreignkey")
    op.drop_constraint(op.f("fk_calendar_days_operator_id"), "calendar_days", type_="foreignkey")
    op.drop_constraint(op.f("pk_calendar_days"), "calendar_days", type_="primary")
    for column in ("until_revision", "since_revision", "county_code", "operator_id", "override", "id"):
        op.drop_column("calendar_days", column)
    op.create_primary_key(op.f("pk_calendar_days"), "calendar_days", ["day"])
    op.drop_column("calendar_years", "since_revision")
    op.drop_table("calendar_changes")
    op.execute("GRANT UPDATE, DELETE, TRUNCATE ON calendar_days, calendar_years TO tracker_app")
