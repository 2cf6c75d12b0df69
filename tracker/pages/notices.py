"""The board of notices, for an operator's managers: what became of them, what does not go, what it costs.

Every count leads to the notices that it is of.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import render_template, request
from flask_babel import gettext

from tracker import clock
from tracker.notices import board, stuck
from tracker.notices.board import KINDS, NO_PROVIDER, OPEN_CALL, Period, Which
from tracker.notices.call_rules import Outcome
from tracker.notices.figures import figures
from tracker.notices.heartbeat import is_late
from tracker.notices.rules import State
from tracker.orders.standing import N_
from tracker.pages import call_words, notice_words, wording
from tracker.pages.access import language, open_to, operator_of, runtime
from tracker.pages.calls import masked_number, position_of, position_written
from tracker.pages.periods import CHOICES, Days, days_asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.text_names import TEXT_NAMES
from tracker.staff.sign_in import Person
from tracker.templates.seed import SEED

ROWS = 50
_MOST_STUCK = 10
_STAFF = "staff"
CALL_FILTER_WORDS: Mapping[str, str] = {OPEN_CALL: N_("还没打完"), **call_words.OUTCOME_WORDS}


@dataclass(frozen=True)
class Line:
    """Notices of one day, template or provider: how many of each kind. `args` narrow a list to them."""

    key: Any
    args: Mapping[str, str]
    of_kind: Mapping[str, int]
    parts: int

    @property
    def total(self) -> int:
        """How many they are together."""
        return sum(self.of_kind.values())

    def share(self, kind: str) -> float:
        """The part of them that is of this kind, of 100."""
        return 100 * self.of_kind.get(kind, 0) / self.total if self.total else 0.0

    def percent(self, kind: str) -> str:
        """The same as a whole number: few are not none, and most are not all."""
        part = self.share(kind)
        return "<1%" if 0 < part < 1 else ">99%" if 99 < part < 100 else f"{part:.0f}%"

    @property
    def bars(self) -> list[tuple[str, float, float]]:
        """For each kind where a bar of 100 begins, and how long it is."""
        found, begins = [], 0.0
        for kind in KINDS:
            if length := self.share(kind):
                found.append((kind, round(begins, 2), round(length, 2)))
                begins += length
        return found


def render(template: str, person: Person, **more: Any) -> str:
    """A page about notices."""
    return render_template(
        template,
        person=person,
        operator=runtime().reference.current().operators[operator_of(person)],
        words=notice_words,
        names=TEXT_NAMES,
        call_words=call_words,
        now=clock.now(),
        listing=_listing,
        **more,
    )


@blueprint.get("/notices")
@open_to("manager")
def notices() -> str:
    """Counts over some days, and how the outbox stands at this moment."""
    person, now = signed_in(), clock.now()
    days, to_staff = _asked()
    operator_id = operator_of(person)
    period = Period(operator_id, days.begin, days.end, to_staff)
    with runtime().db.reading() as connection:
        cells = board.cells(connection, period)
        waits = board.waits(connection, period)
        causes = board.causes(connection, period)
        came = board.calls(connection, period)
        outbox = figures(connection, now)
        held = board.held_up(connection, operator_id)
        stuck_now, more_stuck = stuck.stuck(connection, now, operator_id=operator_id, limit=_MOST_STUCK)
    whole = _line("", {}, cells)
    config = runtime().config
    return render(
        "staff/notices.html",
        person,
        days=days,
        to_staff=to_staff,
        choices=CHOICES,
        kinds=list(KINDS),
        whole=whole,
        by_day=_by_day(cells, days),
        by_template=_by(cells, lambda cell: cell.template, "template"),
        by_provider=_by(cells, lambda cell: cell.provider, "provider"),
        calls_in_words=CALL_FILTER_WORDS,
        waits=[(state, waits[state]) for state in (State.ACCEPTED, State.DELIVERED)],
        causes=causes,
        no_provider=NO_PROVIDER,
        calls=[(how, came[how]) for how in (OPEN_CALL, *Outcome) if how in came],
        cost_fen=round(whole.parts * config.sms_part_fen),
        part_fen=config.sms_part_fen,
        outbox=outbox,
        sweep_late=_sweep_late(outbox.sweep_age, now),
        held=held,
        seconds=lambda number: timedelta(seconds=number),
        short=_short,
        stuck=stuck_now,
        more_stuck=more_stuck,
        refused_templates=_refused_templates(operator_id),
    )


@blueprint.get("/notices/list")
@open_to("manager")
def notices_list() -> str:
    """The notices behind a count, the latest first; what they are narrowed to stands in the address."""
    person = signed_in()
    days, to_staff = _asked()
    which, asked = _which(Period(operator_of(person), days.begin, days.end, to_staff))
    before = position_of(request.args.get("before", ""))
    with runtime().db.reading() as connection:
        rows, more = board.notice_page(connection, which, before=before, limit=ROWS)
    return render(
        "staff/notices_list.html",
        person,
        rows=[(row, masked_number(row.recipient)) for row in rows],
        more=None if more is None else position_written(more),
        paged=before is not None,
        asked=asked,
        days=days,
        to_staff=to_staff,
        calls_in_words=CALL_FILTER_WORDS,
        providers=_providers(),
    )


def _asked() -> tuple[Days, bool]:
    """The days that the address names, with whom the texts are to: staff, or else customers."""
    days = days_asked()
    if request.args.get("audience") != _STAFF:
        return days, False
    return replace(days, kept={"audience": _STAFF}), True


def _which(period: Period) -> tuple[Which, dict[str, str]]:
    """What the list is narrowed to, and the part of the address that says so, but for the days."""
    known: Mapping[str, Iterable[str]] = {
        "kind": KINDS,
        "template": SEED,
        "provider": (NO_PROVIDER, *_providers()),
        "call": CALL_FILTER_WORDS,
    }
    asked = {name: request.args[name] for name, among in known.items() if request.args.get(name, "") in among}
    reason = request.args.get("reason", "")
    if len(reason) == 32 and reason.isalnum() and reason.isascii():
        asked["reason"] = reason
    return (
        Which(
            period,
            asked.get("kind"),
            asked.get("template"),
            asked.get("provider"),
            asked.get("reason"),
            asked.get("call"),
        ),
        asked,
    )


def _providers() -> list[str]:
    """Those whose names people know, and those that are set up."""
    known = [name for name in notice_words.PROVIDER_WORDS if name != NO_PROVIDER]
    return list(dict.fromkeys((*known, *runtime().routes.gateways)))


def _line(key: Any, args: Mapping[str, str], cells: Iterable[Any]) -> Line:
    of_kind: Counter[str] = Counter()
    parts = 0
    for cell in cells:
        of_kind[board.KIND_OF[State(cell.state)]] += cell.notices
        parts += cell.parts
    return Line(key, args, {kind: of_kind[kind] for kind in KINDS}, parts)


def _by(cells: Sequence[Any], key_of: Callable[[Any], str], name: str) -> list[Line]:
    """A line for each key that occurs, the greatest first."""
    groups: dict[str, list[Any]] = {}
    for cell in cells:
        groups.setdefault(key_of(cell), []).append(cell)
    lines = [_line(key, {name: key}, some) for key, some in groups.items()]
    return sorted(lines, key=lambda line: (-line.total, line.key))


def _by_day(cells: Sequence[Any], days: Days) -> list[Line]:
    """A line for each day, also where there was nothing."""
    return [
        _line(day, {"first": f"{day}", "last": f"{day}"}, [cell for cell in cells if cell.day == day])
        for day in days.every
    ]


def _listing(days: Days, args: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """The address of a list: a line of one day narrows the days themselves."""
    kept = days.kept if "first" in args else days.args
    return {**kept, **args, **more}


def _short(seconds: float) -> str:
    """A length of time as a figure: "0.8 秒", "12 秒", "3 分钟", "2 小时 5 分钟"."""
    if seconds < 60:
        said = f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
        return gettext("%(seconds)s 秒", seconds=said)
    return wording.span(timedelta(seconds=seconds), language())


def _sweep_late(age: float | None, now: datetime) -> bool:
    """Whether lost work is not looked for any more."""
    if age is None:
        return True
    return is_late(now - timedelta(seconds=age), runtime().config.sweep_interval, now)


def _refused_templates(operator_id: int) -> list[tuple[str, int, str]]:
    """Wordings of the operator's that a provider has refused and no later one has replaced."""
    registry = runtime().reference.current().templates
    return sorted(
        (code, version, approval.provider)
        for (owner, code, version), approvals in registry.approvals.items()
        for approval in approvals
        if owner in (None, operator_id)
        and approval.state == "refused"
        and version == registry.newest(owner, code)
    )
