"""自查: what operators found when they checked themselves, county by county; all eight appear."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.figures.rules import Period
from tracker.reports.about import Scope
from tracker.reports.document import Column, Kind, Section, Table, same, text_column, words
from tracker.reports.models import CountySelfCheck

_checks = CountySelfCheck.__table__


def latest_self_checks(
    connection: Connection, period: Period, operator_id: int | None
) -> Mapping[tuple[int, str], Row[Any]]:
    """The self-checks that count, by operator and county; of one operator, or with None of all."""
    own = [] if operator_id is None else [_checks.c.operator_id == operator_id]
    wanted = select(_checks).where(_checks.c.starts_on == period.starts_on, *own).order_by(_checks.c.number)
    # Of each the last one stays.
    return {(row.operator_id, row.county): row for row in connection.execute(wanted)}


def self_checks(connection: Connection, scope: Scope) -> Section:
    """One line for each county and operator; where there was no check it says so."""
    found = latest_self_checks(connection, scope.period, scope.operator_id)
    rows: list[list[Any]] = []
    for county in scope.counties:
        for operator in scope.of_operators:
            names = [scope.name(operator.id)] if scope.is_city else []
            row = found.get((operator.id, county))
            if row is None:
                cells: list[Any] = [None, None, words("未填报", "not reported"), None]
            else:
                said = [same(text) for text in (row.checked_by, row.findings, row.measures)]
                cells = [row.checked_on.isoformat(), *said]
            rows.append([scope.county_name(county), *names, *cells])
    done, of = len(found), len(scope.counties) * len(scope.of_operators)
    return Section(
        "self_checks",
        words("县（市、区）自查", "Self-checks of the counties"),
        said=[
            words(
                f"应自查 {of} 处，已填报 {done} 处。",
                f"Self-checks reported: {done} of {of}.",
            )
        ],
        tables=[
            Table(
                "self_checks",
                words("自查情况", "What was found"),
                [
                    text_column("county", "县（市、区）", "county"),
                    *([text_column("operator", "运营商", "operator")] if scope.is_city else []),
                    Column("checked_on", words("自查日期", "checked on"), Kind.DAY),
                    text_column("checked_by", "检查部门", "checked by"),
                    text_column("findings", "发现的问题", "findings"),
                    text_column("measures", "整改措施", "measures"),
                ],
                rows,
            )
        ],
    )
