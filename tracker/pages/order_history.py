"""Everything that happened to one order in words: who, when and why; narrowed, and as a file."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import request, url_for
from flask_babel import gettext

from tracker.at_risk.history import escalations_of, takeovers_of
from tracker.complaints.persons import names
from tracker.excuses.queries import EXCUSES
from tracker.files.cells import instant_cell
from tracker.orders.desk_history import history_of
from tracker.orders.head import Head
from tracker.pages.access import AT_DESK, open_to, operator_of, runtime
from tracker.pages.list_files import list_file
from tracker.pages.order_event_words import GROUP_WORDS, GROUPS, Line, event_line, request_lines
from tracker.pages.order_frame import head, people_of, render
from tracker.pages.risk_words import escalation_line, takeover_line
from tracker.pages.signing_in import blueprint, signed_in
from tracker.staff.sign_in import Person

_WIDTHS = (20, 20, 60, 20, 50)


@blueprint.get("/orders/<number>/history")
@open_to(*AT_DESK)
def order_history(number: str) -> str:
    """The history, the latest first; what it is narrowed to stands in the address."""
    person = signed_in()
    order = head(person, number)
    group = _group()
    return render(
        "staff/order_history.html",
        person,
        order,
        "staff.order_history",
        lines=_lines(person, order, group)[::-1],
        group=group,
        groups=GROUP_WORDS,
    )


@blueprint.get("/orders/<number>/history.<any(csv, xlsx):form>")
@open_to(*AT_DESK)
def order_history_file(number: str, form: str) -> Any:
    """The same as a file, the earliest first."""
    person = signed_in()
    order = head(person, number)
    title = (gettext("时间"), gettext("事项"), gettext("内容"), gettext("经办人"), gettext("原因"))
    pages = _pages(_lines(person, order, _group()))
    return list_file(
        form,
        f"{order.number}-history",
        gettext("历史"),
        title,
        _WIDTHS,
        pages,
        too_many="order.too_many_rows",
        back=url_for("staff.order_history", number=order.number),
    )


def _group() -> str:
    group = request.args.get("kind", "")
    return group if group in GROUPS else ""


def _lines(person: Person, order: Head, group: str) -> list[Line]:
    """Lines of a group, or all, the earliest first."""
    people = people_of(person)
    with runtime().db.reading() as connection:
        history = history_of(connection, operator_of(person), order.id)
        escalations = escalations_of(connection, operator_of(person), order.id)
        takeovers = takeovers_of(connection, operator_of(person), order.id)
        by_account, _ = names(connection, operator_of(person))
        excuses = EXCUSES.of_order(connection, operator_of(person), order.id)
    lines = [event_line(event, people) for event in history.events]
    lines += [line for asked in history.returns for line in request_lines("return_request", asked, people)]
    lines += [escalation_line(row, people, by_account) for row in escalations]
    lines += [takeover_line(row, people) for row in takeovers]
    lines += [line for asked in excuses for line in request_lines("excuse_request", asked, people)]
    if group:
        lines = [line for line in lines if line.kind in GROUPS[group]]
    return sorted(lines, key=lambda line: line.at)


def _pages(lines: Sequence[Line]) -> Iterator[list[tuple[str, ...]]]:
    yield [
        (
            instant_cell(line.at),
            line.word,
            "；".join(line.details),
            line.who,
            line.why,
        )
        for line in lines
    ]
