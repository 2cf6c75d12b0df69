"""The compensation ledger, and what is running up, as files by the filters that the page stands at."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import request, url_for
from flask_babel import gettext
from sqlalchemy import Row

from tracker import clock
from tracker.compensation.queries import Wanted, compensations_below
from tracker.compensation.rules import covered, left_out_of
from tracker.compensation.running import Running, running
from tracker.db import Database
from tracker.files.cells import instant_cell
from tracker.files.giving import List
from tracker.pages.access import open_to, operator_of, runtime
from tracker.pages.compensation import wanted_of
from tracker.pages.compensation_words import METHOD_WORDS, STATE_WORDS
from tracker.pages.list_files import list_file
from tracker.pages.signing_in import blueprint, signed_in

_WIDTHS = (18, 10, 10, 20, 20, 12, 12, 10, 8, 12, 12, 12, 14, 20, 14)
_RUNNING_WIDTHS = (18, 10, 20, 20, 12, 12, 10, 8, 12, 12)
_AT_ONCE = 1000
_HOUR = timedelta(hours=1)

Cells = tuple[str | int | float, ...]


@blueprint.get("/compensation.<any(csv, xlsx):form>")
@open_to("manager")
def compensation_file(form: str) -> Any:
    """What the list shows, all pages of it; what is running up has a sheet of its own."""
    person = signed_in()
    wanted, _ = wanted_of()
    pages = _pages(runtime().db, operator_of(person), wanted, _cells())
    return list_file(
        form,
        "compensation",
        gettext("补偿台账"),
        _head(),
        _WIDTHS,
        pages,
        too_many="compensation.too_many_rows",
        also=[_running(operator_of(person), wanted)] if form == "xlsx" else (),
        definitions=(gettext("指标定义"), _definitions()),
        back=url_for("staff.compensation", **request.args.to_dict()),
    )


@blueprint.get("/compensation/running.<any(csv, xlsx):form>")
@open_to("manager")
def compensation_running_file(form: str) -> Any:
    """Every order that is late and not connected, in the county that the page is narrowed to."""
    wanted, _ = wanted_of()
    listed = _running(operator_of(signed_in()), wanted)
    return list_file(
        form,
        "compensation-running",
        listed.title,
        listed.head,
        listed.widths,
        listed.pages,
        too_many="compensation.too_many_rows",
        definitions=(gettext("指标定义"), _definitions()),
        back=url_for("staff.compensation", **request.args.to_dict()),
    )


def _running(operator_id: int, wanted: Wanted) -> List:
    """What is running up now, whatever day of connection or state the ledger is narrowed to."""
    counties = runtime().reference.current().counties
    with runtime().db.reading() as connection:
        going = list(running(connection, operator_id, clock.now(), county=wanted.county))
    head = (
        gettext("订单号"),
        gettext("县（市、区）"),
        gettext("承诺期限"),
        gettext("截至"),
        gettext("超时小时"),
        gettext("扣除小时"),
        gettext("违约天数"),
        gettext("每日比例"),
        gettext("收取的安装、调测费用（元）"),
        gettext("到现在（元）"),
    )
    rows = [_running_cells(one, counties.get(one.community_code[:6], "")) for one in going]
    return List(gettext("正在累计"), head, _RUNNING_WIDTHS, [rows])


def _running_cells(one: Running, county: str) -> Cells:
    working = one.working
    return (
        one.number,
        county,
        instant_cell(working.deadline),
        instant_cell(working.until),
        round(working.late / _HOUR, 2),
        round(covered(working.left_out) / _HOUR, 2),
        working.days,
        "1%",
        working.fee_fen / 100,
        working.amount_fen / 100,
    )


def _head() -> tuple[str, ...]:
    return (
        gettext("订单号"),
        gettext("县（市、区）"),
        gettext("状态"),
        gettext("承诺期限"),
        gettext("装通时间"),
        gettext("超时小时"),
        gettext("扣除小时"),
        gettext("违约天数"),
        gettext("每日比例"),
        gettext("收取的安装、调测费用（元）"),
        gettext("违约金（元）"),
        gettext("已付（元）"),
        gettext("付款方式"),
        gettext("付款凭证号"),
        gettext("付款日期"),
    )


def _definitions() -> list[tuple[str, str]]:
    return [
        (
            gettext("依据"),
            gettext(
                "《电信条例》第三十一条：因经营者原因逾期装机的，每日按收取的安装、调测费用（减去减免）的1%支付违约金。"
            ),
        ),
        (gettext("超时小时"), gettext("从承诺期限到装通；期限含缓装和核查后的重新承诺，另定的日期不算。")),
        (
            gettext("扣除小时"),
            gettext("已批准的免责延误和期限之后的缓装，只计落在超时时段内的部分，重叠的只计一次。"),
        ),
        (gettext("违约天数"), gettext("超时减去扣除，按24小时为一天，不足一天按一天计。")),
        (
            gettext("收取的安装、调测费用（元）"),
            gettext("安装费加调测费，减去减免，不论是否已付；免费装机为0，照样列出。"),
        ),
        (
            gettext("违约金（元）"),
            gettext("违约天数 × 1% × 收取的安装、调测费用，最后四舍五入到分。每次更正都另记一行，不改旧账。"),
        ),
        (
            gettext("正在累计"),
            gettext("已超时、尚未装通的工单算到导出时；装通后才核定，那时入账。"),
        ),
        (gettext("多付"), gettext("付款之后更正变少，已付多于应付。")),
    ]


def _cells() -> Callable[[Row[Any]], Cells]:
    """Makes the cells of a row; words are looked up now, because rows are made after the request."""
    states = {state: gettext(word) for state, word in STATE_WORDS.items()}
    methods = {method: gettext(word) for method, word in METHOD_WORDS.items()}
    counties = runtime().reference.current().counties

    def cells(row: Row[Any]) -> Cells:
        deadline, until = (datetime.fromisoformat(row.working[name]) for name in ("deadline", "until"))
        is_paid = row.paid_fen > 0
        return (
            row.order_number,
            counties.get(row.community_code[:6], ""),
            states[row.state],
            instant_cell(deadline),
            instant_cell(row.connected_at),
            round(max(until - deadline, timedelta(0)) / _HOUR, 2),
            round(covered(left_out_of(row.working)) / _HOUR, 2),
            row.days,
            "1%",
            row.fee_fen / 100,
            row.amount_fen / 100,
            row.paid_fen / 100,
            methods.get(row.paid_by, "") if is_paid else "",
            row.paid_as or "" if is_paid else "",
            row.paid_day.isoformat() if is_paid and row.paid_day else "",
        )

    return cells


def _pages(
    db: Database, operator_id: int, wanted: Wanted, cells: Callable[[Row[Any]], Cells]
) -> Iterator[list[Cells]]:
    before: int | None = None
    while True:
        with db.reading() as connection:
            rows = compensations_below(connection, operator_id, wanted, limit=_AT_ONCE, before_id=before)
        yield [cells(row) for row in rows]
        if len(rows) < _AT_ONCE:
            return
        before = rows[-1].id
