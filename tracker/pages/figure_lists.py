"""What a list of orders behind a figure is of, and the orders: one way for every figure of the board."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from tracker.figures.measure_rules import OF_VISITS, Which
from tracker.figures.measured_lists import Place as MeasuredPlace
from tracker.figures.measured_lists import count_measured, measured_orders
from tracker.figures.on_time import on_time_figures
from tracker.figures.orders_counted import GROSS, Behind, Counted, counted_orders
from tracker.figures.rules import WITHDRAWN, Counts
from tracker.orders.desk_list import orders_listed
from tracker.orders.rules import REASONS, Cause
from tracker.pages import figure_words
from tracker.pages.access import language
from tracker.pages.figure_request import Question
from tracker.pages.job_words import CAUSE_WORDS

Place = Behind | MeasuredPlace
"""Where a list goes on: behind an order by its deadline, or by its id and the number of a visit."""


@dataclass(frozen=True)
class Figure:
    """Which figure's orders are wanted: of what, and for one reason or cause alone."""

    of: Counted | Which
    reason: str | None = None
    cause: Cause | None = None

    @property
    def address(self) -> dict[str, str]:
        """Its part of the address."""
        more = {"reason": self.reason, "cause": self.cause and self.cause.value}
        return {"of": self.of.value, **{name: value for name, value in more.items() if value}}

    @property
    def is_gross(self) -> bool:
        """Whether its orders are judged by the first promise."""
        return self.of in GROSS

    @property
    def of_visits(self) -> bool:
        """Whether it lists visits one by one, of which an order may have several."""
        return self.of in OF_VISITS

    @property
    def title(self) -> str:
        """What the list is of."""
        words: Mapping[Any, str] = {**figure_words.COUNTED_WORDS, **figure_words.MEASURED_WORDS}
        said = gettext(words[self.of])
        if self.reason:
            said += f" · {figure_words.reason_word(self.reason, language())}"
        if self.cause:
            said += f" · {gettext(CAUSE_WORDS[self.cause])}"
        return said


@dataclass(frozen=True)
class Shown:
    """An order of the list. `late_by`: how far behind the deadline that it was judged by; None if it is not.
    `removed`: why the net figure leaves it out. Of a visit, when its time ended and whether it was kept.
    """

    row: Any
    late_by: timedelta | None
    removed: str | None = None
    visit_ends_at: datetime | None = None
    visit_kept: bool | None = None


def read_figure(args: Mapping[str, str]) -> Figure:
    """The figure that an address names. Raises NotFound where there is none."""
    given, reason, cause = (args.get(name, "") for name in ("of", "reason", "cause"))
    if given in set(Counted):
        is_known = not reason or reason == WITHDRAWN or reason in REASONS
        if cause or not is_known or (reason and given != Counted.REMOVED):
            raise NotFound
        return Figure(Counted(given), reason or None)
    if given not in set(Which) or reason or (cause and (given != Which.RETURNED or cause not in set(Cause))):
        raise NotFound
    return Figure(Which(given), cause=Cause(cause) if cause else None)


def count(connection: Connection, figure: Figure, question: Question, now: datetime) -> int:
    """How many orders there are behind a figure, or visits."""
    if isinstance(figure.of, Which):
        return count_measured(connection, figure.of, question.asked(), now, figure.cause)
    counts = on_time_figures(connection, question.asked(), now).get("", Counts())
    if figure.of is Counted.REMOVED:
        return counts.removed.get(figure.reason, 0) if figure.reason else sum(counts.removed.values())
    return {
        Counted.DUE: counts.due,
        Counted.ON_TIME: counts.on_time,
        Counted.LATE: counts.due - counts.on_time,
        Counted.NET_DUE: counts.net_due,
        Counted.NET_ON_TIME: counts.net_on_time,
        Counted.NET_LATE: counts.net_due - counts.net_on_time,
    }[figure.of]


def page(
    connection: Connection,
    figure: Figure,
    question: Question,
    now: datetime,
    behind: Place | None,
    limit: int,
) -> tuple[list[Shown], Place | None]:
    """So many of the orders, and the place to go on behind; None at the end."""
    operator_id = int(question.only["operator_id"])
    if isinstance(figure.of, Which):
        measured, last = measured_orders(
            connection,
            figure.of,
            question.asked(),
            now,
            cause=figure.cause,
            behind=behind if isinstance(behind, MeasuredPlace) else None,
            limit=limit,
        )
        rows = orders_listed(connection, operator_id, [one.order_id for one in measured], now)
        judged = []
        for one in measured:
            row = rows[one.order_id]
            late_by = _late_by(row, row.deadline, now)
            judged.append(Shown(row, late_by, visit_ends_at=one.ends_at, visit_kept=one.kept))
        return judged, last
    found, place = counted_orders(
        connection,
        question.asked(),
        figure.of,
        now,
        reason=figure.reason,
        behind=behind if isinstance(behind, Behind) else None,
        limit=limit,
    )
    rows = orders_listed(connection, operator_id, [one.order_id for one in found], now)
    shown = [
        Shown(rows[one.order_id], _late_by(rows[one.order_id], one.due_at, now), one.removed) for one in found
    ]
    return shown, place


def _late_by(row: Any, due_at: datetime, now: datetime) -> timedelta | None:
    """How late an order was connected, or is by now; None where it was in time, or ended before."""
    until = row.connected_at or row.closed_at or now
    return until - due_at if until > due_at else None
