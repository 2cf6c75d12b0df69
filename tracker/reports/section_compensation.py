"""违约补偿: what operators owe customers for delays of their own."""

from typing import Any

from sqlalchemy import Connection

from tracker.compensation.queries import compensation_totals
from tracker.reports.about import Scope
from tracker.reports.document import Column, Kind, Section, Table, count_column, text_column, words


def compensation(connection: Connection, scope: Scope) -> Section:
    """From the ledger of compensation: orders that were connected late in the half-year."""

    def cells(operator_id: int) -> list[Any]:
        found = compensation_totals(connection, operator_id, scope.days)
        return [found.orders, found.days, found.amount_fen, found.paid_fen]

    rows = {operator.id: cells(operator.id) for operator in scope.of_operators}
    sums = [sum(column) for column in zip(*rows.values(), strict=True)]
    return Section(
        "compensation",
        words("违约补偿", "Compensation"),
        said=[
            words(
                "因运营商自身原因超过承诺时限的，每延误一天按收取的安装、调测费用（减去减免）的百分之一补偿用户"
                "（《电信条例》第三十一条）。按装通日期统计，以补偿台账为准。",
                "For each day that an installation is late through an operator's own fault, it owes one per"
                " cent of the installation and commissioning fees charged, less what was waived"
                " (Telecommunications Regulations, Art. 31). Counted by the day of connection, from the"
                " ledger of compensation.",
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
                [[scope.name(operator_id), *of_operator] for operator_id, of_operator in rows.items()],
                [words("合计", "total"), *sums] if scope.is_city else None,
            )
        ],
    )
