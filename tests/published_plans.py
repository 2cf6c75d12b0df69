"""Plans and announced changes that a test publishes beside the seeded ones, and takes away afterwards."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, text, update

from tracker.db import Database
from tracker.staff.models import Operator
from tracker.tariffs.models import Plan, TariffChange

# Long before any day on which a test may run.
PUBLISHED_AT = datetime(2023, 12, 1, 2, tzinfo=UTC)

_PATIENCE = 20.0

_PLAN: dict[str, Any] = {
    "filing_number": "24GD190001",
    "region": "441800",
    "state": "published",
    "audience": "home",
    "kind": "套餐",
    "product": "broadband",
    "name": "测试套餐",
    "name_en": "Test plan",
    "monthly_fen": 12900,
    "installation_fen": 10000,
    "commissioning_fen": 0,
    "download_mbps": 800,
    "upload_mbps": 80,
    "services": "800M宽带；IPTV 1路",
    "services_en": "800 Mbit/s broadband; one IPTV",
    "restrictions": "合约期24个月",
    "restrictions_en": "24-month term",
    "on_sale_from": date(2024, 1, 1),
    "published_at": PUBLISHED_AT,
}


def becomes(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold while word of a change goes round.

    Asked less and less often: what is asked may be limited to so many times a minute.
    """
    end, pause = time.monotonic() + _PATIENCE, 0.005
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(2 * pause, 2)
    return True


class Publisher:
    """Writes rows as the owner of the schema, as the use cases would leave them."""

    def __init__(self, owner_url: str) -> None:
        self._db = Database(owner_url)
        self._plans: list[int] = []
        self._changes: list[int] = []

    def operator_id(self, code: str) -> int:
        """The operator with this code."""
        with self._db.reading() as connection:
            return int(connection.scalar(select(Operator.id).where(Operator.code == code)))

    def plan(self, operator: str = "telecom", **changes: Any) -> int:
        """Publish a version; returns its id."""
        values = _PLAN | {"operator_id": self.operator_id(operator)} | changes
        with self._db.transaction() as connection:
            added = int(connection.scalar(insert(Plan).returning(Plan.id), values))
        self._plans.append(added)
        return added

    def announce(self, kind: str, plan_id: int | None, effective_on: date, **changes: Any) -> int:
        """Announce a change of the plan that _PLAN names; returns its id."""
        values = {
            "operator_id": self.operator_id("telecom"),
            "kind": kind,
            "filing_number": _PLAN["filing_number"],
            "region": _PLAN["region"],
            "plan_id": plan_id,
            "effective_on": effective_on,
            "latest_notice_on": effective_on,
            "warn_from": effective_on,
            "reason": "成本上升",
            "state": "announced",
            "announced_at": datetime(2026, 11, 15, 2, tzinfo=UTC),
            "announced_by": "staff:wang.min",
        } | changes
        with self._db.transaction() as connection:
            added = int(connection.scalar(insert(TariffChange).returning(TariffChange.id), values))
        self._changes.append(added)
        return added

    def withdraw_plan(self, plan_id: int, last_day: date, at: datetime = PUBLISHED_AT) -> None:
        """Take a version off sale after its last day."""
        self._write(
            update(Plan)
            .where(Plan.id == plan_id)
            .values(state="withdrawn", on_sale_to=last_day, withdrawn_at=at, revision=Plan.revision + 1)
        )

    def withdraw_change(self, change_id: int, at: datetime) -> None:
        """Take an announcement back."""
        self._write(
            update(TariffChange)
            .where(TariffChange.id == change_id)
            .values(state="withdrawn", withdrawn_at=at, withdrawn_by="staff:wang.min")
        )

    def execute(self, sql: str, **values: Any) -> Any:
        """Any other statement, as the owner; the first value of its first row."""
        with self._db.transaction() as connection:
            result = connection.execute(text(sql), values)
            return result.scalar() if result.returns_rows else None

    @contextmanager
    def undecided(self, sql: str, **values: Any) -> Iterator[None]:
        """A statement of a transaction that is open, and comes to nothing."""
        with self._db.engine.connect() as connection:
            connection.execute(text(sql), values)
            yield
            connection.rollback()

    def take_away(self) -> None:
        """Leave nothing of it behind."""
        # In one statement: a version and its change name each other.
        gone = delete(Plan).where(Plan.id.in_(self._plans)).returning(Plan.id).cte("gone")
        self._write(delete(TariffChange).where(TariffChange.id.in_(self._changes)).add_cte(gone))
        self._db.dispose()

    def _write(self, statement: Any) -> None:
        with self._db.transaction() as connection:
            connection.execute(statement)
