"""What the pages of one order have in common: its head with the tabs, and how a form acts on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.at_risk.history import is_supervised
from tracker.complaints.persons import names
from tracker.orders import numbers
from tracker.orders.desk_history import events_since
from tracker.orders.head import Head, head_of
from tracker.orders.preview_entry import Foreseen
from tracker.orders.rules import REASONS, Stage
from tracker.orders.standing import N_, mark_of
from tracker.pages.access import language, operator_of, runtime
from tracker.pages.complaints import names_of_channels
from tracker.pages.order_event_words import Line, People, event_line
from tracker.pages.outage_request import Asked
from tracker.pages.slots import day_typed, midnight
from tracker.pages.typed_numbers import carried
from tracker.pages.ways_back import way_back
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person

_MOST_TYPED = 400
_STALE = "version.stale"

TABS = (
    ("staff.order", N_("概况")),
    ("staff.promise", N_("承诺")),
    ("staff.order_visit", N_("上门")),
    ("staff.order_fees", N_("费用")),
    ("staff.order_history", N_("历史")),
)


@dataclass
class Form:
    """A form as it stands: what was typed, what is wrong with it, and what others did meanwhile."""

    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[tuple[str, str]] = ()
    changes: Sequence[Line] = ()
    stale: bool = False
    status: int = 200


def head(person: Person, number: str) -> Head:
    """An order of the person's operator in short. Raises NotFound."""
    wanted = numbers.normalise(number)
    with runtime().db.reading() as connection:
        found = wanted and head_of(connection, operator_of(person), wanted, clock.now())
    if not found:
        raise NotFound
    return found


def render(template: str, person: Person, order: Head, tab: str, /, **more: Any) -> str:
    """A page of an order, under its head; `tab` is the endpoint of the part that it belongs to."""
    now = clock.now()
    operator_id = operator_of(person)
    return render_template(
        template,
        person=person,
        operator=runtime().reference.current().operators[operator_id],
        head=order,
        supervised=_is_supervised(operator_id, order, now),
        way_back=way_back(),
        head_mark=mark_of(Stage(order.stage), order.connected_at, order.deadline, now),
        tab=tab,
        tabs=TABS,
        now=now,
        **more,
    )


def _is_supervised(operator_id: int, order: Head, now: datetime) -> bool:
    """Whether the order bears the mark 督办, which only one that is overdue can."""
    if order.closed_at is not None or order.connected_at is not None or order.deadline >= now:
        return False
    with runtime().db.reading() as connection:
        return is_supervised(connection, operator_id, order.id, order.deadline)


def people_of(person: Person) -> People:
    """Who may stand in a history of the person's operator."""
    with runtime().db.reading() as connection:
        _, staff = names(connection, operator_of(person))
    return People(names_of_channels(), staff)


def reasons(*codes: str) -> dict[str, str]:
    """Reasons in the reader's language, by code; all of them unless some are named."""
    return {
        code: one.en if language() == "en" else one.zh
        for code, one in REASONS.items()
        if not codes or code in codes
    }


def typed_in(names: Sequence[str]) -> dict[str, str]:
    """What somebody typed into these fields; NUL is the one character that PostgreSQL has no place for."""
    return {name: request.form.get(name, "")[:_MOST_TYPED].replace("\0", "").strip() for name in names}


def seen_version() -> int:
    """The version that the form was shown with; one that nothing has where it was tampered with."""
    return carried("version")


def refused(
    person: Person, order: Head, typed: Mapping[str, str], refusal: Refusal, fields: Mapping[str, Asked]
) -> Form:
    """The form as it is shown again: nothing typed is lost.

    Where somebody was faster it tells who did what since, and bears the present version, so that one press
    sends it again.
    """
    if any(fault.rule == _STALE for fault in refusal.faults):
        return Form(typed, (), changes_since(person, order, seen_version()), stale=True, status=409)
    return Form(typed, placed(refusal.faults, fields), status=refusal.status)


def changes_since(person: Person, order: Head, version: int) -> list[Line]:
    """What others have done to the order since it had this version."""
    people = people_of(person)
    with runtime().db.reading() as connection:
        events = events_since(connection, operator_of(person), order.id, max(version, 0))
    return [event_line(event, people) for event in events]


def placed(faults: Sequence[Fault], fields: Mapping[str, Asked]) -> list[tuple[str, str]]:
    """Each fault's field and words, in the order of the form."""
    order = list(fields)
    pairs = dict.fromkeys(
        (fault.pointer.strip("/").split("/")[0], fault.words(language())) for fault in faults
    )
    return sorted(pairs, key=lambda one: order.index(one[0]) if one[0] in order else -1)


def form_page(
    template: str,
    person: Person,
    order: Head,
    form: Form,
    fields: Mapping[str, Asked],
    *,
    tab: str = "staff.order",
    **more: Any,
) -> tuple[str, int]:
    """A page that asks for something to be done to the order."""
    page = render(
        template,
        person,
        order,
        tab,
        form=form,
        typed=form.typed,
        faults=form.faults,
        fault_of=dict(reversed(list(form.faults))),
        fields=fields,
        **more,
    )
    return page, form.status


def act(
    person: Person,
    order: Head,
    typed: Mapping[str, str],
    fields: Mapping[str, Asked],
    do: Callable[[], str],
) -> Form | Any:
    """Do it and go back to the order, or to where somebody came from; or the form that says why it was not
    done.
    """
    try:
        flash(do())
    except Refusal as refusal:
        # As it is now: whatever changed meanwhile, the page tells of the present.
        return refused(person, order, typed, refusal, fields)
    back = way_back()
    return redirect(back.address if back else url_for("staff.order", number=order.number))


def end_of(day: str) -> datetime | None:
    """The end of a day that was typed; None for what is none."""
    on = day_typed(day)
    return None if on is None else midnight(on + timedelta(days=1))


@dataclass(frozen=True)
class Previewed:
    """A form that is shown again, what it would make of the promise where it was sound, and the order now."""

    form: Form
    foreseen: Foreseen | None
    order: Head


def act_after_preview(
    person: Person,
    order: Head,
    names: Sequence[str],
    fields: Mapping[str, Asked],
    foresee: Callable[[Person, Head, dict[str, str]], Foreseen | None],
    do: Callable[[Person, Head, dict[str, str]], str],
) -> Any:
    """The form, then what it leads to, then the act; only the last stores anything, and answers by itself."""
    form, foreseen = Form(), None
    if request.method != "POST":
        return Previewed(form, foreseen, order)
    typed = typed_in(names)
    step = request.form.get("step", "")
    if step == "do":
        done = act(person, order, typed, fields, lambda: do(person, order, typed))
        if not isinstance(done, Form):
            return done
        form, order = done, head(person, order.number)
    elif step == "edit":
        form = Form(typed)
    # Where others were faster, what it comes to now is what one has to agree to.
    if form.stale or step not in ("do", "edit"):
        try:
            foreseen, form = foresee(person, order, typed), form if form.stale else Form(typed)
        except Refusal as refusal:
            form = refused(person, order, typed, refusal, fields)
    return Previewed(form, foreseen, order)
