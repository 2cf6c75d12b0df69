"""Half-year reports that a test lets managers of two operators and the regulator make, on a fixed morning."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, create_engine, select, text
from sqlalchemy.pool import NullPool

from tests.backdated_orders import Backdated
from tracker.clock import CITY_ZONE
from tracker.figures.rules import Period, PeriodKind
from tracker.reports.about import counties_of
from tracker.reports.ask_build import begin_report, build_anew, correct_report
from tracker.reports.author import Author
from tracker.reports.build_reports import build_reports
from tracker.reports.models import HalfYearReport, HalfYearReportEvent
from tracker.reports.record_self_check import SelfCheck, record_self_check
from tracker.reports.review_report import offer_report, review_report, submit_report
from tracker.runtime import Runtime

# A Tuesday; the first half of the year is settled, the second goes on.
NOW = datetime(2026, 11, 24, 8, 40, tzinfo=CITY_ZONE)
FIRST_HALF = Period(PeriodKind.HALF, date(2026, 1, 1))
SECOND_HALF = Period(PeriodKind.HALF, date(2026, 7, 1))

# Names that are markup, code or formulas where somebody does not look out.
DEALERS = ("清城金桥通信", "英德联营", "#let x = panic() *粗* <b>&\"'=1+1", "=HYPERLINK(1)")

WANG = Author(1, "staff:wang.min")
LI = Author(1, "staff:li.hua")
STRANGER = Author(2, "staff:stranger")
REGULATOR = Author(None, "staff:regulator")
COLLEAGUE = Author(None, "staff:colleague")


@dataclass
class Office:
    """Where reports are made."""

    runtime: Runtime
    owner_url: str

    def orders(
        self, pattern: str, count: int, *, operator_id: int = 1, seed: int = 1, **columns: Any
    ) -> None:
        """So many orders of the first half, most of them connected in time; `columns` as they are stored."""
        dice = random.Random(seed)
        engine = create_engine(self.owner_url, poolclass=NullPool)
        with engine.begin() as connection:
            for _ in range(count):
                accepted_at = datetime(2026, dice.randint(1, 6), dice.randint(1, 25), 9, 30, tzinfo=CITY_ZONE)
                order = Backdated(connection, pattern, operator_id, {"accepted_at": accepted_at})
                order.promise(accepted_at + timedelta(days=2))
                order.event("accepted", "accepted", accepted_at)
                self._end(order, accepted_at, dice)
                self.change(connection, order.id, **columns)
        engine.dispose()

    def _end(self, order: Backdated, accepted_at: datetime, dice: random.Random) -> None:
        match dice.choices(("kept", "late", "excused", "withdrawn", "returned"), (70, 8, 8, 7, 7))[0]:
            case "withdrawn":
                order.event("stage", "withdrawn", accepted_at + timedelta(hours=4), reason="no_longer_wanted")
            case "returned":
                order.event("stage", "returned", accepted_at + timedelta(hours=30), reason="line_missing")
            case how:
                visit_at = accepted_at + timedelta(hours=dice.randint(20, 40) + (how != "kept") * 60)
                visit = (visit_at, visit_at + timedelta(hours=2))
                order.event("stage", "appointed", accepted_at + timedelta(hours=2), visit=visit)
                order.event("stage", "on_site", visit_at + timedelta(minutes=30))
                order.event("stage", "activated", visit_at + timedelta(hours=1))
                order.event("stage", "completed", visit_at + timedelta(hours=1))
                if how == "excused":
                    order.line(
                        "excuse", accepted_at + timedelta(days=2), dice.choice(["roadworks", "weather"])
                    )
                    order.event("excuse", "completed", visit_at + timedelta(hours=3))

    @staticmethod
    def change(connection: Connection, order_id: int, **columns: Any) -> None:
        """Set columns of an order, past every rule."""
        if columns:
            wanted = ", ".join(f"{name} = :{name}" for name in columns)
            connection.execute(
                text(f"UPDATE orders SET {wanted} WHERE id = :id"), {"id": order_id, **columns}
            )

    def execute(self, statement: str, **given: Any) -> None:
        """Do something that no use case does."""
        engine = create_engine(self.owner_url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text(statement), given)
        engine.dispose()

    @property
    def counties(self) -> dict[str, str]:
        """The eight counties."""
        with self.runtime.db.reading() as connection:
            return counties_of(connection)

    def check_all(self, author: Author = WANG, half: Period = FIRST_HALF, but: Iterable[str] = ()) -> None:
        """A self-check in every county but these."""
        for county in self.counties:
            if county not in but:
                self.check(county, author, half)

    def check(
        self, county: str, author: Author = WANG, half: Period = FIRST_HALF, *, seen: int = 0, **said: Any
    ) -> None:
        """A self-check."""
        words = {"checked_by": "市场部", "findings": "未发现问题", "measures": "继续保持"}
        entry = SelfCheck(**({"checked_on": date(2026, 6, 20), **words} | said))
        if half == SECOND_HALF and "checked_on" not in said:
            entry = SelfCheck(date(2026, 11, 2), entry.checked_by, entry.findings, entry.measures)
        record_self_check(self.runtime, author, half, county, entry, seen=seen)

    def built(self, author: Author = WANG, half: Period = FIRST_HALF) -> int:
        """The id of a report that was built."""
        report_id = begin_report(self.runtime, author, half)
        build_reports(self.runtime)
        return report_id

    def rebuilt(self, report_id: int, author: Author = WANG) -> None:
        """Built anew."""
        build_anew(self.runtime, author, report_id, self.row(report_id).version)
        build_reports(self.runtime)

    def offer(self, report_id: int, author: Author = WANG) -> None:
        """Offered for review."""
        offer_report(self.runtime, author, report_id, self.row(report_id).version)

    def review(
        self, report_id: int, author: Author = LI, *, approve: bool = True, remarks: str | None = None
    ) -> None:
        """Reviewed."""
        version = self.row(report_id).version
        review_report(self.runtime, author, report_id, version, approve=approve, remarks=remarks)

    def submit(self, report_id: int, author: Author = WANG) -> None:
        """Submitted."""
        submit_report(self.runtime, author, report_id, self.row(report_id).version)

    def submitted(self, author: Author = WANG, other: Author = LI, half: Period = FIRST_HALF) -> int:
        """The id of a report that was submitted, with all self-checks."""
        if author.operator_id is not None:
            self.check_all(author, half)
        report_id = self.built(author, half)
        self.offer(report_id, author)
        self.review(report_id, other)
        self.submit(report_id, author)
        return report_id

    def corrected(self, reason: str, author: Author = WANG, half: Period = FIRST_HALF) -> int:
        """The id of a correction that was built."""
        report_id = correct_report(self.runtime, author, half, reason)
        build_reports(self.runtime)
        return report_id

    def row(self, report_id: int) -> Row[Any]:
        """A report as it is stored."""
        with self.runtime.db.reading() as connection:
            return connection.execute(
                select(HalfYearReport.__table__).where(HalfYearReport.id == report_id)
            ).one()

    def events(self, report_id: int) -> list[tuple[str, str]]:
        """What was done about it, and by whom."""
        with self.runtime.db.reading() as connection:
            return [
                (row.kind, row.actor)
                for row in connection.execute(
                    select(HalfYearReportEvent.kind, HalfYearReportEvent.actor)
                    .where(HalfYearReportEvent.report_id == report_id)
                    .order_by(HalfYearReportEvent.version)
                )
            ]

    def table(self, report_id: int, section: str, table: str) -> list[dict[str, Any]]:
        """The rows of a table in the stored content, each by the codes of its columns; the total last."""
        content = json.loads(self.row(report_id).content)
        found = next(
            one
            for part in content["sections"]
            if part["code"] == section
            for one in part["tables"]
            if one["code"] == table
        )
        codes = [column["code"] for column in found["columns"]]
        rows = [*found["rows"], *([found["total"]] if found["total"] is not None else [])]
        return [dict(zip(codes, row, strict=True)) for row in rows]
