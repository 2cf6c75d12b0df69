"""What installers record at the customer: arrivals, line tests, photos, and what phones sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_TABLES = ("site_visits", "line_tests", "site_photos", "installer_actions", "call_line_codes")


def upgrade() -> None:
    op.create_table(
        "site_visits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("latitude", sa.Numeric(precision=6, scale=3, asdecimal=False), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=6, scale=3, asdecimal=False), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_site_visits_position")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_site_visits_account_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_site_visits_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_site_visits_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_visits")),
    )
    op.create_index(op.f("ix_site_visits_order_id_id"), "site_visits", ["order_id", "id"], unique=False)
    op.create_table(
        "line_tests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("down_mbps", sa.Numeric(precision=7, scale=1, asdecimal=False), nullable=False),
        sa.Column("up_mbps", sa.Numeric(precision=7, scale=1, asdecimal=False), nullable=False),
        sa.Column("latency_ms", sa.Numeric(precision=6, scale=1, asdecimal=False), nullable=False),
        sa.Column("optical_dbm", sa.Numeric(precision=5, scale=2, asdecimal=False), nullable=False),
        sa.Column("sold_mbps", sa.Integer(), nullable=True),
        sa.Column("warnings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_line_tests_account_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_line_tests_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_line_tests_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_tests")),
    )
    op.create_index(op.f("ix_line_tests_order_id_id"), "line_tests", ["order_id", "id"], unique=False)
    op.create_table(
        "site_photos",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("width", sa.SmallInteger(), nullable=False),
        sa.Column("height", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('line_test', 'site', 'equipment')", name=op.f("ck_site_photos_kind")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_site_photos_account_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_site_photos_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_site_photos_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_photos")),
        sa.UniqueConstraint("name", name=op.f("uq_site_photos_name")),
    )
    op.create_index(op.f("ix_site_photos_order_id_id"), "site_photos", ["order_id", "id"], unique=False)
    op.create_table(
        "installer_actions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("faults", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'ok') = (version IS NOT NULL)", name=op.f("ck_installer_actions_version")
        ),
        sa.CheckConstraint(
            "kind IN ('take', 'arrive', 'reappoint', 'cannot', 'test', 'photo', 'activate', 'complete')",
            name=op.f("ck_installer_actions_kind"),
        ),
        sa.CheckConstraint("outcome IN ('ok', 'refused', 'held')", name=op.f("ck_installer_actions_outcome")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_installer_actions_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_installer_actions_operator_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_installer_actions_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installer_actions")),
        sa.UniqueConstraint(
            "account_id", "client_id", name=op.f("uq_installer_actions_account_id_client_id")
        ),
    )
    op.create_index(
        op.f("ix_installer_actions_order_id_id"), "installer_actions", ["order_id", "id"], unique=False
    )
    op.create_table(
        "call_line_codes",
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_call_line_codes_operator_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_call_line_codes_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_call_line_codes")),
        sa.UniqueConstraint("code", name=op.f("uq_call_line_codes_code")),
    )
    op.execute(
        "REVOKE UPDATE, DELETE, TRUNCATE ON site_visits, line_tests, installer_actions, call_line_codes"
        " FROM tracker_app"
    )
    # Pictures are deleted with what else is forgotten of an order.
    op.execute("REVOKE UPDATE, TRUNCATE ON site_photos FROM tracker_app")


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
