"""Who holds a session: they have shown by a code that the phone of an order is theirs.

The token stands in a cookie that scripts cannot read and that no other site's page can have sent. Each form
bears a word that follows from the token, so that a page which could send the cookie after all still could not
send a form.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from flask import make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from public_status import queries
from public_status.lookup import lookup_form
from public_status.runtime import PublicRuntime
from tracker import clock
from tracker.crypto import KeyRing
from tracker.customer_requests.asking import Session, session_of
from tracker.customer_requests.rules import SESSION_VALID

# Everything below it belongs to the session; no other page is sent the cookie.
ROOT = "/order"
COOKIE = "order_session"
# A form of another session, or of none.
STALE = "stale"

_FORM_PURPOSE = "lookup.form"


@dataclass(frozen=True)
class Holder:
    """A session, and the word that its forms bear."""

    session: Session
    form_word: str = field(repr=False)


def only_holders(
    run: PublicRuntime, *, stale: Callable[[Holder], ResponseReturnValue]
) -> Callable[[Callable[..., ResponseReturnValue]], Callable[..., ResponseReturnValue]]:
    """Makes a view whose first argument is the Holder; without a session the lookup form is shown instead.

    `stale` answers a form that does not bear the session's word: nothing of what it asks is done.
    """

    def guard(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        @wraps(view)
        def guarded(**values: Any) -> ResponseReturnValue:
            holder = _holder(run)
            if holder is None:
                return session_over(secure=run.config.site_is_secure)
            if request.method == "POST" and not _bears(holder):
                return stale(holder)
            return view(holder, **values)

        return guarded

    return guard


def session_over(*, secure: bool, left: bool = False) -> Response:
    """The form of the lookup, and why it is shown; `left`: it was closed on purpose. Forgets the cookie."""
    page = lookup_form(session_left=left, session_over=not left)
    response = make_response(page, 200 if left else 403)
    if token_sent():
        forget_cookie(response, secure=secure)
    return response


def forget_cookie(response: Response, *, secure: bool) -> None:
    """Take the token out of the browser."""
    response.delete_cookie(COOKIE, path=ROOT, secure=secure, httponly=True, samesite="Strict")


def give_cookie(response: Response, token: str, *, secure: bool) -> None:
    """Put a new session's token into the answer."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_VALID.total_seconds()),
        path=ROOT,
        secure=secure,
        httponly=True,
        samesite="Strict",
    )


def token_sent() -> str:
    """The token of this request's cookie, right or not; empty where there is none."""
    return request.cookies.get(COOKIE, "")


def form_word(keys: KeyRing, token: str) -> str:
    """What a form of this session bears."""
    return keys.digest_of(_FORM_PURPOSE, token).hex()


def _holder(run: PublicRuntime) -> Holder | None:
    token, now = token_sent(), clock.now()
    if not token:
        return None
    session = queries.read(run.db, lambda c: session_of(c, run.keys, token, now))
    return None if session is None else Holder(session, form_word(run.keys, token))


def _bears(holder: Holder) -> bool:
    return hmac.compare_digest(holder.form_word.encode(), request.form.get("form", "").encode())
