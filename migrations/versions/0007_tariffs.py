"""Whole plans with their history, announced changes, subscribers, and who was warned of what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WORDS = {
    "scope": 200,
    "sales_channels": 200,
    "validity": 200,
    "stay": 200,
    "cancellation": 400,
    "liability": 400,
    "voice": 200,
    "data": 200,
    "iptv": 200,
    "benefits": 400,
    "overage": 400,
    "other_services": 400,
}
_OUTCOMES = "'reached', 'no_answer', 'call_back', 'wrong_number', 'told_by_text'"
_APPEND_ONLY = ("plan_events", "subscriber_events")
# What the public site shows of an announced change: nothing of who decided it and why.
_PUBLIC_OF_CHANGES = (
    "id, operator_id, kind, filing_number, region, plan_id, effective_on, ends_from, ends_to, summary,"
    " summary_en, state, announced_at, withdrawn_at"
)


def upgrade() -> None:
    _changes()
    _plans()
    _subscribers()
    _warnings()
    for table in _APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM tracker_app")
    op.execute(
        "REVOKE DELETE, TRUNCATE ON plans, tariff_changes, tariff_warnings, subscribers FROM tracker_app"
    )
    op.execute("REVOKE UPDATE ON tariff_warnings FROM tracker_app")
    op.execute(f"GRANT SELECT ({_PUBLIC_OF_CHANGES}) ON tariff_changes TO tracker_public")
    op.execute(
        """
        CREATE TRIGGER raise_reference_revision
        AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tariff_changes
        FOR EACH STATEMENT EXECUTE FUNCTION raise_reference_revision()
        """
    )
    # Whoever keeps pages in memory hears of it at the commit and need not ask before each request.
    op.execute(
        """
        CREATE OR REPLACE FUNCTION raise_reference_revision() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE reference_revision SET revision = revision + 1;
            PERFORM pg_notify('reference', '');
            RETURN NULL;
        END $$
        """
    )
    op.add_column("notices", sa.Column("retry_of", sa.BigInteger(), nullable=True))
    op.execute(
        f"""
        ALTER TABLE call_tasks
            -- squawk-ignore ban-drop-constraint
            DROP CONSTRAINT ck_call_tasks_outcome,
            ADD CONSTRAINT ck_call_tasks_outcome
                CHECK (outcome IN ({_OUTCOMES}, 'not_needed')) NOT VALID
        """
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE call_tasks VALIDATE CONSTRAINT ck_call_tasks_outcome")
        op.execute("ALTER TABLE plans VALIDATE CONSTRAINT ck_plans_kind")
        op.execute("ALTER TABLE plans VALIDATE CONSTRAINT fk_plans_change_id")
        # Building waits for every transaction that is under way, and holds up none.
        op.execute("SET lock_timeout = 0")
        # What an interrupted attempt left behind is there, but of no use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_notices_retry_of")
        op.create_index(
            "uq_notices_retry_of",
            "notices",
            ["retry_of"],
            unique=True,
            postgresql_where=sa.text("retry_of IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_call_tasks_notice_id")
        op.create_index("ix_call_tasks_notice_id", "call_tasks", ["notice_id"], postgresql_concurrently=True)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_plans_change_id")
        op.create_index("ix_plans_change_id", "plans", ["change_id"], postgresql_concurrently=True)
        op.execute("SET lock_timeout = '2s'")


def _changes() -> None:
    op.create_table(
        "tariff_changes",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("filing_number", sa.String(length=30), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("ends_from", sa.Date(), nullable=True),
        sa.Column("ends_to", sa.Date(), nullable=True),
        sa.Column("latest_notice_on", sa.Date(), nullable=False),
        sa.Column("warn_from", sa.Date(), nullable=False),
        sa.Column("summary", sa.String(length=60), nullable=False),
        sa.Column("summary_en", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("override_reason", sa.String(length=200), nullable=True),
        sa.Column("override_by", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=True),
        sa.Column("withdrawal_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("kind IN ('price', 'terms', 'term_end')", name=op.f("ck_tariff_changes_kind")),
        sa.CheckConstraint("state IN ('announced', 'withdrawn')", name=op.f("ck_tariff_changes_state")),
        sa.CheckConstraint(
            "(kind = 'term_end') = (ends_from IS NOT NULL) AND (ends_from IS NULL) = (ends_to IS NULL)"
            " AND (kind = 'term_end') = (plan_id IS NULL)",
            name=op.f("ck_tariff_changes_dates_by_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_tariff_changes_operator_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_tariff_changes_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff_changes")),
    )
    op.create_index(
        "uq_tariff_changes_standing",
        "tariff_changes",
        ["operator_id", "filing_number", "region", "kind", "effective_on"],
        unique=True,
        postgresql_where=sa.text("state = 'announced'"),
    )
    op.create_index(op.f("ix_tariff_changes_plan_id"), "tariff_changes", ["plan_id"], unique=False)


def _plans() -> None:
    for name, length in _WORDS.items():
        op.add_column(
            "plans",
            sa.Column(name, sa.String(length=length), server_default=sa.text("''"), nullable=False),
        )
    op.execute(
        """
        -- squawk-ignore changing-column-type
        ALTER TABLE plans ALTER COLUMN remark TYPE varchar(400)
        """
    )
    op.add_column("plans", sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("plans", sa.Column("change_id", sa.Integer(), nullable=True))
    op.add_column("plans", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "ALTER TABLE plans ADD CONSTRAINT fk_plans_change_id"
        " FOREIGN KEY (change_id) REFERENCES tariff_changes (id) DEFERRABLE INITIALLY DEFERRED NOT VALID"
    )
    op.execute(
        "ALTER TABLE plans ADD CONSTRAINT ck_plans_kind CHECK"
        " (kind IN ('套餐', '加装包', '营销活动', '国际', '标准资费', '其他')) NOT VALID"
    )
    op.create_table(
        "plan_events",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_plan_events_operator_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_events_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_events")),
    )
    op.create_index(op.f("ix_plan_events_plan_id"), "plan_events", ["plan_id"], unique=False)
    # What was published binds whoever published it: only its sale can be brought to an end.
    op.execute(
        """
        CREATE FUNCTION keep_published_plan() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF to_jsonb(OLD) - '{state,on_sale_to,withdrawn_at,revision}'::text[]
               IS DISTINCT FROM to_jsonb(NEW) - '{state,on_sale_to,withdrawn_at,revision}'::text[] THEN
                RAISE EXCEPTION 'a published version of a plan is never edited';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER keep_published BEFORE UPDATE ON plans
        FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION keep_published_plan()
        """
    )


def _subscribers() -> None:
    op.create_table(
        "subscribers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("monthly_fen", sa.Integer(), nullable=False),
        sa.Column("agreed_until", sa.Date(), nullable=True),
        sa.Column("agreement", sa.String(length=10), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=False),
        sa.Column("contact_digest", sa.LargeBinary(), nullable=False),
        sa.Column("takes_texts", sa.Boolean(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("monthly_fen >= 0", name=op.f("ck_subscribers_monthly_fen")),
        sa.CheckConstraint(
            "(agreed_until IS NULL) = (agreement IS NULL)", name=op.f("ck_subscribers_agreed")
        ),
        sa.CheckConstraint("agreement IN ('discount', 'contract')", name=op.f("ck_subscribers_agreement")),
        sa.CheckConstraint("source IN ('order', 'import')", name=op.f("ck_subscribers_source")),
        sa.CheckConstraint("ended_on >= began_on", name=op.f("ck_subscribers_days")),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_subscribers_operator_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_subscribers_order_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_subscribers_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
    )
    op.create_index(
        op.f("ix_subscribers_operator_id_reference"), "subscribers", ["operator_id", "reference"], unique=True
    )
    op.create_index(op.f("ix_subscribers_plan_id_id"), "subscribers", ["plan_id", "id"], unique=False)
    op.create_index(op.f("ix_subscribers_contact_digest"), "subscribers", ["contact_digest"], unique=False)
    op.create_index(
        "uq_subscribers_order",
        "subscribers",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_index(
        "ix_subscribers_agreed",
        "subscribers",
        ["plan_id", "agreed_until"],
        unique=False,
        postgresql_where=sa.text("agreed_until IS NOT NULL"),
    )
    op.create_table(
        "subscriber_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_subscriber_events_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_subscriber_events_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber_events")),
    )
    op.create_index(
        op.f("ix_subscriber_events_subscriber_id"), "subscriber_events", ["subscriber_id"], unique=False
    )


def _warnings() -> None:
    op.create_table(
        "tariff_warnings",
        sa.Column("change_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("old_fen", sa.Integer(), nullable=False),
        sa.Column("new_fen", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('warning', 'correction')", name=op.f("ck_tariff_warnings_kind")),
        sa.PrimaryKeyConstraint("change_id", "subscriber_id", "kind", name=op.f("pk_tariff_warnings")),
    )
    op.create_index(
        op.f("ix_tariff_warnings_subscriber_id"), "tariff_warnings", ["subscriber_id"], unique=False
    )
    op.create_table(
        "tariff_warning_runs",
        sa.Column("change_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("through_subscriber_id", sa.BigInteger(), nullable=False),
        sa.Column("whole_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_id"], ["tariff_changes.id"], name=op.f("fk_tariff_warning_runs_change_id")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_tariff_warning_runs_operator_id")
        ),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_tariff_warning_runs")),
    )


def downgrade() -> None:
    op.execute("UPDATE call_tasks SET outcome = 'told_by_text' WHERE outcome = 'not_needed'")
    op.drop_constraint(op.f("ck_call_tasks_outcome"), "call_tasks", type_="check")
    op.create_check_constraint(op.f("ck_call_tasks_outcome"), "call_tasks", f"outcome IN ({_OUTCOMES})")
    op.drop_column("notices", "retry_of")
    op.drop_index("ix_call_tasks_notice_id", table_name="call_tasks")
    op.drop_table("tariff_warning_runs")
    op.drop_table("tariff_warnings")
    op.drop_table("subscriber_events")
    op.drop_table("subscribers")
    op.execute("DROP TRIGGER keep_published ON plans")
    op.execute("DROP FUNCTION keep_published_plan()")
    op.drop_table("plan_events")
    op.drop_column("plans", "change_id")
    op.drop_table("tariff_changes")
    op.drop_column("plans", "withdrawn_at")
    op.drop_column("plans", "revision")
    op.drop_constraint(op.f("ck_plans_kind"), "plans", type_="check")
    op.execute("UPDATE plans SET remark = left(remark, 120)")
    op.alter_column("plans", "remark", type_=sa.String(length=120), existing_type=sa.String(length=400))
    for name in reversed(_WORDS):
        op.drop_column("plans", name)
    op.execute(
        """
        CREATE OR REPLACE FUNCTION raise_reference_revision() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE reference_revision SET revision = revision + 1;
            RETURN NULL;
        END $$
        """
    )
