"""Back to the place in a list from which somebody came to look at an order or a call, or to act on it."""

import re
from dataclasses import dataclass

from flask import request

from tracker.orders.standing import N_

# The lists that lead to orders, and the way back to each in words; whatever else an address names as its way
# back is passed over.
_LISTS = {
    r"/": N_("返回工单列表"),
    r"/at-risk": N_("返回超时预警"),
    r"/calls": N_("返回外呼任务"),
    r"/calls/[0-9]+": N_("返回外呼任务"),
    r"/calls/history": N_("返回已结束的任务"),
    r"/compensation": N_("返回补偿台账"),
    r"/complaints": N_("返回投诉"),
    r"/complaints/[0-9]+": N_("返回投诉"),
    r"/dispatch": N_("返回派单"),
    r"/dispatch/installers": N_("返回派单"),
    r"/excuses": N_("返回免责审批"),
    r"/figures/orders": N_("返回指标清单"),
    r"/notices/list": N_("返回短信通知"),
    r"/notices/[0-9]+": N_("返回短信通知"),
    r"/ratings": N_("返回客户评价"),
}
_LONGEST = 400


@dataclass(frozen=True)
class Way:
    """The address of a place in one of our lists, and what leads there in words."""

    address: str
    words: str


def way_back() -> Way | None:
    """The way back that the page's address names; None where that is none of our lists."""
    return _way(request.args.get("back", ""))


def back_here() -> str | None:
    """The present address as a way back; None where it is none, so that no link names it."""
    way = _way(request.full_path.removesuffix("?"))
    return None if way is None else way.address


def _way(address: str) -> Way | None:
    path = re.split(r"[?#]", address, maxsplit=1)[0]
    words = next((words for pattern, words in _LISTS.items() if re.fullmatch(pattern, path)), None)
    if words is None or len(address) > _LONGEST or not address.isprintable():
        return None
    return Way(address, words)
