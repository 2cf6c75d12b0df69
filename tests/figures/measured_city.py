"""Orders whose measured histories go on at random, and a slow reader of the definitions."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from tests.backdated_orders import Backdated
from tracker import clock
from tracker.figures.measure_rules import OF_VISITS, Measures, Spread, Which
from tracker.figures.on_time import Asked, Stretch
from tracker.orders.models import Order
from tracker.orders.rules import MOVES, REASONS, Stage
from tracker.places.models import Division

NOW = datetime(2026, 8, 13, 15, 30, tzinfo=clock.CITY_ZONE)
TODAY = clock.local_date(NOW)
_TINY = timedelta(microseconds=1)


class What(Enum):
    """What an order adds to figures."""

    CONNECTED = "connected"
    FIRST_VISIT = "first_visit"
    RESPONDED = "responded"
    COMPLETED = "completed"
    RETURNED = "returned"
    VISIT_KEPT = "visit_kept"
    VISIT_MISSED = "visit_missed"
    OPEN = "open"


@dataclass(frozen=True)
class Step:
    """An event: a stage, another visit within one, and when."""

    kind: str
    stage: Stage
    at: datetime
    reason: str | None = None
    visit: tuple[datetime, datetime] | None = None


@dataclass
class Hold:
    """A hold of the ledger."""

    number: int
    recorded_at: datetime
    starts_at: datetime
    ends_at: datetime
    lifted_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether the order was held then, and that was known then."""
        ends_at = self.ends_at
        if self.lifted_at is not None:
            ends_at = min(ends_at, max(self.lifted_at, self.starts_at))
        return self.recorded_at <= at and self.starts_at <= at < ends_at


@dataclass
class Story:
    """All that became of an order."""

    id: int
    dimensions: Mapping[str, Any]
    steps: list[Step]
    holds: list[Hold] = field(default_factory=list)

    @property
    def accepted_at(self) -> datetime:
        """When it was accepted."""
        return self.steps[0].at

    def first(self, stage: Stage) -> datetime | None:
        """When it came to a stage first."""
        return min((one.at for one in self.steps if one.kind == "stage" and one.stage == stage), default=None)

    def visits(self) -> Iterable[tuple[datetime, bool]]:
        """When each visit ended that was to be kept, and whether it was."""
        for number, agreed in enumerate(self.steps):
            if agreed.visit is None:
                continue
            ends_at, kept, gone_at = agreed.visit[1], False, None
            for later in self.steps[number + 1 :]:
                if later.kind == "appointment" or (
                    later.kind == "stage"
                    and later.stage in (Stage.APPOINTED, Stage.DISPATCHED, Stage.WITHDRAWN, Stage.RETURNED)
                ):
                    gone_at = later.at
                    break
                if later.stage is Stage.ON_SITE and agreed.at <= later.at <= ends_at:
                    kept = True
            stood = gone_at is None or gone_at >= ends_at
            if kept or (stood and not any(hold.covers(ends_at) for hold in self.holds)):
                yield ends_at, kept

    def things(self) -> Iterable[tuple[What, datetime, Any]]:
        """What it adds to figures, when, and how long it took or why."""
        connected = self.first(Stage.ACTIVATED)
        returned = self.first(Stage.RETURNED)
        if connected is not None:
            yield What.CONNECTED, connected, connected - self.accepted_at
            if sum(one.stage is Stage.ON_SITE for one in self.steps if one.kind == "stage") == 1:
                yield What.FIRST_VISIT, connected, None
        responded = self.first(Stage.APPOINTED)
        if responded is not None:
            yield What.RESPONDED, responded, responded - self.accepted_at
        completed = self.first(Stage.COMPLETED)
        if completed is not None:
            yield What.COMPLETED, completed, None
        if returned is not None:
            reason = next(one.reason for one in self.steps if one.stage is Stage.RETURNED)
            yield What.RETURNED, returned, REASONS[reason or "other"].cause
        if not connected and not returned and not self.first(Stage.WITHDRAWN):
            yield What.OPEN, self.accepted_at, None
        for ends_at, kept in self.visits():
            yield What.VISIT_KEPT if kept else What.VISIT_MISSED, ends_at, None


