"""Real-name checks, approvals of returned orders, and the indexes of the desk's list."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_CHECKS = "'id_document', 'face_match', 'phone_confirmed', 'fraud_screening'"
_FAILURES = (
    "'document_expired', 'document_unreadable', 'details_differ', 'face_differs', 'phone_not_own',"
    " 'risk_listed', 'other'"
)
_OPEN = sa.text("state = 'open'")
_BEFORE = "'saw', 'changed', 'granted', 'revoked'"


def upgrade() -> None:
    _make_checks()
    _make_returns()
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON real_name_checks, required_checks FROM tracker_app")
    op.execute("REVOKE DELETE, TRUNCATE ON return_requests FROM tracker_app")
    op.execute(
        """
        CREATE TRIGGER raise_reference_revision
        AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON required_checks
        FOR EACH STATEMENT EXECUTE FUNCTION raise_reference_revision()
        """
    )
    _let_actions_be(f"{_BEFORE}, 'sought'")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE audit_entries VALIDATE CONSTRAINT ck_audit_entries_action")
        # Building waits for every transaction that is under way, and holds up none.
        op.execute("SET lock_timeout = 0")
        op.create_index(
            "ix_orders_open",
            "orders",
            ["operator_id", "id"],
            postgresql_concurrently=True,
            if_not_exists=True,
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        op.create_index(
            "ix_orders_of_place",
            "orders",
            ["operator_id", "community_code", "id"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_orders_of_enterprises",
            "orders",
            ["operator_id", "id"],
            postgresql_concurrently=True,
            if_not_exists=True,
            postgresql_where=sa.text("customer_kind = 'enterprise'"),
        )
        op.create_index(
            "ix_orders_ended_early",
            "orders",
            ["operator_id", "stage", "id"],
            postgresql_concurrently=True,
            if_not_exists=True,
            postgresql_where=sa.text("stage IN ('withdrawn', 'returned')"),
        )


def _let_actions_be(actions: str) -> None:
    op.execute(
        f"""
        ALTER TABLE audit_entries
            -- squawk-ignore ban-drop-constraint
            DROP CONSTRAINT ck_audit_entries_action,
            ADD CONSTRAINT ck_audit_entries_action CHECK (action IN ({actions})) NOT VALID
        """
    )


def _make_checks() -> None:
    op.create_table(
        "real_name_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.Column("reason_code", sa.String(length=30), nullable=True),
        sa.Column("reason_text", sa.String(length=100), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind IN ({_CHECKS})", name=op.f("ck_real_name_checks_kind")),
        sa.CheckConstraint(
            "result IN ('passed', 'failed', 'waived')", name=op.f("ck_real_name_checks_result")
        ),
        sa.CheckConstraint(f"reason_code IN ({_FAILURES})", name=op.f("ck_real_name_checks_reason_code")),
        sa.CheckConstraint(
            "(result = 'failed') = (reason_code IS NOT NULL)",
            name=op.f("ck_real_name_checks_reason_of_failure"),
        ),
        sa.CheckConstraint(
            "result <> 'passed' OR reference IS NOT NULL", name=op.f("ck_real_name_checks_reference")
        ),
        sa.CheckConstraint(
            "result <> 'waived' OR reason_text IS NOT NULL",
            name=op.f("ck_real_name_checks_reason_of_waiver"),
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_real_name_checks_operator_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_real_name_checks_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_real_name_checks")),
    )
    op.create_index(
        op.f("ix_real_name_checks_order_id_id"), "real_name_checks", ["order_id", "id"], unique=False
    )
    op.create_table(
        "required_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("checks", postgresql.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_required_checks_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_required_checks")),
    )
    op.create_index(
        op.f("ix_required_checks_operator_id_id"), "required_checks", ["operator_id", "id"], unique=False
    )


def _make_returns() -> None:
    op.create_table(
        "return_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=False),
        sa.Column("reason_text", sa.String(length=200), nullable=True),
        sa.Column("evidence", sa.String(length=200), nullable=True),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'refused', 'retracted')", name=op.f("ck_return_requests_state")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_return_requests_decided_at")
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_return_requests_decided_by")
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'refused') OR decided_by <> asked_by",
            name=op.f("ck_return_requests_two_people"),
        ),
        sa.CheckConstraint("state <> 'refused' OR words IS NOT NULL", name=op.f("ck_return_requests_words")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_return_requests_operator_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_return_requests_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_requests")),
    )
    op.create_index(
        "uq_return_requests_open", "return_requests", ["order_id"], unique=True, postgresql_where=_OPEN
    )
    op.create_index(
        "ix_return_requests_open",
        "return_requests",
        ["operator_id", "id"],
        unique=False,
        postgresql_where=_OPEN,
    )
    op.create_index(
        op.f("ix_return_requests_operator_id_decided_at_id"),
        "return_requests",
        ["operator_id", "decided_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_return_requests_order_id"), "return_requests", ["order_id"], unique=False)


def downgrade() -> None:
    for name in ("ix_orders_ended_early", "ix_orders_of_enterprises", "ix_orders_of_place", "ix_orders_open"):
        op.drop_index(name, table_name="orders")
    # The trail is not rewritten: what the past had no word for stays, and no more of it comes.
    _let_actions_be(_BEFORE)
    op.drop_table("return_requests")
    op.drop_table("required_checks")
    op.drop_table("real_name_checks")
