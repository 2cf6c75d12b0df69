"""按时率: gross and net beside each other, split, and what net leaves out, by reason and by approver."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from tracker.excuses.removed import removed_by_approver
from tracker.figures.on_time import on_time_figures
from tracker.figures.rules import WITHDRAWN, Counts
from tracker.orders.rules import REASONS
from tracker.reports import rules
from tracker.reports.about import CHANNEL_KINDS, CUSTOMER_KINDS, Scope
from tracker.reports.cause_words import CAUSE_WORDS
from tracker.reports.document import (
    Column,
    Section,
    Table,
    Words,
    count_column,
    rate_column,
    same,
    share_column,
    text_column,
    words,
)

_AREAS = {False: words("城镇", "urban"), True: words("农村", "rural")}
_CUSTOMER_WORDS = words("用户", "customer")
_NO_PERSON = {
    "console": words("管理员（控制台）", "administrator (console)"),
    "system": words("系统", "system"),
}
WITHDRAWN_WORDS = words("用户撤单", "withdrawn by the customer")


def on_time(connection: Connection, scope: Scope) -> Section:
    """The section; whatever has no order in the period stands there with 0."""

    def split_by(split: Any) -> Mapping[Any, Counts]:
        return on_time_figures(connection, scope.asked(split), scope.now)

    whole = split_by("").get("", Counts())
    tables = [_periods(connection, scope, whole)]
    if scope.is_city:
        tables.append(_operators(scope, split_by("operator_id"), whole))
    tables += [
        _counties(scope, split_by("county"), whole),
        _parts(scope, split_by("customer_kind"), split_by("rural"), split_by("channel_id")),
        _removed(whole),
        _excused(connection, scope),
    ]
    return Section(
        "on_time",
        words("按时率", "On-time rate"),
        said=[
            words(
                "毛按时率不剔除任何工单；净按时率按现行承诺期限计算，剔除的工单逐项列出。两者同时列示，口径见附录。",
                "Gross leaves nothing out; net goes by the promise as it stands, and lists whatever it leaves"
                " out. Both always stand together; the method is in the appendix.",
            )
        ],
        tables=tables,
    )


def rates(counts: Counts) -> list[Any]:
    """What is told of counts, in the columns of `RATE_COLUMNS`."""
    return [
        counts.due,
        counts.on_time,
        [counts.on_time, counts.due],
        counts.net_due,
        counts.net_on_time,
        [counts.net_on_time, counts.net_due],
        sum(counts.removed.values()),
    ]


RATE_COLUMNS = (
    count_column("due", "到期工单", "due"),
    count_column("on_time", "其中按时", "on time"),
    rate_column("gross", "毛按时率", "gross rate"),
    count_column("net_due", "净口径工单", "due, net"),
    count_column("net_on_time", "其中按时", "on time"),
    rate_column("net", "净按时率", "net rate"),
    count_column("removed", "剔除", "left out"),
)


def _table(code: str, title: Words, first: Iterable[Column], rows: Any, whole: Counts | None) -> Table:
    columns = [*first, *RATE_COLUMNS]
    names = len(columns) - len(RATE_COLUMNS)
    below = None if whole is None else [words("合计", "total"), *[None] * (names - 1), *rates(whole)]
    return Table(code, title, columns, rows, below)


def _periods(connection: Connection, scope: Scope, whole: Counts) -> Table:
    """This half-year beside the one before it."""
    before = rules.half_before(scope.period)
    earlier = replace(scope, period=before)
    told = on_time_figures(connection, earlier.asked(), scope.now).get("", Counts())
    return _table(
        "overall",
        words("总体按时率及与上一半年度对比", "Overall, beside the half-year before"),
        [text_column("period", "时期", "period")],
        [
            [words("本报告期", "this half-year"), *rates(whole)],
            [words("上一半年度", "the one before"), *rates(told)],
        ],
        None,
    )


def _operators(scope: Scope, found: Mapping[Any, Counts], whole: Counts) -> Table:
    rows = [[scope.name(one.id), *rates(found.get(one.id, Counts()))] for one in scope.of_operators]
    return _table(
        "operators",
        words("分运营商的按时率", "By operator"),
        [text_column("operator", "运营商", "operator")],
        rows,
        whole,
    )


def _counties(scope: Scope, found: Mapping[Any, Counts], whole: Counts) -> Table:
    rows = [[scope.county_name(county), *rates(found.get(county, Counts()))] for county in scope.counties]
    return _table(
        "counties",
        words("分县（市、区）的按时率", "By county"),
        [text_column("county", "县（市、区）", "county")],
        rows,
        whole,
    )


def _parts(
    scope: Scope,
    of_kinds: Mapping[Any, Counts],
    of_areas: Mapping[Any, Counts],
    of_channels: Mapping[Any, Counts],
) -> Table:
    by_channel: dict[str, Counts] = {}
    for channel_id, counts in of_channels.items():
        kind = scope.channel_kinds[channel_id]
        by_channel[kind] = by_channel.get(kind, Counts()) + counts
    parts = (
        (words("客户类型", "customer"), CUSTOMER_KINDS, of_kinds),
        (words("地域", "area"), _AREAS, of_areas),
        (words("渠道", "channel"), CHANNEL_KINDS, by_channel),
    )
    rows = [
        [by, said, *rates(found.get(key, Counts()))]
        for by, names, found in parts
        for key, said in names.items()
    ]
    return _table(
        "parts",
        words("分客户类型、地域和渠道的按时率", "By kind of customer, area and channel"),
        [text_column("by", "维度", "by"), text_column("part", "类别", "part")],
        rows,
        None,
    )


def _removed(whole: Counts) -> Table:
    rows = sorted(whole.removed.items(), key=lambda one: (-one[1], one[0]))
    left_out = sum(whole.removed.values())
    of = whole.net_due + left_out
    return Table(
        "removed",
        words("净按时率剔除的工单，按原因", "What the net rate leaves out, by reason"),
        [
            text_column("reason", "原因", "reason"),
            text_column("cause", "责任归属", "whose doing"),
            count_column("removed", "剔除工单", "left out"),
            share_column("share", "占现行期限到期工单", "of those due"),
        ],
        [[reason_words(code), _cause(code), count, [count, of]] for code, count in rows],
        [words("合计", "total"), None, left_out, [left_out, of]],
        empty=words("报告期内没有剔除工单。", "Nothing was left out."),
    )


def _excused(connection: Connection, scope: Scope) -> Table:
    orders: Counter[tuple[str, int, str]] = Counter()
    for operator in scope.of_operators:
        for line in removed_by_approver(connection, operator.id, scope.days, scope.now):
            by = "" if scope.is_city else _approving(line.approver)
            orders[line.reason_code, operator.id, by] += line.orders
    return Table(
        "excused",
        words("免责延误，按原因和运营商", "Excused delays, by reason and operator")
        if scope.is_city
        else words("免责延误，按原因和批准人", "Excused delays, by reason and by who approved them"),
        [
            text_column("reason", "原因", "reason"),
            *([text_column("operator", "运营商", "operator")] if scope.is_city else []),
            *([] if scope.is_city else [text_column("approver", "批准人（账号）", "approved by (account)")]),
            count_column("orders", "工单", "orders"),
        ],
        [
            [reason_words(reason), _approver(scope, of, by) if by else scope.name(of), count]
            for (reason, of, by), count in orders.most_common()
        ],
        [words("合计", "total"), None, orders.total()],
        empty=words("报告期内没有免责延误。", "No delay was excused."),
    )


def reason_words(code: str) -> Words:
    """A reason, or that the customer withdrew."""
    if code == WITHDRAWN:
        return WITHDRAWN_WORDS
    return words(REASONS[code].zh, REASONS[code].en)


def _approving(actor: str) -> str:
    """The one whose approvals make a line: whatever was called at the console, it is the console's."""
    kind = actor.partition(":")[0]
    return kind if kind in _NO_PERSON else actor


def _approver(scope: Scope, operator_id: int, actor: str) -> Words:
    """Whoever approved excuses: people by account, which alone reads the same in both languages."""
    kind, _, name = actor.partition(":")
    if kind == "channel":
        called = scope.channel_names.get((operator_id, name), name)
        return words(f"渠道：{called}", f"channel: {called}")
    return _NO_PERSON.get(kind) or same(name or kind)


def _cause(code: str) -> Words:
    return _CUSTOMER_WORDS if code == WITHDRAWN else CAUSE_WORDS[REASONS[code].cause]
