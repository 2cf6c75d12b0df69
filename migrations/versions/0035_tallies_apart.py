"""Figures: lengths of days by county, channel, kind of customer, urban and rural."""

from alembic import op

revision = "0035"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _read_anew(13)


def downgrade() -> None:
    _read_anew(9)


def _read_anew(length: int) -> None:
    """What was read before is not in the new tallies, or is in those that go. `length`: that of `hand`."""
    op.execute("TRUNCATE figure_facts, figure_cells, figure_hands, figure_tallies, figure_hand_tallies")
    op.execute("TRUNCATE figure_checks")
    op.execute("UPDATE figure_reading SET read_to = 0")
    op.execute(
        f"""
        -- squawk-ignore changing-column-type
        ALTER TABLE figure_hand_tallies ALTER COLUMN hand TYPE varchar({length})
        """
    )
