"""The audit trail in words, for the staff pages."""

import re

from flask_babel import gettext

from tracker.audit.rules import Action
from tracker.orders.standing import N_
from tracker.pages.order_page import WHY_CLEAR
from tracker.pages.people_words import ROLE_WORDS

ACTION_WORDS = {
    Action.SAW: N_("看了"),
    Action.CHANGED: N_("改了"),
    Action.SOUGHT: N_("查找了"),
    Action.GRANTED: N_("授予了"),
    Action.REVOKED: N_("收回了"),
}

ACTION_TONES = {
    Action.SAW: "quiet",
    Action.CHANGED: "accent",
    Action.SOUGHT: "quiet",
    Action.GRANTED: "warning",
    Action.REVOKED: "warning",
}

# Fields as entries name them; one that is not here is shown by its own name.
FIELD_WORDS = {
    "account": N_("账号"),
    "address_detail": N_("详细地址"),
    "call": N_("通话结果"),
    "call_note": N_("通话备注"),
    "comment": N_("评价内容"),
    "contact_phone": N_("联系电话"),
    "contact_name": N_("联系人姓名"),
    "customer_name": N_("客户姓名"),
    "credit_code": N_("统一社会信用代码"),
    "display_name": N_("姓名"),
    "lock": N_("登录锁定"),
    "notes": N_("处理记录"),
    "notice": N_("短信通知"),
    "notify_by": N_("通知方式"),
    "password": N_("密码"),
    "phone": N_("联系电话"),
    "failed_rows": N_("未通过的行"),
    "recovery_codes": N_("恢复码"),
    "compensation": N_("违约金付款"),
    "evidence": N_("免责依据附件"),
    "state": N_("审批状态"),
    "role": N_("角色"),
    "second_factor": N_("动态验证码"),
    "sessions": N_("登录会话"),
    "site_photo": N_("现场照片"),
    "staff_number": N_("工号"),
    "text": N_("投诉内容"),
    "title": N_("称呼"),
    "username": N_("用户名"),
}

# The kinds of what an entry is about, by the word before its id.
SUBJECT_WORDS = {
    "account": N_("账号"),
    "complaint": N_("投诉单"),
    "excuse": N_("免责申请"),
    "notice": N_("短信"),
    "order": N_("订单"),
    "order_file": N_("批量导入文件"),
    "search": N_("没有对应的订单"),
}

# Why, where the program says it; words that somebody typed stand as they are.
_WHY_WORDS = {
    "call asked for": N_("改为致电告知"),
    "call made": N_("外呼任务"),
    "earlier calls shown": N_("查看以往通话"),
    "call taken back": N_("撤回通话登记"),
    "text sent again": N_("再发一次短信"),
    "changed by hand": N_("人工更改"),
    "changed their own password": N_("本人更改密码"),
    "chose a password with a code": N_("凭验证码设置密码"),
    "code at the console": N_("在控制台生成验证码"),
    "code by text": N_("短信发送验证码"),
    "disabled": N_("停用账号"),
    "enabled": N_("启用账号"),
    "enrolled a phone": N_("手机绑定动态码"),
    "forgot the password: code by text": N_("忘记密码，短信发送验证码"),
    "made new recovery codes": N_("重新生成恢复码"),
    "order taken in at the counter": N_("柜台受理"),
    "searched by phone": N_("按电话查找"),
    "second factor removed": N_("已移除动态码"),
    "signed out everywhere": N_("已在所有设备上退出"),
    "turned their second factor off": N_("本人关闭动态码"),
    "unlocked": N_("已解除锁定"),
    "上门施工": N_("上门施工"),
    "专线接通客户": N_("专线接通客户"),
    "failed rows fetched": N_("下载未通过的行"),
    "compensation paid": N_("登记违约金付款"),
    "compensation payment undone": N_("撤销违约金付款登记"),
    "evidence shown": N_("查看免责依据"),
    "excuse asked for": N_("申请免责"),
    "excuse taken back": N_("撤回免责申请"),
    "excuse approved": N_("同意免责"),
    "excuse refused": N_("驳回免责申请"),
    "complaint shown": N_("处理投诉"),
    "order shown": N_("查看订单"),
    "photo shown": N_("查看现场照片"),
    "rating shown": N_("查看评价"),
    "ratings listed": N_("查看评价"),
}
_ROLE = "|".join(ROLE_WORDS)
_GIVEN = re.compile(rf"(?:invited|added) as ({_ROLE})")
_CHANGED = re.compile(rf"({_ROLE}) becomes ({_ROLE})")


def why_words(why: str) -> str:
    """Why, in the reader's language as far as the program said it."""
    if given := _GIVEN.fullmatch(why):
        return gettext("开通为%(role)s", role=gettext(ROLE_WORDS[given[1]]))
    if changed := _CHANGED.fullmatch(why):
        former, role = (gettext(ROLE_WORDS[one]) for one in changed.groups())
        return gettext("由%(former)s改为%(role)s", former=former, role=role)
    # Whoever sees a customer in clear chooses a reason, and may add words of their own.
    chosen, colon, more = why.partition("：")
    if chosen in WHY_CLEAR.values():
        return gettext(chosen) + (gettext("：") + more if colon else "")
    return gettext(_WHY_WORDS[why]) if why in _WHY_WORDS else why
