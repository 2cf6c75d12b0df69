"""Who was told of a change, one by one, and as a file."""

from typing import Any

from flask import request, url_for

from tracker import clock
from tracker.pages.access import OF_OPERATOR, open_to, runtime
from tracker.pages.changes import ROWS, found_change, render
from tracker.pages.list_files import csv_or_book
from tracker.pages.signing_in import blueprint, signed_in
from tracker.tariff_changes import export, overview
from tracker.tariff_changes.coverage import proof_page
from tracker.tariff_changes.rules import Told
from tracker.tariffs import queries


def _told() -> Told | None:
    """Those who stand so, by the address; None for all."""
    wanted = request.args.get("told", "")
    return Told(wanted) if wanted in set(Told) else None


@blueprint.get("/tariff-changes/<int:change_id>/subscribers")
@open_to(*OF_OPERATOR)
def change_subscribers(change_id: int) -> str:
    """Twenty a page, each with the proof that they were told."""
    person, now = signed_in(), clock.now()
    found, told = found_change(person, change_id), _told()
    given = request.args.get("after", "")
    after = int(given) if given.isdecimal() and len(given) < 19 else 0
    with runtime().db.reading() as connection:
        row = overview.change_shown(connection, person.operator_id or 0, change_id, clock.local_date(now))
        rows = proof_page(connection, found, now, told, after=after, limit=ROWS + 1)
        regions = queries.regions(connection)
    return render(
        "staff/change_subscribers.html",
        person,
        regions,
        row=row,
        told=told,
        rows=rows[:ROWS],
        after=after,
        following=rows[ROWS - 1].subscriber_id if len(rows) > ROWS else None,
    )


@blueprint.get("/tariff-changes/<int:change_id>/proof.<any(csv, xlsx):form>")
@open_to(*OF_OPERATOR)
def change_file(change_id: int, form: str) -> Any:
    """Everybody, or those who stand so, with the proof, as a file."""
    person, now = signed_in(), clock.now()
    found, told = found_change(person, change_id), _told()
    db = runtime().db
    return csv_or_book(
        form,
        f"tariff-change-{change_id}{f'-{told}' if told else ''}",
        lambda: export.csv_lines(db, found, now, told),
        lambda: export.xlsx(db, found, now, told),
        back=url_for("staff.change", change_id=change_id),
    )
