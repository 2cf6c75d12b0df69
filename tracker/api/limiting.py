"""How often a key may call and how often an address may be wrong, and the headers that tell of it.

`RateLimit` and `RateLimit-Policy` are those of draft-ietf-httpapi-ratelimit-headers.
"""

from flask import Flask, Response, g, request

from tracker.addresses import household_of
from tracker.channels.quotas import Share
from tracker.problems import Fault, Refusal
from tracker.reference import Caller
from tracker.runtime import Runtime


def count(runtime: Runtime, caller: Caller) -> None:
    """Count a request of this key. Raises Refusal request.too_many where its quota is used up."""
    share = runtime.quotas.take(f"key:{caller.key_id}", caller.quota or runtime.key_quota)
    g.share = share
    _pass(share)


def count_wrong_key(runtime: Runtime) -> None:
    """Count a wrong key from the caller's address. Raises Refusal request.too_many for too many.

    A right key is never looked for here, so nobody can lock out others behind the same address.
    """
    _pass(runtime.quotas.take(f"address:{household_of(request.remote_addr)}", runtime.wrong_key_quota))


def _pass(share: Share) -> None:
    if not share.allowed:
        g.retry_after = share.reset_seconds
        raise Refusal(Fault("request.too_many"))


def register(app: Flask) -> None:
    """Tell each caller whose key is known what it has left, and whoever is refused when to come back."""

    @app.after_request
    def tell(response: Response) -> Response:
        share: Share | None = g.get("share")
        # A key that was revoked meanwhile was counted, and is told nothing of it.
        if share is not None and response.status_code != 401:
            quota = share.quota
            response.headers["RateLimit-Policy"] = f'"key";q={quota.amount};w={quota.seconds}'
            response.headers["RateLimit"] = f'"key";r={share.remaining};t={share.reset_seconds}'
        if "retry_after" in g:
            response.headers["Retry-After"] = str(g.retry_after)
        return response
