"""The coverage of a change as a file: one row for each subscriber, with the proof."""

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from tracker import clock
from tracker.db import Database
from tracker.files.cells import BOM, csv_line, harmless
from tracker.problems import Fault, Refusal
from tracker.tariff_changes.coverage import Proof, proofs
from tracker.tariff_changes.read_change import Change
from tracker.tariff_changes.rules import Told
from tracker.tariffs.rules import yuan

# A workbook is made whole before it is sent; more rows than this belong into CSV.
MOST_ROWS = 100_000

TOLD_WORDS = {
    Told.ON_TIME: "按时告知",
    Told.LATE: "迟告知",
    Told.WAITING: "待告知",
    Told.NOT_REACHED: "未告知",
}
_BY = {"text": "短信", "call": "电话", "": ""}
HEADER = (
    "用户编号",
    "变动前月费（元）",
    "变动后月费（元）",
    "公告生效日",
    "告知情况",
    "告知时间",
    "告知方式",
    "凭证",
    "对该用户生效日",
)
_WIDTHS = (22, 16, 16, 13, 12, 20, 10, 38, 16)


def csv_lines(db: Database, change: Change, now: datetime, told: Told | None = None) -> Iterator[str]:
    """The lines of a CSV file, streamed; of those who stand so, or of all."""
    yield BOM + csv_line(HEADER)
    for proof in proofs(db, change, now, told=told):
        yield csv_line(_cells(proof))


def xlsx(db: Database, change: Change, now: datetime, told: Told | None = None) -> bytes:
    """The same as a workbook. Raises Refusal tariff_change.too_many_rows."""
    file = BytesIO()
    # Its temporary files go with it, whatever happens.
    with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#E1F0F0", "border": 1})
        sheet = book.add_worksheet("告知情况")
        sheet.freeze_panes(1, 1)
        for index, width in enumerate(_WIDTHS):
            sheet.set_column(index, index, width)
        sheet.write_row(0, 0, HEADER, head)
        for number, proof in enumerate(proofs(db, change, now, told=told), start=1):
            if number > MOST_ROWS:
                raise Refusal(Fault("tariff_change.too_many_rows", "", {"limit": MOST_ROWS}))
            sheet.write_row(number, 0, [harmless(c) if isinstance(c, str) else c for c in _cells(proof)])
    return file.getvalue()


def _cells(proof: Proof) -> tuple[Any, ...]:
    at = "" if proof.told_at is None else f"{clock.local(proof.told_at):%Y-%m-%d %H:%M:%S}"
    return (
        proof.reference,
        yuan(proof.old_fen),
        yuan(proof.new_fen),
        proof.effective_on.isoformat(),
        TOLD_WORDS[proof.told],
        at,
        _BY[proof.by],
        proof.evidence,
        "" if proof.begins_on is None else proof.begins_on.isoformat(),
    )
