"""时长与过程, 退单: what figures measure besides the on-time rate."""

from typing import Any

from sqlalchemy import Connection

from tracker.figures.measure_rules import Measures
from tracker.figures.measures import measures
from tracker.reports.about import Scope
from tracker.reports.cause_words import CAUSE_WORDS
from tracker.reports.document import (
    Column,
    Kind,
    Section,
    Table,
    Words,
    count_column,
    hours_column,
    rate_column,
    text_column,
    words,
)

_SPREAD = (("mean", "平均", "mean"), ("median", "中位数", "median"), ("p90", "九成位", "P90"))


def durations(connection: Connection, scope: Scope) -> Section:
    """How long orders take, whether agreed visits are kept, how often one is enough, what is still open."""
    lines = _lines(connection, scope)
    said = words(
        "时长自受理起计算，单位为小时；九成位指百分之九十的工单不超过该时长。",
        "Times count from the acceptance, in hours; nine orders in ten took no longer than the P90.",
    )
    return Section(
        "durations",
        words("时长、履约与在途", "Durations, visits kept and open orders"),
        said=[said],
        tables=[_times(scope, lines), _visits(scope, lines), _open(scope, lines)],
    )


def returns(connection: Connection, scope: Scope) -> Section:
    """Orders that were returned (退单), by whose doing it was."""
    whole = measures(connection, scope.asked(), scope.now).get("", Measures())
    count = sum(whole.returned.values())
    rows = [
        [said, whole.returned.get(cause, 0), [whole.returned.get(cause, 0), whole.ended]]
        for cause, said in CAUSE_WORDS.items()
    ]
    return Section(
        "returns",
        words("退单", "Returned orders"),
        said=[
            words(
                f"报告期内装通或退单的工单共 {whole.ended} 张，其中退单 {count} 张。",
                f"Orders connected or returned in the period: {whole.ended}; of these returned: {count}.",
            )
        ],
        tables=[
            Table(
                "by_cause",
                words("退单，按责任归属", "Returned orders, by whose doing it was"),
                [
                    text_column("cause", "责任归属", "whose doing"),
                    count_column("returned", "退单", "returned"),
                    rate_column("rate", "退单率", "return rate"),
                ],
                rows,
                [words("合计", "total"), count, [count, whole.ended]],
            )
        ],
    )


def _lines(connection: Connection, scope: Scope) -> list[tuple[Words, Measures]]:
    """The whole, each operator of a city's report, and each county."""
    nothing = Measures()
    found = [(words("总体", "overall"), measures(connection, scope.asked(), scope.now).get("", nothing))]
    if scope.is_city:
        by_operator = measures(connection, scope.asked("operator_id"), scope.now)
        found += [(scope.name(one.id), by_operator.get(one.id, nothing)) for one in scope.of_operators]
    by_county = measures(connection, scope.asked("county"), scope.now)
    found += [(scope.county_name(county), by_county.get(county, nothing)) for county in scope.counties]
    return found


def _first(scope: Scope) -> Column:
    if scope.is_city:
        return text_column("part", "运营商、县（市、区）", "operator, county")
    return text_column("part", "县（市、区）", "county")


def _times(scope: Scope, lines: list[tuple[Words, Measures]]) -> Table:
    rows: list[list[Any]] = []
    for said, one in lines:
        row: list[Any] = [said]
        for spread in (one.durations, one.first_response):
            row += [spread.count, spread.mean_hours, spread.median_hours, spread.p90_hours]
        rows.append(row)
    return Table(
        "times",
        words("装机时长和首次响应时长（小时）", "Time to connection and to the first response (hours)"),
        [
            _first(scope),
            count_column("connected", "装通", "connected"),
            *(hours_column(f"duration_{code}", f"装机{zh}", en) for code, zh, en in _SPREAD),
            count_column("responded", "响应", "responded"),
            *(hours_column(f"response_{code}", f"响应{zh}", f"response, {en}") for code, zh, en in _SPREAD),
        ],
        rows,
    )


def _visits(scope: Scope, lines: list[tuple[Words, Measures]]) -> Table:
    return Table(
        "visits",
        words("上门履约与一次装通", "Agreed visits kept, and connections at the first visit"),
        [
            _first(scope),
            count_column("visits_due", "应上门", "visits due"),
            count_column("visits_kept", "按约上门", "kept"),
            rate_column("visits_kept_rate", "履约率", "kept rate"),
            count_column("connected", "装通", "connected"),
            count_column("first_visit", "一次装通", "at the first visit"),
            rate_column("first_visit_rate", "一次成功率", "first-visit rate"),
        ],
        [
            [
                said,
                one.visits_due,
                one.visits_kept,
                [one.visits_kept, one.visits_due],
                one.connected,
                one.connected_first_visit,
                [one.connected_first_visit, one.connected],
            ]
            for said, one in lines
        ],
    )


def _open(scope: Scope, lines: list[tuple[Words, Measures]]) -> Table:
    return Table(
        "open",
        words("在途与压单（数据截止时）", "Open orders and backlog, as of the report's moment"),
        [
            _first(scope),
            count_column("open", "在途工单", "open orders"),
            count_column("completed", "竣工", "completed"),
            Column("backlog", words("压单比", "backlog ratio"), Kind.RATIO, words("天", "days")),
        ],
        [[said, one.open_now, one.completed, one.backlog_ratio] for said, one in lines],
    )
