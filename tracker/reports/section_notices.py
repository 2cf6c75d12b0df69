"""资费变动告知, 网络中断公告: whether customers were told in time."""

from typing import Any

from sqlalchemy import Connection, func, select

from tracker.outages.models import Outage
from tracker.outages.rules import LEAST_NOTICE, Kind
from tracker.reports.about import Scope
from tracker.reports.document import Section, Table, count_column, share_column, text_column, words
from tracker.tariff_changes.coverage import due_between
from tracker.tariff_changes.read_change import read_change
from tracker.tariffs.models import TariffChange
from tracker.tariffs.rules import ChangeState


def tariff_changes(connection: Connection, scope: Scope) -> Section:
    """Of those for whom a change began in the period, how many knew a month before."""
    first, last = scope.period.starts_on, scope.period.ends_on
    # Of agreed prices each ends on a day of its own, up to half-years after the first.
    wanted = (
        select(TariffChange.id, TariffChange.operator_id)
        .where(
            TariffChange.effective_on <= last,
            func.coalesce(TariffChange.ends_to + 1, TariffChange.effective_on) >= first,
            TariffChange.state == ChangeState.ANNOUNCED,
            *scope.own(TariffChange.operator_id),
        )
        .order_by(TariffChange.id)
    )
    counted: dict[int, list[int]] = {one.id: [0] * 6 for one in scope.of_operators}
    for change_id, operator_id in connection.execute(wanted).all():
        change = read_change(connection, change_id)
        if change is None:
            raise LookupError(f"tariff change {change_id} is gone")
        due = due_between(connection, change, first, last, scope.now)
        added = (1, due.subscribers, due.on_time, due.late, due.untold, due.pending)
        counted[operator_id] = [a + b for a, b in zip(counted[operator_id], added, strict=True)]
    rows: list[list[Any]] = [
        [scope.name(one.id), *counted[one.id], [counted[one.id][2], counted[one.id][1]]]
        for one in scope.of_operators
    ]
    sums = [sum(row[place] for row in rows) for place in range(1, 7)]
    return Section(
        "tariff_changes",
        words("资费变动告知", "Tariff changes told"),
        said=[
            words(
                "按时告知指用户在变动生效前满一个月已收到告知（以短信送达回执或电话接通为准）；"
                "没有按时告知的，原资费延续至告知满一个月。各用户按本人的生效日计入报告期；"
                "至数据截止时生效日未到的，列入“尚未到期”，不计入按时告知率。",
                "Told in time: the notice arrived a full month before the change, by a receipt of delivery or"
                " a call that reached the customer; for whoever was told later the old price goes on. Each"
                " customer counts by their own day of the change; whose day has not come by the report's"
                ' moment stands under "not due yet" and is no part of the rate.',
            )
        ],
        tables=[
            Table(
                "coverage",
                words(
                    "生效日在报告期内的资费变动及告知情况",
                    "Changes whose day lies in the period, and who was told",
                ),
                [
                    text_column("operator", "运营商", "operator"),
                    count_column("changes", "变动（项）", "changes"),
                    count_column("concerned", "已到生效日的用户", "customers whose day has come"),
                    count_column("on_time", "按时告知", "told in time"),
                    count_column("late", "迟告知", "told late"),
                    count_column("untold", "未告知", "not told"),
                    count_column("pending", "尚未到期", "not due yet"),
                    share_column("share", "按时告知率", "in time"),
                ],
                rows,
                [words("合计", "total"), *sums, [sums[2], sums[1]]] if scope.is_city else None,
            )
        ],
    )


def outages(connection: Connection, scope: Scope) -> Section:
    """Planned works that began in the period, and how many were announced 72 hours before; faults beside."""
    first, end = scope.period.bounds
    wanted = select(
        Outage.operator_id, Outage.kind, Outage.announced_at, Outage.starts_at, Outage.restored_at
    ).where(
        Outage.starts_at >= first,
        Outage.starts_at < end,
        Outage.withdrawn_at.is_(None),
        *scope.own(Outage.operator_id),
    )
    counted = {one.id: [0] * 4 for one in scope.of_operators}
    for row in connection.execute(wanted):
        cells = counted[row.operator_id]
        if row.kind == Kind.PLANNED:
            cells[0] += 1
            cells[1] += row.starts_at - row.announced_at >= LEAST_NOTICE
        else:
            cells[2] += 1
            cells[3] += row.restored_at is not None
    rows: list[list[Any]] = [
        [scope.name(one.id), planned, told, [told, planned], faults, restored]
        for one in scope.of_operators
        for planned, told, faults, restored in [counted[one.id]]
    ]
    planned, told, faults, restored = (sum(cells[place] for cells in counted.values()) for place in range(4))
    hours = int(LEAST_NOTICE.total_seconds()) // 3600
    return Section(
        "outages",
        words("网络中断公告", "Outages announced"),
        said=[
            words(
                f"计划中断应提前 {hours} 小时公告；突发故障不适用，只列数量和已登记恢复的数量。撤销的不计。",
                f"Planned works are announced {hours} hours before; faults cannot be, and are only counted."
                " What was withdrawn is left out.",
            )
        ],
        tables=[
            Table(
                "notice",
                words("报告期内开始的中断", "Outages that began in the period"),
                [
                    text_column("operator", "运营商", "operator"),
                    count_column("planned", "计划中断", "planned"),
                    count_column("told", f"提前{hours}小时公告", f"announced {hours} h before"),
                    share_column("share", "按时公告率", "in time"),
                    count_column("faults", "突发故障", "faults"),
                    count_column("restored", "其中已恢复", "of these restored"),
                ],
                rows,
                [words("合计", "total"), planned, told, [told, planned], faults, restored]
                if scope.is_city
                else None,
            )
        ],
    )
