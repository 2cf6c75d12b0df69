"""The plans of an operator, for its staff: the list, one version with its history, taking it off sale."""

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import ValidationError
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.orders.standing import N_
from tracker.pages import plan_words
from tracker.pages.access import OF_OPERATOR, label_of, language, open_to, runtime
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import carried, whole
from tracker.problems import Fault, Refusal, faults_in
from tracker.staff.sign_in import Person
from tracker.tariffs import queries
from tracker.tariffs.rules import AUDIENCES, Standing
from tracker.tariffs.save_plan import copy_plan
from tracker.tariffs.schemas import PlanWithdrawalSchema
from tracker.tariffs.withdraw_plan import resume_plan, withdraw_plan

ROWS = 20
_ends = PlanWithdrawalSchema()
_LONGEST_SEARCH = 80


def read_plan(person: Person, plan_id: int) -> tuple[dict[str, Any], dict[str, str]]:
    """A version of the person's operator, and the regions. Raises NotFound."""
    with runtime().db.reading() as connection:
        plan = queries.plan_row(connection, person.operator_id or 0, plan_id, clock.today())
        regions = queries.regions(connection)
    if plan is None:
        raise NotFound
    return plan, regions


def render(template: str, person: Person, regions: dict[str, str], **more: Any) -> str:
    """A page about plans."""
    spoken = language()

    def shown(name: str, value: Any) -> str:
        return plan_words.shown(name, value, spoken, regions, gettext)

    return render_template(
        template,
        person=person,
        operator=runtime().reference.current().operators[person.operator_id or 0],
        may_write=person.role == "manager",
        regions=regions,
        words=plan_words,
        shown=shown,
        today=clock.today(),
        **more,
    )


def said(faults: tuple[Fault, ...] | list[Fault]) -> list[tuple[str, str]]:
    """Each fault's field, empty for none, and its words."""
    return [(fault.pointer.strip("/"), fault.words(language())) for fault in faults]


def reason_and_day(given: dict[str, str]) -> dict[str, Any]:
    """A reason, and for some forms a day. Raises Refusal."""
    try:
        loaded: dict[str, Any] = _ends.load({name: text for name, text in given.items() if text.strip()})
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    return loaded


@blueprint.get("/plans")
@open_to(*OF_OPERATOR)
def plans() -> str:
    """Newest first, twenty a page; the filters stand in the address."""
    person = signed_in()
    asked = {name: request.args.get(name, "") for name in ("standing", "audience", "q")}
    asked["q"] = asked["q"].replace("\0", "").strip()[:_LONGEST_SEARCH]
    before = request.args.get("before", "")
    wanted = queries.Wanted(
        standing=asked["standing"] if asked["standing"] in set(Standing) else None,
        audience=asked["audience"] if asked["audience"] in AUDIENCES else None,
        text=asked["q"],
    )
    with runtime().db.reading() as connection:
        rows, older = queries.plan_page(
            connection,
            person.operator_id or 0,
            wanted,
            clock.today(),
            limit=ROWS,
            before_id=whole(before),
        )
        regions = queries.regions(connection)
    asked = {name: value for name, value in asked.items() if value}
    return render("staff/plans.html", person, regions, rows=rows, older=older, asked=asked)


@blueprint.get("/plans/<int:plan_id>")
@open_to(*OF_OPERATOR)
def plan(plan_id: int) -> str:
    """One version: everything it says, the others of its plan, and its history."""
    person = signed_in()
    found, regions = read_plan(person, plan_id)
    facts = runtime().reference.current()
    channels = {f"channel:{channel.code}": channel.name for channel in facts.channels.values()}
    warnings = said(found["warnings"]) if found["standing"] == Standing.DRAFT else []
    return render("staff/plan.html", person, regions, plan=found, channels=channels, warnings=warnings)


@blueprint.post("/plans/<int:plan_id>/copy")
@open_to("manager")
def plan_copy(plan_id: int) -> Any:
    """Copy the version into a draft, and go on to edit that."""
    person = signed_in()
    found, _ = read_plan(person, plan_id)
    copied = copy_plan(runtime().db, person.operator_id or 0, found["id"], label_of(person))
    flash(N_("已复制为新的草稿。请核对上线日期和改动之处，再发布。"))
    return redirect(url_for("staff.plan_edit", plan_id=copied))


@blueprint.route("/plans/<int:plan_id>/withdraw", methods=["GET", "POST"])
@open_to("manager")
def plan_withdraw(plan_id: int) -> Any:
    """Ask once why, and for a published version until when; then discard it or end its sale."""
    person = signed_in()
    found, regions = read_plan(person, plan_id)
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        try:
            end = reason_and_day({name: request.form.get(name, "") for name in ("last_day", "reason")})
            withdraw_plan(
                runtime().db,
                person.operator_id or 0,
                plan_id,
                end["reason"],
                label_of(person),
                last_day=end["last_day"],
                if_revision=carried("revision"),
            )
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
        else:
            flash(N_("已撤下。最后在售日未过之前可以恢复。") if found["published_at"] else N_("草稿已作废。"))
            return redirect(url_for("staff.plan", plan_id=plan_id))
    eve = found["on_sale_from"] - timedelta(days=1)
    page = render(
        "staff/plan_withdraw.html",
        person,
        regions,
        plan=found,
        faults=faults,
        typed=request.form,
        earliest=max(clock.today(), eve),
    )
    return page, status


@blueprint.route("/plans/<int:plan_id>/resume", methods=["GET", "POST"])
@open_to("manager")
def plan_resume(plan_id: int) -> Any:
    """Ask once why, then put the version back on sale."""
    person = signed_in()
    found, regions = read_plan(person, plan_id)
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        try:
            why = reason_and_day({"reason": request.form.get("reason", "")})
            resume_plan(
                runtime().db,
                person.operator_id or 0,
                plan_id,
                why["reason"],
                label_of(person),
                if_revision=carried("revision"),
            )
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
        else:
            flash(N_("已恢复销售。"))
            return redirect(url_for("staff.plan", plan_id=plan_id))
    page = render("staff/plan_resume.html", person, regions, plan=found, faults=faults, typed=request.form)
    return page, status
