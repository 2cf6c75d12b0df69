"""Open work in words, and where each county stands on the map of tiles."""

from tracker.orders.open_work import Work
from tracker.orders.standing import N_

# The heads of the table, and what the list is narrowed to.
SHOWN_WORDS = {
    "to_dispatch": N_("待派"),
    "no_visit": N_("未约上门"),
    "today": N_("今日上门"),
    "tomorrow": N_("明日上门"),
    "late": N_("已超时"),
    "due": N_("临近"),
    "coming": N_("未到派单"),
    "all": N_("全部在途"),
}

# Row and column of each county of Qingyuan, as they lie: the corner in the north-east is empty. A county that
# is not named here follows in the order of its code.
TILES = {
    "441825": "1-1",
    "441882": "1-2",
    "441826": "2-1",
    "441823": "2-2",
    "441881": "2-3",
    "441803": "3-1",
    "441802": "3-2",
    "441821": "3-3",
}


def pressing(work: Work) -> tuple[str, str, int]:
    """The tone, the word and the number of what a place needs most."""
    if work.late:
        return "danger", SHOWN_WORDS["late"], work.late
    if work.due:
        return "warning", SHOWN_WORDS["due"], work.due
    if work.to_dispatch:
        return "accent", SHOWN_WORDS["to_dispatch"], work.to_dispatch
    return "quiet", N_("无待办"), 0
