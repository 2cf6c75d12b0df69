"""Send a code to the phone of an order, so that whoever holds the phone can see and do more."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from tracker import clock
from tracker.contacts.recipients import takes_texts
from tracker.contacts.record_wish import PURPOSE as RECIPIENT
from tracker.customer_requests.models import LookupCode
from tracker.customer_requests.request import OrderRequest, Result
from tracker.customer_requests.rules import ASKED_FOR, CODE_DIGITS, CODE_PURPOSE, CODE_TEXT, CODE_VALID
from tracker.masks import mask_address, mask_name, mask_phone
from tracker.notices.asked_for import may_ask_from
from tracker.notices.drafts import Wanted
from tracker.notices.models import Notice
from tracker.notices.plan_notices import cancel, plan_notices
from tracker.problems import Fault, Refusal
from tracker.reference import Reference
from tracker.runtime import Runtime
from tracker.sms.port import SECRET_SHOWN


def send_code(connection: Connection, runtime: Runtime, request: OrderRequest, now: datetime) -> Result:
    """Make a code and plan its text; codes before it are good no longer.

    Raises Refusal: code.no_texts for a landline, code.too_often.
    """
    order, keys = request.order, runtime.keys
    reference = runtime.reference.current()
    operator = reference.operators[order.operator_id]
    phone = keys.open(bytes(order.contact_phone), "orders.contact_phone")
    if not takes_texts(phone):
        raise Refusal(Fault("code.no_texts", "", {"hotline": operator.hotline}))
    asked_for = Notice.template.in_(ASKED_FOR)
    free_at = may_ask_from(connection, keys.digest_of(RECIPIENT, phone), asked_for, now)
    if free_at is not None:
        raise Refusal(Fault("code.too_often", "", {"at": clock.soon(free_at, now)}))
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    connection.execute(
        insert(LookupCode).values(
            operator_id=order.operator_id,
            order_id=order.id,
            digest=keys.digest_of(CODE_PURPOSE, f"{order.number}/{code}"),
            created_at=now,
            expires_at=now + CODE_VALID,
            shown=_shown(runtime, reference, order, phone),
        )
    )
    cancel(connection, order.id, [CODE_TEXT], "another code was asked for")
    text = Wanted(
        operator_id=order.operator_id,
        order_id=order.id,
        template=CODE_TEXT,
        language=order.language,
        values={"code": SECRET_SHOWN, "hotline": operator.hotline, "signature": operator.signature},
        phone=phone,
        dedup_key=f"request:{request.id}:code",
        secret=code,
    )
    plan_notices(connection, runtime, reference, [text], now)
    return Result()


def _shown(runtime: Runtime, reference: Reference, order: Row[Any], phone: str) -> dict[str, Any]:
    """What the site shows to the holder of the phone and cannot open by itself."""
    place = reference.places[order.community_code]
    name = runtime.keys.open(bytes(order.customer_name), "orders.customer_name")
    return {
        "name": mask_name(name),
        "address": mask_address(place.county, place.town),
        "phone": mask_phone(phone),
        # A town's code is the first nine digits of its communities'.
        "areas": [place.code[:9], place.county_code],
    }
