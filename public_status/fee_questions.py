"""What the address of a fee schedule asks for. What cannot be read is left out, and told."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from public_status.fee_rules import Sale, Wanted, folded
from public_status.published import Snapshot
from tracker.orders.standing import N_
from tracker.tariffs.rules import AUDIENCES, PLAN_KINDS

NAMES = (
    "audience", "operator", "county", "speed", "least", "most", "kind", "sale", "q", "sort", "on",
)  # fmt: skip

SORT_WORDS = {
    "": N_("推荐顺序"),
    "price": N_("月费从低到高"),
    "-price": N_("月费从高到低"),
    "speed": N_("带宽从高到低"),
    "name": N_("按名称"),
}
SALE_WORDS = {
    "": N_("在售"),
    "coming": N_("尚未开售"),
    "ended": N_("已停售"),
    "all": N_("全部"),
}
SPEEDS = (100, 300, 500, 1000, 2000)

# Announced versions are known some months before they begin.
_AHEAD = timedelta(days=366)
_FIRST_DAY = date(2000, 1, 1)
_HIGHEST_YUAN = 1_000_000
_MOST_WORDS = 5


@dataclass(frozen=True)
class Question:
    """What is asked for, for which day, and what of it could not be read (names of fields)."""

    wanted: Wanted
    on: date
    unread: tuple[str, ...] = ()
    # What the reader typed, to be shown again.
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_narrowed(self) -> bool:
        """Whether more is asked for than the plain list of a kind of customer or an operator."""
        return any(value for name, value in self.typed.items() if name not in ("audience", "operator"))


def read(values: Mapping[str, str], snapshot: Snapshot, today: date) -> Question:
    """The question that the values of an address ask; unknown choices count as none."""
    typed = {name: values.get(name, "") for name in NAMES}
    unread = []

    def among(name: str, known: Container[str]) -> str:
        value = typed[name]
        if value in known:
            return value
        typed[name] = ""
        return ""

    def yuan(name: str) -> int | None:
        value = folded(typed[name])
        if not value:
            return None
        if value.isascii() and value.isdigit() and int(value) <= _HIGHEST_YUAN:
            return int(value)
        unread.append(name)
        return None

    on = _day(typed["on"])
    if typed["on"] and (on is None or not _FIRST_DAY <= on <= today + _AHEAD):
        unread.append("on")
        on = None
    sale = among("sale", SALE_WORDS)
    speed = among("speed", [str(one) for one in SPEEDS])
    wanted = Wanted(
        audience=among("audience", AUDIENCES),
        operator=among("operator", {one.code for one in snapshot.operators}),
        county=among("county", snapshot.counties),
        kind=among("kind", PLAN_KINDS),
        sale=None if sale == "all" else Sale(sale or "on"),
        least_mbps=int(speed) if speed else None,
        least_yuan=yuan("least"),
        most_yuan=yuan("most"),
        words=tuple(folded(typed["q"]).split()[:_MOST_WORDS]),
        sort=among("sort", SORT_WORDS),
    )
    return Question(wanted, on or today, tuple(unread), typed)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(folded(text))
    except ValueError:
        return None
