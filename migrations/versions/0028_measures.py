"""Figures: durations, responses, appointments, returns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_MOMENTS = ("responded_at", "completed_at", "returned_at", "visits_until")
_INDEXED = ("connected_at", "responded_at", "completed_at", "returned_at", "visits_until")
_TABLES = ("figure_tallies", "figure_hand_tallies")


def _tallied() -> list[sa.Column]:
    return [
        sa.Column("grain", sa.String(length=5), nullable=False),
        sa.Column("what", sa.String(length=9), nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
    ]


def upgrade() -> None:
    # Everything is read anew, for nothing is known of what the new columns say. First, so that the indexes
    # are built over nothing.
    op.execute("TRUNCATE figure_facts, figure_cells, figure_hands")
    op.execute("UPDATE figure_reading SET read_to = 0")
    for name in _MOMENTS:
        op.add_column("figure_facts", sa.Column(name, _MOMENT, nullable=True))
    op.add_column("figure_facts", sa.Column("return_cause", sa.SmallInteger(), nullable=True))
    op.add_column(
        "figure_facts", sa.Column("on_sites", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("figure_facts", sa.Column("visit_ends", postgresql.ARRAY(_MOMENT), nullable=True))
    op.add_column("figure_facts", sa.Column("visits_kept", postgresql.ARRAY(sa.Boolean()), nullable=True))
    for name in _INDEXED:
        op.create_index(
            f"ix_figure_facts_{name}",
            "figure_facts",
            ["operator_id", name],
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    op.create_index(
        "ix_figure_facts_open",
        "figure_facts",
        ["operator_id", "order_id"],
        postgresql_where=sa.text("connected_at IS NULL AND withdrawn_at IS NULL AND returned_at IS NULL"),
    )
    op.create_table(
        "figure_tallies",
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("rural", sa.Boolean(), nullable=False),
        sa.Column("channel_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_kind", sa.String(length=12), nullable=False),
        *_tallied(),
        sa.PrimaryKeyConstraint(
            "grain", "what", "operator_id", "starts_on", "value", "county", "rural", "channel_id",
            "customer_kind", name=op.f("pk_figure_tallies"),
        ),
    )  # fmt: skip
    op.create_table(
        "figure_hand_tallies",
        sa.Column("hand", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        *_tallied(),
        sa.PrimaryKeyConstraint(
            "grain", "what", "operator_id", "hand", "starts_on", "value", "name",
            name=op.f("pk_figure_hand_tallies"),
        ),
    )  # fmt: skip
    op.create_table(
        "figure_checks",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("checked_at", _MOMENT, nullable=False),
        sa.Column("checked_to", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("orders_differ", sa.Integer(), nullable=False),
        sa.Column("sums_differ", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_figure_checks_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_checks")),
    )
    for table in _TABLES:
        op.execute(f"SELECT wall_in('{table}')")
    op.execute("SELECT copy_rights_to_web()")


def downgrade() -> None:
    for table in ("figure_checks", *_TABLES):
        op.drop_table(table)
    for name in (*_INDEXED, "open"):
        op.drop_index(f"ix_figure_facts_{name}", table_name="figure_facts")
    for name in (*_MOMENTS, "return_cause", "on_sites", "visit_ends", "visits_kept"):
        op.drop_column("figure_facts", name)
