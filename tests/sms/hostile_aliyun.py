"""A local server that speaks Alibaba Cloud's message endpoints, checks every signature, and fails as told.

Signature: https://help.aliyun.com/document_detail/2593177.html (version 3, HMAC-SHA256).
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from zoneinfo import ZoneInfo

from hostile import Handler, HostileTwilio, Request

KEY_ID, SECRET = "LTAI5tExample0000", "secret-of-the-account-0123456789"
_REQUIRED = {
    "SendSms": {"PhoneNumbers", "SignName", "TemplateCode"},
    "QuerySendDetails": {"PhoneNumber", "SendDate", "PageSize", "CurrentPage"},
}


class AliyunHandler(Handler):
    server: Any

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        hostile = self.server.hostile
        hostile.requests.append(
            Request(self.headers["x-acs-action"], "/", query, [], dict(self.headers), self.client_address[1])
        )
        action = self.headers["x-acs-action"]
        if self._signature(query) not in self.headers.get("Authorization", ""):
            self.fail(400, "SignatureDoesNotMatch")
        elif self.headers["x-acs-signature-nonce"] in hostile.nonces:
            self.fail(400, "SignatureNonceUsed")
        elif missing := _REQUIRED[action] - {name for name, value in query.items() if value}:
            self.fail(400, f"Missing{min(missing)}")
        elif action == "SendSms":
            time.sleep(hostile.latency)
            accepts, answer = BEHAVIOURS[next(hostile.then, "") or hostile.behaviour]
            answer(self, hostile.keep(query) if accepts else query)
        else:
            LISTINGS[hostile.listing](self, query)
        hostile.nonces.add(self.headers["x-acs-signature-nonce"])

    def _signature(self, query: dict[str, str]) -> str:
        """What the signature must be, over the headers that it says it is over, and those that it must be."""
        named = re.search(r"SignedHeaders=([a-z0-9;-]+)", self.headers.get("Authorization", ""))
        present = named[1].split(";") if named else []
        needed = {"host"} | {name.lower() for name in self.headers if name.lower().startswith("x-acs-")}
        if not needed <= set(present) or present != sorted(present):
            return "not signed as it must be"
        said = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(query.items()))
        lines = "".join(f"{name}:{self.headers[name].strip()}\n" for name in present)
        digest = hashlib.sha256(b"").hexdigest()
        canonical = f"POST\n/\n{said}\n{lines}\n{';'.join(present)}\n{digest}"
        to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        return hmac.new(SECRET.encode(), to_sign.encode(), "sha256").hexdigest()

    def answer(self, code: str, **more: Any) -> None:
        self.reply(200, {"Code": code, "Message": code, "RequestId": "R-1", **more})

    def fail(self, status: int, code: str, **headers: str) -> None:
        document = {"Code": code, "Message": "no", "RequestId": "R-1"}
        self.reply(status, document, {name.replace("_", "-"): value for name, value in headers.items()})

    def list_sent(self, query: dict[str, str]) -> None:
        size, page = int(query["PageSize"]), int(query["CurrentPage"])
        matching = [
            detail
            for detail in self.server.hostile.messages
            if detail["PhoneNum"] == query["PhoneNumber"] and detail["Day"] == query["SendDate"]
        ]
        shown = matching[(page - 1) * size : page * size]
        self.answer("OK", TotalCount=str(len(matching)), SmsSendDetailDTOs={"SmsSendDetailDTO": shown})


class HostileAliyun(HostileTwilio):
    """A threaded server on the loopback; `messages` holds what it accepted, as its queries show it."""

    handler = AliyunHandler

    def __init__(self) -> None:
        self.nonces: set[str] = set()
        super().__init__()

    def keep(self, query: dict[str, str], **changes: Any) -> dict[str, Any]:
        """Keep a text as sent today."""
        message = {
            "BizId": f"{len(self.messages):020d}^0",
            "OutId": query.get("OutId", ""),
            "PhoneNum": query["PhoneNumbers"],
            "Day": f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y%m%d}",
            "SendStatus": 1,
            "TemplateCode": query["TemplateCode"],
            "Content": json.loads(query["TemplateParam"]),
        } | changes
        self.messages.append(message)
        return message


def _biz(handler: Any, message: dict[str, Any]) -> None:
    handler.answer("OK", BizId=message["BizId"])


BEHAVIOURS: dict[str, tuple[bool, Callable[[Any, dict[str, Any]], None]]] = {
    "accept": (True, _biz),
    "accept, then reset": (True, lambda h, m: h.reset()),
    "accept, then hang": (True, lambda h, m: h.hang()),
    "accept, then trickle": (True, lambda h, m: h.trickle(m)),
    "accept, then cut the answer": (True, lambda h, m: h.reply(200, m, cut=9)),
    "accept, answer half a document": (True, lambda h, m: h.reply(200, b'{"Code": "O')),
    "accept, answer nothing": (True, lambda h, m: h.reply(200, b"")),
    "accept, answer null": (True, lambda h, m: h.reply(200, None)),
    "accept, answer without a name": (True, lambda h, m: h.answer("OK")),
    "accept, then 500": (True, lambda h, m: h.fail(500, "InternalError")),
    "accept, then 503 without code": (True, lambda h, m: h.reply(503, b"<html>")),
    "accept, then platform error": (True, lambda h, m: h.answer("isp.SYSTEM_ERROR")),
    "accept, then redirect": (True, lambda h, m: h.redirect()),
    "500": (False, lambda h, m: h.fail(500, "InternalError")),
    "reset": (False, lambda h, m: h.reset()),
    "throttled": (False, lambda h, m: h.fail(400, "Throttling.User")),
    "throttled for a while": (False, lambda h, m: h.fail(429, "Throttling", x_acs_retry_after="7000")),
    "too many for the number": (False, lambda h, m: h.answer("isv.BUSINESS_LIMIT_CONTROL")),
    "invalid number": (False, lambda h, m: h.answer("isv.MOBILE_NUMBER_ILLEGAL")),
    "bad parameter": (False, lambda h, m: h.answer("isv.TEMPLATE_PARAMS_ILLEGAL")),
    "no money": (False, lambda h, m: h.answer("isv.AMOUNT_NOT_ENOUGH")),
    "unknown key": (False, lambda h, m: h.fail(404, "InvalidAccessKeyId.NotFound")),
}

LISTINGS: dict[str, Callable[[Any, dict[str, str]], None]] = {
    "list": lambda h, q: h.list_sent(q),
    "500": lambda h, q: h.fail(500, "InternalError"),
    "refused": lambda h, q: h.answer("isv.DENY"),
    "throttled": lambda h, q: h.fail(400, "Throttling.User"),
    "reset": lambda h, q: h.reset(),
    "hang": lambda h, q: h.hang(),
    "half a document": lambda h, q: h.reply(200, b'{"Code": "OK", "Sms'),
    "no list": lambda h, q: h.answer("OK"),
    "never ends": lambda h, q: h.answer("OK", TotalCount="9999", SmsSendDetailDTOs={"SmsSendDetailDTO": []}),
}
