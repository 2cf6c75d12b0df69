"""Risks and levels as texts to staff say them, in Chinese."""

from tracker.at_risk.rules import GRAVITY, RISKS_TOLD, Level, Risk

RISK_WORDS = {
    Risk.OVERDUE: "已超时",
    Risk.VISIT_LATE: "上门晚于期限",
    Risk.NO_SLOT: "期限前无时段",
    Risk.UNREACHABLE: "联系不上客户",
    Risk.DUE: "临近未上门",
    Risk.NO_TEAM: "未派人",
    Risk.BUILDING: "待建设",
    Risk.CHECK: "待核查",
}
LEVEL_WORDS = {Level.DISPATCHERS: "一级", Level.MANAGERS: "二级", Level.EVERY_MANAGER: "三级"}


def counted(by_risk: dict[Risk, int]) -> str:
    """How many there are of the gravest risks that there are: "已超时3、未派人2"."""
    found = [f"{RISK_WORDS[risk]}{by_risk[risk]}" for risk in GRAVITY if by_risk[risk]]
    return "、".join(found[:RISKS_TOLD])
