"""The coverage of a change as a file: one row for each subscriber, with the proof."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tracker.db import Database
from tracker.files import giving
from tracker.files.cells import instant_cell
from tracker.tariff_changes.coverage import Proof, proofs
from tracker.tariff_changes.read_change import Change
from tracker.tariff_changes.rules import Told
from tracker.tariffs.rules import yuan

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
    return giving.csv_lines(HEADER, _pages(db, change, now, told))


def xlsx(db: Database, change: Change, now: datetime, told: Told | None = None) -> bytes:
    """The same as a workbook. Raises Refusal tariff_change.too_many_rows."""
    pages = _pages(db, change, now, told)
    pieces = giving.xlsx("告知情况", HEADER, _WIDTHS, pages, too_many="tariff_change.too_many_rows")
    return b"".join(pieces)


def _pages(
    db: Database, change: Change, now: datetime, told: Told | None
) -> Iterator[tuple[tuple[Any, ...], ...]]:
    for proof in proofs(db, change, now, told=told):
        yield (_cells(proof),)


def _cells(proof: Proof) -> tuple[Any, ...]:
    return (
        proof.reference,
        yuan(proof.old_fen),
        yuan(proof.new_fen),
        proof.effective_on.isoformat(),
        TOLD_WORDS[proof.told],
        instant_cell(proof.told_at),
        _BY[proof.by],
        proof.evidence,
        "" if proof.begins_on is None else proof.begins_on.isoformat(),
    )
