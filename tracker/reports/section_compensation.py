"""违约补偿: what operators owe customers for delays of their own."""

from typing import Any

from sqlalchemy import Connection

from tracker.reports.about import Scope
from tracker.reports.document import Column, Kind, Section, Table, count_column, text_column, words
from tracker.reports.ports import Compensated, Ports

_TITLE = words("违约补偿", "Compensation")


def compensation(connection: Connection, scope: Scope, ports: Ports) -> Section:
    """From the ledger of compensation, where there is one."""
    if ports.compensation is None:
        return Section(
            "compensation",
            _TITLE,
            said=[words("本报告期没有补偿台账数据。", "There is no ledger of compensation for this period.")],
        )
    found = {one.operator_id: one for one in ports.compensation(connection, scope.operator_id, scope.period)}
    lines = [found.get(one.id, Compensated(one.id, 0, 0, 0, 0)) for one in scope.of_operators]

    def cells(one: Compensated) -> list[Any]:
        return [one.orders, one.days, one.owed_fen, one.paid_fen]

    rows = [[scope.name(one.operator_id), *cells(one)] for one in lines]
    sums = [sum(cells(one)[place] for one in lines) for place in range(4)]
    return Section(
        "compensation",
        _TITLE,
        said=[
            words(
                "因运营商自身原因超过承诺时限的，每延误一天按已收工料费用的百分之一补偿用户"
                "（《电信条例》第三十一条）。",
                "For each day late through its own fault an operator owes one per cent of the fee that it"
                " charged (Telecommunications Regulations, Art. 31).",
            )
        ],
        tables=[
            Table(
                "totals",
                words("补偿台账", "Ledger of compensation"),
                [
                    text_column("operator", "运营商", "operator"),
                    count_column("orders", "工单", "orders"),
                    count_column("days", "延误天数", "days late"),
                    Column("owed", words("应补偿", "owed"), Kind.MONEY, words("元", "yuan")),
                    Column("paid", words("已支付", "paid"), Kind.MONEY, words("元", "yuan")),
                ],
                rows,
                [words("合计", "total"), *sums] if scope.is_city else None,
            )
        ],
    )
