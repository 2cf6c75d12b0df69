"""Stop taking a file in; what it has stored by then stays."""

from sqlalchemy import select, update

from tracker import clock
from tracker.db import Database
from tracker.order_files.models import UPLOAD, OrderFile
from tracker.order_files.parts import delete_parts
from tracker.order_files.rules import OPEN, State
from tracker.order_files.take_in import ended
from tracker.problems import Fault, Refusal

_files = OrderFile.__table__


def cancel_file(db: Database, operator_id: int, file_id: int) -> None:
    """Cancel a file of an operator: the batch that is being stored is stored whole or not at all, and no
    other follows. Raises Refusal order_file.not_found, order_file.not_running.
    """
    its = (_files.c.id == file_id, _files.c.operator_id == operator_id)
    with db.transaction() as connection:
        values = ended(State.CANCELLED, clock.now())
        cancelled = connection.execute(update(_files).where(*its, _files.c.state.in_(OPEN)).values(values))
        if cancelled.rowcount:
            delete_parts(connection, file_id, UPLOAD)
            return
        known = connection.scalar(select(_files.c.id).where(*its))
    raise Refusal(Fault("order_file.not_found" if known is None else "order_file.not_running"))
