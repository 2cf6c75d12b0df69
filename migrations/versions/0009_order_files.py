"""Files of orders that were uploaded, and how far each has been taken in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_STATES = "'waiting', 'running', 'done', 'refused', 'broken', 'cancelled'"


def upgrade() -> None:
    op.create_table(
        "order_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("upload_bytes", sa.BigInteger(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("notify_old", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("request_key", sa.String(length=255), nullable=True),
        sa.Column("request_digest", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("claim", sa.Integer(), nullable=False),
        sa.Column("stalls", sa.SmallInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows_total", sa.BigInteger(), nullable=True),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("last_line", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("repeated", sa.BigInteger(), nullable=False),
        sa.Column("bad_rows", sa.BigInteger(), nullable=False),
        sa.Column("fault_count", sa.BigInteger(), nullable=False),
        sa.Column("faults", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("refusal", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("failed_parts", sa.Integer(), nullable=False),
        sa.Column("failed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_order_files_state")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_order_files_channel_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_order_files_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_files")),
        sa.UniqueConstraint("channel_id", "request_key", name=op.f("uq_order_files_channel_id_request_key")),
    )
    op.create_index(op.f("ix_order_files_operator_id_id"), "order_files", ["operator_id", "id"])
    op.create_index(
        "ix_order_files_open",
        "order_files",
        ["id"],
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index(
        "ix_order_files_kept",
        "order_files",
        ["failed_until"],
        postgresql_where=sa.text("failed_until IS NOT NULL"),
    )
    op.create_table(
        "order_file_parts",
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["order_files.id"], name=op.f("fk_order_file_parts_file_id")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_order_file_parts_operator_id")
        ),
        sa.PrimaryKeyConstraint("file_id", "kind", "number", name=op.f("pk_order_file_parts")),
    )
    # It is packed and sealed: PostgreSQL would try in vain to make it smaller.
    op.execute("ALTER TABLE order_file_parts ALTER COLUMN sealed SET STORAGE EXTERNAL")
    # What was done with a file stays on record; its parts do not.
    op.execute("REVOKE DELETE, TRUNCATE ON order_files FROM tracker_app")
    op.execute("REVOKE UPDATE, TRUNCATE ON order_file_parts FROM tracker_app")


def downgrade() -> None:
    op.drop_table("order_file_parts")
    op.drop_table("order_files")
