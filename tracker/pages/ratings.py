"""Ratings of an operator's installations, for its managers: how good they are, and whom to call back."""

from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.exceptions import NotFound

from tracker.complaints import rating_queries
from tracker.complaints.persons import names
from tracker.complaints.rate import COMMENT
from tracker.complaints.record_call_back import NOTE, record_call_back
from tracker.complaints.rules import SCORES
from tracker.complaints.schemas import LONGEST_NOTE
from tracker.orders.standing import N_
from tracker.pages import complaint_words
from tracker.pages.access import acting, note_shown, open_to, runtime
from tracker.pages.complaints import render
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import long_id
from tracker.problems import Refusal
from tracker.staff.sign_in import Person

ROWS = 20
_LARGEST_ID = 2**63 - 1


@blueprint.get("/ratings")
@open_to("manager")
def ratings() -> str:
    """The mean of the latest ones, and each with its words, the latest first; filters in the address."""
    person = signed_in()
    operator_id = person.operator_id or 0
    score, before = request.args.get("score", ""), request.args.get("before", "")
    to_call_back = request.args.get("call_back") == "1"
    asked: dict[str, str] = {"score": score} if score in {str(one) for one in SCORES} else {}
    if to_call_back:
        asked["call_back"] = "1"
    with runtime().db.reading() as connection:
        rows, older = rating_queries.rating_page(
            connection,
            operator_id,
            score=int(asked["score"]) if "score" in asked else None,
            to_call_back=to_call_back,
            before_id=long_id(before),
            limit=ROWS,
        )
        summary = rating_queries.summary(connection, operator_id)
        waiting = rating_queries.to_call_back(connection, operator_id)
        _, by_name = names(connection, operator_id)
    note_shown(
        person, [f"order:{row.order_id}" for row in rows if _says(row)], ("comment",), "ratings listed"
    )
    return render(
        "staff/ratings.html",
        person,
        rows=[_told(row, by_name) for row in rows],
        older=older,
        asked=asked,
        summary=summary,
        least_sample=rating_queries.LEAST_SAMPLE,
        most_counted=rating_queries.MOST_COUNTED,
        waiting=waiting,
        paged=bool(before),
    )


@blueprint.route("/ratings/<int:rating_id>/call-back", methods=["GET", "POST"])
@open_to("manager")
def rating_call_back(rating_id: int) -> Any:
    """Say what the customer said when called back."""
    person = signed_in()
    row = _found(person, rating_id)
    fault, status = "", 200
    note = request.form.get("note", "")[: 4 * LONGEST_NOTE].replace("\0", "")
    if request.method == "POST":
        try:
            record_call_back(runtime(), acting(person), rating_id, note)
        except Refusal as refusal:
            fault, status = said(refusal.faults)[0][1], refusal.status
        else:
            flash(N_("已登记回访。"))
            return redirect(url_for("staff.ratings"))
    elif row.follow_up_on is None or row.followed_up_at or row.retracted_at:
        return redirect(url_for("staff.ratings"))
    if _says(row):
        note_shown(person, [f"order:{row.order_id}"], ("comment",), "rating shown")
    page = render(
        "staff/rating_call_back.html", person, told=_told(row, {}), note=note, fault=fault, limit=LONGEST_NOTE
    )
    return page, status


def _says(row: Any) -> bool:
    """Whether anything is in it that was written: by the customer, or of what the customer said."""
    return row.comment is not None or row.follow_up_note is not None


def _found(person: Person, rating_id: int) -> Any:
    row = None
    if rating_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            row = rating_queries.rating_row(connection, person.operator_id or 0, rating_id)
    if row is None:
        raise NotFound
    return row


def _told(row: Any, by_name: dict[str, str]) -> dict[str, Any]:
    """A rating with what was written opened."""
    keys = runtime().keys
    return {
        "row": row,
        "comment": "" if row.comment is None else keys.open(bytes(row.comment), COMMENT),
        "note": "" if row.follow_up_note is None else keys.open(bytes(row.follow_up_note), NOTE),
        "by": complaint_words.who_did(row.followed_up_by or "", {}, by_name)[0],
    }
