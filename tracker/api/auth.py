"""Which channel is calling, and what its key may do.

A key comes as `Authorization: Bearer <key>`, or it signs the request and stays at home.
"""

from collections.abc import Callable

from flask import g, request

from tracker import clock, walls
from tracker.api import limiting, signed
from tracker.channels.rules import has_expired, hash_of
from tracker.channels.signatures import Naming
from tracker.problems import Fault, Refusal
from tracker.reference import Caller, ChannelFacts, Reference
from tracker.runtime import Runtime

# What somebody is told who tries keys out.
_GUESSES = frozenset({"key.unknown", "key.expired", "signature.wrong", "signature.replayed"})


def require_channel(runtime: Runtime, *, lately: bool = False) -> None:
    """Set `g.channel` to the calling channel, and `g.reference` to what it was found in.

    `lately`: by the reference data as last seen, for a request that makes sure of its revision at the end.
    Raises Refusal: key.missing, .unknown or .expired; what `signed.signer` raises for a signed request;
    request.too_many.
    """
    if signed.is_signed():
        require_signature(runtime, signed.NATIVE)
        return
    secret = _secret()
    if lately:
        g.reference = runtime.reference.lately()
        if g.reference.caller_of(hash_of(secret)) is not None:
            _let_in(runtime, lambda: _bearer(secret))
            return
    g.reference = runtime.reference.current()
    _let_in(runtime, lambda: _bearer(secret))


def require_still(runtime: Runtime) -> None:
    """Make sure of the caller by the reference data as it stands now.

    Raises Refusal key.unknown or key.expired.
    """
    g.reference = runtime.reference.current()
    if not signed.is_signed():
        _bearer(_secret())


def require_signature(runtime: Runtime, naming: Naming) -> None:
    """The same for a request that has to be signed, by the names that it uses."""
    g.reference = runtime.reference.current()
    _let_in(runtime, lambda: signed.signer(runtime, g.reference, naming))


def _let_in(runtime: Runtime, identify: Callable[[], Caller]) -> None:
    try:
        found = identify()
    except Refusal as refusal:
        if refusal.faults[0].rule in _GUESSES:
            limiting.count_wrong_key(runtime)
        raise
    g.caller, g.channel = found, found.channel
    walls.stand_by(found.channel.operator_id)
    runtime.key_uses.note(found.key_id, found.channel.operator_id)
    limiting.count(runtime, found)


def _secret() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Refusal(Fault("key.missing"))
    return secret.strip()


def _bearer(secret: str) -> Caller:
    found: Caller | None = g.reference.caller_of(hash_of(secret))
    if found is None:
        raise Refusal(Fault("key.unknown"))
    # The reference data outlives the end of a key: nothing changes in the database at that moment.
    if found.expires_at is not None and has_expired(found.expires_at, clock.now()):
        raise Refusal(Fault("key.expired"))
    return found


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