class MeasuredCity:
    """Orders of two operators, at random; counties, kinds and dealers are drawn too."""

    def __init__(self, owner: Engine, pattern: str, seed: int) -> None:
        self._owner, self._pattern = owner, pattern
        self.drawn = random.Random(seed)
        with owner.connect() as connection:
            row = connection.execute(select(Order.__table__).where(Order.number == pattern)).one()
            codes = select(Division.code).where(func.length(Division.code) == 12).order_by(Division.code)
            every = connection.scalars(codes).all()
        self._places = every[:: len(every) // 5]
        # The pattern is an order itself.
        accepted = Step("accepted", Stage.ACCEPTED, row.accepted_at)
        self.stories = [Story(row.id, _dimensions(row._mapping), [accepted])]
        self._going: list[tuple[Story, Backdated]] = []

    def go_on(self) -> None:
        """One order more, or something more of one."""
        with self._owner.begin() as connection:
            if not self._going or self.drawn.random() < 0.15:
                self._accept(connection)
            else:
                self._more(connection, *self.drawn.choice(self._going))

    def stretch(self) -> Stretch:
        """Days that begin and end at random, some of them tomorrow."""
        first = date(2026, 5, 25) + timedelta(days=self.drawn.randint(0, 85))
        return Stretch(first, first + timedelta(days=self.drawn.choice([0, 1, 6, 30, 61, 92])))

    def _accept(self, connection: Connection) -> None:
        at = NOW - self.drawn.choice([timedelta(days=self.drawn.randint(1, 75)), timedelta(hours=5)])
        if self.drawn.random() < 0.3:
            at = datetime.combine(clock.local_date(at), datetime.min.time(), clock.CITY_ZONE)
        columns = {
            "accepted_at": at.isoformat(),
            "community_code": self.drawn.choice(self._places),
            "customer_kind": self.drawn.choice(["home", "enterprise"]),
            "dealer": self.drawn.choice([None, "甲", "乙"]),
        }
        order = Backdated(connection, self._pattern, self.drawn.choice([1, 2]), columns)
        order.promise(at + timedelta(days=3))
        order.event("accepted", "accepted", at)
        dimensions = _dimensions(columns | {"operator_id": order.operator_id})
        story = Story(order.id, dimensions, [Step("accepted", Stage.ACCEPTED, at)])
        self.stories.append(story)
        self._going.append((story, order))

    def _later(self, at: datetime) -> datetime:
        """Not before it: at once, soon, at a midnight, or after days."""
        hours = self.drawn.choice([0, 0.25, 0.3, 1, 2, 11.99, 12, 13, 30])
        later = at + timedelta(hours=hours)
        if self.drawn.random() < 0.1:
            midnight = datetime.combine(clock.local_date(later), datetime.min.time(), clock.CITY_ZONE)
            later = max(later, midnight + timedelta(days=1) + self.drawn.choice([-_TINY, 0 * _TINY, _TINY]))
        return later

    def _more(self, connection: Connection, story: Story, order: Backdated) -> None:
        order.continue_by(connection)
        last = [one for one in story.steps if one.kind != "appointment"][-1]
        drawn = self.drawn.random()
        if drawn < 0.08:
            self._hold(story, order)
        elif drawn < 0.2 and last.stage is Stage.APPOINTED:
            at = self._later(story.steps[-1].at)
            self._write(story, order, Step("appointment", Stage.APPOINTED, at, visit=self._visit(at)))
        else:
            self._move(story, order, last)

    def _move(self, story: Story, order: Backdated, last: Step) -> None:
        moves = MOVES[last.stage]
        if not moves:
            self._going.remove((story, order))
            return
        stage = moves[0] if self.drawn.random() < 0.85 else self.drawn.choice(moves)
        at = self._later(last.at)
        agreed = [one.visit for one in story.steps if one.visit]
        if stage is Stage.ON_SITE and agreed and self.drawn.random() < 0.6:
            at = max(last.at, self.drawn.choice([*agreed[-1], agreed[-1][1] + _TINY]))
        reason = self.drawn.choice(sorted(REASONS)) if stage is Stage.RETURNED else None
        visit = self._visit(at) if stage is Stage.APPOINTED else None
        self._write(story, order, Step("stage", stage, at, reason, visit))

    def _write(self, story: Story, order: Backdated, step: Step) -> None:
        order.event(step.kind, step.stage, step.at, reason=step.reason, visit=step.visit)
        story.steps.append(step)

    def _visit(self, at: datetime) -> tuple[datetime, datetime]:
        ends_at = self._later(at) + timedelta(hours=2)
        return ends_at - timedelta(hours=2), ends_at

    def _hold(self, story: Story, order: Backdated) -> None:
        recorded_at = self._later(story.steps[-1].at)
        deadline = story.accepted_at + timedelta(days=9)
        standing = [hold for hold in story.holds if hold.lifted_at is None]
        if standing and self.drawn.random() < 0.5:
            hold = standing[-1]
            hold.lifted_at = recorded_at
            times = {"recorded_at": recorded_at, "starts_at": recorded_at, "lifts": hold.number}
            order.line("resume", deadline, "weather", **times)
            order.event("resume", story.steps[-1].stage, recorded_at)
            return
        starts_at = self.drawn.choice(
            [recorded_at, recorded_at - timedelta(hours=5), self._later(recorded_at)]
        )
        ends_at = starts_at + timedelta(hours=self.drawn.choice([1, 20, 60]))
        times = {"recorded_at": recorded_at, "starts_at": starts_at, "ends_at": ends_at}
        number = order.line("hold", deadline, "weather", **times)
        order.event("hold", story.steps[-1].stage, recorded_at)
        story.holds.append(Hold(number, recorded_at, starts_at, ends_at))


def _dimensions(order: Mapping[str, Any]) -> Mapping[str, Any]:
    """What figures are split by and narrowed by, as far as orders differ here."""
    return {
        "operator_id": order["operator_id"],
        "county": order["community_code"][:6],
        "customer_kind": order["customer_kind"],
        "dealer": order["dealer"] or "",
    }


def _is_asked(story: Story, asked: Asked) -> bool:
    return all(story.dimensions[name] == value for name, value in asked.only.items())


def told_slowly(stories: Iterable[Story], asked: Asked) -> dict[Any, Measures]:
    """The figures by operator, by a span of time or of all, story by story."""
    by_time = asked.split in ("day", "week", "month")
    found: dict[Any, list[tuple[What, Any]]] = {}
    for story in stories:
        if not _is_asked(story, asked):
            continue
        for what, at, more in story.things():
            day = _counted_on(what, at, asked)
            if by_time and what is What.OPEN:
                continue
            if day is not None:
                found.setdefault(_key(story, asked, day), []).append((what, more))
    return {key: _measures(things, asked, by_time) for key, things in found.items()}


def behind_slowly(stories: Iterable[Story], which: Which, asked: Asked) -> list[int]:
    """The order of each row behind a figure, story by story: visits one by one, orders once."""
    wanted = {
        Which.VISITS_DUE: (What.VISIT_KEPT, What.VISIT_MISSED),
        Which.VISITS_MISSED: (What.VISIT_MISSED,),
        Which.SECOND_VISIT: (What.CONNECTED,),
        Which.ENDED: (What.CONNECTED, What.RETURNED),
    }.get(which) or (What(which.value),)
    found: list[int] = []
    for story in stories:
        if not _is_asked(story, asked):
            continue
        things = list(story.things())
        if which is Which.SECOND_VISIT and any(what is What.FIRST_VISIT for what, _, _ in things):
            continue
        rows = [
            story.id for what, at, _ in things if what in wanted and _counted_on(what, at, asked) is not None
        ]
        found += rows if which in OF_VISITS else rows[:1]
    return found


def _counted_on(what: What, at: datetime, asked: Asked) -> date | None:
    """The day on which it counts; None where it is not counted."""
    if what is What.OPEN:
        return clock.local_date(at)
    is_visit = what in (What.VISIT_KEPT, What.VISIT_MISSED)
    if is_visit and at > NOW:
        return None
    day = clock.local_date(at - _TINY if is_visit else at)
    return day if asked.days.first_on <= day <= asked.days.last_on else None


def _key(story: Story, asked: Asked, day: date) -> Any:
    match asked.split:
        case "":
            return ""
        case "day":
            return day
        case "month":
            return day.replace(day=1)
    return story.dimensions[asked.split]


def _measures(things: list[tuple[What, Any]], asked: Asked, by_time: bool) -> Measures:
    def count(which: What) -> int:
        return sum(what is which for what, _ in things)

    causes = [cause for what, cause in things if what is What.RETURNED]
    return Measures(
        durations=_spread([length for what, length in things if what is What.CONNECTED]),
        first_response=_spread([length for what, length in things if what is What.RESPONDED]),
        visits_due=count(What.VISIT_KEPT) + count(What.VISIT_MISSED),
        visits_kept=count(What.VISIT_KEPT),
        connected=count(What.CONNECTED),
        connected_first_visit=count(What.FIRST_VISIT),
        ended=count(What.CONNECTED) + count(What.RETURNED),
        returned={cause: causes.count(cause) for cause in causes},
        open_now=None if by_time else count(What.OPEN),
        completed=count(What.COMPLETED),
        days=max(0, (min(asked.days.last_on, TODAY) - asked.days.first_on).days + 1),
    )


def _spread(lengths: list[timedelta]) -> Spread:
    """Nearest ranks, told in quarters of an hour up to half a day and in hours beyond, rounded up."""
    if not lengths:
        return Spread()
    whole = sorted(length // timedelta(seconds=1) for length in lengths)

    def rank(of_ten: int) -> float:
        length = whole[-(-len(whole) * of_ten // 10) - 1]
        return -(-length // 900) / 4 if length <= 12 * 3600 else float(-(-length // 3600))

    return Spread(len(whole), sum(whole) / len(whole) / 3600, rank(5), rank(9))
