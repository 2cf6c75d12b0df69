"""What becomes of a notice by what a provider said: pure decisions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.notices.rules import MAX_ATTEMPTS, State, retry_delay
from tracker.sms.port import (
    Absent,
    Accepted,
    CannotTell,
    Finding,
    Found,
    NotSent,
    Outcome,
    Refused,
    Scope,
    Unknown,
)

# Two looks that found nothing, this far apart at least, before a text counts as never sent.
LOOKS_NEEDED = 2
BETWEEN_LOOKS = timedelta(seconds=60)
_LONGEST_RETRY_AFTER = 3600.0


@dataclass(frozen=True)
class Verdict:
    """The new state, why, when to look at it again, and the provider's name for an accepted text."""

    state: State
    reason: str | None = None
    next_at: datetime | None = None
    reference: str | None = None
    misses: int = 0


def after_attempt(outcome: Outcome, attempts: int, now: datetime, grace: timedelta, chance: float) -> Verdict:
    """By the outcome of the latest of `attempts`; `chance` (0 to 1) spreads the next one."""
    match outcome:
        case Accepted(reference):
            return Verdict(State.ACCEPTED, reference=reference)
        case Refused(Scope.ACCOUNT, code) if attempts < MAX_ATTEMPTS:
            # Nothing is wrong with this text: once an engineer has mended the account it must go out.
            return _again(f"account refused: {code}", attempts, now, None, chance)
        case Refused(scope, code):
            return Verdict(State.CALL, f"refused ({scope.value}): {code}")
        case NotSent(detail) if attempts >= MAX_ATTEMPTS:
            return Verdict(State.CALL, f"not sent in {attempts} attempts: {detail}")
        case NotSent(detail, retry_after):
            return _again(detail, attempts, now, retry_after, chance)
        case Unknown(detail):
            return Verdict(State.UNKNOWN, detail, now + grace)


def after_looking(finding: Finding, attempts: int, misses: int, now: datetime, grace: timedelta) -> Verdict:
    """By what the provider says of a text that may or may not have been sent."""
    between = min(BETWEEN_LOOKS, grace)
    match finding:
        case Found(reference):
            return Verdict(State.ACCEPTED, reference=reference)
        case Absent() if misses + 1 < LOOKS_NEEDED:
            return Verdict(State.UNKNOWN, "not found once", now + between, misses=misses + 1)
        case Absent() if attempts < MAX_ATTEMPTS:
            return Verdict(State.CREATED, "the provider does not have it", now)
        case Absent():
            return Verdict(State.CALL, f"not sent in {attempts} attempts")
        case CannotTell(detail):
            return Verdict(State.UNKNOWN, f"the provider did not say: {detail}", now + between, misses=misses)


def _again(reason: str, attempts: int, now: datetime, retry_after: float | None, chance: float) -> Verdict:
    delay = retry_delay(attempts, chance)
    if retry_after is not None:
        delay = max(delay, timedelta(seconds=min(retry_after, _LONGEST_RETRY_AFTER)))
    return Verdict(State.CREATED, reason, now + delay)


def in_words(outcome: Outcome) -> tuple[str, str]:
    """An outcome as its attempt is recorded: a word, and the provider's detail."""
    match outcome:
        case Accepted(reference):
            return "accepted", reference
        case Refused(scope, code, detail):
            return f"refused_{scope.value}", f"{code} {detail}".strip()
        case NotSent(detail):
            return "not_sent", detail
        case Unknown(detail):
            return "unknown", detail
