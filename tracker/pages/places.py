"""The places of the staff pages: where one begins, and which ways lead on from every page.

A place is shown to the roles that its view is open to, and only where the service has such a view.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, request

from tracker.orders.standing import N_
from tracker.staff.sign_in import Person


@dataclass(frozen=True)
class Place:
    """An entry of the main navigation. `also`: what else belongs to it; `narrowed`: to whom it is worth a
    place, where that is not everybody who may open it; `manages`: its word for whoever sees more there.
    """

    address: str
    word: str
    also: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    manages: str = ""


@dataclass(frozen=True)
class Section:
    """Places of one kind of work."""

    word: str
    places: tuple[Place, ...]


_AT_DESK = ("counter", "dispatcher", "manager")

SECTIONS = (
    Section(
        N_("工单"),
        (
            Place("/jobs", N_("我的任务")),
            Place("/counter", N_("报装受理")),
            Place("/", N_("工单"), narrowed=_AT_DESK),
            Place("/at-risk", N_("超时预警")),
            Place("/dispatch", N_("派单"), also=("/teams",)),
            Place("/slots", N_("上门时段"), narrowed=("dispatcher", "manager")),
            Place("/order-files", N_("批量导入")),
            Place("/real-name", N_("实名核验")),
        ),
    ),
    Section(
        N_("客户服务"),
        (
            Place("/complaints", N_("投诉"), also=("/ratings",), manages=N_("投诉评价")),
            Place("/calls", N_("外呼任务")),
            Place("/notices", N_("短信通知")),
            Place("/outages", N_("中断公告")),
        ),
    ),
    Section(
        N_("指标"),
        (
            Place("/figures", N_("及时率看板")),
            Place("/excuses", N_("免责审批")),
            Place("/compensation", N_("补偿台账")),
            Place("/reports", N_("半年报告")),
            Place("/regulator", N_("全市指标")),
        ),
    ),
    Section(
        N_("资费"),
        (
            Place("/plans", N_("资费"), narrowed=_AT_DESK),
            Place("/tariff-changes", N_("资费变动"), also=("/subscribers/price",), narrowed=_AT_DESK),
        ),
    ),
    Section(
        N_("设置"),
        (
            Place("/promise-rules", N_("时限规则")),
            Place("/calendar", N_("工作日历")),
            Place("/templates", N_("短信模板")),
            Place("/channels", N_("渠道管理"), also=("/webhooks",)),
            Place("/staff", N_("人员账号")),
            Place("/audit", N_("审计记录")),
        ),
    ),
)
# So many fit in a row; whoever has more finds them by section.
_FLAT = 8

_HOMES = {
    "counter": "/counter",
    "dispatcher": "/dispatch",
    "installer": "/jobs",
    "administrator": "/staff",
    "regulator": "/regulator",
}


@dataclass(frozen=True)
class Shown:
    """A way on from a page, with its word in Chinese; `here`: the page belongs to it."""

    address: str
    word: str
    here: bool


@dataclass(frozen=True)
class Ways:
    """The ways on from a page: the sections, and the places within the one that the page belongs to.

    Where everything fits in one row, `first` are the places themselves, and there is no row `within`. It is
    empty on a page that belongs to no section.
    """

    first: list[Shown]
    within: list[Shown] | None


def home_of(role: str) -> str:
    """Where somebody begins: the work of the role, the orders where there is no such page."""
    home = _HOMES.get(role, "/")
    return home if home in _views() else "/"


def has_place(address: str) -> bool:
    """Whether the service has a page there."""
    return address in _views()


def ways_of(person: Person) -> Ways:
    """The ways that are open to somebody."""
    at = _place_of(request.path)
    sections = [
        (section, [_shown(place, person, at) for place in section.places if _is_open(place, person.role)])
        for section in SECTIONS
    ]
    every = [one for _, places in sections for one in places]
    if len(every) <= _FLAT:
        return Ways(every, None)
    first: list[Shown] = []
    within: list[Shown] = []
    for section, places in sections:
        if places:
            here = any(one.here for one in places)
            first.append(Shown(places[0].address, section.word, here))
            within += places if here else []
    return Ways(first, within)


def _shown(place: Place, person: Person, at: str) -> Shown:
    word = place.manages if place.manages and person.role == "manager" else place.word
    return Shown(place.address, word, place.address == at)


def _place_of(path: str) -> str:
    """Whatever belongs to no other place belongs to the orders."""
    for section in SECTIONS:
        for place in section.places:
            if place.address != "/" and _is_within(place, path):
                return place.address
    return "/account" if path.startswith("/account") else "/"


def _is_open(place: Place, role: str) -> bool:
    view = _views().get(place.address)
    if view is None or role not in getattr(view, "open_to", ()):
        return False
    return not place.narrowed or role in place.narrowed


def _is_within(place: Place, path: str) -> bool:
    return any(path == one or path.startswith((f"{one}/", f"{one}.")) for one in (place.address, *place.also))


def _views() -> dict[str, Callable[..., Any]]:
    """The views by their address, of addresses that name nothing; found once for an app."""
    found: dict[str, Callable[..., Any]] | None = current_app.extensions.get("tracker_places")
    if found is None:
        found = {
            rule.rule: current_app.view_functions[rule.endpoint]
            for rule in current_app.url_map.iter_rules()
            if not rule.arguments and "GET" in (rule.methods or ())
        }
        current_app.extensions["tracker_places"] = found
    return found
