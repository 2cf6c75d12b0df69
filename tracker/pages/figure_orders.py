"""The orders behind a figure: just those that it counts, page by page and as a file."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from flask import redirect, request, url_for
from flask_babel import gettext

from tracker import clock
from tracker.figures.measured_lists import Place as MeasuredPlace
from tracker.figures.orders_counted import Behind
from tracker.figures.rules import WITHDRAWN
from tracker.files.cells import instant_cell
from tracker.orders.rules import REASONS, Stage
from tracker.orders.standing import MARK_WORDS, STAGE_WORDS, mark_of
from tracker.pages import figure_words
from tracker.pages.access import language, open_to, runtime
from tracker.pages.figure_lists import Figure, Place, Shown, count, page, read_figure
from tracker.pages.figure_request import Question
from tracker.pages.figures import asked_of, render
from tracker.pages.list_files import list_file
from tracker.pages.signing_in import blueprint, signed_in

ROWS = 20
_AT_ONCE = 1000
_WIDTHS = (18, 14, 20, 20, 20, 12, 12, 20, 12, 14, 20, 16, 10, 20, 20, 10)


@blueprint.get("/figures/orders")
@open_to("manager")
def figure_orders() -> Any:
    """The list, the last due first; its count is the figure, told anew at the same moment."""
    person, now = signed_in(), clock.now()
    figure = read_figure(request.args)
    with runtime().db.reading() as connection:
        question, hands = asked_of(connection, person, now)
        if question.faults:
            return redirect(url_for("staff.figures", **request.args.to_dict()))
        counted = count(connection, figure, question, now)
        shown, behind = page(connection, figure, question, now, _behind(), ROWS)
    reference = runtime().reference.current()
    return render(
        "staff/figure_orders.html",
        person,
        question,
        hands,
        now,
        figure=figure,
        count=counted,
        shown=shown,
        behind=None if behind is None else _written(behind),
        paged=bool(request.args.get("behind")),
        places=reference.places,
        channels=reference.channels,
    )


@blueprint.get("/figures/orders.<any(csv, xlsx):form>")
@open_to("manager")
def figure_orders_file(form: str) -> Any:
    """All of the list as a file, without any sealed column."""
    person, now = signed_in(), clock.now()
    figure = read_figure(request.args)
    with runtime().db.reading() as connection:
        question, _ = asked_of(connection, person, now)
    if question.faults:
        return redirect(url_for("staff.figures", **request.args.to_dict()))
    pages = _cells(figure, question, now)
    return list_file(
        form,
        f"figure-{figure.of.value}-{question.days.first_on}-{question.days.last_on}",
        gettext("工单"),
        _head(figure),
        _WIDTHS,
        pages,
        too_many="order.too_many_rows",
        back=url_for("staff.figure_orders", **request.args.to_dict()),
    )


def _behind() -> Place | None:
    """The place of the address; the beginning for what is none."""
    due_at, _, order_id = request.args.get("behind", "").rpartition("~")
    order_id, _, number = order_id.partition(".")
    if not _is_number(order_id):
        return None
    if not due_at:
        return MeasuredPlace(int(order_id), int(number)) if _is_number(number) else None
    try:
        at = datetime.fromisoformat(due_at)
    except ValueError:
        return None
    return None if at.tzinfo is None else Behind(at, int(order_id))


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= 18


def _written(place: Place) -> str:
    if isinstance(place, MeasuredPlace):
        return f"{place.order_id}.{place.number}"
    return f"{place.due_at.isoformat().replace('+00:00', 'Z')}~{place.order_id}"


def _head(figure: Figure) -> Sequence[str]:
    visit = (gettext("约定上门（至）"), gettext("履约")) if figure.of_visits else ()
    return (
        gettext("订单号"),
        gettext("环节"),
        gettext("首次承诺"),
        gettext("现行承诺"),
        gettext("装通时间"),
        gettext("状态"),
        gettext("超时（小时）"),
        gettext("净值不计入的原因"),
        gettext("县（市、区）"),
        gettext("镇（街道）"),
        gettext("社区（村）"),
        gettext("渠道"),
        gettext("客户类型"),
        gettext("受理时间"),
        *visit,
    )


def _cells(figure: Figure, question: Question, now: datetime) -> Iterator[list[Sequence[str | int | float]]]:
    """In the language of the page. Words are looked up at once: the lines are made after the request."""
    db, reference, spoken = runtime().db, runtime().reference.current(), language()
    words = {word: gettext(word) for word in (*STAGE_WORDS.values(), *MARK_WORDS.values())}
    kinds = {kind: gettext(word) for kind, word in figure_words.KIND_WORDS.items()}
    kept = {True: gettext("已履约"), False: gettext("未履约")}
    whys = {code: figure_words.reason_word(code, spoken) for code in (WITHDRAWN, *REASONS)}

    def cells(one: Shown) -> Sequence[str | int | float]:
        row, place = one.row, reference.places[one.row.community_code]
        mark = mark_of(Stage(row.stage), row.connected_at, row.deadline, now)
        visit = () if one.visit_kept is None else (instant_cell(one.visit_ends_at), kept[one.visit_kept])
        return (
            row.number,
            words[STAGE_WORDS[row.stage]],
            instant_cell(row.first_deadline),
            instant_cell(row.deadline),
            instant_cell(row.connected_at),
            "" if mark is None else words[MARK_WORDS[mark]],
            "" if one.late_by is None else round(one.late_by.total_seconds() / 3600, 1),
            whys[one.removed] if one.removed else "",
            place.county,
            place.town,
            place.name,
            reference.channels[row.channel_id].name,
            kinds[row.customer_kind],
            instant_cell(row.accepted_at),
            *visit,
        )

    def pages() -> Iterator[list[Sequence[str | int | float]]]:
        behind: Place | None = None
        while True:
            with db.reading() as connection:
                shown, behind = page(connection, figure, question, now, behind, _AT_ONCE)
            yield [cells(one) for one in shown]
            if behind is None:
                return

    return pages()
