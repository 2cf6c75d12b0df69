"""The list of orders as a file, by the filter that the page stands at."""

from typing import Any

from flask import url_for
from flask_babel import gettext

from tracker.orders import export_orders
from tracker.pages.access import AT_DESK, open_to, operator_of, runtime
from tracker.pages.list_files import csv_or_book
from tracker.pages.orders import asked
from tracker.pages.signing_in import blueprint, signed_in


@blueprint.get("/orders.<any(csv, xlsx):form>")
@open_to(*AT_DESK)
def orders_file(form: str) -> Any:
    """Every order of the operator that the filters of the address leave."""
    operator_id, words = operator_of(signed_in()), _words()
    filters = asked(runtime().reference.current(), operator_id)
    stage = filters.wanted.stage
    return csv_or_book(
        form,
        f"orders-{stage}" if stage else "orders",
        lambda: export_orders.csv_lines(runtime(), operator_id, filters.wanted, words),
        lambda: export_orders.xlsx(runtime(), operator_id, filters.wanted, words, gettext("工单")),
        back=url_for("staff.orders", **filters.given),
    )


def _words() -> export_orders.Words:
    """In the language of the page; looked up now, because the lines are made after the request."""
    head = (
        gettext("订单号"),
        gettext("环节"),
        gettext("承诺期限"),
        gettext("暂定"),
        gettext("状态"),
        gettext("县（市、区）"),
        gettext("镇（街道）"),
        gettext("社区（村）"),
        gettext("渠道"),
        gettext("客户类型"),
        gettext("受理时间"),
        gettext("办结时间"),
    )
    ours = (*export_orders.STAGE_WORDS.values(), *export_orders.MARK_WORDS.values())
    translated = {word: gettext(word) for word in ours}
    kinds = {"home": gettext("家庭"), "enterprise": gettext("企业")}
    return export_orders.Words(head, gettext("暂定"), kinds, translated.__getitem__)
