"""投诉: by source, whether they were answered in time, and what customers say of the result."""

from typing import Any

from sqlalchemy import Connection, Date, and_, cast, func, or_, select

from tracker import clock
from tracker.complaints.models import Complaint
from tracker.complaints.rules import Satisfaction, Source, State
from tracker.reports.about import Scope
from tracker.reports.document import (
    Section,
    Table,
    Words,
    count_column,
    share_column,
    text_column,
    words,
)

_SOURCES: dict[Source, Words] = {
    Source.OUTLET: words("营业厅", "outlet"),
    Source.HOTLINE: words("客服热线", "hotline"),
    Source.CITY_LINE: words("12345热线", "12345"),
    Source.GOVERNMENT_SITE: words("政府网站", "government site"),
    Source.LETTERS: words("信访", "petition"),
    Source.CONSUMER_LINE: words("12315热线", "12315"),
    Source.APPEAL_LINE: words("12300申诉", "12300"),
    Source.WEBSITE: words("报装官网", "website"),
}
_ANSWERS: dict[Satisfaction | None, Words] = {
    Satisfaction.SATISFIED: words("满意", "satisfied"),
    Satisfaction.NEUTRAL: words("一般", "neutral"),
    Satisfaction.DISSATISFIED: words("不满意", "dissatisfied"),
    None: words("未表态", "no answer yet"),
}


def complaints(connection: Connection, scope: Scope) -> Section:
    """Complaints received in the period, as they stand at the report's moment."""
    return Section(
        "complaints",
        words("投诉", "Complaints"),
        said=[
            words(
                "答复期限为收到之日起十五日；超期指逾期仍未办结，或逾期后才办结。",
                "A complaint is answered within fifteen days; overdue is what was not, also if it was"
                " answered since.",
            )
        ],
        tables=[
            *([by_operator(connection, scope)] if scope.is_city else []),
            _by_source(connection, scope),
            _satisfaction(connection, scope),
        ],
    )


def _received(scope: Scope) -> Any:
    first, end = scope.period.bounds
    return and_(
        Complaint.received_at >= first, Complaint.received_at < end, *scope.own(Complaint.operator_id)
    )


def _overdue(scope: Scope) -> Any:
    ended_on = cast(func.timezone(str(clock.CITY_ZONE), Complaint.ended_at), Date)
    today = clock.local_date(scope.now)
    return and_(
        Complaint.state != State.RETRACTED,
        or_(ended_on > Complaint.due_on, and_(Complaint.ended_at.is_(None), Complaint.due_on < today)),
    )


def by_operator(connection: Connection, scope: Scope) -> Table:
    """What each operator received, and how much of it was not answered in time."""
    wanted = (
        select(
            Complaint.operator_id,
            func.count().label("received"),
            func.count().filter(Complaint.state == State.CLOSED).label("closed"),
            func.count().filter(Complaint.state == State.OPEN).label("open"),
            func.count().filter(_overdue(scope)).label("overdue"),
        )
        .where(_received(scope))
        .group_by(Complaint.operator_id)
    )
    found = {row.operator_id: list(row)[1:] for row in connection.execute(wanted)}
    rows = [[scope.name(one.id), *found.get(one.id, [0] * 4)] for one in scope.of_operators]
    return Table(
        "by_operator",
        words("分运营商的投诉", "By operator"),
        [
            text_column("operator", "运营商", "operator"),
            count_column("received", "收到", "received"),
            count_column("closed", "已办结", "closed"),
            count_column("open", "办理中", "open"),
            count_column("overdue", "超期", "overdue"),
        ],
        rows,
        [words("合计", "total"), *(sum(row[place] for row in rows) for place in range(1, 5))],
    )


def _by_source(connection: Connection, scope: Scope) -> Table:
    wanted = (
        select(
            Complaint.source,
            func.count().label("received"),
            func.count().filter(Complaint.state == State.CLOSED).label("closed"),
            func.count().filter(Complaint.state == State.RETRACTED).label("retracted"),
            func.count().filter(_overdue(scope)).label("overdue"),
            func.count().filter(Complaint.settled_at_outlet).label("at_outlet"),
        )
        .where(_received(scope))
        .group_by(Complaint.source)
    )
    found = {row.source: tuple(row)[1:] for row in connection.execute(wanted)}
    rows = [[said, *found.get(source, (0,) * 5)] for source, said in _SOURCES.items()]
    sums = [sum(row[place] for row in rows) for place in range(1, 6)]

    def line(said: Words, cells: list[int]) -> list[Any]:
        received, closed, retracted, late, at_outlet = cells
        return [said, received, closed, retracted, late, at_outlet, [at_outlet, closed]]

    return Table(
        "by_source",
        words("分来源的投诉", "By source"),
        [
            text_column("source", "来源", "source"),
            count_column("received", "收到", "received"),
            count_column("closed", "已办结", "closed"),
            count_column("retracted", "客户撤回", "taken back"),
            count_column("overdue", "超期", "overdue"),
            count_column("at_outlet", "网点解决", "settled at the outlet"),
            share_column("share", "网点解决占办结", "of those closed"),
        ],
        [line(row[0], row[1:]) for row in rows],
        line(words("合计", "total"), sums),
    )


def _satisfaction(connection: Connection, scope: Scope) -> Table:
    wanted = (
        select(Complaint.satisfaction, func.count())
        .where(_received(scope), Complaint.state == State.CLOSED)
        .group_by(Complaint.satisfaction)
    )
    found = {row[0]: row[1] for row in connection.execute(wanted)}
    closed = sum(found.values())
    return Table(
        "satisfaction",
        words("已办结投诉的客户满意度", "What customers say of the results"),
        [
            text_column("answer", "客户评价", "answer"),
            count_column("complaints", "投诉", "complaints"),
            share_column("share", "占办结", "of those closed"),
        ],
        [[said, found.get(answer, 0), [found.get(answer, 0), closed]] for answer, said in _ANSWERS.items()],
        [words("合计", "total"), closed, None],
    )
