"""What the site says of one order, as its page and its answer in JSON both say it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from public_status import rules
from public_status.queries import Standing
from tracker import clock
from tracker.orders.fee_sums import fee_sums
from tracker.orders.fee_words import FeeLine, fee_line
from tracker.orders.standing import ENDED_EARLY, MARK_WORDS, STAGE_WORDS, TONES, Mark, mark_of
from tracker.promises.ledger import Hold, hold_at


@dataclass(frozen=True)
class OrderFacts:
    """One order at the moment `as_of`; words that are not in a language yet are message ids.

    `left` is what remains of the promised time, below zero when it has run out. Amounts are in fen.
    """

    standing: Standing
    as_of: datetime
    stage_word: str
    next_word: str
    punctuality: Mark | None
    punctuality_word: str
    tone: str
    left: timedelta
    held: Hold | None
    connected_at: datetime | None
    ended_early: bool
    ending_reason: str
    explanation: str
    steps: tuple[rules.Step, ...]
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
    return OrderFacts(
        standing=standing,
        as_of=now,
        stage_word=STAGE_WORDS[standing.stage],
        next_word=rules.NEXT_WORDS[standing.stage],
        punctuality=punctuality,
        punctuality_word=MARK_WORDS[punctuality] if punctuality else "",
        tone=TONES[punctuality] if punctuality else "quiet",
        left=standing.deadline - now,
        held=hold_at(standing.entries, now),
        connected_at=connected_at,
        ended_early=ended_early,
        ending_reason=(
            rules.reason_words(standing.happenings[-1].reason_code, language) if ended_early else ""
        ),
        explanation=standing.explanation.get(language) or standing.explanation.get("zh", ""),
        steps=tuple(rules.timeline(standing.stage, standing.happenings)),
        fees=tuple(fee_line(fee, clock.local_date(now)) for fee in fees),
        open_fen=sum(fee.open_fen for fee in fees),
        several_open=sum(fee.open_fen > 0 for fee in fees) > 1,
        operator=standing.operator_name_en if english else standing.operator_name,
        plan_name=standing.price.get("name_en" if english else "name", ""),
    )
