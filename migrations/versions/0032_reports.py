"""Half-year reports, their histories, and the self-checks of the counties."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_TABLES = ("half_year_reports", "half_year_report_events", "county_self_checks")


def upgrade() -> None:
    op.create_table(
        "half_year_reports",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("correction_reason", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("build_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("build_asked_by", sa.String(length=80), nullable=True),
        sa.Column("build_leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("build_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sections_done", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("content_version", sa.SmallInteger(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offered_by", sa.String(length=80), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.String(length=80), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.String(length=80), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'offered', 'approved', 'submitted')",
            name=op.f("ck_half_year_reports_state"),
        ),
        sa.CheckConstraint(
            "(revision = 1) = (correction_reason IS NULL)", name=op.f("ck_half_year_reports_correction")
        ),
        sa.CheckConstraint(
            "num_nulls(content, content_version, digest, as_of) IN (0, 4)",
            name=op.f("ck_half_year_reports_content"),
        ),
        sa.CheckConstraint(
            "state = 'draft' OR (content IS NOT NULL AND offered_by IS NOT NULL AND build_asked_at IS NULL)",
            name=op.f("ck_half_year_reports_offered"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'submitted') OR coalesce(reviewed_by <> offered_by, false)",
            name=op.f("ck_half_year_reports_reviewed"),
        ),
        sa.CheckConstraint(
            "(state = 'submitted') = (submitted_at IS NOT NULL)", name=op.f("ck_half_year_reports_submitted")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_half_year_reports_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_half_year_reports")),
    )
    op.create_index(
        "uq_half_year_reports_revision",
        "half_year_reports",
        ["operator_id", "starts_on", "revision"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "uq_half_year_reports_open",
        "half_year_reports",
        ["operator_id", "starts_on"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("state <> 'submitted'"),
    )
    op.create_index(
        "ix_half_year_reports_to_build",
        "half_year_reports",
        ["build_asked_at"],
        postgresql_where=sa.text("build_asked_at IS NOT NULL"),
    )
    op.create_table(
        "half_year_report_events",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=True),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('begun', 'corrected', 'asked', 'built', 'failed', 'offered', 'approved', 'returned',"
            " 'submitted')",
            name=op.f("ck_half_year_report_events_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_half_year_report_events_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["half_year_reports.id"], name=op.f("fk_half_year_report_events_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_half_year_report_events")),
        sa.UniqueConstraint(
            "report_id", "version", name=op.f("uq_half_year_report_events_report_id_version")
        ),
    )
    op.create_table(
        "county_self_checks",
        sa.Column("operator_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("county", sa.String(length=12), nullable=False),
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("checked_by", sa.String(length=60), nullable=False),
        sa.Column("findings", sa.String(length=500), nullable=False),
        sa.Column("measures", sa.String(length=500), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["county"], ["divisions.code"], name=op.f("fk_county_self_checks_county")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_county_self_checks_operator_id")
        ),
        sa.PrimaryKeyConstraint(
            "operator_id", "starts_on", "county", "number", name=op.f("pk_county_self_checks")
        ),
    )
    op.execute("REVOKE DELETE, TRUNCATE ON half_year_reports FROM tracker_app")
    for table in ("half_year_report_events", "county_self_checks"):
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM tracker_app")
    op.execute(
        """
        CREATE FUNCTION keep_submitted() RETURNS trigger LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
        BEGIN
            RAISE EXCEPTION 'what was submitted stays as it is';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER keep_submitted BEFORE UPDATE ON half_year_reports
        FOR EACH ROW WHEN (OLD.state = 'submitted') EXECUTE FUNCTION keep_submitted()
        """
    )
    for table in _TABLES:
        op.execute(f"SELECT wall_in('{table}')")
    op.execute("SELECT copy_rights_to_web()")


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_submitted()")
