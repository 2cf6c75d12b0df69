"""Making a team, giving it another name or area, and closing it: the forms and what comes of them."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from marshmallow import ValidationError
from werkzeug.exceptions import NotFound

from tracker.orders.close_team import close_team, open_orders
from tracker.pages.access import acting, label_of, open_to, operator_of, runtime
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import all_places
from tracker.pages.teams import DISPATCHING, reason_typed, render
from tracker.pages.typed_numbers import whole
from tracker.problems import Fault, Refusal, faults_in
from tracker.staff.sign_in import Person
from tracker.teams import queries
from tracker.teams.save_team import change_team, make_team
from tracker.teams.schemas import TeamSchema

# The word of the form for orders that are handed to nobody.
NOBODY = "nobody"
_schema = TeamSchema()
_LONGEST_TYPED = 80


@blueprint.route("/teams/new", methods=["GET", "POST"])
@open_to(*DISPATCHING)
def team_new() -> Any:
    """The form of a new team; `area` of the address is chosen already."""
    person = signed_in()
    if request.method == "GET":
        return _form(person, None, {"name": "", "area": request.args.get("area", "")}, [])
    try:
        given = _given()
        team_id = make_team(runtime().db, operator_of(person), given["name"], given["area"], label_of(person))
    except Refusal as refusal:
        return _form(person, None, _typed(), said(refusal.faults)), refusal.status
    flash(gettext("班组已建立，请加入装维人员。"))
    return redirect(url_for("staff.team", team_id=team_id))


@blueprint.route("/teams/<int:team_id>/edit", methods=["GET", "POST"])
@open_to(*DISPATCHING)
def team_edit(team_id: int) -> Any:
    """Another name or area."""
    person = signed_in()
    row = _team(person, team_id)
    if request.method == "GET":
        return _form(person, row, {"name": row.name, "area": row.area_code}, [])
    try:
        given = _given()
        changed = change_team(
            runtime().db, operator_of(person), team_id, given["name"], given["area"], label_of(person)
        )
    except Refusal as refusal:
        return _form(person, row, _typed(), said(refusal.faults)), refusal.status
    flash(gettext("已保存。") if changed else gettext("没有变化。"))
    return redirect(url_for("staff.team", team_id=team_id))


@blueprint.route("/teams/<int:team_id>/close", methods=["GET", "POST"])
@open_to(*DISPATCHING)
def team_close(team_id: int) -> Any:
    """Closing a team, and where its open orders go."""
    person = signed_in()
    row = _team(person, team_id)
    if row.closed_at is not None:
        return redirect(url_for("staff.team", team_id=team_id))
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        try:
            handed = close_team(runtime(), acting(person), team_id, reason=reason_typed(), **_heir())
            flash(
                gettext("班组已停用，移交了 %(count)s 张在途工单。", count=handed)
                if handed
                else gettext("班组已停用。")
            )
            return redirect(url_for("staff.team", team_id=team_id))
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
    with runtime().db.reading() as connection:
        count = open_orders(connection, team_id)
        others = [one for one in queries.teams_of(connection, operator_of(person)) if one.id != team_id]
    page = render(
        "staff/team_close.html",
        person,
        team=row,
        count=count,
        others=others,
        nobody=NOBODY,
        places=all_places(),
        typed=request.form,
        faults=faults,
        fault_of=dict(reversed(faults)),
    )
    return page, status


def _heir() -> dict[str, Any]:
    """To whom the open orders go, if that was said. Raises Refusal."""
    typed = request.form.get("to", "")
    if not typed:
        return {}
    if typed == NOBODY:
        return {"hand_over": True}
    team_id = whole(typed)
    if team_id is None:
        raise Refusal(Fault("team.not_found", "/to"))
    return {"hand_over": True, "to_team_id": team_id}


def _team(person: Person, team_id: int) -> Any:
    with runtime().db.reading() as connection:
        row = queries.team_row(connection, operator_of(person), team_id)
    if row is None:
        raise NotFound
    return row


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "")[:_LONGEST_TYPED].replace("\0", "") for name in ("name", "area")}


def _given() -> dict[str, Any]:
    """Raises Refusal."""
    try:
        loaded: dict[str, Any] = _schema.load({key: text for key, text in _typed().items() if text.strip()})
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    return loaded


def _form(person: Person, row: Any, typed: dict[str, str], faults: list[tuple[str, str]]) -> str:
    return render(
        "staff/team_form.html",
        person,
        team=row,
        typed=typed,
        places=all_places(),
        faults=faults,
        fault_of=dict(reversed(faults)),
    )
