"""How an installation goes (办理流程), and what is promised of it (服务标准), for homes and for companies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Flask, request
from flask_babel import gettext as _

from public_status import fee_words, preferences
from public_status.published import Limit
from public_status.runtime import PublicRuntime
from public_status.shelf import Kind, Shelf, Shown, shown
from public_status.spoken import render
from tracker.orders.standing import N_
from tracker.promises.calendar import CalendarRangeError, RestSpan, WorkingCalendar
from tracker.promises.rules import ANY, Unit
from tracker.tariffs.rules import AUDIENCES

_PRODUCTS = {"broadband": N_("宽带"), "dedicated_line": N_("互联网专线"), ANY: N_("各类业务")}
_AREAS = {"urban": N_("城区"), "rural": N_("农村"), ANY: N_("城区和农村")}
_RESOURCES = {
    "ready": N_("线路已到，可直接接入"),
    "needs_building": N_("需先建设线路"),
    "survey": N_("需现场勘察"),
    ANY: N_("各种情况"),
}


@dataclass(frozen=True)
class Step:
    """A step of an installation as its customer lives it: who acts, and what to do or to expect."""

    title: str
    who: str
    text: Mapping[str, str]


def _both(text: str) -> dict[str, str]:
    return dict.fromkeys(AUDIENCES, text)


STEPS = (
    Step(
        N_("申请报装"),
        N_("您"),
        {
            "home": N_(
                "线上、线下任选一种办法，填写姓名、联系电话和安装地址，选好资费。不知道能不能装，也可以先提交。"
            ),
            "enterprise": N_(
                "线上、线下任选一种办法，填写单位名称、经办人电话和安装地址，选好资费。专线业务先约定现场勘察。"
            ),
        },
    ),
    Step(
        N_("受理"),
        N_("运营商"),
        _both(
            N_("登记后当场得到订单号和承诺装通的时间，并收到短信。应缴的费用同时告知。从这时起可以查询进度。")
        ),
    ),
    Step(
        N_("实名核验"),
        N_("您和运营商"),
        {
            "home": N_("出示本人有效身份证件。未通过的，会告知原因和申诉办法；通过之前不会开通。"),
            "enterprise": N_(
                "出示营业执照和经办人有效身份证件。未通过的，会告知原因和申诉办法；通过之前不会开通。"
            ),
        },
    ),
    Step(
        N_("资源核查"),
        N_("运营商"),
        _both(N_("核查您的地址能否直接接入。需要先建设线路的，会短信告知新的时限。")),
    ),
    Step(
        N_("派单和预约"),
        N_("装维人员"),
        _both(
            N_(
                "装维人员电话联系您，约定上门时间；约好后有短信，前一天再提醒。要改时间，可在进度查询页自己改，或拨打客服热线。"
            )
        ),
    ),
    Step(
        N_("上门安装"),
        N_("装维人员"),
        {
            "home": N_("请留人在家并备好有效证件。装维人员有工号，不会索要您的验证码。"),
            "enterprise": N_(
                "请安排人员在场，需要物业配合的请提前联系。装维人员有工号，不会索要您的验证码。"
            ),
        },
    ),
    Step(
        N_("装通测速"),
        N_("装维人员"),
        _both(N_("当场测速，请核对是否与所办资费的带宽相符。")),
    ),
    Step(
        N_("竣工确认"),
        N_("您"),
        _both(N_("确认可用后竣工，并收到短信。费用的应缴和已缴，在进度查询页都能看到。")),
    ),
)


def register(app: Flask, _run: PublicRuntime, shelf: Shelf) -> None:
    """The two pages."""
    shelf.add("/process", Kind(("audience",)))
    shelf.add("/standard", Kind(("audience",)))

    @app.get("/process")
    def process() -> str:
        return render("process.html", what=shown(), audience=_audience(), steps=STEPS)

    @app.get("/standard")
    def standard() -> str:
        what, audience = shown(), _audience()
        return render(
            "standard.html",
            what=what,
            audience=audience,
            tables=_tables(what, audience),
            **_holidays(what.snapshot.calendar, what.today),
        )


def _audience() -> str:
    asked = request.args.get("audience", "")
    return asked if asked in fee_words.AUDIENCE_WORDS else "home"


def _tables(what: Shown, audience: str) -> list[dict[str, Any]]:
    """Each operator's limits that hold today or are published for later; one without any says so."""
    tables = []
    for operator in what.snapshot.operators:
        limits = [
            limit
            for limit in what.snapshot.limits
            if limit.operator.id == operator.id
            and limit.customer_kind == audience
            and (limit.valid_to is None or limit.valid_to >= what.today)
        ]
        rows = [
            {
                "limit": limit,
                "product": _(_PRODUCTS[limit.product]) if limit.product in _PRODUCTS else limit.product,
                "area": _(_AREAS[limit.area]),
                "resource": _(_RESOURCES[limit.resource]),
                "time": promised(limit),
                "counted": counted(limit),
                "later": limit.valid_from > what.today,
            }
            for limit in limits
        ]
        tables.append({"operator": operator, "rows": rows})
    return tables


def promised(limit: Limit) -> str:
    """The promised time in words: "48小时内", "3个工作日内"."""
    english, amount = preferences.language() == "en", limit.amount
    if english:
        unit = {Unit.HOURS: "hour", Unit.CALENDAR_DAYS: "day", Unit.WORKING_DAYS: "working day"}[limit.unit]
        return f"Within {amount} {unit}{'' if amount == 1 else 's'}"
    unit = {Unit.HOURS: "小时", Unit.CALENDAR_DAYS: "天", Unit.WORKING_DAYS: "个工作日"}[limit.unit]
    return f"{amount}{unit}内"


def counted(limit: Limit) -> list[str]:
    """How it is counted, clause by clause."""
    if limit.unit is Unit.HOURS:
        return [_("从受理时起连续计算，周末和节假日不停")]
    clauses = [_("受理当日不计")]
    if limit.end_of_day is not None:
        clauses.append(_("截至最后一天%(time)s", time=f"{limit.end_of_day:%H:%M}"))
    else:
        clauses.append(_("截至最后一天24:00"))
    if limit.late_counts_as_next_day:
        if limit.cut_off is not None:
            clauses.append(_("%(time)s后或休息日受理的，视为下一个工作日受理", time=f"{limit.cut_off:%H:%M}"))
        else:
            clauses.append(_("休息日受理的，视为下一个工作日受理"))
    return clauses


def _holidays(calendar: WorkingCalendar | None, today: date) -> dict[str, Any]:
    """The named days off and the weekends worked, from today to the end of the last announced year."""
    if calendar is None:
        return {"rests": [], "worked": [], "last_year": None}
    end = date(calendar.last_announced_year, 12, 31)
    try:
        rests: list[RestSpan] = [span for span in calendar.rest_spans(today, end) if span.name]
        worked = calendar.make_up_days(today, end)
    except CalendarRangeError:
        rests, worked = [], []
    return {"rests": rests, "worked": worked, "last_year": calendar.last_announced_year}
