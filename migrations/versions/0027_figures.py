"""Figures: the facts of each order, and their sums."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_COUNTS = ("due", "on_time", "net_due", "net_on_time")


def _counted() -> list[sa.Column]:
    return [
        sa.Column("grain", sa.String(length=5), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("removed", sa.String(length=40), nullable=False),
        *(sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False) for name in _COUNTS),
    ]


def upgrade() -> None:
    op.create_table(
        "figure_facts",
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("operator_id", sa.SmallInteger(), nullable=False),
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("rural", sa.Boolean(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("customer_kind", sa.String(length=12), nullable=False),
        sa.Column("dealer", sa.String(length=60), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("installer_id", sa.Integer(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("excuse", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_figure_facts")),
    )
    for column in ("first_deadline", "deadline"):
        op.create_index(
            op.f(f"ix_figure_facts_operator_id_{column}"),
            "figure_facts",
            ["operator_id", column],
            unique=False,
        )
    op.create_table(
        "figure_cells",
        sa.Column("operator_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("rural", sa.Boolean(), nullable=False),
        sa.Column("channel_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_kind", sa.String(length=12), nullable=False),
        *_counted(),
        sa.PrimaryKeyConstraint(
            "grain", "starts_on", "removed", "operator_id", "county", "rural", "channel_id", "customer_kind",
            name=op.f("pk_figure_cells"),
        ),
    )  # fmt: skip
    op.create_table(
        "figure_hands",
        sa.Column("operator_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("hand", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        *_counted(),
        sa.PrimaryKeyConstraint(
            "grain", "starts_on", "removed", "operator_id", "hand", "name", name=op.f("pk_figure_hands")
        ),
    )
    op.create_table(
        "figure_reading",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("read_to", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_figure_reading_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_reading")),
    )
    for table in ("figure_facts", "figure_cells", "figure_hands"):
        op.execute(f"SELECT wall_in('{table}')")
    # What there is of orders already is read by the first run, portion by portion.
    op.execute("INSERT INTO figure_reading (id, read_to) VALUES (1, 0)")


def downgrade() -> None:
    for table in ("figure_reading", "figure_hands", "figure_cells", "figure_facts"):
        op.drop_table(table)
