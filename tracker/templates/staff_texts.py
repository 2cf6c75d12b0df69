"""Texts to an operator's own people: what is at risk, and what was brought before them."""

from tracker.templates.rules import Category, Template

STAFF_TEXTS = (
    Template(
        "risk_digest",
        1,
        ("count", "risks", "number", "signature"),
        "超时预警{count}张：{risks}。最急{number}。请在工作台“超时预警”处理。【{signature}】",
        "{count} orders at risk: {risks}. Most urgent: {number}. See At risk on the staff site."
        "【{signature}】",
        "progress",
        Category.STAFF,
    ),
    Template(
        "escalation",
        1,
        ("level", "number", "reason", "deadline", "signature"),
        "{level}：订单{number}{reason}，承诺{deadline}。请在工作台“超时预警”处理。【{signature}】",
        "{level}: order {number}, {reason}, due {deadline}. See At risk on the staff site.【{signature}】",
        "progress",
        Category.STAFF,
    ),
    Template(
        "escalations",
        1,
        ("level", "count", "number", "signature"),
        "{level}：{count}张工单，最急{number}。请在工作台“超时预警”处理。【{signature}】",
        "{level}: {count} orders, most urgent {number}. See At risk on the staff site.【{signature}】",
        "progress",
        Category.STAFF,
    ),
)
