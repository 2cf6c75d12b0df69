"""The audit trail in words, for the staff pages."""

from tracker.audit.rules import Action
from tracker.orders.standing import N_

ACTION_WORDS = {
    Action.SAW: N_("看了"),
    Action.CHANGED: N_("改了"),
    Action.GRANTED: N_("授予了"),
    Action.REVOKED: N_("收回了"),
}

ACTION_TONES = {
    Action.SAW: "quiet",
    Action.CHANGED: "accent",
    Action.GRANTED: "warning",
    Action.REVOKED: "warning",
}

# Fields as entries name them; one that is not here is shown by its own name.
FIELD_WORDS = {
    "address_detail": N_("详细地址"),
    "comment": N_("评价内容"),
    "contact_phone": N_("联系电话"),
    "contact_name": N_("联系人姓名"),
    "customer_name": N_("客户姓名"),
    "credit_code": N_("统一社会信用代码"),
    "display_name": N_("姓名"),
    "notes": N_("处理记录"),
    "notice": N_("短信通知"),
    "notify_by": N_("通知方式"),
    "password": N_("密码"),
    "phone": N_("联系电话"),
    "failed_rows": N_("未通过的行"),
    "compensation": N_("违约金付款"),
    "evidence": N_("免责依据附件"),
    "state": N_("审批状态"),
    "photo": N_("现场照片"),
    "role": N_("角色"),
    "second_factor": N_("动态验证码"),
    "sessions": N_("登录会话"),
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
}

# Why, where the program says it; words that somebody typed stand as they are.
WHY_WORDS = {
    "call asked for": N_("改为致电告知"),
    "call made": N_("外呼任务"),
    "text sent again": N_("再发一次短信"),
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
    "rating shown": N_("查看评价"),
    "ratings listed": N_("查看评价"),
}
