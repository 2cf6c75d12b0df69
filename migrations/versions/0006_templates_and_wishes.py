"""Saved wordings of texts, what providers say of them, and how customers want to be told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Kept in memory by each process: any change raises the revision that they watch.
_WATCHED = ("saved_templates", "template_approvals", "contact_wishes")
_BEFORE = "'landline', 'refused', 'undelivered', 'exhausted', 'unknown', 'unconfirmed'"
_ADDED = "'wish', 'repeated'"


def upgrade() -> None:
    _templates()
    _wishes()
    for table in _WATCHED:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM tracker_app")
        op.execute(
            f"""
            CREATE TRIGGER raise_reference_revision
            AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION raise_reference_revision()
            """
        )
    op.execute("GRANT UPDATE (until_at) ON contact_wishes TO tracker_app")
    op.add_column(
        "orders",
        sa.Column("notify_by", sa.String(length=5), server_default=sa.text("'text'"), nullable=False),
    )
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT ck_orders_notify_by CHECK (notify_by IN ('text','call')) NOT VALID"
    )
    op.add_column("notices", sa.Column("recipient_digest", sa.LargeBinary(), nullable=True))
    # One statement, so that there is no moment without the constraint; the new one allows more.
    op.execute(
        f"""
        ALTER TABLE call_tasks
            -- squawk-ignore ban-drop-constraint
            DROP CONSTRAINT ck_call_tasks_reason,
            ADD CONSTRAINT ck_call_tasks_reason
                CHECK (reason IN ({_BEFORE}, {_ADDED})) NOT VALID
        """
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_notify_by")
        op.execute("ALTER TABLE call_tasks VALIDATE CONSTRAINT ck_call_tasks_reason")
        # Building waits for every transaction that is under way, and holds up none.
        op.execute("SET lock_timeout = 0")
        # What an interrupted attempt left behind is there, but of no use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_notices_recipient_digest_created_at")
        op.create_index(
            "ix_notices_recipient_digest_created_at",
            "notices",
            ["recipient_digest", "created_at"],
            postgresql_concurrently=True,
        )
        # A warning belongs to no order: the index need not hold them.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_notices_of_order")
        op.create_index(
            "ix_notices_of_order",
            "notices",
            ["order_id"],
            postgresql_where=sa.text("order_id IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_notices_order_id")
        op.execute("SET lock_timeout = '2s'")


def _templates() -> None:
    op.create_table(
        "saved_templates",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("params", postgresql.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_saved_templates_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_templates")),
    )
    op.create_index(
        "uq_saved_templates_version",
        "saved_templates",
        ["operator_id", "code", "version"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "template_approvals",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("provider_code", sa.String(length=64), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('submitted', 'approved', 'refused')", name=op.f("ck_template_approvals_state")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_template_approvals_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_approvals")),
    )
    op.create_index(
        op.f("ix_template_approvals_code_version"), "template_approvals", ["code", "version"], unique=False
    )
    op.create_index(
        op.f("ix_template_approvals_operator_id"), "template_approvals", ["operator_id"], unique=False
    )


def _wishes() -> None:
    op.create_table(
        "contact_wishes",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("phone_digest", sa.LargeBinary(), nullable=False),
        sa.Column("wish", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("wish IN ('call', 'no_texts')", name=op.f("ck_contact_wishes_wish")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_contact_wishes_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_wishes")),
    )
    op.create_index(
        "uq_contact_wishes_standing",
        "contact_wishes",
        ["operator_id", "phone_digest"],
        unique=True,
        postgresql_where=sa.text("until_at IS NULL"),
    )


def downgrade() -> None:
    op.create_index(op.f("ix_notices_order_id"), "notices", ["order_id"])
    op.drop_index("ix_notices_of_order", table_name="notices")
    op.drop_index(op.f("ix_notices_recipient_digest_created_at"), table_name="notices")
    # The older code knows no such reason, and would call for nobody's wish.
    op.execute("UPDATE call_tasks SET reason = 'refused' WHERE reason IN ('wish', 'repeated')")
    op.drop_constraint(op.f("ck_call_tasks_reason"), "call_tasks", type_="check")
    op.create_check_constraint(op.f("ck_call_tasks_reason"), "call_tasks", f"reason IN ({_BEFORE})")
    op.drop_column("notices", "recipient_digest")
    op.drop_column("orders", "notify_by")
    op.drop_table("contact_wishes")
    op.drop_table("template_approvals")
    op.drop_table("saved_templates")
