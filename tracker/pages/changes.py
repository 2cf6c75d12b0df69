"""Announced changes of an operator, for its staff: the list, one of them, and withdrawing it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.orders.standing import N_
from tracker.pages import change_words, plans
from tracker.pages.access import OF_OPERATOR, label_of, open_to, runtime
from tracker.pages.change_drawing import WIDTH, Day, bar, in_order
from tracker.pages.plans import reason_and_day, said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import page_number
from tracker.problems import Refusal
from tracker.staff.sign_in import Person
from tracker.tariff_changes import overview, texts
from tracker.tariff_changes.affected import Group
from tracker.tariff_changes.coverage import coverage
from tracker.tariff_changes.overview import FirstTexts, Standing
from tracker.tariff_changes.queries import unannounced_ends
from tracker.tariff_changes.read_change import Change, read_change
from tracker.tariff_changes.withdraw_change import withdraw_change
from tracker.tariffs import queries
from tracker.tariffs.rules import ChangeKind

ROWS = 20
# As many warnings are counted at once; for more somebody has to ask.
COUNTED_AT_ONCE = 50_000
_LARGEST_ID = 2**31 - 1
_MOST_PLANS = 1000
_LANGUAGES = ("zh", "en")


def render(template: str, person: Person, regions: dict[str, str], **more: Any) -> str:
    """A page about changes."""
    return plans.render(template, person, regions, change_words=change_words, **more)


def found_change(person: Person, change_id: int) -> Change:
    """A change of the person's operator. Raises NotFound."""
    change = None
    if change_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            change = read_change(connection, change_id, person.operator_id)
    if change is None:
        raise NotFound
    return change


@blueprint.get("/tariff-changes")
@open_to(*OF_OPERATOR)
def changes() -> str:
    """What is to come first, twenty a page; above it what nobody has announced yet."""
    person = signed_in()
    standing, kind = request.args.get("standing", ""), request.args.get("kind", "")
    asked = {
        name: value
        for name, value, known in (("standing", standing, Standing), ("kind", kind, ChangeKind))
        if value in set(known)
    }
    page = page_number()
    owner, today = person.operator_id or 0, clock.today()
    with runtime().db.reading() as connection:
        rows, more = overview.change_list(
            connection,
            owner,
            today,
            standing=Standing(asked["standing"]) if "standing" in asked else None,
            kind=asked.get("kind"),
            limit=ROWS,
            skip=(page - 1) * ROWS,
        )
        told = overview.told_so_far(connection, [row.id for row in rows], COUNTED_AT_ONCE)
        ends = unannounced_ends(connection, owner, today) if page == 1 else []
        plans = queries.present_plans(connection, owner, today, limit=_MOST_PLANS) if ends else []
        regions = queries.regions(connection)
    return render(
        "staff/changes.html",
        person,
        regions,
        rows=rows,
        told=told,
        more=more,
        page=page,
        asked=asked,
        ends=ends,
        plan_of={(one["filing_number"], one["region"]): one for one in plans},
    )


@blueprint.get("/tariff-changes/<int:change_id>")
@open_to(*OF_OPERATOR)
def change(change_id: int) -> str:
    """Everything about one: what it is, its days and texts, who was told."""
    person, now = signed_in(), clock.now()
    found = found_change(person, change_id)
    today = clock.local_date(now)
    with runtime().db.reading() as connection:
        row = overview.change_shown(connection, person.operator_id or 0, change_id, today)
        large = overview.concerns_more_than(connection, found, COUNTED_AT_ONCE)
        counted = None if large and "count" not in request.args else coverage(connection, found, now)
        corrected = None if found.stands or large else overview.corrections(connection, change_id)
        example = overview.example_group(connection, found)
        first = overview.first_texts(connection, found, now, COUNTED_AT_ONCE)
        regions = queries.regions(connection)
    return render(
        "staff/change.html",
        person,
        regions,
        row=row,
        version=found.version,
        before=found.line.in_force_on(found.row.effective_on - timedelta(days=1)),
        days=days_of(found, today, first),
        counted=counted,
        bar=bar(counted) if counted else [],
        bar_width=WIDTH,
        corrected=corrected,
        texts=_texts(found, example),
    )


@blueprint.route("/tariff-changes/<int:change_id>/withdraw", methods=["GET", "POST"])
@open_to("manager")
def change_withdraw(change_id: int) -> Any:
    """Say what follows and ask once why; then withdraw it."""
    person = signed_in()
    found = found_change(person, change_id)
    owner, today = person.operator_id or 0, clock.today()
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        try:
            why = reason_and_day({"reason": request.form.get("reason", "")})
            withdraw_change(runtime(), owner, change_id, why["reason"], label_of(person))
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
        else:
            flash(N_("已撤回。已告知的用户会收到更正短信。"))
            return redirect(url_for("staff.change", change_id=change_id))
    elif not found.stands or found.row.effective_on <= today:
        return redirect(url_for("staff.change", change_id=change_id))
    with runtime().db.reading() as connection:
        row = overview.change_shown(connection, owner, change_id, today)
        large = overview.concerns_more_than(connection, found, COUNTED_AT_ONCE)
        follows = None if large else overview.to_undo(connection, change_id)
        regions = queries.regions(connection)
    page = render(
        "staff/change_withdraw.html",
        person,
        regions,
        row=row,
        follows=follows,
        faults=faults,
        typed=request.form,
    )
    return page, status


def _texts(found: Change, example: Group | None) -> list[tuple[str, str]]:
    """What somebody is told of the change, or of its withdrawal, in each language."""
    if example is None:
        return []
    say = texts.warning if found.stands else texts.correction
    facts, config = runtime().reference.current(), runtime().config
    return [
        (spoken, say(facts, config, found, replace(example, language=spoken)).body) for spoken in _LANGUAGES
    ]


def days_of(found: Change, today: date, first: FirstTexts | None) -> list[Day]:
    """The days that matter of a change, in words and in order."""
    row = found.row
    told = [Day(first.on, gettext("首批告知发出"), is_ahead=not first.have_left)] if first else []
    now = Day(today, gettext("今天"), is_today=True)
    days = [Day(clock.local_date(row.announced_at), gettext("已公告"))]
    if row.withdrawn_at is not None:
        withdrawn = Day(clock.local_date(row.withdrawn_at), gettext("撤回"))
        return in_order([*days, *told, withdrawn], now)
    begins = row.ends_to and row.ends_to + timedelta(days=1)
    return in_order(
        [*days, *told, *effective_days(row.latest_notice_on, row.effective_on, begins, today)], now
    )


def effective_days(latest_notice_on: date, effective_on: date, last: date | None, today: date) -> list[Day]:
    """The last day to be told, and that on which the change begins; `last`: for the last subscriber."""
    note = gettext("当天送达的仍算按时") if latest_notice_on >= today else gettext("已过")
    told = Day(latest_notice_on, gettext("最晚告知日"), note)
    if last is None:
        return [told, Day(effective_on, gettext("生效"), gettext("自当天零时起"))]
    first = Day(effective_on, gettext("首批用户生效"), gettext("各人为约定到期的次日"))
    return [told, first, *([Day(last, gettext("最后一批生效"))] if last > effective_on else [])]
