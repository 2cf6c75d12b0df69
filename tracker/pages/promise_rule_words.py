"""Words of promise rules on the staff pages."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row

from tracker.orders.standing import N_
from tracker.pages import wording
from tracker.pages.order_event_words import Line, People
from tracker.pages.outage_request import Asked
from tracker.promises.rule_words import limit
from tracker.promises.rules import ANY, Rule, Unit

KIND_WORDS = {"home": N_("家庭"), "enterprise": N_("企业")}
PRODUCT_WORDS = {
    ANY: N_("不限"),
    "broadband": N_("宽带"),
    "fttr": N_("全屋光宽带"),
    "dedicated_line": N_("专线"),
}
AREA_WORDS = {ANY: N_("不限"), "urban": N_("城镇"), "rural": N_("农村")}
RESOURCE_WORDS = {
    ANY: N_("不限"),
    "ready": N_("资源具备"),
    "needs_building": N_("需先建设线路"),
    "survey": N_("需先现场勘察"),
}
UNIT_WORDS = {
    Unit.HOURS: N_("小时（连续计时）"),
    Unit.CALENDAR_DAYS: N_("日（含休息日）"),
    Unit.WORKING_DAYS: N_("个工作日"),
}
STATE_WORDS = {
    "in_force": N_("生效中"),
    "coming": N_("尚未生效"),
    "ended": N_("已失效"),
    "withdrawn": N_("已撤回"),
}
STATE_TONES = {"in_force": "accent", "coming": "warning", "ended": "quiet", "withdrawn": "quiet"}
CHANGE_WORDS = {"published": N_("发布"), "ended": N_("定失效日"), "withdrawn": N_("撤回")}

# By the names that faults give them, in the order of the form.
FIELDS = {
    "customer_kind": Asked("customer_kind", N_("客户类型")),
    "product": Asked("product", N_("产品")),
    "area": Asked("area", N_("地址")),
    "resource": Asked("resource", N_("线路资源")),
    "amount": Asked("amount", N_("时限")),
    "unit": Asked("unit", N_("单位")),
    "end_of_day": Asked("end_of_day", N_("最后一天几点前")),
    "late_counts_as_next_day": Asked("late", N_("过时受理")),
    "cut_off": Asked("cut_off", N_("当日受理截止")),
    "valid_from": Asked("valid_from", N_("生效日")),
    "valid_to": Asked("valid_to", N_("最后一天")),
    "last_day": Asked("last_day", N_("最后一天")),
    "gap": Asked("gap", N_("没有时限可依")),
    "reason": Asked("reason", N_("原因")),
}


def state_of(row: Mapping[str, Any], today: date) -> str:
    """How a version stands that day."""
    if row["withdrawn_at"] is not None:
        return "withdrawn"
    if row["valid_from"] > today:
        return "coming"
    return "in_force" if row["valid_to"] is None or row["valid_to"] >= today else "ended"


def as_rule(row: Mapping[str, Any]) -> Rule:
    """The rule that a row holds."""
    values = {name: row[name] for name in Rule.__dataclass_fields__}
    return Rule(**{**values, "unit": Unit(values["unit"])})


def change_line(change: Row[Any], people: People, spoken: str) -> Line:
    """What became of a rule, as one line."""
    rule = as_rule(change._mapping)
    details = [scope_said(rule), limit(rule, spoken), gettext("第 %(version)s 版", version=change.version)]
    if change.kind == "published":
        details.append(gettext("自 %(day)s 起", day=wording.long_day(change.valid_from, spoken)))
    if change.last_day is not None:
        details.append(gettext("最后一天 %(day)s", day=wording.long_day(change.last_day, spoken)))
    elif change.kind == "ended":
        details.append(gettext("不再有最后一天"))
    return Line(
        kind=change.kind,
        word=gettext(CHANGE_WORDS[change.kind]),
        at=change.at,
        who=people.name(change.actor),
        why=change.reason,
        details=tuple(details),
    )


def scope_said(rule: Rule) -> str:
    """Which orders a rule is for, in a few words: "家庭 · 宽带 · 城镇 · 资源具备"."""
    named = [gettext(KIND_WORDS[rule.customer_kind])]
    for value, words in (
        (rule.product, PRODUCT_WORDS),
        (rule.area, AREA_WORDS),
        (rule.resource, RESOURCE_WORDS),
    ):
        if value != ANY:
            named.append(gettext(words[value]) if value in words else value)
    return " · ".join(named)
