"""Which version of a plan a day shows, how it stands then, and which plans a reader asked for."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from public_status.published import Change, PlanVersion, PublishedPlan
from tracker.tariffs.rules import ChangeKind, in_force_on, never_began, sold_until


class Sale(StrEnum):
    """Whether a plan can be had on a day."""

    ON = "on"
    COMING = "coming"
    ENDED = "ended"


class Era(StrEnum):
    """How one version of a plan stands on a day."""

    IN_FORCE = "in_force"
    COMING = "coming"
    REPLACED = "replaced"
    ENDED = "ended"
    NEVER_BEGAN = "never_began"
    # Brought to present customers of a plan that is not sold any more.
    PRESENT_ONLY = "present_only"


# How long a change that has begun, or would have, is still told of.
REMEMBERED = timedelta(days=365)


@dataclass(frozen=True)
class Offer:
    """A plan as one day shows it."""

    plan: PublishedPlan
    version: PlanVersion
    sale: Sale


@dataclass(frozen=True)
class Wanted:
    """What a reader asked for; None and "" stand for anything. Prices are whole yuan a month."""

    audience: str = ""
    operator: str = ""
    county: str = ""
    kind: str = ""
    sale: Sale | None = Sale.ON
    least_mbps: int | None = None
    least_yuan: int | None = None
    most_yuan: int | None = None
    words: tuple[str, ...] = ()
    sort: str = ""


def offer_on(plan: PublishedPlan, day: date) -> Offer:
    """The version in force that day, else the next to begin, else the last that was sold."""
    now = in_force_on(plan.versions, day)
    if now is not None:
        return Offer(plan, now, Sale.ON)
    begun_ever = [one for one in plan.versions if not never_began(one)]
    ahead = [one for one in begun_ever if one.on_sale_from > day]
    if ahead:
        return Offer(plan, min(ahead, key=lambda one: (one.on_sale_from, one.version)), Sale.COMING)
    last = max(begun_ever or plan.versions, key=lambda one: (one.on_sale_from, one.version))
    return Offer(plan, last, Sale.ENDED)


def era_of(version: PlanVersion, plan: PublishedPlan, day: date) -> Era:
    """How a version stands on a day among the others of its plan."""
    if never_began(version):
        return Era.NEVER_BEGAN if version.is_taken_back else Era.PRESENT_ONLY
    if version.on_sale_from > day:
        return Era.COMING
    if in_force_on(plan.versions, day) is version:
        return Era.IN_FORCE
    last = sold_until(version, plan.versions)
    return Era.ENDED if last is None or last == version.on_sale_to else Era.REPLACED


def fits(offer: Offer, wanted: Wanted) -> bool:
    """Whether an offer is one of those that a reader asked for."""
    plan, version = offer.plan, offer.version
    return (
        wanted.audience in ("", version.audience)
        and wanted.operator in ("", plan.operator.code)
        and wanted.kind in ("", version.kind)
        and wanted.sale in (None, offer.sale)
        # A county's reader can have what is sold in the whole city, too.
        and (not wanted.county or plan.region == wanted.county or not plan.of_county)
        and (wanted.least_mbps is None or version.download_mbps >= wanted.least_mbps)
        and (wanted.least_yuan is None or version.monthly_fen >= wanted.least_yuan * 100)
        and (wanted.most_yuan is None or version.monthly_fen <= wanted.most_yuan * 100)
        and all(word in _text_of(offer) for word in wanted.words)
    )


def sorted_offers(offers: Iterable[Offer], sort: str) -> list[Offer]:
    """In the order asked for; by default the slower and cheaper ones first, lines of one's own last."""
    return sorted(offers, key=lambda one: (*_ORDERS[sort](one.version), one.plan.key))


_ORDERS: Mapping[str, Callable[[PlanVersion], tuple[Any, ...]]] = {
    "": lambda one: (one.product, one.download_mbps, one.monthly_fen),
    "price": lambda one: (one.monthly_fen, -one.download_mbps),
    "-price": lambda one: (-one.monthly_fen, -one.download_mbps),
    "speed": lambda one: (-one.download_mbps, one.monthly_fen),
    "name": lambda one: (one.name,),
}


def folded(text: str) -> str:
    """A text as it is searched: full-width letters and capitals make no difference."""
    return unicodedata.normalize("NFKC", text).casefold()


def _text_of(offer: Offer) -> str:
    version = offer.version
    return folded(
        " ".join(
            (
                offer.plan.filing_number,
                offer.plan.operator.name,
                offer.plan.operator.name_en,
                version.name,
                version.name_en,
                version.services,
                version.services_en,
                version.restrictions,
                version.restrictions_en,
                version.scope,
                version.benefits,
                version.voice,
                version.data,
                version.iptv,
                version.other_services,
                version.remark,
            )
        )
    )


def last_day_of(change: Change) -> date:
    """The last day on which a change begins for somebody."""
    return change.ends_to + timedelta(days=1) if change.ends_to is not None else change.effective_on


def is_ahead(change: Change, day: date) -> bool:
    """Whether a change is still to begin for somebody; or would be, had it not been withdrawn."""
    if change.kind is ChangeKind.TERM_END:
        return last_day_of(change) > day
    return change.effective_on > day


def is_remembered(change: Change, day: date) -> bool:
    """Whether a change began within the last year."""
    return not is_ahead(change, day) and last_day_of(change) >= day - REMEMBERED


def differing(rows: Mapping[str, list[str]]) -> set[str]:
    """Those rows of a comparison whose columns do not all say the same."""
    return {name for name, cells in rows.items() if len(set(cells)) > 1}
