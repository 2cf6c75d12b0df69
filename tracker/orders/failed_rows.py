"""Rows that were not taken in, as a CSV file that can be mended and brought again as it is."""

from collections.abc import Iterable, Sequence

from tracker.files.cells import BOM, csv_line, kept
from tracker.files.rows import BadRow
from tracker.orders.file_batches import FailedRow
from tracker.orders.file_columns import LINE, REASON


def head(names: Sequence[str]) -> str:
    """The first line, for a file with these columns: where a row stood, why it failed, and its cells."""
    return BOM + csv_line((LINE, REASON, *(_one_line(name) for name in _less_ours(names, names))))


def lines(names: Sequence[str], rows: Iterable[FailedRow], language: str = "zh") -> str:
    """The lines of these rows. No cell is a formula to a spreadsheet or altered by one, whatever it held."""
    return "".join(
        csv_line(
            (
                row.line,
                _one_line("；".join(_in_words(bad, language) for bad in row.faults)),
                *(kept(_one_line(cell)) for cell in _less_ours(row.cells, names)),
            )
        )
        for row in rows
    )


def _in_words(bad: BadRow, language: str) -> str:
    return " ".join(part for part in (bad.column, bad.fault.rule, bad.fault.words(language)) if part)


def _less_ours(cells: Sequence[str], names: Sequence[str]) -> list[str]:
    """Without the columns of such a list, which a file that was mended still has."""
    ours = {place for place, name in enumerate(names) if name in (LINE, REASON)}
    return [cell for place, cell in enumerate(cells) if place not in ours]


def _one_line(cell: str) -> str:
    """A row is a line: another line break would end it for an import."""
    return " ".join(cell.splitlines())
