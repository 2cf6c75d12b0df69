"""Outages that a test announces through the real use cases, on a fixed morning."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from tracker.clock import CITY_ZONE
from tracker.db import Database
from tracker.outages.announce_outage import announce_outage
from tracker.outages.change_outage import change_outage
from tracker.outages.models import Outage, OutageEvent
from tracker.outages.record_recovery import record_recovery
from tracker.outages.schemas import OutageSchema, as_requested
from tracker.outages.withdraw_outage import withdraw_outage

# A Tuesday.
NOW = datetime(2026, 11, 24, 8, 40, tzinfo=CITY_ZONE)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

CITY, QINGCHENG, FENGCHENG, GAOJILI = "441800", "441802", "441802006", "441802006001"
QINGXIN = "441803"

MANAGER = "staff:wang.min"

# For a field that is not sent at all.
LEFT_OUT = object()


def on(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 in the city."""
    return datetime(2026, 11, day, hour, minute, tzinfo=CITY_ZONE)


def outage_json(**changes: Any) -> dict[str, Any]:
    """Planned work in a town on Saturday night, four days ahead; moments may be given as such."""
    body = {
        "kind": "planned",
        "area": [FENGCHENG],
        "starts_at": on(28, 0),
        "ends_at": on(28, 6),
        "services": ["broadband", "iptv"],
        "reason": "光缆割接",
        "reason_en": "fibre works",
    } | changes
    return {
        name: one.isoformat() if isinstance(one, datetime) else one
        for name, one in body.items()
        if one is not LEFT_OUT
    }


def fault_json(**changes: Any) -> dict[str, Any]:
    """A fault of an hour ago, whose end nobody knows."""
    fault = {"kind": "emergency", "starts_at": NOW - HOUR, "ends_at": None, "area": [GAOJILI]}
    return outage_json(**{**fault, "reason": "光缆被挖断", "reason_en": "cable cut", **changes})


@dataclass
class Announcer:
    """Announces and changes an operator's outages."""

    db: Database
    operator_id: int

    def announce(self, **changes: Any) -> int:
        """Announce planned work."""
        return announce_outage(
            self.db, self.operator_id, OutageSchema().load(outage_json(**changes)), MANAGER
        )

    def fault(self, **changes: Any) -> int:
        """Announce a fault."""
        return announce_outage(self.db, self.operator_id, OutageSchema().load(fault_json(**changes)), MANAGER)

    def change(self, outage_id: int, *, revision: int | None = None, **changes: Any) -> None:
        """Change what is said of an outage."""
        row = self.row(outage_id)
        request = as_requested(row) | {"override_reason": None} | changes
        change_outage(
            self.db,
            self.operator_id,
            outage_id,
            row.revision if revision is None else revision,
            request,
            "施工队改期",
            MANAGER,
        )

    def withdraw(self, outage_id: int, *, revision: int | None = None) -> None:
        """Take it back."""
        wanted = self.row(outage_id).revision if revision is None else revision
        withdraw_outage(self.db, self.operator_id, outage_id, wanted, "不做了", MANAGER)

    def restore(self, outage_id: int, at: datetime, *, revision: int | None = None) -> None:
        """Record that service is back."""
        wanted = self.row(outage_id).revision if revision is None else revision
        record_recovery(self.db, self.operator_id, outage_id, wanted, at, MANAGER)

    def row(self, outage_id: int) -> Row[Any]:
        """What is stored of it."""
        with self.db.reading() as connection:
            return connection.execute(select(Outage.__table__).where(Outage.id == outage_id)).one()

    def count(self) -> int:
        """How many are stored."""
        with self.db.reading() as connection:
            return len(connection.execute(select(Outage.id)).all())

    def events(self, outage_id: int) -> list[Row[Any]]:
        """Its history, the first event first."""
        wanted = select(OutageEvent.__table__).where(OutageEvent.outage_id == outage_id)
        with self.db.reading() as connection:
            return list(connection.execute(wanted.order_by(OutageEvent.id)))
