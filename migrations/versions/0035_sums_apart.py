"""Figures: sums by one of county, channel, kind of customer, urban and rural alone."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _read_anew(13)
    _key_of_hands("grain", "hand", "operator_id", "starts_on", "removed", "name")


def downgrade() -> None:
    _read_anew(9)
    _key_of_hands("grain", "starts_on", "removed", "operator_id", "hand", "name")


def _read_anew(length: int) -> None:
    """What was read before is not in the new tallies, or is in those that go. `length`: that of `hand`."""
    op.execute("TRUNCATE figure_facts, figure_cells, figure_hands, figure_tallies, figure_hand_tallies")
    op.execute("TRUNCATE figure_checks")
    op.execute("UPDATE figure_reading SET read_to = 0")
    op.execute(
        f"""
        -- squawk-ignore changing-column-type
        ALTER TABLE figure_hand_tallies ALTER COLUMN hand TYPE varchar({length});
        -- squawk-ignore changing-column-type
        ALTER TABLE figure_hands ALTER COLUMN hand TYPE varchar({length});
        """
    )


def _key_of_hands(*columns: str) -> None:
    """In the order in which sums are looked for; the table is empty."""
    op.execute(
        f"""
        -- squawk-ignore ban-drop-constraint
        ALTER TABLE figure_hands DROP CONSTRAINT pk_figure_hands;
        -- squawk-ignore adding-serial-primary-key-field, constraint-missing-not-valid
        ALTER TABLE figure_hands ADD CONSTRAINT pk_figure_hands PRIMARY KEY ({", ".join(columns)});
        """
    )
