"""Take in orders from a CSV file, row by row, in constant memory.

A file may be imported again: what is stored already is left as it is, so a corrected file needs no
pruning, and a run that was cut off is simply repeated.
"""

import csv
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

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
_COLUMN_OF = {pointer: column for column, pointer in COLUMNS.items()}
_BATCH = 200


@dataclass(frozen=True)
class BadRow:
    """A fault of one row: the line of the file it begins on (the header is 1), and the column."""

    line: int
    column: str
    fault: Fault


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
    for line, cells, position in _rows(path):
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


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str] | Fault, int]]:
    """First line of each row, its cells by column or why they cannot be read, and bytes read so far."""
    header: list[str] | None = None
    with path.open("rb") as raw:
        # A line is a row: no field may hold a line break, and so a stray quote costs its own row only.
        # Bytes that are not UTF-8 become surrogates, by which the row is told to be so.
        for number, line in enumerate(raw, start=1):
            text = (line.removeprefix(BOM_UTF8) if number == 1 else line).decode("utf-8", "surrogateescape")
            try:
                cells = next(csv.reader([text.rstrip("\r\n")], strict=True), [])
            except csv.Error:
                cells = [""] * (len(header or ()) + 1)
            if header is None:
                header = [name.strip() for name in cells]
                _check_header(header)
            elif cells:
                yield number, _by_column(header, cells), raw.tell()
    if header is None:
        _check_header([])


def _by_column(header: list[str], cells: list[str]) -> dict[str, str] | Fault:
    if len(cells) != len(header):
        return Fault("file.row_width")
    if any("\udc80" <= char <= "\udcff" for cell in cells for char in cell):
        return Fault("file.encoding")
    return dict(zip(header, cells, strict=True))


def _check_header(header: list[str]) -> None:
    faults = [Fault("file.missing_column", "", {"column": name}) for name in _NEEDED if name not in header]
    faults += [Fault("file.unknown_column", "", {"column": name}) for name in header if name not in COLUMNS]
    twice = {name for name in header if header.count(name) > 1}
    faults += [Fault("file.repeated_column", "", {"column": name}) for name in sorted(twice)]
    if faults:
        raise Refusal(*faults)


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
