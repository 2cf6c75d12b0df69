"""Pure decisions about calls: outcomes, and when the next one is to be made."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.notices.rules import send_from

# [ours] A person has half a working day for a call; whoever did not answer is tried again later,
# and later still. Calls keep to the hours of texts.
PATIENCE = timedelta(hours=4)
_AGAIN = (timedelta(hours=2), timedelta(hours=4), timedelta(hours=24))
LONGEST_CALL_BACK = timedelta(days=30)
CLOCK_SKEW = timedelta(minutes=5)

# [ours] Longer than a call takes with looking the order up; who went home without a word holds nobody up.
CLAIMED_FOR = timedelta(minutes=15)
LONGEST_NOTE = 300
# [ours] Whoever was on the phone while a task closed may write that down for so long.
WRITTEN_AFTER = timedelta(days=1)


class Outcome(StrEnum):
    """What came of a call, or of the whole task."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    CALL_BACK = "call_back"  # the customer named another time
    WRONG_NUMBER = "wrong_number"
    TOLD_BY_TEXT = "told_by_text"  # a receipt came after all; no call's outcome
    NOT_NEEDED = "not_needed"  # what was to be told does not hold any more; no call's outcome
    SENT_AGAIN = "sent_again"  # a manager had the text tried once more instead; no call's outcome


# In the history of a task: the call before it was taken back by whoever had written it down.
TAKEN_BACK = "taken_back"

# What a person can say of a call.
OF_A_CALL = (Outcome.REACHED, Outcome.NO_ANSWER, Outcome.CALL_BACK, Outcome.WRONG_NUMBER)
CLOSING = frozenset({Outcome.REACHED, Outcome.WRONG_NUMBER})


@dataclass(frozen=True)
class Call:
    """One call: what came of it, when it was made, and the time that the customer named."""

    outcome: Outcome
    called_at: datetime
    call_back_at: datetime | None = None


def first_call(now: datetime) -> tuple[datetime, datetime]:
    """From when and by when a task that opens now is to be called."""
    return _between(now)


def next_call(call: Call, attempts: int, recorded_at: datetime) -> tuple[datetime, datetime] | None:
    """From when and by when to call again after the latest of `attempts`; None when all is said.

    What is written down late is late for nobody: the time to call again begins when it is.
    """
    match call.outcome:
        case Outcome.CALL_BACK if call.call_back_at is not None:
            # The customer's own wish knows no hours.
            return call.call_back_at, call.call_back_at + PATIENCE
        case outcome if outcome in CLOSING:
            return None
        case _:
            wait = _AGAIN[min(max(attempts, 1), len(_AGAIN)) - 1]
            return _between(max(call.called_at + wait, recorded_at))


def _between(earliest: datetime) -> tuple[datetime, datetime]:
    begins = send_from(earliest, any_hour=False)
    return begins, send_from(begins + PATIENCE, any_hour=False)


def is_claimed(claimed_by: str | None, claimed_until: datetime | None, now: datetime) -> bool:
    """Whether somebody is calling at the moment."""
    return claimed_by is not None and claimed_until is not None and claimed_until > now


def may_be_added(closed_at: datetime | None, now: datetime) -> bool:
    """Whether a call may still be written down in the history of a task that has closed."""
    return closed_at is not None and now - closed_at < WRITTEN_AFTER


def faults_of(call: Call, opened_at: datetime, now: datetime) -> list[str]:
    """The rules that a call breaks, as ids of `tracker.problems`."""
    faults = []
    if call.called_at > now + CLOCK_SKEW:
        faults.append("call.in_the_future")
    if call.called_at < opened_at - CLOCK_SKEW:
        faults.append("call.before_the_task")
    if call.outcome is Outcome.CALL_BACK and call.call_back_at is None:
        faults.append("call.time_required")
    if call.outcome is not Outcome.CALL_BACK and call.call_back_at is not None:
        faults.append("call.time_not_expected")
    elif call.call_back_at is not None and not now < call.call_back_at <= now + LONGEST_CALL_BACK:
        faults.append("call.time")
    return faults
