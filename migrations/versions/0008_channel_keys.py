"""Keys of channels: signed ones, rotation, last use, and the nonces that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CHECKS = {
    "kind": "kind IN ('bearer', 'signed')",
    "signed": "(kind = 'signed') = (app_id IS NOT NULL) AND (kind = 'signed') = (sealed_secret IS NOT NULL)",
}


def upgrade() -> None:
    op.add_column(
        "channel_keys",
        sa.Column("kind", sa.String(length=6), server_default=sa.text("'bearer'"), nullable=False),
    )
    op.add_column(
        "channel_keys",
        sa.Column("label", sa.String(length=60), server_default=sa.text("''"), nullable=False),
    )
    op.add_column("channel_keys", sa.Column("app_id", sa.String(length=40), nullable=True))
    op.add_column("channel_keys", sa.Column("sealed_secret", sa.LargeBinary(), nullable=True))
    op.add_column("channel_keys", sa.Column("rate_limit", sa.String(length=40), nullable=True))
    op.add_column("channel_keys", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("channel_keys", sa.Column("replaces", sa.Integer(), nullable=True))
    op.add_column(
        "channel_keys",
        sa.Column("created_by", sa.String(length=80), server_default=sa.text("''"), nullable=False),
    )
    op.add_column("channel_keys", sa.Column("revoked_by", sa.String(length=80), nullable=True))
    for name, condition in _CHECKS.items():
        op.execute(
            f"ALTER TABLE channel_keys ADD CONSTRAINT ck_channel_keys_{name} CHECK ({condition}) NOT VALID"
        )
    op.execute(
        "ALTER TABLE channel_keys ADD CONSTRAINT fk_channel_keys_replaces"
        " FOREIGN KEY (replaces) REFERENCES channel_keys (id) NOT VALID"
    )
    # A key is never edited: it may end earlier than it would have, and nothing else.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON channel_keys FROM tracker_app")
    op.execute("GRANT UPDATE (expires_at, revoked_at, revoked_by) ON channel_keys TO tracker_app")
    op.create_table(
        "channel_key_uses",
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["channel_keys.id"], name=op.f("fk_channel_key_uses_key_id")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_channel_key_uses_operator_id")
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_channel_key_uses")),
    )
    op.create_table(
        "used_nonces",
        sa.Column("channel_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_used_nonces_channel_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_used_nonces_operator_id")),
        sa.PrimaryKeyConstraint("channel_id", "nonce", name=op.f("pk_used_nonces")),
    )
    op.create_index(op.f("ix_used_nonces_used_at"), "used_nonces", ["used_at"], unique=False)
    with op.get_context().autocommit_block():
        for name in _CHECKS:
            op.execute(f"ALTER TABLE channel_keys VALIDATE CONSTRAINT ck_channel_keys_{name}")
        op.execute("ALTER TABLE channel_keys VALIDATE CONSTRAINT fk_channel_keys_replaces")
        # Building waits for every transaction that is under way, and holds up none.
        op.execute("SET lock_timeout = 0")
        for column, unique in (("app_id", False), ("replaces", True)):
            name = f"{'uq' if unique else 'ix'}_channel_keys_{column}"
            # What an interrupted attempt left behind is there, but of no use.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(
                name,
                "channel_keys",
                [column],
                unique=unique,
                postgresql_where=sa.text(f"{column} IS NOT NULL"),
                postgresql_concurrently=True,
            )
        op.execute("SET lock_timeout = '2s'")


def downgrade() -> None:
    op.drop_table("used_nonces")
    op.drop_table("channel_key_uses")
    op.execute("REVOKE UPDATE (expires_at, revoked_at, revoked_by) ON channel_keys FROM tracker_app")
    op.execute("GRANT UPDATE, DELETE ON channel_keys TO tracker_app")
    # The schema before knows neither signed keys nor an end: what has ended may not open anything again.
    op.execute("UPDATE channel_keys SET replaces = NULL")
    op.execute("DELETE FROM channel_keys WHERE kind = 'signed' OR expires_at IS NOT NULL")
    op.drop_index("uq_channel_keys_replaces", table_name="channel_keys")
    op.drop_index("ix_channel_keys_app_id", table_name="channel_keys")
    op.drop_constraint("fk_channel_keys_replaces", "channel_keys", type_="foreignkey")
    for name in reversed(_CHECKS):
        op.drop_constraint(op.f(f"ck_channel_keys_{name}"), "channel_keys", type_="check")
    for column in (
        "revoked_by",
        "created_by",
        "replaces",
        "expires_at",
        "rate_limit",
        "sealed_secret",
        "app_id",
        "label",
        "kind",
    ):
        op.drop_column("channel_keys", column)
