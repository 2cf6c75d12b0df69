"""Examples of half-year reports: of the last settled half one that was submitted, of the present one a draft.

The last half gets orders of its own for it, of its last month.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from tracker import clock
from tracker.demo import sample_history
from tracker.figures.publish_figures import publish_figures
from tracker.figures.rules import Period, halves_told
from tracker.orders.actor import Actor
from tracker.orders.import_orders import import_orders
from tracker.orders.models import Order
from tracker.reference import ChannelFacts
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


def fill(runtime: Runtime, folder: Path, say: Callable[[str], None]) -> None:
    """Take each operator's report to its submission, and the city's; harmless to repeat."""
    past, present = halves_told(clock.now())[-1], recent_halves(clock.today(), 1)[0]
    operators = sorted(runtime.reference.current().operators.values(), key=lambda one: one.id)
    begun = [one for one in operators if not _known(runtime, Author(one.id, _REVIEWER))]
    for operator in begun:
        if stored := _past_orders(runtime, folder, operator.id, operator.code, past):
            say(f"{operator.name}: {stored} example orders of the last half-year")
    if begun:
        publish_figures(runtime.db)
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


def _past_orders(runtime: Runtime, folder: Path, operator_id: int, code: str, half: Period) -> int:
    """Orders of the half's last month that came in at the hall, each led to its end; how many."""
    reference = runtime.reference.current()
    channel = _hall(runtime, operator_id)
    path = folder / f"sample-half-{half.starts_on:%y%m}-{code}.csv"
    if not path.exists():
        sample_history.write_month(path, reference, channel, half.months[-1])
    report = import_orders(runtime, channel, path)
    if report.stored:
        dice = random.Random(f"half {channel.id}")  # noqa: S311 - examples, the same each time
        with runtime.db.reading() as connection:
            orders = connection.execute(
                select(Order.number, Order.accepted_at)
                .where(Order.channel_id == channel.id, Order.accepted_at < half.bounds[1])
                .order_by(Order.id)
            ).all()
        for number, accepted_at in orders:
            # One commit for all that became of an order.
            with runtime.db.transaction():
                sample_history.end_order(dice, runtime, Actor.of_channel(channel), number, accepted_at)
    return report.stored


def _hall(runtime: Runtime, operator_id: int) -> ChannelFacts:
    found = runtime.reference.current().channels.values()
    return next(one for one in found if one.operator_id == operator_id and one.kind == "business_hall")


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
