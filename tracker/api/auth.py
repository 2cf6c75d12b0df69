"""Which channel is calling: the key in `Authorization: Bearer <key>`, and what the key may do."""

from flask import g, request

from tracker.channels.rules import hash_of
from tracker.problems import Fault, Refusal
from tracker.reference import Caller, ChannelFacts, Reference
from tracker.runtime import Runtime


def require_channel(runtime: Runtime, *, lately: bool = False) -> None:
    """Set `g.channel` to the calling channel, and `g.reference` to what it was found in.

    `lately`: by the reference data as last seen, for a request that makes sure of its revision at the end.
    Raises Refusal key.missing or key.unknown.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Refusal(Fault("key.missing"))
    digest = hash_of(secret.strip())
    g.reference = runtime.reference.lately() if lately else runtime.reference.current()
    found = g.reference.caller_of(digest)
    if found is None and lately:
        g.reference = runtime.reference.current()
        found = g.reference.caller_of(digest)
    if found is None:
        raise Refusal(Fault("key.unknown"))
    g.caller, g.channel = found, found.channel


def may(scope: str) -> bool:
    """Whether the key of the present request has this scope."""
    found: Caller = g.caller
    return scope in found.scopes


def require_scope(*scopes: str) -> None:
    """Raises Refusal key.scope unless the key may do one of these."""
    found: Caller = g.caller
    if not found.scopes & set(scopes):
        raise Refusal(Fault("key.scope", "", {"scope": " / ".join(scopes)}))


def caller() -> ChannelFacts:
    """The channel of the present request."""
    channel: ChannelFacts = g.channel
    return channel


def actor() -> str:
    """The calling channel as the history names it."""
    return f"channel:{caller().code}"


def reference() -> Reference:
    """The reference data that the present request is answered by."""
    found: Reference = g.reference
    return found
