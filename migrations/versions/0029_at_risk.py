"""Orders at risk: steps of escalation, and who was told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_TABLES = (
    "risk_rules", "escalation_texts", "escalations", "risk_takeovers", "risk_digests", "digest_wishes",
)  # fmt: skip


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}"))
        for name, target in columns.items()
    ]


def upgrade() -> None:
    op.create_table(
        "risk_rules",
        sa.Column("operator_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("due_hours", sa.SmallInteger(), nullable=False),
        sa.Column("team_hours", sa.SmallInteger(), nullable=False),
        sa.Column("waiting_hours", sa.SmallInteger(), nullable=False),
        sa.Column("warn_hours", sa.SmallInteger(), nullable=True),
        sa.Column("late_hours", sa.SmallInteger(), nullable=True),
        sa.Column("chase_days", sa.SmallInteger(), nullable=True),
        sa.Column("digest_at", postgresql.ARRAY(sa.String(length=5)), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_references("risk_rules", operator_id="operators"),
        sa.PrimaryKeyConstraint("operator_id", "version", name=op.f("pk_risk_rules")),
    )
    op.create_table(
        "escalation_texts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("account_ids", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_references("escalation_texts", operator_id="operators"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_texts")),
    )
    op.create_index(
        op.f("ix_escalation_texts_operator_id_level_id"),
        "escalation_texts",
        ["operator_id", "level", "id"],
        unique=False,
    )
    _make_escalations()
    op.create_table(
        "risk_digests",
        sa.Column("operator_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("account_ids", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_references("risk_digests", operator_id="operators", order_id="orders"),
        sa.PrimaryKeyConstraint("operator_id", "due_at", name=op.f("pk_risk_digests")),
    )
    op.create_table(
        "digest_wishes",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_references("digest_wishes", operator_id="operators", account_id="accounts"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_digest_wishes")),
    )
    for table in _TABLES:
        op.execute(f"SELECT wall_in('{table}')")
    op.execute(
        "REVOKE UPDATE, DELETE, TRUNCATE ON risk_rules, escalation_texts, escalations, risk_takeovers,"
        " risk_digests FROM tracker_app"
    )
    op.execute("REVOKE DELETE, TRUNCATE ON digest_wishes FROM tracker_app")
    op.execute("GRANT UPDATE (settled_at, text_id) ON escalations TO tracker_app")
    op.execute("SELECT copy_rights_to_web()")


def _make_escalations() -> None:
    op.create_table(
        "escalations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("risks", postgresql.ARRAY(sa.String(length=12)), nullable=False),
        sa.Column("account_ids", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name=op.f("ck_escalations_level")),
        sa.CheckConstraint("text_id IS NULL OR settled_at IS NOT NULL", name=op.f("ck_escalations_text_id")),
        *_references("escalations", operator_id="operators", order_id="orders", text_id="escalation_texts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
        sa.UniqueConstraint(
            "order_id", "deadline", "level", name=op.f("uq_escalations_order_id_deadline_level")
        ),
    )
    op.create_index(
        "ix_escalations_to_tell",
        "escalations",
        ["operator_id", "level", "id"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "risk_takeovers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_references("risk_takeovers", operator_id="operators", order_id="orders"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_takeovers")),
    )
    op.create_index(op.f("ix_risk_takeovers_order_id_id"), "risk_takeovers", ["order_id", "id"], unique=False)


def downgrade() -> None:
    for table in (
        "digest_wishes", "risk_digests", "risk_takeovers", "escalations", "escalation_texts", "risk_rules",
    ):  # fmt: skip
        op.drop_table(table)
