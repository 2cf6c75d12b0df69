"""What is due for an order beside its plan's fees."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_METHODS = "'cash', 'transfer', 'wechat', 'alipay', 'card', 'bill'"


def upgrade() -> None:
    op.create_table(
        "charges",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=100), nullable=True),
        sa.Column("charged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_charges_amount")),
        sa.CheckConstraint("due_on IS NULL OR amount_fen > 0", name=op.f("ck_charges_due_on")),
        sa.CheckConstraint(
            "reason IS NOT NULL OR (amount_fen > 0 AND fee <> 'other')", name=op.f("ck_charges_reason")
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_charges_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_charges_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charges")),
        sa.UniqueConstraint("operator_id", "reference", name=op.f("uq_charges_operator_id_reference")),
    )
    op.create_index(op.f("ix_charges_order_id"), "charges", ["order_id"], unique=False)
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON charges FROM tracker_app")
    op.execute("GRANT SELECT (id, order_id, fee, amount_fen, due_on, reason) ON charges TO tracker_public")
    op.add_column("payments", sa.Column("method", sa.String(length=10), nullable=True))
    op.add_column("payments", sa.Column("receipt", sa.String(length=64), nullable=True))
    op.add_column("payments", sa.Column("reason", sa.String(length=100), nullable=True))
    op.execute(
        f"ALTER TABLE payments ADD CONSTRAINT ck_payments_method CHECK (method IN ({_METHODS})) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE payments VALIDATE CONSTRAINT ck_payments_method")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_payments_method"), "payments", type_="check")
    op.drop_column("payments", "reason")
    op.drop_column("payments", "receipt")
    op.drop_column("payments", "method")
    op.drop_table("charges")
