"""Keep no row that failed longer than people need to mend it."""

from sqlalchemy import select, update

from tracker import clock
from tracker.order_files.models import FAILED, OrderFile
from tracker.order_files.parts import delete_parts
from tracker.runtime import Runtime

_files = OrderFile.__table__
_AT_ONCE = 100


def keep_files(runtime: Runtime) -> int:
    """Delete what has been kept long enough; returns of how many files."""
    due = select(_files.c.id).where(_files.c.failed_until < clock.now()).order_by(_files.c.id).limit(_AT_ONCE)
    count = 0
    while True:
        with runtime.db.transaction() as connection:
            found = connection.scalars(due.with_for_update(skip_locked=True)).all()
            for file_id in found:
                delete_parts(connection, file_id, FAILED)
            connection.execute(
                update(_files).where(_files.c.id.in_(found)).values(failed_until=None, failed_parts=0)
            )
        count += len(found)
        if len(found) < _AT_ONCE:
            return count
