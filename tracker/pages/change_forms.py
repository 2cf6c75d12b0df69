"""Announcing a change, by a manager: its form, what would follow from it, and the announcement."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from tracker import clock
from tracker.orders.standing import N_
from tracker.pages import change_words
from tracker.pages.access import label_of, language, open_to, runtime
from tracker.pages.change_drawing import Day, in_order
from tracker.pages.change_request import Told, prefilled, read_request, said_of
from tracker.pages.changes import effective_days, render
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import whole
from tracker.problems import Refusal
from tracker.staff.sign_in import Person
from tracker.tariff_changes.announce_change import announce_change
from tracker.tariff_changes.check_change import first_day_told
from tracker.tariff_changes.preview_change import Preview, preview_change
from tracker.tariff_changes.queries import change_row
from tracker.tariffs import queries
from tracker.tariffs.rules import ChangeKind, Standing, earliest_effective_on

_MOST_PLANS = 1000
_LONGEST = 4000
_WORDINGS_AT_ONCE = 4
_MOST_WORDINGS = 60
# By what two changes of a kind are told apart.
_TELLING = {
    ChangeKind.PRICE: ("effective_on", "monthly_fen"),
    ChangeKind.TERMS: ("effective_on", "summary"),
    ChangeKind.TERM_END: ("ends_from", "ends_to"),
}


@blueprint.route("/tariff-changes/new", methods=["GET", "POST"])
@open_to("manager")
def change_new() -> Any:
    """Kind and plan, then what that kind needs, then what would follow, then the announcement.

    Nothing is kept between the steps but what the form itself carries.
    """
    person = signed_in()
    with runtime().db.reading() as connection:
        regions = queries.regions(connection)
    plan = _plan(person, request.values.get("plan", ""))
    wanted = request.values.get("kind", "")
    kind = ChangeKind(wanted) if wanted in set(ChangeKind) else None
    if kind is None or plan is None or "choose" in request.args:
        return _choose(person, regions, kind, plan)
    if request.method == "GET":
        return _form(person, regions, kind, plan, prefilled(kind, plan, request.args), [])
    texts = {name: request.form.get(name, "")[:_LONGEST] for name in change_words.FIELDS_OF[kind]}
    step = request.form.get("step", "")
    if step == "edit":
        return _form(person, regions, kind, plan, texts, [])
    if step.startswith("fill:"):
        _, name, day = (*step.split(":"), "", "")[:3]
        return _form(person, regions, kind, plan, texts | ({name: day} if name in texts else {}), [])
    try:
        asked = read_request(kind, plan, texts, person, regions)
        if step != "announce":
            found = preview_change(runtime(), person.operator_id or 0, asked)
            return _preview(person, regions, plan, asked, texts, found)
        return _announce(person, asked)
    except Refusal as refusal:
        return _form(person, regions, kind, plan, texts, said_of(refusal.faults, language())), refusal.status


def _plan(person: Person, wanted: str) -> dict[str, Any] | None:
    """The latest version that has begun of the plan that a version belongs to; None where none has."""
    version_id = whole(wanted)
    if version_id is None:
        return None
    owner, today = person.operator_id or 0, clock.today()
    with runtime().db.reading() as connection:
        found = queries.plan_row(connection, owner, version_id, today)
        if found is None:
            return None
        begun = [
            one
            for one in found["versions"]
            if one["standing"] in queries.PRESENT and one["on_sale_from"] <= today
        ]
        latest = max(begun, key=lambda one: (one["on_sale_from"], one["version"]), default=None)
        return None if latest is None else queries.plan_row(connection, owner, latest["id"], today)


def _choose(
    person: Person, regions: dict[str, str], kind: ChangeKind | None, plan: dict[str, Any] | None
) -> str:
    """Ask for the kind and the plan."""
    with runtime().db.reading() as connection:
        found = queries.present_plans(connection, person.operator_id or 0, clock.today(), limit=_MOST_PLANS)
    found.sort(
        key=lambda one: (
            one["standing"] != Standing.ON_SALE,
            one["audience"] != "home",
            one["name"],
            one["region"],
        )
    )
    return render(
        "staff/change_choose.html",
        person,
        regions,
        kind=kind,
        plan=plan,
        plans=found,
        # An address may name a plan that has not begun.
        unknown=bool(request.args.get("plan")) and plan is None,
        asked="choose" not in request.args and request.args.keys() & {"kind", "plan"} == {"kind", "plan"},
    )


def _form(
    person: Person,
    regions: dict[str, str],
    kind: ChangeKind,
    plan: dict[str, Any],
    texts: dict[str, str],
    told: Sequence[Told],
) -> str:
    """What this kind of change needs, with what was typed and what is wrong with it."""
    earliest = earliest_effective_on(first_day_told(clock.now()))
    return render(
        "staff/change_form.html",
        person,
        regions,
        kind=kind,
        plan=plan,
        texts=texts,
        today_texts=prefilled(kind, plan, {}),
        faults=told,
        fault_of={one.name: one for one in reversed(told)},
        fields={**change_words.PLAN_FIELDS, **change_words.ASKED},
        earliest=earliest,
        earliest_end=earliest - timedelta(days=1),
        too_near=any(one.fill for one in told),
    )


def _preview(
    person: Person,
    regions: dict[str, str],
    plan: dict[str, Any],
    asked: dict[str, Any],
    texts: dict[str, str],
    found: Preview,
) -> str:
    """What would follow; the page asks whether to announce it."""
    kind, now = ChangeKind(asked["kind"]), clock.now()
    last = asked["ends_to"] and asked["ends_to"] + timedelta(days=1)
    told_from = max(found.warn_from, first_day_told(now))
    wordings = sorted(found.wordings, key=lambda one: (-one.subscribers, one.effective_on))
    return render(
        "staff/change_preview.html",
        person,
        regions,
        kind=kind,
        plan=plan,
        asked=asked,
        texts=texts,
        found=found,
        days=in_order(
            [
                Day(told_from, gettext("首批告知发出")),
                *effective_days(found.latest_notice_on, found.effective_on, last, clock.local_date(now)),
            ],
            Day(clock.local_date(now), gettext("今天"), is_today=True),
            today_first=True,
        ),
        too_near=found.latest_notice_on < first_day_told(now),
        # Those whose agreed prices end are told day by day, each in time for their own.
        available=None if kind is ChangeKind.TERM_END else (found.latest_notice_on - told_from).days + 1,
        wordings=wordings[:_WORDINGS_AT_ONCE],
        more=wordings[_WORDINGS_AT_ONCE:_MOST_WORDINGS],
        left_out=max(len(wordings) - _MOST_WORDINGS, 0),
    )


def _announce(person: Person, asked: dict[str, Any]) -> Any:
    """Announce it and lead to it; where the button was pressed twice, to what the first time announced."""
    try:
        made = announce_change(runtime(), person.operator_id or 0, asked, label_of(person))
    except Refusal as refusal:
        standing = next(
            (fault.params["change"] for fault in refusal.faults if "change" in fault.params), None
        )
        if standing is None or not _is_same(person, standing, asked):
            raise
        flash(N_("这项变动已经公告，没有重复。"))
        return redirect(url_for("staff.change", change_id=standing))
    flash(N_("已公告。用户将按下面的日期收到告知。"))
    return redirect(url_for("staff.change", change_id=made))


def _is_same(person: Person, change_id: int, asked: dict[str, Any]) -> bool:
    """Whether the person has announced just this."""
    with runtime().db.reading() as connection:
        row = change_row(connection, person.operator_id or 0, change_id)
    told = _TELLING[ChangeKind(asked["kind"])]
    return (
        row is not None
        and row.announced_by == label_of(person)
        and all(getattr(row, name) == asked[name] for name in ("kind", "reason", *told))
    )
