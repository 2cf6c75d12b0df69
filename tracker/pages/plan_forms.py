"""Writing a plan down and publishing it, by a manager."""

from typing import Any

from flask import flash, redirect, request, url_for

from tracker.orders.standing import N_
from tracker.pages.access import label_of, language, open_to, runtime
from tracker.pages.plan_words import FIELDS, GROUPS
from tracker.pages.plans import read_plan, reason_and_day, render, said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import carried
from tracker.problems import Refusal
from tracker.staff.sign_in import Person
from tracker.tariffs import queries
from tracker.tariffs.publish_plan import preview_publication, publish_plan
from tracker.tariffs.rules import PlanState
from tracker.tariffs.save_plan import draft_plan, edit_draft
from tracker.tariffs.written import read_written, write

_LONGEST = 4000


@blueprint.route("/plans/new", methods=["GET", "POST"])
@open_to("manager")
def plan_new() -> Any:
    """An empty form, and the draft that is made of it."""
    person = signed_in()
    with runtime().db.reading() as connection:
        regions = queries.regions(connection)
    texts = {"region": next(iter(regions)), "kind": "套餐", "product": "broadband"}
    faults: list[tuple[str, str]] = []
    if request.method == "POST":
        texts = _typed()
        try:
            made = draft_plan(runtime().db, person.operator_id or 0, _read(texts, regions), label_of(person))
        except Refusal as refusal:
            faults = said(refusal.faults)
        else:
            flash(N_("草稿已保存。"))
            return redirect(url_for("staff.plan", plan_id=made))
    return _form(person, regions, texts, faults, plan=None, since=[]), 422 if faults else 200


@blueprint.route("/plans/<int:plan_id>/edit", methods=["GET", "POST"])
@open_to("manager")
def plan_edit(plan_id: int) -> Any:
    """A draft's form. What was typed is never lost: not by a fault, nor because somebody was faster."""
    person = signed_in()
    plan, regions = read_plan(person, plan_id)
    if request.method == "GET":
        if plan["state"] != PlanState.DRAFT:
            return redirect(url_for("staff.plan", plan_id=plan_id))
        return _form(person, regions, write(plan), [], plan=plan, since=[])
    texts, seen = _typed(), carried("revision")
    try:
        edit_draft(
            runtime().db,
            person.operator_id or 0,
            plan_id,
            _read(texts, regions),
            label_of(person),
            if_revision=seen,
        )
    except Refusal as refusal:
        # Read anew: it may have been changed since the page was shown, which the form then tells.
        plan, _ = read_plan(person, plan_id)
        since = [event for event in plan["events"] if event["detail"]["revision"] > seen]
        page = _form(person, regions, texts, said(refusal.faults), plan=plan, since=since)
        return page, refusal.status
    flash(N_("草稿已保存。"))
    return redirect(url_for("staff.plan", plan_id=plan_id))


@blueprint.route("/plans/<int:plan_id>/publish", methods=["GET", "POST"])
@open_to("manager")
def plan_publish(plan_id: int) -> Any:
    """What customers will see, what would be refused, and what follows; then publish."""
    person = signed_in()
    plan, regions = read_plan(person, plan_id)
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        try:
            why = reason_and_day({"reason": request.form.get("reason", "")})
            publish_plan(
                runtime().db,
                person.operator_id or 0,
                plan_id,
                why["reason"],
                label_of(person),
                if_revision=carried("revision"),
            )
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
            plan, regions = read_plan(person, plan_id)
        else:
            flash(N_("已发布。"))
            return redirect(url_for("staff.plan", plan_id=plan_id))
    if plan["state"] != PlanState.DRAFT:
        return redirect(url_for("staff.plan", plan_id=plan_id))
    preview = preview_publication(runtime().db, person.operator_id or 0, plan_id)
    page = render(
        "staff/plan_publish.html",
        person,
        regions,
        plan=plan,
        preview=preview,
        refusals=said(preview.refusals),
        warnings=said(preview.warnings),
        # Those of the plan itself are told from the preview, which is newer.
        faults=[fault for fault in faults if fault[0] in ("", "reason")],
        typed=request.form,
        fields=FIELDS,
    )
    return page, status


def _typed() -> dict[str, str]:
    return {
        field.written: request.form.get(field.written, "")[:_LONGEST]
        for _, fields in GROUPS
        for field in fields
    }


def _read(texts: dict[str, str], regions: dict[str, str]) -> dict[str, Any]:
    plan = read_written(texts, regions)
    if isinstance(plan, list):
        raise Refusal(*plan)
    return plan


def _form(
    person: Person,
    regions: dict[str, str],
    texts: dict[str, str],
    faults: list[tuple[str, str]],
    *,
    plan: dict[str, Any] | None,
    since: list[dict[str, Any]],
) -> str:
    with runtime().db.reading() as connection:
        products = queries.products(connection, person.operator_id or 0)
    return render(
        "staff/plan_form.html",
        person,
        regions,
        plan=plan,
        texts=texts,
        faults=faults,
        fault_of=dict(reversed(faults)),
        since=since,
        products=products,
        fields=FIELDS,
        language=language(),
    )
