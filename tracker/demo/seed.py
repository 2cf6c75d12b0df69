"""The demonstration's reference data."""

from tracker.db import Database
from tracker.setting_up import example, set_up


def seed(db: Database) -> None:
    """Set Qingyuan up with example operators, limits and prices; harmless to repeat."""
    set_up(db, example())
