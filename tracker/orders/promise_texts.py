"""The texts that tell a customer of another deadline, or of a clock that stands still."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from tracker.crypto import KeyRing
from tracker.notices.drafts import Wanted
from tracker.orders.promise_book import Written
from tracker.orders.rules import REASONS, Cause
from tracker.promises import wording
from tracker.reference import OperatorFacts

_FINDINGS = {
    "ready": ("可直接安装", "no building is needed"),
    "needs_building": ("需先建设线路", "a line must be built first"),
    "survey": ("需先现场勘察", "the site must be surveyed first"),
}


def on_hold(
    keys: KeyRing,
    operator: OperatorFacts,
    order: Row[Any],
    written: Written,
    reason_code: str,
    ends_at: datetime,
) -> Wanted:
    """The clock stands still until `ends_at`; where it is not the customer's wish, why and the new date."""
    language = order.language
    until = wording.day_for_sms(ends_at, language)
    if REASONS[reason_code].cause is Cause.CUSTOMER:
        return _text(keys, operator, order, written, "on_hold", day=until)
    return _text(
        keys,
        operator,
        order,
        written,
        "paused",
        day=until,
        reason=_reason(reason_code, language),
        deadline=_deadline(written, language),
    )


def resumed(keys: KeyRing, operator: OperatorFacts, order: Row[Any], written: Written) -> Wanted:
    """The clock runs again."""
    return _text(keys, operator, order, written, "resumed", deadline=_deadline(written, order.language))


def promised_anew(
    keys: KeyRing, operator: OperatorFacts, order: Row[Any], written: Written, resource: str
) -> Wanted:
    """What was found at the address, and the date that follows."""
    zh, en = _FINDINGS[resource]
    language = order.language
    return _text(
        keys,
        operator,
        order,
        written,
        "repromised",
        finding=en if language == "en" else zh,
        deadline=_deadline(written, language),
    )


def delayed(
    keys: KeyRing,
    operator: OperatorFacts,
    order: Row[Any],
    written: Written,
    reason_code: str,
    contact: Mapping[str, str],
) -> Wanted:
    """An apology, the new date, and who follows it up."""
    language, phone = order.language, operator.hotline
    if contact["extension"]:
        phone += f" ext. {contact['extension']}" if language == "en" else f"转{contact['extension']}"
    return _text(
        keys,
        operator,
        order,
        written,
        "delayed",
        reason=_reason(reason_code, language),
        deadline=_deadline(written, language),
        contact=contact["name"],
        phone=phone,
    )


def recounted(
    keys: KeyRing, operator: OperatorFacts, changed: Sequence[tuple[Row[Any], Written]], revision: int
) -> Wanted:
    """The holidays were announced and dates changed: one text, however many orders the customer has."""
    order, written = changed[0]
    if len(changed) == 1:
        code, values = "promise_recounted", {"deadline": _deadline(written, order.language)}
    else:
        code, values = "promises_recounted", {"count": str(len(changed))}
    text = _text(keys, operator, order, written, code, **values)
    return Wanted(**{**vars(text), "dedup_key": f"calendar:{revision}:order:{order.id}"})


def _text(
    keys: KeyRing, operator: OperatorFacts, order: Row[Any], written: Written, code: str, **values: str
) -> Wanted:
    return Wanted(
        operator_id=order.operator_id,
        order_id=order.id,
        template=code,
        language=order.language,
        values={
            "number": order.number,
            "hotline": operator.hotline,
            "signature": operator.signature,
            **values,
        },
        phone=keys.open(bytes(order.contact_phone), "orders.contact_phone"),
        dedup_key=f"order:{order.id}:{written.version}:{code}",
        by_call=order.notify_by == "call",
    )


def _reason(code: str, language: str) -> str:
    return REASONS[code].en if language == "en" else REASONS[code].zh


def _deadline(written: Written, language: str) -> str:
    in_words = wording.deadline_for_sms_en if language == "en" else wording.deadline_for_sms
    return in_words(written.after.at)
