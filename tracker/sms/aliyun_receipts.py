"""Aliyun's SMS receipts (短信回执, SmsReport, HTTP batch push): a JSON array, unsigned.

https://help.aliyun.com/zh/sms/developer-reference/smsreport-2 lists the fields.
As nothing in a request proves where it comes from, the address that it is pushed to is the secret.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from tracker import clock
from tracker.sms.port import Receipt, Received, Standing
from tracker.sms.receipt_fields import kept, line, notice_id_of

ACKNOWLEDGEMENT = json.dumps({"code": 0, "msg": "接收成功"}, ensure_ascii=False)

# Without the phone_number, and without the free text of err_msg.
_KEPT = ("success", "err_code", "send_time", "report_time", "sms_size", "biz_id", "out_id")


def read(body: bytes) -> Received | None:
    """The receipts of one push; None for what is no JSON array. What is no receipt in it is passed over."""
    try:
        pushed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pushed, list):
        return None
    receipts = [_receipt(item) for item in pushed if isinstance(item, dict)]
    return Received(receipts, ACKNOWLEDGEMENT, "application/json")


def _receipt(item: Mapping[str, object]) -> Receipt:
    arrived = item.get("success") in (True, "true")
    code = line(item.get("err_code"), 60)
    return Receipt(
        notice_id=notice_id_of(item.get("out_id")),
        reference=line(item.get("biz_id"), 64),
        standing=Standing.DELIVERED if arrived else Standing.UNDELIVERED,
        word=line(code or item.get("success"), 40),
        error_code=None if arrived else code or None,
        at=_instant(item.get("report_time")),
        raw=kept(item, _KEPT),
    )


def _instant(said: object) -> datetime | None:
    """A time of Aliyun's clocks, which show China's: "2026-11-24 10:21:03"."""
    try:
        there = datetime.strptime(said, "%Y-%m-%d %H:%M:%S") if isinstance(said, str) else None  # noqa: DTZ007
    except ValueError:
        return None
    return there and there.replace(tzinfo=clock.CITY_ZONE).astimezone(UTC)
