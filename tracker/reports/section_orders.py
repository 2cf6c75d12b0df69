"""报装受理: how many orders came in, where, whose, for whom and through what; and those with assistance."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from tracker.orders.models import Order
from tracker.orders.rules import Stage
from tracker.reports.about import CHANNEL_KINDS, CUSTOMER_KINDS, Scope
from tracker.reports.document import (
    Column,
    Section,
    Table,
    count_column,
    share_column,
    text_column,
    words,
)

COUNTY = func.left(Order.community_code, 6)
_CONNECTED = (Stage.ACTIVATED, Stage.COMPLETED)


def accepted_in(scope: Scope) -> ColumnElement[bool]:
    """Orders of the report that were accepted in its half-year."""
    first, end = scope.period.bounds
    return and_(Order.accepted_at >= first, Order.accepted_at < end, *scope.own(Order.operator_id))


def orders(connection: Connection, scope: Scope) -> Section:
    """By county, operator, kind of customer and kind of channel: every combination of the first three."""
    counted: Counter[tuple[str, int, str, str]] = Counter()
    for row in connection.execute(
        select(
            COUNTY.label("county"),
            Order.operator_id,
            Order.customer_kind,
            Order.channel_id,
            func.count().label("orders"),
        )
        .where(accepted_in(scope))
        .group_by(COUNTY, Order.operator_id, Order.customer_kind, Order.channel_id)
    ):
        kind = scope.channel_kinds[row.channel_id]
        counted[row.county, row.operator_id, row.customer_kind, kind] += row.orders
    return Section(
        "orders",
        words("报装受理", "Orders taken in"),
        said=[
            words(
                f"报告期内共受理宽带报装工单 {counted.total()} 张。",
                f"Orders accepted in the period: {counted.total()}.",
            )
        ],
        tables=[_by_county(scope, counted), _by_channel(scope, counted)],
    )


def _by_county(scope: Scope, counted: Counter[tuple[str, int, str, str]]) -> Table:
    rows = list(_rows(scope, counted))
    first = len(rows[0]) - len(CHANNEL_KINDS) - 1
    total = [words("合计", "total"), *[None] * (first - 1), *_sums(rows, first)]
    return Table(
        "by_county",
        words("分县（市、区）、客户类型和渠道的受理量", "By county, kind of customer and channel"),
        [
            text_column("county", "县（市、区）", "county"),
            *([text_column("operator", "运营商", "operator")] if scope.is_city else []),
            text_column("customer_kind", "客户", "customer"),
            *(Column(kind, said) for kind, said in CHANNEL_KINDS.items()),
            count_column("orders", "合计", "total"),
        ],
        rows,
        total,
    )


def _rows(scope: Scope, counted: Counter[tuple[str, int, str, str]]) -> Iterator[list[Any]]:
    for county in scope.counties:
        for operator in scope.of_operators:
            for kind, said in CUSTOMER_KINDS.items():
                cells = [counted[county, operator.id, kind, channel] for channel in CHANNEL_KINDS]
                names = [scope.name(operator.id)] if scope.is_city else []
                yield [scope.county_name(county), *names, said, *cells, sum(cells)]


def _sums(rows: list[list[Any]], first: int) -> list[int]:
    return [sum(row[place] for row in rows) for place in range(first, len(rows[0]))]


def _by_channel(scope: Scope, counted: Counter[tuple[str, int, str, str]]) -> Table:
    of_kind: Counter[tuple[str, str]] = Counter()
    for (_, _, customer, channel), count in counted.items():
        of_kind[channel, customer] += count
    rows: list[list[Any]] = []
    for channel, said in CHANNEL_KINDS.items():
        cells = [of_kind[channel, customer] for customer in CUSTOMER_KINDS]
        rows.append([said, *cells, sum(cells), [sum(cells), counted.total()]])
    total = [words("合计", "total"), *_sums([row[:-1] for row in rows], 1), None]
    return Table(
        "by_channel",
        words("分渠道的受理量", "By channel"),
        [
            text_column("channel", "渠道", "channel"),
            *(Column(kind, said) for kind, said in CUSTOMER_KINDS.items()),
            count_column("orders", "合计", "total"),
            share_column("share", "占比", "share"),
        ],
        rows,
        total,
    )


def assisted(connection: Connection, scope: Scope) -> Section:
    """适老服务: orders of customers who need assistance, by county."""
    wanted = (
        select(
            COUNTY.label("county"),
            func.count().filter(Order.needs_assistance).label("assisted"),
            func.count().filter(Order.needs_assistance, Order.stage.in_(_CONNECTED)).label("connected"),
            func.count().label("orders"),
        )
        .where(accepted_in(scope))
        .group_by(COUNTY)
    )
    found = {row.county: row for row in connection.execute(wanted)}
    rows: list[list[Any]] = []
    for county in scope.counties:
        row = found.get(county)
        cells = [0, 0, 0] if row is None else [row.assisted, row.connected, row.orders]
        rows.append([scope.county_name(county), cells[0], cells[1], [cells[0], cells[2]]])
    assisted_count, connected = (sum(row[place] for row in rows) for place in (1, 2))
    every = sum(row[3][1] for row in rows)
    return Section(
        "assisted",
        words("适老与无障碍服务", "Service for the elderly and disabled"),
        said=[
            words(
                f"报告期内受理登记为需要协助（老年人、残疾人）的工单 {assisted_count} 张。",
                f"Orders of customers who need assistance: {assisted_count}.",
            )
        ],
        tables=[
            Table(
                "by_county",
                words("分县（市、区）的需要协助工单", "Orders with assistance, by county"),
                [
                    text_column("county", "县（市、区）", "county"),
                    count_column("assisted", "需要协助", "with assistance"),
                    count_column("connected", "其中已装通", "of these connected"),
                    share_column("share", "占受理量", "of all orders"),
                ],
                rows,
                [words("合计", "total"), assisted_count, connected, [assisted_count, every]],
            )
        ],
    )
