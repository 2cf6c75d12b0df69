"""What a plan lacks to be published, and what is unusual in it: pure decisions."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tracker.problems import Fault
from tracker.tariffs.rules import AnyVersion, is_usual_filing_number, overlapping

# English text → the Chinese that stands in its place.
_ENGLISH = {"name_en": "name", "services_en": "services", "restrictions_en": "restrictions"}
# Fields of the operators' fee pages (资费专区) that a plan may do without.
_USUAL = ("scope", "sales_channels", "validity", "stay", "cancellation", "liability")


def lacking(
    plan: Mapping[str, Any],
    published: Iterable[AnyVersion],
    today: date,
    *,
    region_is_known: bool,
    back_dated: bool = False,
    sold: bool = True,
) -> list[Fault]:
    """Why a version cannot be published beside those of its plan that were; nothing where it can.

    `back_dated`: it may have been on sale before it is written down, as when a city is set up. `sold`: to
    whoever asks, and not to present customers only.
    Restrictions and services are asked for because the fee schedule (收费标准公示) that it becomes
    would otherwise name a price without what is paid for, or hide its conditions.
    """
    faults = []
    if not region_is_known:
        faults.append(Fault("plan.unknown_region", "/region"))
    if not plan["services"]:
        faults.append(Fault("plan.services_required", "/services"))
    if not plan["restrictions"]:
        faults.append(Fault("plan.restrictions_required", "/restrictions"))
    if not back_dated and plan["on_sale_from"] < today:
        faults.append(Fault("plan.begins_in_past", "/on_sale_from"))
    if sold and plan["on_sale_to"] is not None and plan["on_sale_to"] < plan["on_sale_from"]:
        faults.append(Fault("plan.period", "/on_sale_to"))
    faults += [
        Fault("plan.overlap", "/on_sale_from", {"version": other.version})
        for other in overlapping(plan["on_sale_from"], published)
    ]
    return faults


def unusual(plan: Mapping[str, Any]) -> list[Fault]:
    """What a person should look at again; none of it keeps a plan from being published."""
    found = []
    if not is_usual_filing_number(plan["filing_number"]):
        found.append(Fault("plan.unusual_filing_number", "/filing_number"))
    found += [Fault("plan.left_out", f"/{name}") for name in _USUAL if not plan[name]]
    found += [Fault("plan.no_english", f"/{name}") for name in _ENGLISH if not plan[name]]
    return found


def in_full(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The plan with the Chinese where its English was left out, so that no reader meets a gap."""
    return {**plan, **{english: plan[english] or plan[chinese] for english, chinese in _ENGLISH.items()}}
