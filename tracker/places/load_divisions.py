"""Load a city's divisions from CSV: code, name, level, parent_code, kind."""

import csv
from importlib.resources import files
from pathlib import Path

from sqlalchemy.dialects.postgresql import insert

from tracker.db import Database
from tracker.places.models import Division

# A parent must stand before its children.
_LEVELS = ("city", "county", "town", "community")


class DivisionsError(ValueError):
    """The file does not describe a city; the message names the line."""


def packaged() -> Path:
    """Qingyuan's divisions (national statistics codes), which come with the package."""
    return Path(str(files("tracker") / "data" / "qingyuan-divisions.csv"))


def load_divisions(db: Database, path: Path) -> int:
    """Insert or rename every division of the file; returns their number. Raises DivisionsError."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {row.get("code") for row in rows}
    for line, row in enumerate(rows, start=2):
        if row.get("level") not in _LEVELS or not row.get("name") or not row.get("code"):
            raise DivisionsError(f"{path.name}, line {line}: code, name and level are needed")
        if (row["level"] != "city") != (row["parent_code"] in known):
            raise DivisionsError(
                f"{path.name}, line {line}: parent {row['parent_code']!r} is not in the file"
            )
    values = [
        {name: row[name] for name in ("code", "name", "level", "kind")}
        | {"parent_code": row["parent_code"] or None}
        for row in sorted(rows, key=lambda row: _LEVELS.index(row["level"]))
    ]
    statement = insert(Division)
    statement = statement.on_conflict_do_update(
        index_elements=[Division.code],
        set_={name: statement.excluded[name] for name in ("name", "level", "kind", "parent_code")},
    )
    with db.transaction() as connection:
        connection.execute(statement, values)
    return len(values)
