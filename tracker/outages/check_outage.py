"""Everything that can be wrong with an outage as it is to stand."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tracker.outages.areas import Places
from tracker.outages.rules import (
    LEAST_NOTICE,
    hours,
    is_short_notice,
    minutes_faults,
    text_faults,
    window_faults,
)
from tracker.problems import Fault, Refusal


def check_new(request: Mapping[str, Any], places: Places, now: datetime) -> dict[str, Any]:
    """The columns of an outage to announce, loaded by OutageSchema. Raises Refusal with every fault.

    An override is kept only where it was needed.
    """
    faults = _faults(request, places)
    faults += window_faults(request["kind"], request["starts_at"], request["ends_at"], now)
    short = is_short_notice(request["kind"], request["starts_at"], now)
    if short and not request["override_reason"]:
        faults.append(_too_near())
    if faults:
        raise Refusal(*faults)
    return _columns(request, places) | {"override_reason": request["override_reason"] if short else None}


def check_changed(before: Any, request: Mapping[str, Any], places: Places, now: datetime) -> dict[str, Any]:
    """The columns that a change alters, with their new values. Raises Refusal with every fault.

    What nobody could have known 72 hours before needs the manager's word again: another window that is not
    within the one announced, or more places. What has begun can only be made longer, shorter or wider.
    """
    begun = before.starts_at <= now
    moved = request["starts_at"] != before.starts_at
    faults = _faults(request, places)
    if begun and moved:
        faults.append(Fault("outage.begun", "/starts_at"))
    else:
        faults += window_faults(before.kind, request["starts_at"], request["ends_at"], now, begun=begun)
    if faults:
        raise Refusal(*faults)
    columns = _columns(request, places) | {"kind": before.kind}
    if is_short_notice(before.kind, request["starts_at"], now) and _reaches_beyond(before, columns, places):
        if not request["override_reason"]:
            raise Refusal(_too_near())
        columns["override_reason"] = request["override_reason"]
    altered = {name: value for name, value in columns.items() if value != getattr(before, name)}
    if not altered:
        raise Refusal(Fault("outage.no_change"))
    return altered


def _too_near() -> Fault:
    return Fault("outage.too_near", "/starts_at", {"hours": hours(LEAST_NOTICE)})


def _faults(request: Mapping[str, Any], places: Places) -> list[Fault]:
    faults = [
        Fault("outage.unknown_place", "/area", {"code": code}) for code in places.unknown(request["area"])
    ]
    faults += minutes_faults(request["minutes"], request["starts_at"], request["ends_at"])
    return faults + text_faults("reason", request["reason"]) + text_faults("reason_en", request["reason_en"])


def _columns(request: Mapping[str, Any], places: Places) -> dict[str, Any]:
    same = ("kind", "starts_at", "ends_at", "minutes", "reason", "reason_en")
    return {
        "area_codes": places.normal(request["area"]),
        "services": sorted(set(request["services"])),
        **{name: request[name] for name in same},
    }


def _reaches_beyond(before: Any, columns: Mapping[str, Any], places: Places) -> bool:
    """Whether planned work cuts anybody off, or at a time, that was not announced before."""
    earlier = columns["starts_at"] < before.starts_at
    later = columns["ends_at"] > before.ends_at
    wider = places.communities(columns["area_codes"]) - places.communities(before.area_codes)
    return earlier or later or bool(wider)
