"""On-time figures of the stories: rates, small samples, a revision and a half-year."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import create_engine, insert, text
from sqlalchemy.pool import NullPool

from tracker import clock
from tracker.figures.models import PublishedFigure

_PUBLISHED = datetime(2026, 11, 4, 1, 30, tzinfo=clock.CITY_ZONE)


def tell_of_figures(owner_url: str) -> None:
    """Publish them, as the owner of the schema."""
    engine = create_engine(owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        codes = {row.code: row.id for row in connection.execute(text("SELECT code, id FROM operators"))}
        rows = [
            _row(codes["telecom"], date(2026, month, 1), 40 + month, 36 + month) for month in range(1, 11)
        ]
        rows.append(_row(codes["telecom"], date(2026, 10, 1), 50, 48, revision=2))
        rows.append(_row(codes["telecom"], date(2026, 1, 1), 261, 240, kind="half"))
        rows.append(_row(codes["mobile"], date(2026, 10, 1), 12, 11))
        connection.execute(insert(PublishedFigure), rows)
    engine.dispose()


def _row(
    operator_id: int, starts_on: date, due: int, on_time: int, *, kind: str = "month", revision: int = 1
) -> dict[str, Any]:
    return {
        "operator_id": operator_id,
        "kind": kind,
        "starts_on": starts_on,
        "revision": revision,
        "due": due,
        "on_time": on_time,
        "net_due": due - 2,
        "net_on_time": on_time - 1,
        "removed": {"roadworks": 1, "withdrawn": 1},
        "published_at": _PUBLISHED,
    }
