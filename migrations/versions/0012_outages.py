"""Planned and emergency outages: where, when, why, and when they were announced."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# What the public site shows: nothing of who announced it, and of why it was late or withdrawn.
_PUBLIC = (
    "id, operator_id, kind, area_codes, starts_at, ends_at, first_starts_at, first_ends_at, minutes,"
    " services, reason, reason_en, announced_at, changed_at, area_changed_at, withdrawn_at, restored_at,"
    " recovery_recorded_at"
)


def upgrade() -> None:
    op.create_table(
        "outages",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("area_codes", postgresql.ARRAY(sa.String(length=12)), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("services", postgresql.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("reason_en", sa.String(length=120), server_default=sa.text("''"), nullable=False),
        sa.Column("override_reason", sa.String(length=200), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("area_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=True),
        sa.Column("withdrawal_reason", sa.String(length=200), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_by", sa.String(length=80), nullable=True),
        sa.Column("recovery_recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind IN ('planned', 'emergency')", name=op.f("ck_outages_kind")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_outages_window")),
        sa.CheckConstraint("kind = 'emergency' OR ends_at IS NOT NULL", name=op.f("ck_outages_end_by_kind")),
        sa.CheckConstraint(
            "cardinality(area_codes) > 0 AND cardinality(services) > 0", name=op.f("ck_outages_named")
        ),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_outages_minutes")),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawal_reason IS NULL)", name=op.f("ck_outages_withdrawal")
        ),
        sa.CheckConstraint("withdrawn_at IS NULL OR restored_at IS NULL", name=op.f("ck_outages_one_end")),
        sa.CheckConstraint("restored_at >= starts_at", name=op.f("ck_outages_recovery")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_outages_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
    )
    op.create_index(
        op.f("ix_outages_operator_id_starts_at"), "outages", ["operator_id", "starts_at"], unique=False
    )
    op.create_table(
        "outage_events",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_outage_events_operator_id")),
        sa.ForeignKeyConstraint(["outage_id"], ["outages.id"], name=op.f("fk_outage_events_outage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_events")),
    )
    op.create_index(op.f("ix_outage_events_outage_id"), "outage_events", ["outage_id"], unique=False)
    op.execute("REVOKE DELETE, TRUNCATE ON outages FROM tracker_app")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON outage_events FROM tracker_app")
    op.execute(f"GRANT SELECT ({_PUBLIC}) ON outages TO tracker_public")
    op.execute(
        """
        CREATE TRIGGER raise_reference_revision
        AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON outages
        FOR EACH STATEMENT EXECUTE FUNCTION raise_reference_revision()
        """
    )


def downgrade() -> None:
    op.drop_table("outage_events")
    op.drop_table("outages")
