"""What the tests do with a plan of 清远电信's and its subscribers."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert, select, text, update

from tracker.clock import CITY_ZONE
from tracker.contacts.record_wish import PURPOSE
from tracker.notices.models import Notice
from tracker.runtime import Runtime
from tracker.subscribers.models import Subscriber
from tracker.tariff_changes.announce_change import announce_change
from tracker.tariff_changes.models import TariffWarning
from tracker.tariff_changes.schemas import ChangeRequestSchema

ACTOR = "staff:manager"
PLAN = "24GD100001"
REGION = "441800"


def in_city(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """An instant by the city's clocks."""
    return datetime(year, month, day, hour, minute, second, tzinfo=CITY_ZONE).astimezone(UTC)


@dataclass(frozen=True)
class City:
    """What the tests do with the plan and its subscribers."""

    run: Runtime
    operator_id: int
    plan_id: int

    def subscribe(self, count: int = 1, **values: Any) -> list[int]:
        """Subscriptions with numbers of their own, unless `phone` is given; returns their ids."""
        phone = values.pop("phone", None)
        takes_texts = values.pop("takes_texts", True)
        with self.run.db.transaction() as connection:
            begun = connection.scalar(text("SELECT coalesce(max(id), 0) FROM subscribers")) or 0
            rows = []
            for n in range(begun + 1, begun + count + 1):
                number = phone or f"+86138{n:08d}"
                rows.append(
                    {
                        "operator_id": self.operator_id,
                        "reference": f"KD{n:08d}",
                        "plan_id": self.plan_id,
                        "monthly_fen": 12900,
                        "language": "zh",
                        "contact": self.run.keys.seal(number, PURPOSE),
                        "contact_digest": self.run.keys.digest_of(PURPOSE, number),
                        "takes_texts": takes_texts,
                        "began_on": date(2025, 1, 1),
                        "source": "import",
                        "created_at": datetime(2025, 1, 1, tzinfo=UTC),
                        **values,
                    }
                )
            statement = insert(Subscriber).returning(Subscriber.id, sort_by_parameter_order=True)
            return list(connection.scalars(statement, rows))

    def announce(self, **request: Any) -> int:
        """Announce a change: by default, of the monthly fee from 129 to 139 yuan on 2027-01-01."""
        given = {
            "kind": "price",
            "filing_number": PLAN,
            "region": REGION,
            "reason": "网络升级",
        } | request
        if given["kind"] == "price":
            given = {"effective_on": "2027-01-01", "monthly_fen": 13900} | given
        loaded = ChangeRequestSchema().load(given)
        return announce_change(self.run, self.operator_id, loaded, ACTOR)

    def notices(self) -> list[Any]:
        """Every notice: of each change, warnings before corrections, in the order of subscribers."""
        wanted = (
            select(Notice.__table__)
            .outerjoin(TariffWarning, TariffWarning.notice_id == Notice.id)
            .order_by(
                TariffWarning.change_id, TariffWarning.kind.desc(), TariffWarning.subscriber_id, Notice.id
            )
        )
        with self.run.db.reading() as connection:
            return list({row.id: row for row in connection.execute(wanted)}.values())

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """What a question to the database finds."""
        with self.run.db.reading() as connection:
            return list(connection.execute(text(statement), values))

    def arrive(self, notice_id: int, at: datetime) -> None:
        """A receipt has said that the notice arrived."""
        with self.run.db.transaction() as connection:
            connection.execute(
                update(Notice)
                .where(Notice.id == notice_id)
                .values(state="delivered", attempts=1, accepted_at=at, delivered_at=at)
            )
