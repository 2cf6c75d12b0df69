"""Do what is due about announced changes, at any time and as often as one likes."""

from tracker import clock
from tracker.runtime import Runtime
from tracker.tariff_changes.queries import with_work_to_do
from tracker.tariff_changes.undo_warnings import undo_warnings
from tracker.tariff_changes.warn_subscribers import warn_subscribers


def keep_change(runtime: Runtime, change_id: int) -> int:
    """Warn of a change that stands, or undo what a withdrawn one has told; returns how many texts are new."""
    return warn_subscribers(runtime, change_id) or undo_warnings(runtime, change_id)


def keep_changes(runtime: Runtime) -> int:
    """The same for every change that may need it."""
    with runtime.db.reading() as connection:
        wanted = with_work_to_do(connection, clock.today())
    return sum(keep_change(runtime, change_id) for change_id in wanted)
