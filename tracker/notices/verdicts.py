"""What becomes of a notice by what a provider said: pure decisions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.notices.rules import MAX_ATTEMPTS, State, Why, retry_delay
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
    Standing,
    Unknown,
)

# Two looks that found nothing, this far apart at least, before a text counts as never sent.
LOOKS_NEEDED = 2
BETWEEN_LOOKS = timedelta(seconds=60)
_LONGEST_RETRY_AFTER = 3600.0
# [ours] Longer than a provider's outage lasts, as a rule; a call on the next day is still of use.
UNSETTLED_LIMIT = timedelta(hours=24)

# [ours] An accepted text of which nothing is heard is asked about after so long, then after twice as long
# again and again; carriers that have not said anything by then never will.
SILENCE = timedelta(hours=2)
_GIVE_UP_ASKING = timedelta(hours=72)
# [ours] What must surely arrive and is not confirmed by then, a person tells.
UNCONFIRMED_LIMIT = timedelta(hours=48)

# What a receipt makes of a notice, and what outweighs what: receipts come late, twice and in any order,
# so the most that any of them says stands. That a text arrived outweighs everything; that it did not
# outweighs that somebody must call for another reason, but brings back no notice that was cancelled.
_MAKES = {
    Standing.QUEUED: State.ACCEPTED,
    Standing.SENDING: State.ACCEPTED,
    Standing.SENT: State.ACCEPTED,
    Standing.UNDELIVERED: State.UNDELIVERED,
    Standing.FAILED: State.UNDELIVERED,
    Standing.DELIVERED: State.DELIVERED,
}
_WEIGHT = {
    State.CREATED: 0,
    State.SENDING: 0,
    State.UNKNOWN: 0,
    State.ACCEPTED: 1,
    State.CALL: 2,
    State.UNDELIVERED: 3,
    State.CANCELLED: 4,
    State.DELIVERED: 5,
}
FINAL = frozenset({Standing.UNDELIVERED, Standing.FAILED, Standing.DELIVERED})


@dataclass(frozen=True)
class Verdict:
    """The new state, why, when to look at it again, and the provider's name for an accepted text.

    `call`: why a person is to call; `outcome`: the word under which its attempt, if any, is counted.
    """

    state: State
    reason: str | None = None
    next_at: datetime | None = None
    reference: str | None = None
    misses: int = 0
    call: Why | None = None
    outcome: str | None = None


def after_attempt(outcome: Outcome, attempts: int, now: datetime, grace: timedelta, chance: float) -> Verdict:
    """By the outcome of the latest of `attempts`; `chance` (0 to 1) spreads the next one."""
    match outcome:
        case Accepted(reference):
            return Verdict(State.ACCEPTED, reference=reference)
        case Refused(Scope.ACCOUNT, code) if attempts < MAX_ATTEMPTS:
            # Nothing is wrong with this text: once an engineer has mended the account it must go out.
            return _again(f"account refused: {code}", attempts, now, None, chance)
        case Refused(scope, code):
            return Verdict(State.CALL, f"refused ({scope.value}): {code}", call=Why.REFUSED)
        case NotSent(detail) if attempts >= MAX_ATTEMPTS:
            return Verdict(State.CALL, f"not sent in {attempts} attempts: {detail}", call=Why.EXHAUSTED)
        case NotSent(detail, retry_after):
            return _again(detail, attempts, now, retry_after, chance)
        case Unknown(detail):
            return Verdict(State.UNKNOWN, detail, now + grace)


def after_looking(
    finding: Finding, attempts: int, misses: int, now: datetime, grace: timedelta, began: datetime
) -> Verdict:
    """By what the provider says of a text that may or may not have been sent by an attempt that `began`.

    One that nobody can tell of is never sent again: in the end a person calls.
    """
    between = min(BETWEEN_LOOKS, grace)
    match finding:
        case Found(reference, word) if word in (Standing.UNDELIVERED, Standing.FAILED):
            return Verdict(
                State.UNDELIVERED, f"found {word}", reference=reference or None, call=Why.UNDELIVERED
            )
        case Found(reference):
            return Verdict(State.ACCEPTED, reference=reference or None)
        case Absent() if misses + 1 < LOOKS_NEEDED:
            return Verdict(State.UNKNOWN, "not found once", now + between, misses=misses + 1)
        case Absent() if attempts < MAX_ATTEMPTS:
            return Verdict(State.CREATED, "the provider does not have it", now)
        case Absent():
            return Verdict(State.CALL, f"not sent in {attempts} attempts", call=Why.EXHAUSTED)
        case CannotTell(detail) if now - began >= UNSETTLED_LIMIT:
            return Verdict(State.CALL, f"the provider cannot say: {detail}", call=Why.UNKNOWN)
        case CannotTell(detail):
            return Verdict(State.UNKNOWN, f"the provider did not say: {detail}", now + between, misses=misses)


def after_receipt(state: State, standing: Standing) -> State:
    """By what a provider says of a text that it has, whenever it says so."""
    return max(state, _MAKES[standing], key=_WEIGHT.__getitem__)


def is_about(attempts: int, known: str | None, reference: str, standing: Standing) -> bool:
    """Whether a receipt is about a notice with so many attempts and the `known` reference of one of them.

    One that was never sent has none: such a receipt was meant for another database's notice of the
    same id. Of a text that an earlier attempt sent after all only good news count, for the latest
    one is still on its way.
    """
    if attempts == 0:
        return False
    if known is None or known == reference:
        return True
    if not reference and attempts == 1:
        # Found by our own id, and there is but one text that it can be.
        return True
    return attempts > 1 and standing is Standing.DELIVERED


def ask_again(accepted_at: datetime, now: datetime) -> datetime | None:
    """When to ask anew about a text that was accepted then and that nothing is known of; None: not again."""
    waited = now - accepted_at
    return None if waited >= _GIVE_UP_ASKING else now + max(waited, SILENCE)


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
