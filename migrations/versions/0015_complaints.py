"""Complaints with their owners, and what customers think of an installation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_SOURCES = "'outlet', 'hotline', '12345', 'government_site', 'letters', '12315', '12300', 'website'"
_TOPICS = "'overdue', 'attitude', 'fees', 'workmanship', 'speed', 'other'"
_TO_FOLLOW_UP = "follow_up_on IS NOT NULL AND followed_up_at IS NULL AND retracted_at IS NULL"

# What the public site shows whoever complained, and nothing of what was written or of who deals with it.
_PUBLIC = "id, number, order_id, topic, received_at, due_on, state, result"


def upgrade() -> None:
    op.create_table(
        "complaints",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=12), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("contact_name", sa.LargeBinary(), nullable=True),
        sa.Column("contact_phone", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("result", sa.String(length=60), nullable=True),
        sa.Column("settled_at_outlet", sa.Boolean(), nullable=True),
        sa.Column("satisfaction", sa.String(length=12), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_by", sa.String(length=80), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"source IN ({_SOURCES})", name=op.f("ck_complaints_source")),
        sa.CheckConstraint(f"topic IN ({_TOPICS})", name=op.f("ck_complaints_topic")),
        sa.CheckConstraint("state IN ('open', 'closed', 'retracted')", name=op.f("ck_complaints_state")),
        sa.CheckConstraint(
            "satisfaction IN ('satisfied', 'neutral', 'dissatisfied')",
            name=op.f("ck_complaints_satisfaction"),
        ),
        sa.CheckConstraint("(state = 'open') = (next_on IS NOT NULL)", name=op.f("ck_complaints_next_on")),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_complaints_ended_at")),
        sa.CheckConstraint("(state = 'closed') = (result IS NOT NULL)", name=op.f("ck_complaints_result")),
        sa.CheckConstraint(
            "(state = 'closed') = (settled_at_outlet IS NOT NULL)",
            name=op.f("ck_complaints_settled_at_outlet"),
        ),
        sa.CheckConstraint(
            "satisfaction IS NULL OR state = 'closed'", name=op.f("ck_complaints_satisfaction_of_result")
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_complaints_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_complaints_order_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name=op.f("fk_complaints_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("number", name=op.f("uq_complaints_number")),
    )
    op.create_index(
        "ix_complaints_open",
        "complaints",
        ["operator_id", "due_on", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("ix_complaints_operator_id_id"), "complaints", ["operator_id", "id"], unique=False)
    op.create_index(
        "ix_complaints_of_order",
        "complaints",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_table(
        "complaint_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("complaint_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_complaint_events_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_complaint_events_complaint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_events")),
        sa.UniqueConstraint("complaint_id", "version", name=op.f("uq_complaint_events_complaint_id_version")),
    )
    op.create_table(
        "complaint_persons",
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_complaint_persons_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_complaint_persons_account_id")
        ),
        sa.PrimaryKeyConstraint("operator_id", name=op.f("pk_complaint_persons")),
    )
    _create_ratings()
    _grant()


def _create_ratings() -> None:
    op.create_table(
        "ratings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.LargeBinary(), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follow_up_on", sa.Date(), nullable=True),
        sa.Column("followed_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("followed_up_by", sa.String(length=80), nullable=True),
        sa.Column("follow_up_note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_ratings_score")),
        sa.CheckConstraint("(score <= 2) = (follow_up_on IS NOT NULL)", name=op.f("ck_ratings_follow_up_on")),
        sa.CheckConstraint(
            "(followed_up_at IS NULL) = (followed_up_by IS NULL)", name=op.f("ck_ratings_followed_up")
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_ratings_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_ratings_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
    )
    op.create_index(
        "uq_ratings_standing",
        "ratings",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("retracted_at IS NULL"),
    )
    op.create_index(op.f("ix_ratings_operator_id_id"), "ratings", ["operator_id", "id"], unique=False)
    op.create_index(
        "ix_ratings_to_follow_up",
        "ratings",
        ["operator_id", "follow_up_on"],
        unique=False,
        postgresql_where=sa.text(_TO_FOLLOW_UP),
    )


def _grant() -> None:
    """Nothing of this is ever deleted, and what was said is never changed."""
    op.execute("REVOKE DELETE, TRUNCATE ON complaints, complaint_persons FROM tracker_app")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON complaint_events, ratings FROM tracker_app")
    op.execute(
        "GRANT UPDATE (retracted_at, followed_up_at, followed_up_by, follow_up_note) ON ratings"
        " TO tracker_app"
    )
    op.execute(f"GRANT SELECT ({_PUBLIC}) ON complaints TO tracker_public")
    op.execute("GRANT SELECT (order_id, score, rated_at, retracted_at) ON ratings TO tracker_public")


def downgrade() -> None:
    op.drop_table("ratings")
    op.drop_table("complaint_persons")
    op.drop_table("complaint_events")
    op.drop_table("complaints")
