"""The list of orders at risk as a file, by the filters that the page stands at."""

from typing import Any

from flask import url_for
from flask_babel import gettext

from tracker.at_risk import export_at_risk
from tracker.orders.standing import STAGE_WORDS
from tracker.pages import risk_words
from tracker.pages.access import language, open_to, operator_of, runtime
from tracker.pages.at_risk import asked
from tracker.pages.list_files import list_file
from tracker.pages.order_frame import people_of
from tracker.pages.orders import KIND_WORDS
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.teams import DISPATCHING
from tracker.staff.sign_in import Person

_WIDTHS = (18, 20, 12, 40, 12, 14, 12, 14, 16, 16, 16, 20, 18, 10, 14)


@blueprint.get("/at-risk.<any(csv, xlsx):form>")
@open_to(*DISPATCHING)
def at_risk_file(form: str) -> Any:
    """What the list shows, all pages of it."""
    person = signed_in()
    operator_id = operator_of(person)
    wish = asked(runtime().reference.current(), operator_id)
    pages = export_at_risk.pages(runtime(), operator_id, wish.wanted, _words(person))
    return list_file(
        form,
        "at-risk",
        gettext("超时预警"),
        _head(),
        _WIDTHS,
        pages,
        too_many="risk.too_many_rows",
        back=url_for("staff.at_risk", **wish.given),
    )


def _head() -> tuple[str, ...]:
    return (
        gettext("订单号"),
        gettext("承诺期限"),
        gettext("剩余小时"),
        gettext("原因"),
        gettext("督办"),
        gettext("环节"),
        gettext("县（市、区）"),
        gettext("镇（街道）"),
        gettext("社区（村）"),
        gettext("班组"),
        gettext("装维人员"),
        gettext("预约上门"),
        gettext("渠道"),
        gettext("客户类型"),
        gettext("跟进人"),
    )


def _words(person: Person) -> export_at_risk.Words:
    """In the language of the page; looked up now, because the lines are made after the request."""
    risks = {risk.value: gettext(word) for risk, word in risk_words.RISK_WORDS.items()}
    comma = ", " if language() == "en" else "、"
    stages = {word: gettext(word) for word in STAGE_WORDS.values()}
    people = people_of(person)
    return export_at_risk.Words(
        risks=lambda codes: comma.join(risks[code] for code in codes),
        levels={level: gettext(word) for level, word in risk_words.LEVEL_WORDS.items()},
        kinds={kind: gettext(word) for kind, word in KIND_WORDS.items()},
        # Whoever takes an order over is one of the staff.
        people=lambda actor: people.staff.get(actor.partition(":")[2], actor),
        translate=stages.__getitem__,
    )
