"""The synchronous wire under Twilio's client: one call is one request, and what failed can be told apart."""

import json
import logging
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from twilio.http.http_client import TwilioHttpClient

from tracker import clock
from tracker.sms.deadline import deadline
from tracker.sms.one_request import mount

_LONGEST_WAIT = 86400.0

# Twilio's client logs whole URLs, and a listing's URL holds the customer's number (invariant I5).
# A logger outside the hierarchy stays silent whatever the process configures.
SILENT = logging.Logger("twilio", level=logging.CRITICAL + 1)


class Answered(Exception):
    """The server answered, and not with success."""

    def __init__(self, status: int, code: int | None, retry_after: float | None) -> None:
        super().__init__(status, code, retry_after)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class OneRequestClient(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's HTTP client without retries, redirects or logging. Raises Answered unless 2xx.

    `timeout` bounds a whole request, in seconds. Twilio's own exceptions keep neither headers nor,
    for some bodies, the status of the response.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout=timeout, max_retries=0, logger=SILENT)
        mount(self.session)

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Make one request."""
        with deadline(self.timeout):
            response = super().request(*args, **kwargs)
        if not 200 <= response.status_code < 300:
            wait = seconds_of(response.headers.get("Retry-After"))
            raise Answered(response.status_code, error_code(response.text), wait)
        return response


def error_code(text: str) -> int | None:
    """Twilio's code in the body of an answer; None if there is none."""
    try:
        code = str(json.loads(text)["code"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return int(code) if code.isascii() and code.isdecimal() and len(code) < 10 else None


def seconds_of(header: str | None) -> float | None:
    """Seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3); None if unreadable."""
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - clock.now()).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WAIT)
