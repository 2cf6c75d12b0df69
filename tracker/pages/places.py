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


_AT_DESK = ("counter", "dispatcher", "manager")

PLACES = (
    Place("/jobs", N_("我的任务")),
    Place("/counter", N_("报装受理")),
    Place("/", N_("工单"), narrowed=_AT_DESK),
    Place("/dispatch", N_("派单"), also=("/teams",)),
    Place("/slots", N_("上门时段"), narrowed=("dispatcher", "manager")),
    Place("/order-files", N_("批量导入")),
    Place("/plans", N_("资费"), narrowed=_AT_DESK),
    Place("/tariff-changes", N_("资费变动"), also=("/subscribers/price",), narrowed=_AT_DESK),
    Place("/outages", N_("中断公告")),
    Place("/complaints", N_("投诉"), also=("/ratings",), manages=N_("投诉评价")),
    Place("/real-name", N_("实名核验")),
    Place("/channels", N_("渠道管理"), also=("/webhooks",)),
    Place("/staff", N_("人员账号")),
    Place("/audit", N_("审计记录")),
)

_HOMES = {
    "counter": "/counter",
    "dispatcher": "/dispatch",
    "installer": "/jobs",
    "administrator": "/staff",
    # What is reported to it will lie there.
    "regulator": "/account",
}


@dataclass(frozen=True)
class Shown:
    """A way on from a page, with its word in Chinese; `here`: the page belongs to it."""

    address: str
    word: str
    here: bool


def home_of(role: str) -> str:
    """Where somebody begins: the work of the role, the orders where there is no such page."""
    home = _HOMES.get(role, "/")
    return home if home in _views() else "/"


def places_of(person: Person) -> list[Shown]:
    """The ways that are open to somebody."""
    open_ones = [place for place in PLACES if _is_open(place, person.role)]
    here = [one for one in PLACES if one.address != "/" and _is_within(one, request.path)]
    # Whatever belongs to no other place belongs to the orders.
    at = here[0].address if here else "/account" if request.path.startswith("/account") else "/"
    return [
        Shown(
            place.address,
            place.manages if place.manages and person.role == "manager" else place.word,
            place.address == at,
        )
        for place in open_ones
    ]


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
