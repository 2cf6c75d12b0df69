"""Figures in words: what they are called, what splits them, and whose a line of a table is."""

from collections.abc import Mapping
from datetime import date

from flask_babel import gettext

from tracker.figures.measure_rules import Which
from tracker.figures.orders_counted import Counted
from tracker.figures.periods import Comparison, Grain, Stretch
from tracker.figures.rules import WITHDRAWN
from tracker.orders.rules import REASONS
from tracker.orders.standing import N_
from tracker.pages import wording

COMPARISON_WORDS = {
    Comparison.BEFORE: N_("上一时期（环比）"),
    Comparison.YEAR: N_("去年同期（同比）"),
    Comparison.NONE: N_("不比较"),
}
GRAIN_WORDS = {Grain.DAY: N_("按日"), Grain.WEEK: N_("按周"), Grain.MONTH: N_("按月")}
SPLIT_WORDS = {
    "county": N_("县（市、区）"),
    "channel": N_("渠道"),
    "customer": N_("客户类型"),
    "area": N_("城乡"),
    "dealer": N_("代理商"),
    "team": N_("班组"),
    "installer": N_("装维员"),
}
KIND_WORDS = {"home": N_("家庭"), "enterprise": N_("企业")}
AREA_WORDS = {"urban": N_("城镇"), "rural": N_("农村")}
NOBODY_WORDS = {"dealer": N_("无代理商"), "team": N_("未派班组"), "installer": N_("未派装维员")}
COUNTED_WORDS = {
    Counted.DUE: N_("毛口径：首次承诺到期的工单"),
    Counted.ON_TIME: N_("毛口径：按首次承诺装通的工单"),
    Counted.LATE: N_("毛口径：超出首次承诺的工单"),
    Counted.NET_DUE: N_("净口径：现行承诺到期、计入的工单"),
    Counted.NET_ON_TIME: N_("净口径：按现行承诺装通的工单"),
    Counted.NET_LATE: N_("净口径：超出现行承诺、计入的工单"),
    Counted.REMOVED: N_("净口径不计入的工单"),
}

MEASURED_WORDS = {
    Which.CONNECTED: N_("装通的工单"),
    Which.SECOND_VISIT: N_("没有一次装通的工单"),
    Which.RESPONDED: N_("首次约定上门的工单"),
    Which.COMPLETED: N_("竣工的工单"),
    Which.RETURNED: N_("退单的工单"),
    Which.ENDED: N_("装通或退单的工单"),
    Which.VISITS_DUE: N_("到时的约定上门"),
    Which.VISITS_MISSED: N_("未履约的约定上门"),
    Which.OPEN: N_("此刻在途的工单"),
}


def reason_word(code: str, language: str) -> str:
    """Why the net figure leaves orders out."""
    if code == WITHDRAWN:
        return gettext("用户期限前撤单")
    reason = REASONS[code]
    return reason.en if language == "en" else reason.zh


def days_word(days: Stretch, language: str, today: date) -> str:
    """A stretch of days: "10月28日 – 11月26日", with years where they are not this one."""
    first, last = (wording.short_day(day, language, today) for day in (days.first_on, days.last_on))
    return first if days.first_on == days.last_on else f"{first} – {last}"


def point_word(at: date, days: Stretch, grain: Grain, language: str, today: date) -> str:
    """A point of a trend: a day, the days of a week that it has, or a month."""
    if grain is Grain.MONTH:
        return wording.month_of_year(at, language)
    return days_word(days, language, today)


def hand_word(hand: str, whose: str, names: Mapping[str, Mapping[str, str]]) -> str:
    """A dealer, a team or an installer by name; nobody where nobody had an order in hand."""
    if not whose:
        return gettext(NOBODY_WORDS[hand])
    return names[hand].get(whose, f"#{whose}")


def hours_word(hours: float, language: str) -> str:
    """A length of time as figures tell it: "31 小时", "0.5 小时", in English "31 h"."""
    said = f"{hours_told(hours):g}"
    return f"{said} h" if language == "en" else f"{said} 小时"


def hours_told(hours: float) -> float:
    """A length of time as precisely as it is told: to a tenth of an hour, from a hundred on to the hour."""
    return round(hours, 1 if hours < 100 else None)
