"""What installers read: steps, reasons, warnings, and what somebody else changed meanwhile."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext

from tracker import clock
from tracker.orders.rules import REASONS, Cause
from tracker.orders.standing import N_, STAGE_WORDS
from tracker.pages import wording
from tracker.pages.complaint_words import who_did
from tracker.site_work.rules import Act, PhotoKind

ACT_WORDS = {
    Act.TAKE: N_("接单"),
    Act.ARRIVE: N_("到达现场"),
    Act.REAPPOINT: N_("改约"),
    Act.CANNOT: N_("无法施工"),
    Act.TEST: N_("线路测试"),
    Act.PHOTO: N_("照片"),
    Act.ACTIVATE: N_("装通"),
    Act.COMPLETE: N_("竣工"),
}
DONE_WORDS = {
    Act.TAKE: N_("已接单。"),
    Act.ARRIVE: N_("已记录到达。"),
    Act.REAPPOINT: N_("已约定，并已通知客户。"),
    Act.CANNOT: N_("已记录。工单回到待预约，请与客户另约时间。"),
    Act.TEST: N_("测试结果已保存。"),
    Act.PHOTO: N_("照片已保存。"),
    Act.ACTIVATE: N_("已装通。请客户确认。"),
    Act.COMPLETE: N_("已竣工，客户会收到短信。"),
}
KIND_WORDS = {
    PhotoKind.LINE_TEST: N_("测速截图"),
    PhotoKind.SITE: N_("施工现场"),
    PhotoKind.EQUIPMENT: N_("设备标签"),
}
CAUSE_WORDS = {
    Cause.CUSTOMER: N_("客户原因"),
    Cause.THIRD_PARTY: N_("第三方原因"),
    Cause.CONSTRUCTION: N_("建设原因"),
    Cause.NETWORK: N_("网络原因"),
    Cause.FRONT_OFFICE: N_("前台原因"),
    Cause.FORCE_MAJEURE: N_("不可抗力"),
    Cause.OTHER: N_("其他原因"),
}
_CHANGE_WORDS = {
    "appointment": N_("改约"),
    "hold": N_("缓装"),
    "resume": N_("恢复计时"),
    "repromise": N_("重新承诺"),
    "excuse": N_("免责说明"),
    "assigned": N_("派给班组或装维员"),
    "contact": N_("更正了客户资料"),
}
# What the script of the pages says; {n} is put in by it.
SCRIPT_WORDS = {
    "online": N_("在线"),
    "offline": N_("离线"),
    "waiting": N_("{n} 项待发送"),
    "sending": N_("正在发送 {n} 项…"),
    "sent": N_("{n} 项已全部发送"),
    "refused": N_("{n} 项需要处理"),
    "signIn": N_("请登录后发送"),
    "later": N_("系统暂时不可用，稍后自动重发"),
    "title": N_("没有发送成功"),
    "heldBack": N_("这些步骤已保存在本机，没有丢失。"),
    "retry": N_("重新发送"),
    "discard": N_("放弃这一步"),
    "discardMeans": N_("放弃后，这一步从本机删除，不能恢复。"),
    "discardSure": N_("确认放弃"),
    "open": N_("查看工单"),
    "kept": N_("已保存在本机，有信号后自动发送"),
    "needsSignal": N_("改约需要信号。没有信号时请致电客服 {n}。"),
    "notStored": N_("没有保存：本机存不下，或浏览器不让存。填写的仍在，请再按一次；仍不行请致电客服 {n}。"),
    "tooLarge": N_("照片无法发送，请重拍"),
    "heic": N_("没有保存：HEIC 照片打不开。请在“设置 › 相机 › 格式”里选“兼容性最佳”后重拍，或改用截图"),
    "noReading": N_("请填写数字"),
    "outOfRange": N_("须在 {n} 之间，请核对仪表读数和正负号"),
    "needsReason": N_("测试结果异常，请填写继续的原因"),
    "noCall": N_("现在没有信号，无法取得号码。请拨客服 {n} 转接。"),
    "leaving": N_("本机还有 {n} 项没有发送。退出后仍保留在本机，您再次登录后继续发送。"),
    "noPosition": N_("没有取得位置，已不带位置记录。"),
}


def reasons_by_cause(language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The reasons that may be given, under whose doing they are: words of the cause, then code and words."""
    return [
        (
            gettext(words),
            [
                (one.code, one.en if language == "en" else one.zh)
                for one in REASONS.values()
                if one.cause is cause
            ],
        )
        for cause, words in CAUSE_WORDS.items()
    ]


def changes(
    rows: Iterable[Any], me: str, channels: Mapping[str, str], people: Mapping[str, str], language: str
) -> list[str]:
    """What others changed, a line each: when, who, what, why. `me` is how histories name the reader."""
    lines = []
    for row in rows:
        if row.actor == me:
            continue
        who, is_ours = who_did(row.actor, channels, people)
        what = STAGE_WORDS[row.stage] if row.kind == "stage" else _CHANGE_WORDS.get(row.kind, N_("更新"))
        said = [
            wording.instant(row.recorded_at, language, clock.today()),
            gettext(who) if is_ours else who,
            gettext(what),
        ]
        reason = REASONS.get(row.reason_code or "")
        if reason is not None:
            said.append(reason.en if language == "en" else reason.zh)
        if row.reason_text:
            said.append(row.reason_text)
        lines.append(" · ".join(said))
    return lines
