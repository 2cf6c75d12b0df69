"""The feed of events, and the webhooks that are told of them.

Orders and their events grow all the time and are never quiet: their new columns need no rewriting, what
stands there already is filled in by slices, and indexes are built beside the running system.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_orders_channel_id_written_in_id": ("orders", ["channel_id", "written_in", "id"]),
    "ix_orders_channel_id_stage_written_in_id": ("orders", ["channel_id", "stage", "written_in", "id"]),
    "ix_order_events_channel_id_written_in_id": ("order_events", ["channel_id", "written_in", "id"]),
}


def upgrade() -> None:
    _create_webhooks()
    _create_deliveries()
    op.execute("REVOKE DELETE, TRUNCATE ON webhooks FROM tracker_app")
    op.execute("REVOKE TRUNCATE ON webhook_deliveries FROM tracker_app")
    _create_positions()
    _add_columns()
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")
        _fill_channels()
        op.execute("ALTER TABLE order_events VALIDATE CONSTRAINT ck_order_events_channel")
        # The constraint that was validated spares it looking at the rows.
        op.execute(
            """
            ALTER TABLE order_events
                -- squawk-ignore adding-not-nullable-field
                ALTER COLUMN channel_id SET NOT NULL
            """
        )
        op.execute(
            """
            ALTER TABLE order_events
                -- squawk-ignore ban-drop-constraint
                DROP CONSTRAINT ck_order_events_channel
            """
        )
        # Building waits for every transaction that is under way, and holds up none.
        op.execute("SET lock_timeout = 0")
        for name, (table, columns) in _INDEXES.items():
            # What an interrupted attempt left behind is there, but of no use.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(name, table, columns, postgresql_concurrently=True)
        op.execute("SET lock_timeout = '2s'")
        op.execute("SET statement_timeout = '15min'")


def _create_positions() -> None:
    """Where the feed stands; `tracker migrate` raises both when a restored database counts from low again."""
    op.execute(
        """
        CREATE FUNCTION feed_position() RETURNS bigint LANGUAGE sql STABLE
        AS $$ SELECT pg_current_xact_id()::text::bigint + 0 $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION feed_horizon() RETURNS bigint LANGUAGE sql STABLE
        AS $$ SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + 0 $$
        """
    )


def _add_columns() -> None:
    # A constant for what stands there, which is all committed once this has the tables to itself.
    for table in ("orders", "order_events"):
        op.add_column(
            table, sa.Column("written_in", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
        )
        op.alter_column(table, "written_in", server_default=sa.text("feed_position()"))
    op.add_column("order_events", sa.Column("channel_id", sa.Integer(), nullable=True))
    op.execute(
        "ALTER TABLE order_events ADD CONSTRAINT ck_order_events_channel"
        " CHECK (channel_id IS NOT NULL) NOT VALID"
    )
    # Processes of the version before this one write events without it until they are gone.
    op.execute(
        """
        CREATE FUNCTION fill_event_channel() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SELECT channel_id INTO NEW.channel_id FROM orders WHERE id = NEW.order_id;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER fill_event_channel BEFORE INSERT ON order_events
        FOR EACH ROW WHEN (NEW.channel_id IS NULL) EXECUTE FUNCTION fill_event_channel()
        """
    )


def _fill_channels() -> None:
    op.execute(
        """
        DO $$
        DECLARE
            through bigint := 0;
            last bigint;
        BEGIN
            SELECT coalesce(max(id), 0) INTO last FROM order_events;
            WHILE through < last LOOP
                UPDATE order_events AS e SET channel_id = o.channel_id FROM orders AS o
                WHERE o.id = e.order_id AND e.channel_id IS NULL
                    AND e.id > through AND e.id <= through + 10000;
                through := through + 10000;
                COMMIT;
            END LOOP;
        END $$
        """
    )


def _create_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.String(length=40)), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("paused_why", sa.String(length=8), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("through_written_in", sa.BigInteger(), nullable=False),
        sa.Column("through_id", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('active', 'paused', 'deleted')", name=op.f("ck_webhooks_state")),
        sa.CheckConstraint(
            "paused_why IN ('by_hand', 'failing', 'gone')", name=op.f("ck_webhooks_paused_why")
        ),
        sa.CheckConstraint(
            "(state = 'paused') = (paused_why IS NOT NULL) AND (state = 'paused') = (paused_at IS NOT NULL)",
            name=op.f("ck_webhooks_paused"),
        ),
        sa.CheckConstraint(
            "(previous_secret IS NULL) = (previous_until IS NULL)", name=op.f("ck_webhooks_previous")
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_webhooks_channel_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_webhooks_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index(op.f("ix_webhooks_channel_id"), "webhooks", ["channel_id"], unique=False)
    op.create_index(op.f("ix_webhooks_operator_id"), "webhooks", ["operator_id"], unique=False)


def _create_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("lane", sa.BigInteger(), nullable=True),
        sa.Column("resend_of", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("took_ms", sa.Integer(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'waiting', 'sending', 'delivered', 'given_up')",
            name=op.f("ck_webhook_deliveries_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('delivered', 'given_up')) = (ended_at IS NOT NULL)",
            name=op.f("ck_webhook_deliveries_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_webhook_deliveries_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
    )
    for name, columns, where in (
        ("ix_webhook_deliveries_log", ["webhook_id", "id"], None),
        ("ix_webhook_deliveries_given_up", ["webhook_id", "id"], "state = 'given_up'"),
        ("ix_webhook_deliveries_due", ["webhook_id", "next_at", "id"], "state = 'waiting'"),
        ("ix_webhook_deliveries_leased", ["lease_until"], "state = 'sending'"),
        ("ix_webhook_deliveries_lanes", ["webhook_id", "lane", "id"], "ended_at IS NULL"),
        ("ix_webhook_deliveries_ended_at", ["ended_at"], "ended_at IS NOT NULL"),
    ):
        op.create_index(
            name, "webhook_deliveries", columns, postgresql_where=None if where is None else sa.text(where)
        )


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
    for name, (table, _) in reversed(_INDEXES.items()):
        op.drop_index(name, table_name=table)
    op.execute("DROP TRIGGER fill_event_channel ON order_events")
    op.execute("DROP FUNCTION fill_event_channel()")
    op.drop_column("order_events", "channel_id")
    for table in ("order_events", "orders"):
        op.drop_column(table, "written_in")
    op.execute("DROP FUNCTION feed_position()")
    op.execute("DROP FUNCTION feed_horizon()")
