"""Twilio's status callbacks: whether they are genuine, and what they say.

Signed by https://www.twilio.com/docs/usage/security#validating-requests, over the address that
Twilio called: that is the configured public one, whatever a proxy in front made of it.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from twilio.request_validator import RequestValidator

from tracker.sms.port import Callback, Forged, Receipt, Received, Standing
from tracker.sms.receipt_fields import kept, line, notice_id_of

_MOST_FIELDS = 100
_KEPT = (
    "MessageSid",
    "MessageStatus",
    "SmsStatus",
    "ErrorCode",
    "AccountSid",
    "MessagingServiceSid",
    "ApiVersion",
    "RawDlrDoneDate",
)

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
_STANDINGS = {
    "accepted": Standing.QUEUED,
    "scheduled": Standing.QUEUED,
    "queued": Standing.QUEUED,
    "sending": Standing.SENDING,
    "sent": Standing.SENT,
    "delivered": Standing.DELIVERED,
    "read": Standing.DELIVERED,
    "undelivered": Standing.UNDELIVERED,
    "failed": Standing.FAILED,
    "canceled": Standing.FAILED,
}


class _Form(dict[str, list[str]]):
    """A form whose fields may be repeated, as the validator reads one."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def standing_of(word: str) -> Standing:
    """Twilio's word for a status. One that we do not know yet proves as little as the lowest one."""
    return _STANDINGS.get(word, Standing.QUEUED)


def read(callback: Callback, auth_token: str, base: str) -> Received | Forged:
    """The receipt of a callback to `base` that is signed with the account's token."""
    try:
        form = _Form(parse_qs(callback.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        signature = callback.headers["x-twilio-signature"]
        genuine = RequestValidator(auth_token).validate(f"{base}{callback.path}", form, signature)
    except (LookupError, ValueError):
        return Forged()
    return Received([_receipt(callback, form)]) if genuine else Forged()


def _receipt(callback: Callback, form: _Form) -> Receipt:
    fields: Mapping[str, str] = {name: values[0] for name, values in form.items()}
    word = line(fields.get("MessageStatus") or fields.get("SmsStatus") or "", 40)
    return Receipt(
        notice_id=notice_id_of(urlsplit(callback.path).path.rpartition("/")[2]),
        reference=line(fields.get("MessageSid") or fields.get("SmsSid") or "", 64),
        standing=standing_of(word),
        word=word,
        error_code=line(fields.get("ErrorCode") or "", 60) or None,
        raw=kept(fields, _KEPT),
    )
