"""Words about accounts."""

from tracker.orders.standing import N_

ROLE_WORDS = {
    "counter": N_("营业员"),
    "dispatcher": N_("调度员"),
    "installer": N_("装维人员"),
    "manager": N_("经理"),
    "regulator": N_("监管人员"),
    "administrator": N_("系统管理员"),
}
STATE_WORDS = {
    "active": N_("在用"),
    "invited": N_("已邀请"),
    "locked": N_("已锁定"),
    "disabled": N_("已停用"),
}
STATE_TONES = {"active": "accent", "invited": "quiet", "locked": "warning", "disabled": "danger"}
