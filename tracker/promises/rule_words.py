"""A promise rule as a sentence that a customer would understand (Chinese and English)."""

from tracker.promises.rules import ANY, Rule, Unit

_KINDS = {"home": ("家庭客户", "Homes"), "enterprise": ("企业客户", "Companies")}
_PRODUCTS = {
    "broadband": ("宽带", "broadband"),
    "fttr": ("全屋光宽带", "fibre to the room"),
    "dedicated_line": ("专线", "dedicated lines"),
}
_AREAS = {"urban": ("城镇地址", "urban addresses"), "rural": ("农村地址", "rural addresses")}
_RESOURCES = {
    "ready": ("线路资源具备的", "where the line is ready"),
    "needs_building": ("需先建设线路的", "where a line must be built"),
    "survey": ("需先现场勘察的", "where the site is surveyed first"),
}


def sentence(rule: Rule, language: str) -> str:
    """What the rule promises, to whom, and from when it is counted."""
    return _english(rule) if language == "en" else _chinese(rule)


def limit(rule: Rule, language: str) -> str:
    """How long: "48 小时", "3 个工作日，最后一天18:00前"; in English "3 working days, by 18:00"."""
    if language == "en":
        unit = {
            Unit.HOURS: "hour",
            Unit.CALENDAR_DAYS: "calendar day",
            Unit.WORKING_DAYS: "working day",
        }[rule.unit]
        ends = f", by {rule.end_of_day:%H:%M}" if rule.end_of_day else ""
        return f"{rule.amount} {unit}{'' if rule.amount == 1 else 's'}{ends}"
    unit = {Unit.HOURS: "小时", Unit.CALENDAR_DAYS: "日", Unit.WORKING_DAYS: "个工作日"}[rule.unit]
    ends = f"，最后一天 {rule.end_of_day:%H:%M} 前" if rule.end_of_day else ""
    return f"{rule.amount} {unit}{ends}"


def _product(name: str, language: int) -> str:
    # A product that an operator has named itself stands as it is.
    return _PRODUCTS[name][language] if name in _PRODUCTS else name


def _chinese(rule: Rule) -> str:
    who = _KINDS[rule.customer_kind][0]
    what = "" if rule.product == ANY else f"办理{_product(rule.product, 0)}"
    where = "" if rule.area == ANY else f"，{_AREAS[rule.area][0]}"
    found = "" if rule.resource == ANY else f"，{_RESOURCES[rule.resource][0]}"
    if rule.unit is Unit.HOURS:
        limit = f"自受理起 {rule.amount} 小时内装通，周末和节假日照常计时"
    else:
        unit = "个工作日" if rule.unit is Unit.WORKING_DAYS else "日"
        until = f"（最后一天 {rule.end_of_day:%H:%M} 前）" if rule.end_of_day else ""
        limit = f"自受理次日起 {rule.amount} {unit}内装通{until}"
    return f"{who}{what}{where}{found}，{limit}{_late_zh(rule)}。"


def _late_zh(rule: Rule) -> str:
    if not rule.late_counts_as_next_day:
        return ""
    after = f"{rule.cut_off:%H:%M} 以后或休息日" if rule.cut_off else "休息日"
    return f"；{after}受理的，视为下一个工作日受理"


def _english(rule: Rule) -> str:
    who = _KINDS[rule.customer_kind][1]
    what = "" if rule.product == ANY else f" ordering {_product(rule.product, 1)}"
    where = "" if rule.area == ANY else f", {_AREAS[rule.area][1]}"
    found = "" if rule.resource == ANY else f", {_RESOURCES[rule.resource][1]}"
    if rule.unit is Unit.HOURS:
        counted = f"connected within {limit(rule, 'en')} of acceptance; weekends and holidays count"
    else:
        counted = f"connected within {limit(rule, 'en')}, counted from the day after acceptance"
    return f"{who}{what}{where}{found}: {counted}{_late_en(rule)}."


def _late_en(rule: Rule) -> str:
    if not rule.late_counts_as_next_day:
        return ""
    after = f"after {rule.cut_off:%H:%M} or on a rest day" if rule.cut_off else "on a rest day"
    return f"; what is accepted {after} counts as accepted on the next working day"
