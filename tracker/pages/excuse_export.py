"""The list of excuses as a file, by the filters that the page stands at, and what its columns mean."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import request, url_for
from flask_babel import gettext
from sqlalchemy import Row

from tracker import clock
from tracker.db import Database
from tracker.excuses.queries import Wanted, decided_by_person, excuses_below
from tracker.files.cells import instant_cell
from tracker.pages.access import open_to, operator_of, runtime
from tracker.pages.approvals import STATE_WORDS
from tracker.pages.excuses import wanted_of
from tracker.pages.list_files import list_file
from tracker.pages.order_frame import people_of, reasons
from tracker.pages.signing_in import blueprint, signed_in

_WIDTHS = (10, 18, 10, 16, 40, 20, 20, 12, 30, 10, 14, 20, 14, 20, 40)
_APPROVER_WIDTHS = (14, 16, 10, 10, 10, 12)
_AT_ONCE = 1000
_HOUR = timedelta(hours=1)

Cells = tuple[str | int | float, ...]


@blueprint.get("/excuses.<any(csv, xlsx):form>")
@open_to("manager")
def excuses_file(form: str) -> Any:
    """What the list shows, all pages of it; the evidence itself is not in it."""
    person = signed_in()
    wanted, _ = wanted_of(person)
    cells = _cells(people_of(person).name)
    pages = _pages(runtime().db, operator_of(person), wanted, clock.now(), cells)
    return list_file(
        form,
        "excuses",
        gettext("免责审批"),
        _head(),
        _WIDTHS,
        pages,
        too_many="excuse.too_many_rows",
        definitions=(gettext("指标定义"), _definitions()),
        back=url_for("staff.excuses", **request.args.to_dict()),
    )


@blueprint.get("/excuses/approvers.<any(csv, xlsx):form>")
@open_to("manager")
def excuse_approvers_file(form: str) -> Any:
    """Who decided what, a line for each of their reasons."""
    person = signed_in()
    wanted, _ = wanted_of(person)
    with runtime().db.reading() as connection:
        decided = decided_by_person(connection, operator_of(person), wanted, clock.now())
    who, why = people_of(person).name, reasons()
    lines = [
        (who(label), why[code], one.approved, one.refused, one.orders, round(one.length / _HOUR, 2))
        for label, theirs in decided.items()
        for code, one in theirs.items()
    ]
    return list_file(
        form,
        "excuses-by-approver",
        gettext("按审批人"),
        (
            gettext("审批人"),
            gettext("原因"),
            gettext("已同意"),
            gettext("已驳回"),
            gettext("剔除工单"),
            gettext("延误小时"),
        ),
        _APPROVER_WIDTHS,
        [lines],
        too_many="excuse.too_many_rows",
        definitions=(gettext("指标定义"), [*_definitions(), (gettext("剔除工单"), _removed_words())]),
        back=url_for("staff.excuses", **request.args.to_dict()),
    )


def _removed_words() -> str:
    return gettext("净按时率因这些免责不计入的工单；一张工单有几次免责的，算在最后一次上。")


def _head() -> tuple[str, ...]:
    return (
        gettext("申请编号"),
        gettext("订单号"),
        gettext("状态"),
        gettext("原因"),
        gettext("说明"),
        gettext("延误开始"),
        gettext("延误结束"),
        gettext("延误小时"),
        gettext("依据编号"),
        gettext("附件数"),
        gettext("申请人"),
        gettext("申请时间"),
        gettext("审批人"),
        gettext("审批时间"),
        gettext("审批意见"),
    )


def _definitions() -> list[tuple[str, str]]:
    return [
        (
            gettext("免责"),
            gettext("第三方或不可抗力造成的延误，有依据，并经申请人以外的另一位经理同意。承诺期限不变。"),
        ),
        (gettext("净按时率"), gettext("超时且有已同意免责的工单，从分母中剔除；毛按时率不受影响。")),
        (gettext("延误小时"), gettext("申请写明的延误开始到结束；与超时重叠的部分不计违约天数。")),
        (gettext("审批人"), gettext("同意或驳回的经理；申请人撤回的，为申请人本人。")),
    ]


def _cells(name: Callable[[str], str]) -> Callable[[Row[Any]], Cells]:
    """Makes the cells of a row; words are looked up now, because rows are made after the request."""
    states = {state: gettext(word) for state, word in STATE_WORDS.items()}
    why = reasons()
    names: dict[str, str] = {}
    console, system = gettext("控制台"), gettext("系统")

    def who(label: str | None) -> str:
        if label is None:
            return ""
        if label not in names:
            names[label] = _name(label, name, console, system)
        return names[label]

    def cells(row: Row[Any]) -> Cells:
        return (
            row.id,
            row.number,
            states[row.state],
            why[row.reason_code],
            row.reason_text or "",
            instant_cell(row.starts_at),
            instant_cell(row.ends_at),
            round((row.ends_at - row.starts_at) / _HOUR, 2),
            row.evidence or "",
            row.files,
            who(row.asked_by),
            instant_cell(row.asked_at),
            who(row.decided_by),
            instant_cell(row.decided_at),
            row.words or "",
        )

    return cells


def _name(label: str, name: Callable[[str], str], console: str, system: str) -> str:
    """Somebody's name, outside of a request too, where nothing is translated any more."""
    if label.startswith("console:"):
        return console
    return system if label == "system" else name(label)


def _pages(
    db: Database, operator_id: int, wanted: Wanted, now: datetime, cells: Callable[[Row[Any]], Cells]
) -> Iterator[list[Cells]]:
    before: int | None = None
    while True:
        with db.reading() as connection:
            rows = excuses_below(connection, operator_id, wanted, now, limit=_AT_ONCE, before_id=before)
        yield [cells(row) for row in rows]
        if len(rows) < _AT_ONCE:
            return
        before = rows[-1].id
