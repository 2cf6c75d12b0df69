"""Plans as search engines read them: schema.org's words in JSON-LD, which browsers never run."""

from collections.abc import Iterable
from typing import Any

from public_status.fee_rules import Offer, Sale
from tracker.tariffs.rules import sold_until

_CONTEXT = "https://schema.org"
_AVAILABILITY = {Sale.ON: "InStock", Sale.COMING: "PreOrder", Sale.ENDED: "Discontinued"}


def list_of(offers: Iterable[Offer], site_url: str, language: str) -> dict[str, Any]:
    """A list of plans."""
    return {
        "@context": _CONTEXT,
        "@type": "ItemList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "item": _product(offer, site_url, language)}
            for number, offer in enumerate(offers, start=1)
        ],
    }


def product(offer: Offer, site_url: str, language: str) -> dict[str, Any]:
    """One plan."""
    return {"@context": _CONTEXT, **_product(offer, site_url, language)}


def _product(offer: Offer, site_url: str, language: str) -> dict[str, Any]:
    plan, version = offer.plan, offer.version
    url = site_url + plan.path
    last = sold_until(version, plan.versions)
    priced: dict[str, Any] = {
        "@type": "Offer",
        "url": url,
        "availability": f"{_CONTEXT}/{_AVAILABILITY[offer.sale]}",
        "availabilityStarts": version.on_sale_from.isoformat(),
        "areaServed": plan.region_name,
        "seller": {"@type": "Organization", "name": plan.operator.name_in(language)},
        "priceSpecification": [
            _price(version.monthly_fen, "MON"),
            *(_price(fen) for fen in (version.installation_fen, version.commissioning_fen) if fen),
        ],
    }
    if last is not None:
        priced["availabilityEnds"] = last.isoformat()
    english = language == "en"
    return {
        "@type": "Product",
        "@id": url,
        "name": (english and version.name_en) or version.name,
        "description": (english and version.services_en) or version.services,
        "sku": plan.filing_number,
        "category": version.kind,
        "brand": {"@type": "Brand", "name": plan.operator.name_in(language)},
        "offers": priced,
    }


def _price(fen: int, unit: str | None = None) -> dict[str, Any]:
    """A price in yuan: a month's (`MON` in UN/CEFACT's code), or one that is paid once."""
    told: dict[str, Any] = {
        "@type": "UnitPriceSpecification" if unit else "PriceSpecification",
        "price": f"{fen / 100:.2f}",
        "priceCurrency": "CNY",
    }
    if unit:
        told |= {"unitCode": unit, "billingDuration": 1, "billingIncrement": 1}
    return told
