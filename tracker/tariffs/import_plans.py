"""Take in plans from a spreadsheet or a CSV file.

The same file may be brought again: what came of a row stays as it is, also where a person edited the
draft since. A row that was changed in the file replaces its draft; what was published is never touched.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from tracker.db import Database
from tracker.files.rows import BadRow, detect_encoding, read_rows
from tracker.files.sheet_rows import place
from tracker.files.sheets import MOST_ROWS, Table, TableRow, is_sheet, read_sheet
from tracker.files.source import holds
from tracker.problems import Fault, Refusal
from tracker.tariffs.checks import in_full
from tracker.tariffs.file_columns import COLUMNS, HEADER, field_of
from tracker.tariffs.history import lock_plans, plain
from tracker.tariffs.models import Plan, PlanEvent
from tracker.tariffs.plan_template import EXPLANATION
from tracker.tariffs.publish_plan import publish, publish_version
from tracker.tariffs.queries import regions
from tracker.tariffs.rules import PlanState
from tracker.tariffs.save_plan import draft, edit
from tracker.tariffs.schemas import FIELDS
from tracker.tariffs.written import WRITTEN_OF, read_written

_BATCH = 100


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not taken in, as it stands in the file."""

    line: int
    cells: tuple[str, ...]
    faults: tuple[BadRow, ...]


@dataclass
class Report:
    """What an import did: `stored` are new versions, `changed` drafts that a row replaced or published."""

    stored: int = 0
    changed: int = 0
    repeated: int = 0
    bad_rows: int = 0
    faults: list[BadRow] = field(default_factory=list)
    header: tuple[str, ...] = ()
    refused: list[RefusedRow] = field(default_factory=list)


def import_plans(
    db: Database,
    operator_id: int,
    path: Path,
    actor: str,
    *,
    publish: bool = False,
    file_name: str | None = None,
    on_row: Callable[[int, int], None] = lambda done, rows: None,
    on_fault: Callable[[BadRow], None] | None = None,
) -> Report:
    """Import a file (.xlsx, or CSV in UTF-8 or GB18030) as drafts of an operator, or with `publish` as
    published versions. A bad row stores nothing of itself; a fault's column is its letter and name.

    `file_name`: what the history calls the file, its own name unless given. `on_row` hears how many rows
    of how many are done; `on_fault` hears each fault as it is found, and they are collected in the report
    if it is not given. Raises Refusal for a file that cannot be read as a table: nothing is stored then.
    """
    table = _read(path)
    if not table.rows:
        raise Refusal(Fault("file.no_rows"))
    report = Report(header=tuple(table.places))
    hear = on_fault or report.faults.append
    work = _Import(db, operator_id, actor, publish, (file_name or path.name)[:120], table)
    for start in range(0, len(table.rows), _BATCH):
        batch = table.rows[start : start + _BATCH]
        # Told of once they are committed.
        for row, outcome in zip(batch, work.take(batch), strict=True):
            if isinstance(outcome, str):
                setattr(report, outcome, getattr(report, outcome) + 1)
                continue
            report.bad_rows += 1
            cells = tuple(row.cells.get(name, "") for name in report.header)
            report.refused.append(RefusedRow(row.line, cells, tuple(outcome)))
            for fault in outcome:
                hear(fault)
        on_row(start + len(batch), len(table.rows))
    return report


