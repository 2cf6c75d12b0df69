"""Slots in which installers can come, and who has booked them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visit_slots",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.SmallInteger(), nullable=False),
        sa.Column("booked", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_visit_slots_window")),
        sa.CheckConstraint("0 <= booked AND booked <= capacity", name=op.f("ck_visit_slots_booked")),
        sa.ForeignKeyConstraint(["area_code"], ["divisions.code"], name=op.f("fk_visit_slots_area_code")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_visit_slots_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_slots")),
        sa.UniqueConstraint(
            "operator_id",
            "area_code",
            "starts_at",
            "ends_at",
            name=op.f("uq_visit_slots_operator_id_area_code_starts_at_ends_at"),
        ),
    )
    op.create_table(
        "slot_bookings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("slot_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('booked', 'kept', 'used', 'released')", name=op.f("ck_slot_bookings_state")
        ),
        sa.CheckConstraint("(state = 'kept') = (kept_until IS NOT NULL)", name=op.f("ck_slot_bookings_kept")),
        sa.CheckConstraint(
            "(state = 'released') = (released_at IS NOT NULL)", name=op.f("ck_slot_bookings_released")
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_slot_bookings_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_slot_bookings_order_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["visit_slots.id"], name=op.f("fk_slot_bookings_slot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_bookings")),
    )
    op.create_index(
        "uq_slot_bookings_live",
        "slot_bookings",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state = 'booked'"),
    )
    op.create_index("ix_slot_bookings_of_order", "slot_bookings", ["order_id", "id"], unique=False)
    op.create_index(
        "ix_slot_bookings_kept",
        "slot_bookings",
        ["kept_until"],
        unique=False,
        postgresql_where=sa.text("state = 'kept'"),
    )
    op.create_index(op.f("ix_slot_bookings_slot_id"), "slot_bookings", ["slot_id"], unique=False)
    op.create_table(
        "visit_slot_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("slot_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('opened', 'capacity', 'closed', 'reopened')", name=op.f("ck_visit_slot_changes_kind")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_visit_slot_changes_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_slot_changes")),
    )
    op.create_index(
        "ix_visit_slot_changes_slots",
        "visit_slot_changes",
        ["slot_ids"],
        unique=False,
        postgresql_using="gin",
    )
    op.execute("REVOKE DELETE, TRUNCATE ON visit_slots, slot_bookings FROM tracker_app")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON visit_slot_changes FROM tracker_app")
    op.execute("GRANT SELECT ON visit_slots TO tracker_public")


def downgrade() -> None:
    op.drop_table("visit_slot_changes")
    op.drop_table("slot_bookings")
    op.drop_table("visit_slots")
