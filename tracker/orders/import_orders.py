"""Take in orders from a CSV file, row by row, in constant memory.

A file may be imported again: what is stored already is left as it is, so a corrected file needs no
pruning, and a run that was cut off is simply repeated.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from tracker.files.rows import BadRow, Header, read_rows
from tracker.orders.place_orders import Placed, place_orders
from tracker.orders.schemas import OrderRequestSchema
from tracker.problems import Fault, Refusal, faults_in
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

# Column of the file → place in the request.
COLUMNS = {
    "external_reference": "/external_reference",
    "customer_kind": "/customer/kind",
    "customer_name": "/customer/name",
    "phone": "/customer/phone",
    "community_code": "/address/community_code",
    "address_detail": "/address/detail",
    "plan": "/plan",
    "resource": "/resource",
    "accepted_at": "/accepted_at",
    "dealer": "/dealer",
    "language": "/language",
    "notify_by": "/notify_by",
}
_NEEDED = (
    "external_reference",
    "customer_kind",
    "customer_name",
    "phone",
    "community_code",
    "address_detail",
    "plan",
)
_HEADER = Header(COLUMNS, _NEEDED)
EXAMPLE = (
    "BOSS-0001,home,陈小明,13800001234,441802006001,北江路1号2栋301房,24GD100001,ready,"
    "2026-11-08T09:30:00+08:00,,zh,text",
)
_COLUMN_OF = {pointer: column for column, pointer in COLUMNS.items()}
_BATCH = 200


@dataclass
class Report:
    """What an import did."""

    stored: int = 0
    repeated: int = 0
    bad_rows: int = 0
    faults: list[BadRow] = field(default_factory=list)


def import_orders(
    runtime: Runtime,
    channel: ChannelFacts,
    path: Path,
    *,
    notify_old: bool = False,
    on_bytes: Callable[[int], None] = lambda position: None,
    on_fault: Callable[[BadRow], None] | None = None,
) -> Report:
    """Import a file as orders of one channel.

    `on_bytes` hears how far into the file it is; `on_fault` hears each fault as it is found, and
    they are collected in the report if it is not given. Raises Refusal for a file that cannot be
    read as a table at all: nothing is stored then.
    """
    report = Report()
    hear = on_fault or report.faults.append
    batch: list[tuple[int, dict[str, Any]]] = []
    for line, cells, position in read_rows(path, _HEADER):
        loaded = _loaded(cells)
        if isinstance(loaded, list):
            report.bad_rows += 1
            for fault in loaded:
                hear(BadRow(line, _COLUMN_OF.get(fault.pointer, ""), fault))
        else:
            batch.append((line, loaded))
        if len(batch) >= _BATCH:
            _store(runtime, channel, batch, report, hear, notify_old)
            batch.clear()
            on_bytes(position)
    _store(runtime, channel, batch, report, hear, notify_old)
    on_bytes(path.stat().st_size)
    return report


def _loaded(cells: dict[str, str] | Fault) -> dict[str, Any] | list[Fault]:
    """The row as a checked request, or its faults. An empty cell is a field not given."""
    if isinstance(cells, Fault):
        return [cells]
    request: dict[str, Any] = {"customer": {}, "address": {}}
    for column, value in cells.items():
        if value.strip():
            *places, name = COLUMNS[column].strip("/").split("/")
            target = request[places[0]] if places else request
            target[name] = value
    try:
        loaded: dict[str, Any] = OrderRequestSchema().load(request)
    except ValidationError as error:
        return faults_in(error.messages)
    return loaded


def _store(
    runtime: Runtime,
    channel: ChannelFacts,
    batch: list[tuple[int, dict[str, Any]]],
    report: Report,
    hear: Callable[[BadRow], None],
    notify_old: bool,
) -> None:
    if not batch:
        return
    results = place_orders(runtime, channel, [request for _, request in batch], notify_old=notify_old)
    for (line, _), result in zip(batch, results, strict=True):
        match result:
            case Placed(repeated=True):
                report.repeated += 1
            case Placed():
                report.stored += 1
            case Refusal():
                report.bad_rows += 1
                for fault in result.faults:
                    hear(BadRow(line, _COLUMN_OF.get(fault.pointer, ""), fault))