class _Import:
    """One file on its way in."""

    def __init__(
        self, db: Database, operator_id: int, actor: str, publish: bool, name: str, table: Table
    ) -> None:
        self._db, self._operator_id, self._actor = db, operator_id, actor
        self._publish, self._name = publish, name
        with db.reading() as connection:
            self._regions = regions(connection)
        self._column = {field_of(column): found for column, found in table.places.items()}
        # Filing number, region and first day of each row taken in → its line and its content.
        self._taken: dict[tuple[Any, ...], tuple[int, str]] = {}

    def take(self, rows: list[TableRow]) -> list[str | list[BadRow]]:
        """Take rows in, in one transaction; the field of the report that each counts in, or its faults."""
        outcomes: list[str | list[BadRow]] = []
        with self._db.transaction() as connection:
            lock_plans(connection, self._operator_id)
            for row in rows:
                try:
                    # A row that is refused half-way leaves nothing.
                    with connection.begin_nested():
                        outcomes.append(row.faults or self._one(connection, row))
                except Refusal as refusal:
                    outcomes.append([self._bad(row.line, fault) for fault in refusal.faults])
        return outcomes

    def _one(self, connection: Connection, row: TableRow) -> str:
        texts = {name: text for column, text in row.cells.items() if (name := field_of(column)) is not None}
        plan = read_written(texts, self._regions)
        if isinstance(plan, list):
            raise Refusal(*plan)
        key, content = (plan["filing_number"], plan["region"], plan["on_sale_from"]), _digest(plan)
        line, before = self._taken.get(key, (row.line, content))
        if before != content:
            raise Refusal(Fault("plan.twice_in_file", "/filing_number", {"line": line}))
        outcome = self._store(connection, row.line, plan, content)
        self._taken[key] = (line, content)
        return outcome

    def _store(self, connection: Connection, line: int, plan: dict[str, Any], content: str) -> str:
        who = (self._actor, self._name)
        live = _live_versions(connection, self._operator_id, plan)
        same = next((one for one in live if _is_same(one, plan)), None)
        if same is not None:
            if not (self._publish and same.state == PlanState.DRAFT):
                return "repeated"
            publish(connection, self._operator_id, same.id, self._name, self._actor)
            return "changed"
        if _came_before(connection, live, content):
            return "repeated"
        source = {"imported": content, "file": self._name, "line": line}
        begun = [
            one for one in live if one.state == PlanState.DRAFT and one.on_sale_from == plan["on_sale_from"]
        ]
        if begun:
            plan_id = begun[0].id
            edit(connection, self._operator_id, plan_id, plan, *who, source=source)
            if self._publish:
                publish(connection, self._operator_id, plan_id, self._name, self._actor)
            return "changed"
        if self._publish:
            publish_version(connection, self._operator_id, plan, *who, change_id=None, source=source)
        else:
            draft(connection, self._operator_id, plan, *who, source=source)
        return "stored"

    def _bad(self, line: int, fault: Fault) -> BadRow:
        """A fault by the column that people see: the name alone where the file lacks the column."""
        name = WRITTEN_OF.get(fault.pointer.strip("/"), "")
        lacking = COLUMNS[name].zh if name else ""
        return BadRow(line, self._column.get(name, lacking), fault)


def _live_versions(connection: Connection, operator_id: int, plan: dict[str, Any]) -> list[Row[Any]]:
    """The versions of a plan, less discarded drafts."""
    return list(
        connection.execute(
            select(Plan.__table__).where(
                Plan.operator_id == operator_id,
                Plan.filing_number == plan["filing_number"],
                Plan.region == plan["region"],
                or_(Plan.state == PlanState.DRAFT, Plan.published_at.isnot(None)),
            )
        )
    )


def _is_same(row: Row[Any], plan: dict[str, Any]) -> bool:
    """Whether a version says what the file does; its last day may have been set since."""
    stored, said = in_full(row._mapping), in_full(plan)
    ends = row.state == PlanState.WITHDRAWN
    return all(stored[name] == said[name] for name in FIELDS if not (ends and name == "on_sale_to"))


def _came_before(connection: Connection, live: list[Row[Any]], content: str) -> bool:
    """Whether this very row made one of the versions, whatever a person made of it since."""
    if not live:
        return False
    found = connection.scalar(
        select(PlanEvent.id)
        .where(
            PlanEvent.plan_id.in_([one.id for one in live]),
            PlanEvent.detail["imported"].astext == content,
        )
        .limit(1)
    )
    return found is not None


def _digest(plan: dict[str, Any]) -> str:
    said = json.dumps({name: plain(plan[name]) for name in FIELDS}, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _read(path: Path) -> Table:
    if is_sheet(path):
        return read_sheet(path, HEADER, passed_over={EXPLANATION})
    places: dict[str, str] = {}
    rows = []
    for line, cells, _ in read_rows(path, HEADER, _encoding(path)):
        if isinstance(cells, Fault):
            rows.append(TableRow(line, {}, [BadRow(line, "", cells)]))
        elif any(cell.strip() for cell in cells.values()):
            places = {name: place(index, name) for index, name in enumerate(cells)}
            rows.append(TableRow(line, cells, []))
        if len(rows) > MOST_ROWS:
            raise Refusal(Fault("file.too_many_rows", "", {"limit": MOST_ROWS}))
    return Table(places, rows)


def _encoding(path: Path) -> str:
    """As `detect_encoding`. Raises Refusal file.not_a_table for what is no text."""
    if holds(path, b"\0"):
        raise Refusal(Fault("file.not_a_table"))
    return detect_encoding(path)
