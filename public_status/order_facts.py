"""What the site says of one order, as its page and its answer in JSON both say it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from public_status import delays, rules
from public_status.queries import Standing
from tracker import clock
from tracker.orders.fee_sums import FeeSum, fee_sums
from tracker.orders.fee_words import FeeLine, fee_line
from tracker.orders.standing import ENDED_EARLY, MARK_WORDS, N_, STAGE_WORDS, TONES, Mark, mark_of


@dataclass(frozen=True)
class OrderFacts:
    """One order at the moment `as_of`; words that are not in a language yet are message ids.

    `left` is what remains of the promised time, below zero when it has run out. `held` is the hold that
    the order is in, `renewed` the line of its ledger by which the date was last given anew, and
    `excuse_reason` the delay of a third party that was recorded since; reasons are in words, empty where
    there is none. Amounts are in fen.
    """

    standing: Standing
    as_of: datetime
    stage_word: str
    next_word: str
    punctuality: Mark | None
    punctuality_word: str
    tone: str
    left: timedelta
    held: delays.Pause | None
    held_reason: str
    renewed: delays.Line | None
    renewed_reason: str
    excuse_reason: str
    connected_at: datetime | None
    ended_early: bool
    ending_reason: str
    explanation: str
    steps: tuple[rules.Step, ...]
    fee_sums: tuple[FeeSum, ...]
    fees: tuple[FeeLine, ...]
    open_fen: int
    several_open: bool
    operator: str
    plan_name: str


def facts_of(standing: Standing, language: str, now: datetime) -> OrderFacts:
    """What is to be said of an order at a moment, to a reader of zh or en."""
    ended_early = standing.stage in ENDED_EARLY
    connected_at = rules.connected_at(standing.happenings)
    punctuality = mark_of(standing.stage, connected_at, standing.deadline, now)
    fees = fee_sums(standing.price, standing.charges, standing.payments, ended_early=ended_early)
    english = language == "en"
    held = delays.pause_at(standing.entries, now)
    renewed = delays.new_promise_in(standing.entries)
    word, tone = _badge(punctuality, postponed=renewed is not None)
    return OrderFacts(
        standing=standing,
        as_of=now,
        stage_word=STAGE_WORDS[standing.stage],
        next_word=rules.NEXT_WORDS[standing.stage],
        punctuality=punctuality,
        punctuality_word=word,
        tone=tone,
        left=standing.deadline - now,
        held=held,
        held_reason=_reason_of(held, language),
        renewed=renewed,
        renewed_reason=_reason_of(renewed, language),
        excuse_reason=_reason_of(delays.excuse_in(standing.entries), language),
        connected_at=connected_at,
        ended_early=ended_early,
        ending_reason=(
            rules.reason_words(standing.happenings[-1].reason_code, language) if ended_early else ""
        ),
        explanation=standing.explanation.get(language) or standing.explanation.get("zh", ""),
        steps=tuple(rules.timeline(standing.stage, standing.happenings)),
        fee_sums=tuple(fees),
        fees=tuple(fee_line(fee, clock.local_date(now)) for fee in fees),
        open_fen=sum(fee.open_fen for fee in fees),
        several_open=sum(fee.open_fen > 0 for fee in fees) > 1,
        operator=standing.operator_name_en if english else standing.operator_name,
        plan_name=standing.price.get("name_en" if english else "name", ""),
    )


def _badge(punctuality: Mark | None, *, postponed: bool) -> tuple[str, str]:
    """How the order stands in a word, and its tone. A date that was put off is not called punctual."""
    if punctuality is None:
        return "", "quiet"
    if postponed and punctuality is Mark.ON_TIME:
        return N_("已延期"), "warning"
    return MARK_WORDS[punctuality], TONES[punctuality]


def _reason_of(told: delays.Line | delays.Pause | None, language: str) -> str:
    return "" if told is None else rules.reason_words(told.reason_code, language)
