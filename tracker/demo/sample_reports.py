"""Examples of half-year reports: of the last settled half one that was submitted, of the present one a draft.

What they tell of the last half is of the orders that `sample_history` gives it.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from tracker import clock
from tracker.figures.rules import Period, halves_told
from tracker.reports.about import counties_of
from tracker.reports.ask_build import begin_report
from tracker.reports.author import Author
from tracker.reports.build_reports import build_reports
from tracker.reports.queries import report_row, reports_of
from tracker.reports.record_self_check import SelfCheck, record_self_check
from tracker.reports.review_report import offer_report, review_report, submit_report
from tracker.reports.rules import recent_halves
from tracker.runtime import Runtime

_REVIEWER = "console:demo"
_FOUND = (
    ("未发现问题", "继续按月抽查"),
    ("两个代理网点未张贴收费公示", "已当场张贴，并列入下月复查"),
    ("三张工单首次联系超过两小时", "已调整派单班次，本月底前复核"),
    ("一处营业厅无障碍通道被占用", "已清理，由值班经理每日检查"),
)
_DRAFTED = 3


def fill(runtime: Runtime, say: Callable[[str], None]) -> None:
    """Take each operator's report to its submission, and the city's; harmless to repeat."""
    past, present = halves_told(clock.now())[-1], recent_halves(clock.today(), 1)[0]
    operators = sorted(runtime.reference.current().operators.values(), key=lambda one: one.id)
    begun = [one for one in operators if not _known(runtime, Author(one.id, _REVIEWER))]
    for operator in begun:
        manager = Author(operator.id, f"staff:{operator.code}.manager")
        _check_counties(runtime, manager, past)
        _submit(runtime, manager, past)
        _check_counties(runtime, manager, present, _DRAFTED)
        begin_report(runtime, manager, present)
        say(f"{operator.name}: a half-year report that was submitted, and a draft")
    regulator = Author(None, "staff:regulator")
    if not _known(runtime, regulator):
        _submit(runtime, regulator, past)
        say("the city's half-year report")
    build_reports(runtime)


def _known(runtime: Runtime, author: Author) -> bool:
    with runtime.db.reading() as connection:
        return bool(reports_of(connection, author))


def _check_counties(runtime: Runtime, author: Author, half: Period, count: int | None = None) -> None:
    with runtime.db.reading() as connection:
        counties = list(counties_of(connection))[:count]
    for place, (county, on) in enumerate(zip(counties, _days(half), strict=False)):
        findings, measures = _FOUND[place % len(_FOUND)]
        check = SelfCheck(on, "客户服务部", findings, measures)
        record_self_check(runtime, author, half, county, check, seen=0)


def _days(half: Period) -> Iterator[date]:
    """A day of the half for each county, none of them to come."""
    last = min(half.ends_on, clock.today())
    place = 0
    while True:
        yield max(half.starts_on, last - timedelta(days=3 * place))
        place += 1


def _submit(runtime: Runtime, author: Author, half: Period) -> None:
    report_id = begin_report(runtime, author, half)
    build_reports(runtime)

    def version() -> int:
        with runtime.db.reading() as connection:
            row = report_row(connection, author, report_id)
        if row is None:
            raise LookupError(f"report {report_id} is gone")
        return int(row.version)

    offer_report(runtime, author, report_id, version())
    reviewer = Author(author.operator_id, _REVIEWER)
    review_report(runtime, reviewer, report_id, version(), approve=True, remarks="数据与台账核对一致")
    submit_report(runtime, author, report_id, version())
