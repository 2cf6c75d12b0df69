"""Teams of installers, and whose an order is to install."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KINDS = "'made', 'renamed', 'moved', 'closed', 'reopened', 'joined', 'left'"
_WORK = (("ix_orders_work_of_team", "team_id"), ("ix_orders_work_of_installer", "installer_id"))


def upgrade() -> None:
    op.create_table(
        "teams",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["area_code"], ["divisions.code"], name=op.f("fk_teams_area_code")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_teams_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
    )
    op.create_index(
        "uq_teams_name",
        "teams",
        ["operator_id", "name"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "team_members",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_team_members_account_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_team_members_operator_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_members_team_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_team_members")),
    )
    op.create_index(op.f("ix_team_members_team_id"), "team_members", ["team_id"], unique=False)
    op.create_table(
        "team_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_team_changes_kind")),
        sa.CheckConstraint(
            "(account_id IS NOT NULL) = (kind IN ('joined', 'left'))", name=op.f("ck_team_changes_account")
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_team_changes_operator_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_changes_team_id")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_team_changes_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_changes")),
    )
    op.create_index(op.f("ix_team_changes_team_id_id"), "team_changes", ["team_id", "id"], unique=False)
    op.create_table(
        "order_assignments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("installer_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("refused", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_order_assignments_operator_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_order_assignments_team_id")),
        sa.ForeignKeyConstraint(
            ["installer_id"], ["accounts.id"], name=op.f("fk_order_assignments_installer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_assignments")),
    )
    op.execute("REVOKE DELETE, TRUNCATE ON teams, order_assignments FROM tracker_app")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON team_changes FROM tracker_app")
    op.add_column("orders", sa.Column("team_id", sa.Integer(), nullable=True))
    op.add_column("orders", sa.Column("installer_id", sa.Integer(), nullable=True))
    for table, column in (("teams", "team_id"), ("accounts", "installer_id")):
        name = f"fk_orders_{column}"
        op.execute(
            f"ALTER TABLE orders ADD CONSTRAINT {name}"
            f" FOREIGN KEY ({column}) REFERENCES {table} (id) NOT VALID"
        )
    with op.get_context().autocommit_block():
        for column in ("team_id", "installer_id"):
            op.execute(f"ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_{column}")
        # Building waits for every transaction that is under way, and holds up none.
        op.execute("SET lock_timeout = 0")
        for name, column in _WORK:
            op.create_index(
                name,
                "orders",
                [column, "appointment_starts_at"],
                postgresql_concurrently=True,
                if_not_exists=True,
                postgresql_where=sa.text(f"closed_at IS NULL AND {column} IS NOT NULL"),
            )
        op.create_index(
            "ix_orders_work_of_place",
            "orders",
            ["operator_id", "community_code"],
            postgresql_concurrently=True,
            if_not_exists=True,
            postgresql_where=sa.text("closed_at IS NULL"),
        )


def downgrade() -> None:
    op.drop_index("ix_orders_work_of_place", table_name="orders")
    for name, _ in _WORK:
        op.drop_index(name, table_name="orders")
    op.drop_column("orders", "installer_id")
    op.drop_column("orders", "team_id")
    op.drop_table("order_assignments")
    op.drop_table("team_changes")
    op.drop_table("team_members")
    op.drop_table("teams")
