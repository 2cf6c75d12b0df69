"""What a customer may ask for, how long it can be undone, and what a code is worth: pure decisions."""

from datetime import datetime, timedelta
from enum import StrEnum


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
# Each order's, of those that need a session.
MOST_ACTIONS = (timedelta(days=1), 20)

UNDO_WITHIN = timedelta(minutes=10)

CODE_DIGITS = 6
CODE_VALID = timedelta(minutes=10)
CODE_TRIES = 5
# Of codes and forgotten numbers together, to one phone.
MOST_TEXTS = ((timedelta(minutes=1), 1), (timedelta(hours=1), 5), (timedelta(days=1), 10))

SESSION_VALID = timedelta(minutes=30)

# The purposes under which digests are made: of "number/code", and of a session's token.
CODE_PURPOSE = "lookup.code"
SESSION_PURPOSE = "lookup.session"


def can_be_undone(state: State, undo_until: datetime | None, now: datetime) -> bool:
    """Whether what was asked for can still be taken back."""
    return state in (State.DONE, State.WAITING) and undo_until is not None and now < undo_until
