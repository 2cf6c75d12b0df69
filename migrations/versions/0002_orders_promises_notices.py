"""Places, operators, channels, calendar, rules, plans, orders, promises, notices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_days")),
    )
    op.create_table(
        "calendar_years",
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_years")),
    )
    op.create_table(
        "divisions",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("parent_code", sa.String(length=12), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.CheckConstraint("level IN ('city','county','town','community')", name=op.f("ck_divisions_level")),
        sa.ForeignKeyConstraint(["parent_code"], ["divisions.code"], name=op.f("fk_divisions_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_divisions")),
    )
    op.create_index(op.f("ix_divisions_parent_code"), "divisions", ["parent_code"], unique=False)
    op.create_table(
        "operators",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("signature", sa.String(length=20), nullable=False),
        sa.Column("hotline", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sa.UniqueConstraint("code", name=op.f("uq_operators_code")),
    )
    op.create_table(
        "recorded_texts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("recipient_masked", sa.String(length=20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorded_texts")),
    )
    op.create_index(op.f("ix_recorded_texts_accepted_at"), "recorded_texts", ["accepted_at"], unique=False)
    op.create_index(op.f("ix_recorded_texts_notice_id"), "recorded_texts", ["notice_id"], unique=False)
    op.create_table(
        "reference_revision",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_revision")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(operator_id IS NULL) = (role IN ('regulator', 'administrator'))",
            name=op.f("ck_accounts_operator_by_role"),
        ),
        sa.CheckConstraint(
            "role IN ('counter', 'dispatcher', 'installer', 'manager', 'regulator', 'administrator')",
            name=op.f("ck_accounts_role"),
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_accounts_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("username", name=op.f("uq_accounts_username")),
    )
    op.create_index(op.f("ix_accounts_operator_id"), "accounts", ["operator_id"], unique=False)
    op.create_table(
        "channels",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "kind IN ('government_portal', 'app', 'mini_program', 'business_hall',"
            " 'service_centre', 'other')",
            name=op.f("ck_channels_kind"),
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_channels_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sa.UniqueConstraint("operator_id", "code", name=op.f("uq_channels_operator_id_code")),
    )
    op.create_table(
        "plans",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("filing_number", sa.String(length=30), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("product", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("monthly_fen", sa.Integer(), nullable=False),
        sa.Column("installation_fen", sa.Integer(), nullable=False),
        sa.Column("commissioning_fen", sa.Integer(), nullable=False),
        sa.Column("download_mbps", sa.Integer(), nullable=False),
        sa.Column("upload_mbps", sa.Integer(), nullable=False),
        sa.Column("services", sa.Text(), nullable=False),
        sa.Column("services_en", sa.Text(), nullable=False),
        sa.Column("restrictions", sa.Text(), nullable=False),
        sa.Column("restrictions_en", sa.Text(), nullable=False),
        sa.Column("remark", sa.String(length=120), nullable=False),
        sa.Column("on_sale_from", sa.Date(), nullable=False),
        sa.Column("on_sale_to", sa.Date(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("audience IN ('home','enterprise')", name=op.f("ck_plans_audience")),
        sa.CheckConstraint("state IN ('draft','published','withdrawn')", name=op.f("ck_plans_state")),
        sa.CheckConstraint(
            "monthly_fen >= 0 AND installation_fen >= 0 AND commissioning_fen >= 0",
            name=op.f("ck_plans_fees"),
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_plans_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint(
            "operator_id",
            "filing_number",
            "region",
            "version",
            name=op.f("uq_plans_operator_id_filing_number_region_version"),
        ),
    )
    op.create_table(
        "promise_rules",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("customer_kind", sa.String(length=12), nullable=False),
        sa.Column("product", sa.String(length=30), nullable=False),
        sa.Column("area", sa.String(length=8), nullable=False),
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.SmallInteger(), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("cut_off", sa.Time(), nullable=True),
        sa.Column("end_of_day", sa.Time(), nullable=True),
        sa.Column("late_counts_as_next_day", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("remark", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("area IN ('urban','rural','any')", name=op.f("ck_promise_rules_area")),
        sa.CheckConstraint(
            "customer_kind IN ('home','enterprise')", name=op.f("ck_promise_rules_customer_kind")
        ),
        sa.CheckConstraint(
            "unit IN ('hours','calendar_days','working_days')", name=op.f("ck_promise_rules_unit")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_promise_rules_amount_positive")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_promise_rules_valid_period")
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_promise_rules_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_rules")),
        sa.UniqueConstraint(
            "operator_id",
            "customer_kind",
            "product",
            "area",
            "resource",
            "valid_from",
            name=op.f("uq_promise_rules_operator_id_customer_kind_product_area_resource_valid_from"),
        ),
    )
    op.create_table(
        "channel_keys",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_channel_keys_channel_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_channel_keys_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_keys")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_channel_keys_secret_sha256")),
    )
    op.create_index(op.f("ix_channel_keys_channel_id"), "channel_keys", ["channel_id"], unique=False)
    op.create_index(op.f("ix_channel_keys_operator_id"), "channel_keys", ["operator_id"], unique=False)
    op.create_table(
        "idempotency_records",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_idempotency_records_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_idempotency_records_operator_id")
        ),
        sa.PrimaryKeyConstraint("channel_id", "key", name=op.f("pk_idempotency_records")),
    )
    op.create_index(
        op.f("ix_idempotency_records_created_at"), "idempotency_records", ["created_at"], unique=False
    )
    op.create_index(
        op.f("ix_idempotency_records_operator_id"), "idempotency_records", ["operator_id"], unique=False
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("external_reference", sa.String(length=64), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("customer_kind", sa.String(length=12), nullable=False),
        sa.Column("product", sa.String(length=30), nullable=False),
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("community_code", sa.String(length=12), nullable=False),
        sa.Column("dealer", sa.String(length=60), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("customer_name", sa.LargeBinary(), nullable=False),
        sa.Column("contact_phone", sa.LargeBinary(), nullable=False),
        sa.Column("address_detail", sa.LargeBinary(), nullable=False),
        sa.Column("phone_digest", sa.LargeBinary(), nullable=False),
        sa.Column("lookup_digest", sa.LargeBinary(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("price", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appointment_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appointment_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("installer_title", sa.String(length=20), nullable=True),
        sa.Column("installer_staff_number", sa.String(length=20), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("customer_kind IN ('home','enterprise')", name=op.f("ck_orders_customer_kind")),
        sa.CheckConstraint(
            "stage IN ('accepted', 'verified', 'resource_checked', 'dispatched', 'appointed', 'on_site',"
            " 'activated', 'completed', 'withdrawn', 'returned')",
            name=op.f("ck_orders_stage"),
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_orders_channel_id")),
        sa.ForeignKeyConstraint(
            ["community_code"], ["divisions.code"], name=op.f("fk_orders_community_code")
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_orders_operator_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_orders_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint(
            "channel_id", "external_reference", name=op.f("uq_orders_channel_id_external_reference")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
    )
    op.create_index(op.f("ix_orders_operator_id_id"), "orders", ["operator_id", "id"], unique=False)
    op.create_index(op.f("ix_orders_phone_digest"), "orders", ["phone_digest"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("template_version", sa.SmallInteger(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("dedup_key", sa.String(length=120), nullable=False),
        sa.Column("queue", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("misses", sa.SmallInteger(), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=True),
        sa.Column("provider_reference", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sending_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("queue IN ('urgent', 'progress', 'bulk')", name=op.f("ck_notices_queue")),
        sa.CheckConstraint(
            "state IN ('created', 'sending', 'accepted', 'unknown', 'call', 'cancelled')",
            name=op.f("ck_notices_state"),
        ),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_notices_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_notices_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("dedup_key", name=op.f("uq_notices_dedup_key")),
    )
    op.create_index(
        "ix_notices_due",
        "notices",
        ["queue", "next_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'created'"),
    )
    op.create_index(
        "ix_notices_leased",
        "notices",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(op.f("ix_notices_order_id"), "notices", ["order_id"], unique=False)
    op.create_index(
        "ix_notices_unknown",
        "notices",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("state = 'unknown'"),
    )
    op.create_table(
        "order_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("order_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("reason_text", sa.String(length=200), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_order_events_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
        sa.UniqueConstraint("order_id", "order_version", name=op.f("uq_order_events_order_id_order_version")),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_payments_amount")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_payments_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("operator_id", "reference", name=op.f("uq_payments_operator_id_reference")),
    )
    op.create_index(op.f("ix_payments_order_id"), "payments", ["order_id"], unique=False)
    op.create_table(
        "promises",
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("explanation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_promises_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_promises_order_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["promise_rules.id"], name=op.f("fk_promises_rule_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_promises")),
    )
    op.create_index(
        op.f("ix_promises_operator_id_deadline"), "promises", ["operator_id", "deadline"], unique=False
    )
    op.create_index(op.f("ix_promises_rule_id"), "promises", ["rule_id"], unique=False)
    op.create_table(
        "notice_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_attempts_notice_id")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_notice_attempts_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_attempts")),
    )
    op.create_index(op.f("ix_notice_attempts_notice_id"), "notice_attempts", ["notice_id"], unique=False)
    _seal_history()
    _grant_public()
    _watch_reference()


# Written once and never changed (invariants I3, I7); not even the service can.
_APPEND_ONLY = ("order_events", "promises", "payments", "notice_attempts", "recorded_texts")

# What the public site may read, table by table: nothing that names a person (invariant I6).
_PUBLIC = {
    "alembic_version": "",
    "calendar_days": "",
    "calendar_years": "",
    "divisions": "",
    "operators": "",
    "plans": "",
    "promise_rules": "",
    "reference_revision": "",
    "orders": "(id, operator_id, number, stage, customer_kind, product, lookup_digest, price, accepted_at,"
    " appointment_starts_at, appointment_ends_at, closed_at)",
    "order_events": "(id, order_id, order_version, kind, stage, reason_code, occurred_at)",
    "promises": "(order_id, deadline, provisional, explanation)",
    "payments": "(id, order_id, fee, amount_fen, paid_at)",
}

_REFERENCE = (
    "operators",
    "channels",
    "channel_keys",
    "divisions",
    "plans",
    "promise_rules",
    "calendar_years",
    "calendar_days",
)


def _seal_history() -> None:
    for table in _APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM tracker_app")
    op.execute("REVOKE DELETE, TRUNCATE ON orders, notices FROM tracker_app")
    # A rule is never edited: it gets its last day, and a new version follows it.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON promise_rules FROM tracker_app")
    op.execute("GRANT UPDATE (valid_to) ON promise_rules TO tracker_app")
    op.execute("GRANT SELECT ON alembic_version TO tracker_app")


def _grant_public() -> None:
    for table, columns in _PUBLIC.items():
        op.execute(f"GRANT SELECT {columns} ON {table} TO tracker_public")


def _watch_reference() -> None:
    """Raise the revision in the transaction of any change to what processes keep in memory."""
    op.execute("INSERT INTO reference_revision (id, revision) VALUES (1, 1)")
    op.execute(
        """
        CREATE FUNCTION raise_reference_revision() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE reference_revision SET revision = revision + 1;
            RETURN NULL;
        END $$
        """
    )
    for table in _REFERENCE:
        op.execute(
            f"""
            CREATE TRIGGER raise_reference_revision
            AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION raise_reference_revision()
            """
        )


def downgrade() -> None:
    op.drop_index(op.f("ix_notice_attempts_notice_id"), table_name="notice_attempts")
    op.drop_table("notice_attempts")
    op.drop_index(op.f("ix_promises_rule_id"), table_name="promises")
    op.drop_index(op.f("ix_promises_operator_id_deadline"), table_name="promises")
    op.drop_table("promises")
    op.drop_index(op.f("ix_payments_order_id"), table_name="payments")
    op.drop_table("payments")
    op.drop_table("order_events")
    op.drop_index("ix_notices_unknown", table_name="notices", postgresql_where=sa.text("state = 'unknown'"))
    op.drop_index(op.f("ix_notices_order_id"), table_name="notices")
    op.drop_index("ix_notices_leased", table_name="notices", postgresql_where=sa.text("state = 'sending'"))
    op.drop_index("ix_notices_due", table_name="notices", postgresql_where=sa.text("state = 'created'"))
    op.drop_table("notices")
    op.drop_index(op.f("ix_orders_phone_digest"), table_name="orders")
    op.drop_index(op.f("ix_orders_operator_id_id"), table_name="orders")
    op.drop_table("orders")
    op.drop_index(op.f("ix_idempotency_records_operator_id"), table_name="idempotency_records")
    op.drop_index(op.f("ix_idempotency_records_created_at"), table_name="idempotency_records")
    op.drop_table("idempotency_records")
    op.drop_index(op.f("ix_channel_keys_operator_id"), table_name="channel_keys")
    op.drop_index(op.f("ix_channel_keys_channel_id"), table_name="channel_keys")
    op.drop_table("channel_keys")
    op.drop_table("promise_rules")
    op.drop_table("plans")
    op.drop_table("channels")
    op.drop_index(op.f("ix_accounts_operator_id"), table_name="accounts")
    op.drop_table("accounts")
    op.drop_table("reference_revision")
    op.drop_index(op.f("ix_recorded_texts_notice_id"), table_name="recorded_texts")
    op.drop_index(op.f("ix_recorded_texts_accepted_at"), table_name="recorded_texts")
    op.drop_table("recorded_texts")
    op.drop_table("operators")
    op.drop_index(op.f("ix_divisions_parent_code"), table_name="divisions")
    op.drop_table("divisions")
    op.drop_table("calendar_years")
    op.drop_table("calendar_days")
    op.execute("DROP FUNCTION raise_reference_revision()")
