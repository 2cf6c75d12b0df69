"""代理商: every dealer that is known from any order, also those with none in the period."""

from typing import Any

from sqlalchemy import Connection, func, select

from tracker.figures.on_time import on_time_figures
from tracker.figures.rules import Counts
from tracker.orders.models import Order
from tracker.orders.rules import Stage
from tracker.reports.about import NO_DEALER, Scope
from tracker.reports.document import Section, Table, count_column, rate_column, same, text_column, words
from tracker.reports.section_orders import accepted_in


def dealers(connection: Connection, scope: Scope) -> Section:
    """By operator and dealer: orders taken in, withdrawn and returned of them, and how promises were kept."""
    known = {(one.id, "") for one in scope.of_operators} | {
        (operator_id, dealer)
        for operator_id, dealer in connection.execute(
            select(Order.operator_id, Order.dealer)
            .where(Order.dealer.is_not(None), *scope.own(Order.operator_id))
            .distinct()
        )
    }
    dealer = func.coalesce(Order.dealer, "").label("dealer")
    taken = {
        (row.operator_id, row.dealer): row
        for row in connection.execute(
            select(
                Order.operator_id,
                dealer,
                func.count().label("orders"),
                func.count().filter(Order.stage == Stage.WITHDRAWN).label("withdrawn"),
                func.count().filter(Order.stage == Stage.RETURNED).label("returned"),
            )
            .where(accepted_in(scope))
            .group_by(Order.operator_id, dealer)
        )
    }
    kept = {
        (one.id, name): counts
        for one in scope.of_operators
        for name, counts in on_time_figures(
            connection, scope.asked("dealer", operator_id=one.id), scope.now
        ).items()
    }
    rows: list[list[Any]] = []
    # Those without a dealer first, whose name is empty.
    for key in sorted(known | kept.keys()):
        row, counts = taken.get(key), kept.get(key, Counts())
        cells = [0, 0, 0] if row is None else [row.orders, row.withdrawn, row.returned]
        names = [scope.name(key[0])] if scope.is_city else []
        rows.append(
            [
                *names,
                same(key[1]) if key[1] else NO_DEALER,
                *cells,
                counts.due,
                [counts.on_time, counts.due],
                [counts.net_on_time, counts.net_due],
            ]
        )
    count = len(known) - len(scope.of_operators)
    return Section(
        "dealers",
        words("代理商", "Dealers"),
        said=[
            words(
                f"历来有工单的代理商共 {count} 家，全部列出；报告期内没有工单的列为 0。",
                f"Dealers that ever had an order: {count}. All of them stand here, with 0 where there is"
                " none in the period.",
            )
        ],
        tables=[
            Table(
                "dealers",
                words("分代理商的受理与按时率", "Orders and on-time rates by dealer"),
                [
                    *([text_column("operator", "运营商", "operator")] if scope.is_city else []),
                    text_column("dealer", "代理商", "dealer"),
                    count_column("orders", "受理", "accepted"),
                    count_column("withdrawn", "其中撤单", "withdrawn"),
                    count_column("returned", "其中退单", "returned"),
                    count_column("due", "到期工单", "due"),
                    rate_column("gross", "毛按时率", "gross rate"),
                    rate_column("net", "净按时率", "net rate"),
                ],
                rows,
            )
        ],
    )
