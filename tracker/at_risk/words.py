"""Risks and levels in words: one truth for texts to staff and for pages.

Words are the Chinese message ids of the pages' catalogue; `N_` marks them for extraction.
"""

from tracker.at_risk.rules import GRAVITY, RISKS_TOLD, Level, Risk
from tracker.orders.standing import N_

RISK_WORDS = {
    Risk.OVERDUE: N_("已超时"),
    Risk.VISIT_LATE: N_("上门晚于期限"),
    Risk.NO_SLOT: N_("期限前无时段"),
    Risk.UNREACHABLE: N_("联系不上客户"),
    Risk.DUE: N_("临近未上门"),
    Risk.NO_TEAM: N_("未派人"),
    Risk.BUILDING: N_("待建设"),
    Risk.CHECK: N_("待核查"),
}
LEVEL_WORDS = {
    Level.DISPATCHERS: N_("一级督办"),
    Level.MANAGERS: N_("二级督办"),
    Level.EVERY_MANAGER: N_("三级督办"),
}


def counted(by_risk: dict[Risk, int]) -> str:
    """How many there are of the gravest risks that there are: "已超时3、未派人2"."""
    found = [f"{RISK_WORDS[risk]}{by_risk[risk]}" for risk in GRAVITY if by_risk[risk]]
    return "、".join(found[:RISKS_TOLD])
