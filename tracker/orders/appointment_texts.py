"""The texts that tell a customer of a visit: agreed, changed, off, and the evening before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from tracker.crypto import KeyRing
from tracker.notices.drafts import Wanted
from tracker.orders import wording
from tracker.reference import OperatorFacts

Visit = tuple[datetime, datetime]
"""When it begins and ends."""


def agreed(
    keys: KeyRing,
    operator: OperatorFacts,
    order: Row[Any],
    visit: Visit,
    installer: tuple[str | None, str | None],
    dedup_key: str,
) -> Wanted:
    """A visit was agreed. `installer`: title and staff number."""
    values = _of_visit(order, visit, installer)
    return _text(keys, operator, order, "appointed", dedup_key, **values)


def changed(keys: KeyRing, operator: OperatorFacts, order: Row[Any], visit: Visit, version: int) -> Wanted:
    """When the visit is now, in answer to whoever chose it."""
    values = _of_visit(order, visit, (order.installer_title, order.installer_staff_number))
    return _text(keys, operator, order, "appointment_changed", _key(order, version, "changed"), **values)


def other_installer(
    keys: KeyRing,
    operator: OperatorFacts,
    order: Row[Any],
    visit: Visit,
    installer: tuple[str | None, str | None],
    version: int,
    not_before: datetime,
) -> Wanted:
    """Somebody else comes at the same time: told with the visit, of which the customer may not know yet."""
    values = _of_visit(order, visit, installer)
    key = _key(order, version, "installer")
    return _text(keys, operator, order, "appointment_changed", key, not_before=not_before, **values)


def says_the_same(told: Mapping[str, Any], wanted: Wanted) -> bool:
    """Whether a text of before, by its parameters, told of the same visit and installer."""
    return all(told.get(name) == wanted.values[name] for name in ("slot", "installer"))


def off(keys: KeyRing, operator: OperatorFacts, order: Row[Any], visit: Visit, version: int) -> Wanted:
    """A visit was taken back, and there is no other yet."""
    slot = wording.slot(*visit, order.language)
    return _text(keys, operator, order, "appointment_cancelled", _key(order, version, "off"), slot=slot)


def reminder(
    keys: KeyRing,
    operator: OperatorFacts,
    order: Row[Any],
    visit: Visit,
    version: int,
    now: datetime,
) -> Wanted | None:
    """The text of the evening before a visit; None where that evening has come already."""
    at = wording.evening_before(visit[0])
    if at <= now:
        return None
    hours = wording.hours(*visit, order.language)
    key = _key(order, version, "visit_reminder")
    return _text(keys, operator, order, "visit_reminder", key, not_before=at, hours=hours)


def _of_visit(order: Row[Any], visit: Visit, installer: tuple[str | None, str | None]) -> dict[str, str]:
    return {
        "slot": wording.slot(*visit, order.language),
        "installer": wording.installer(*installer, order.language),
    }


def _key(order: Row[Any], version: int, what: str) -> str:
    return f"order:{order.id}:{version}:{what}"


def _text(
    keys: KeyRing,
    operator: OperatorFacts,
    order: Row[Any],
    template: str,
    dedup_key: str,
    not_before: datetime | None = None,
    **values: str,
) -> Wanted:
    common = {"number": order.number, "hotline": operator.hotline, "signature": operator.signature}
    return Wanted(
        operator_id=order.operator_id,
        order_id=order.id,
        template=template,
        language=order.language,
        values=common | values,
        phone=keys.open(bytes(order.contact_phone), "orders.contact_phone"),
        dedup_key=dedup_key,
        by_call=order.notify_by == "call",
        not_before=not_before,
    )
