"""How an order stands against its promise, and its stages in words: one truth for every page.

Words are the Chinese message ids of the pages' catalogues; `N_` marks them for extraction.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from tracker.orders.rules import Stage

# A deadline is near once less than half a day is left of it.
NEAR = timedelta(hours=12)

ENDED_EARLY = frozenset({Stage.WITHDRAWN, Stage.RETURNED})


def N_(message: str) -> str:  # noqa: N802, RUF100 - the name that extraction looks for
    """Mark a text for translation where it is written; it is translated where it is shown."""
    return message


class Mark(StrEnum):
    """How an order stands against its promise."""

    ON_TIME = "on_time"
    NEAR = "near"
    LATE = "late"
    KEPT = "kept"
    MISSED = "missed"


MARK_WORDS = {
    Mark.ON_TIME: N_("按时"),
    Mark.NEAR: N_("临近"),
    Mark.LATE: N_("已超时"),
    Mark.KEPT: N_("按时装通"),
    Mark.MISSED: N_("超时装通"),
}

TONES = {
    Mark.ON_TIME: "accent",
    Mark.NEAR: "warning",
    Mark.LATE: "danger",
    Mark.KEPT: "accent",
    Mark.MISSED: "quiet",
}

STAGE_WORDS = {
    Stage.ACCEPTED: N_("已受理"),
    Stage.VERIFIED: N_("实名核验通过"),
    Stage.RESOURCE_CHECKED: N_("资源已核查"),
    Stage.DISPATCHED: N_("已派单"),
    Stage.APPOINTED: N_("已预约"),
    Stage.ON_SITE: N_("上门施工"),
    Stage.ACTIVATED: N_("已装通"),
    Stage.COMPLETED: N_("已竣工"),
    Stage.WITHDRAWN: N_("已撤单"),
    Stage.RETURNED: N_("已退单"),
}


def mark_of(stage: Stage, connected_at: datetime | None, deadline: datetime, now: datetime) -> Mark | None:
    """How the order stands; None for one that ended before it could be kept or missed.

    The promise is to be connected (装通) by the deadline, so the time of that decides, not the
    paperwork after it.
    """
    if stage in ENDED_EARLY:
        return None
    if connected_at is not None:
        return Mark.KEPT if connected_at <= deadline else Mark.MISSED
    if now > deadline:
        return Mark.LATE
    return Mark.NEAR if deadline - now <= NEAR else Mark.ON_TIME
