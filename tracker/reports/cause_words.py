"""Whose doing a reason is, in words."""

from collections.abc import Mapping

from tracker.orders.rules import Cause
from tracker.reports.document import Words, words

CAUSE_WORDS: Mapping[Cause, Words] = {
    Cause.CUSTOMER: words("用户", "customer"),
    Cause.FRONT_OFFICE: words("前台", "front office"),
    Cause.NETWORK: words("网络", "network"),
    Cause.CONSTRUCTION: words("建设", "construction"),
    Cause.THIRD_PARTY: words("第三方", "third party"),
    Cause.FORCE_MAJEURE: words("不可抗力", "force majeure"),
    Cause.OTHER: words("其他", "other"),
}
