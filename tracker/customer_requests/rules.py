"""What a customer may ask for, how long it can be undone, and what a code is worth: pure decisions."""

from datetime import datetime, timedelta
from enum import StrEnum

from tracker.notices.rules import CODE_VALID
from tracker.orders.rules import REASONS, Cause

# Whoever asks here finds the validity of a code with its other figures.
__all__ = ["CODE_VALID"]


class Kind(StrEnum):
    """What is asked for, with the shape of its payload."""

    CODE = "code"  # 验证码: {}
    LOST_NUMBER = "lost_number"  # 找回订单号: {"phone_digest": hex of the digest as orders keep it}
    APPOINTMENT = "appointment"  # 预约、改约: {"slot": id}
    HOLD = "hold"  # 缓装: {"reason_code": code, "until": "2026-12-01", its last day}
    WITHDRAWAL = "withdrawal"  # 撤单: {"reason_code": code}
    COMPLAINT = "complaint"  # 投诉: {"topic": code, "text": text}
    RATING = "rating"  # 评价: {"score": 1 to 5, "comment": text}
    UNDO = "undo"  # 撤回: {"request": id}


class State(StrEnum):
    """Where a request stands."""

    ASKED = "asked"  # nobody has looked at it yet
    WAITING = "waiting"  # it takes effect at `due_at`, unless it is undone before
    DONE = "done"
    REFUSED = "refused"  # a rule stands against it: `refusal`
    UNDONE = "undone"


# Only the holder of a session, who has shown that the phone is theirs, may ask for these.
NEEDS_SESSION = frozenset(Kind) - {Kind.CODE, Kind.LOST_NUMBER}
CAN_BE_UNDONE = frozenset({Kind.APPOINTMENT, Kind.HOLD, Kind.WITHDRAWAL, Kind.COMPLAINT, Kind.RATING})
# Of each order's, without undoings: whoever has used them up can still take the last one back.
MOST_ACTIONS = 20
ACTIONS_WITHIN = timedelta(days=1)

UNDO_WITHIN = timedelta(minutes=10)

CODE_DIGITS = 6
CODE_TRIES = 5

# The texts that are sent to whoever asks on the site, counted together for each phone.
CODE_TEXT = "one_time_code"
NUMBERS_TEXT = "order_numbers"
ASKED_FOR = (CODE_TEXT, NUMBERS_TEXT)

SESSION_VALID = timedelta(minutes=30)

# What a customer may give as a reason.
CUSTOMERS_REASONS = tuple(code for code, reason in REASONS.items() if reason.cause is Cause.CUSTOMER)
# The last day of a hold lies within so many days, today among them.
HOLD_DAYS = 180

# Numbers that one text names, the newest ones.
MOST_NUMBERS = 5

# In bytes, as the database counts them.
LARGEST_PAYLOAD = 8192

# An error of ours is tried again after so long, and in the end told as a refusal.
MOST_FAILURES = 5
_FIRST_DELAY = timedelta(seconds=5)

# A code is kept for so long once it and its session are over.
CODES_KEPT = timedelta(hours=24)

# The purposes under which digests are made: of "number/code", and of a session's token.
CODE_PURPOSE = "lookup.code"
SESSION_PURPOSE = "lookup.session"


def can_be_undone(state: State, undo_until: datetime | None, now: datetime) -> bool:
    """Whether what was asked for can still be taken back."""
    return state in (State.DONE, State.WAITING) and undo_until is not None and now < undo_until


def again_after(failures: int) -> timedelta:
    """How long to wait after so many failures: 5 s, then twice as long each time."""
    return _FIRST_DELAY * (1 << (failures - 1))
