"""A notice in the hands of one worker."""

from dataclasses import dataclass
from datetime import datetime

from tracker.sms.port import Sms

Due = tuple[datetime, int]


@dataclass(frozen=True)
class Claimed:
    """A notice that this worker may send once, and the text.

    `attempt` counts from one, `due` is its place in its queue: when it was due, and its id.
    """

    attempt: int
    operator_id: int
    provider: str
    due: Due
    sms: Sms
