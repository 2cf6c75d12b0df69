"""Who signed the present request."""

from flask import request

from tracker import clock, walls
from tracker.channels import signatures
from tracker.channels.create_key import SEALED_AS
from tracker.channels.rules import has_expired
from tracker.channels.signatures import TOLERANCE, Naming
from tracker.channels.use_nonce import use_nonce
from tracker.problems import Fault, Refusal
from tracker.reference import Caller, Reference
from tracker.runtime import Runtime

NATIVE = Naming()
_HEADERS = tuple(f"HTTP_{name.upper().replace('-', '_')}" for name in (NATIVE.app_id, NATIVE.signature))


def is_signed() -> bool:
    """Whether the request means to prove itself by a signature."""
    return any(name in request.environ for name in _HEADERS)


def signer(runtime: Runtime, reference: Reference, naming: Naming) -> Caller:
    """The key that signed the request, which is answered this once.

    Raises Refusal: signature.missing for each part that is, .timestamp, .too_old, .in_the_future, .nonce,
    .wrong or .replayed; key.unknown for an app id that nobody has, key.expired.
    """
    given = request.headers if naming.place == "header" else request.args
    lacking = [name for name in naming.names if not given.get(name)]
    if lacking:
        raise Refusal(*(Fault("signature.missing", "", {"name": name}) for name in lacking))
    app_id, timestamp, nonce, signature = (given[name] for name in naming.names)
    _check_time(timestamp, naming.timestamp_unit)
    if not signatures.is_nonce(nonce):
        raise Refusal(Fault("signature.nonce"))
    caller = _owner(runtime, reference, app_id, _signed_text(naming, timestamp, nonce), signature)
    # Last: only whoever can sign may use a nonce up.
    with walls.within(caller.channel.operator_id):
        is_new = use_nonce(runtime.db, caller.channel, nonce)
    if not is_new:
        raise Refusal(Fault("signature.replayed"))
    return caller


def _check_time(timestamp: str, unit: str) -> None:
    lag = signatures.lag(timestamp, unit, clock.now())
    tolerance = {"seconds": round(TOLERANCE.total_seconds())}
    if lag is None:
        raise Refusal(Fault("signature.timestamp", "", {"unit": unit}))
    if lag > TOLERANCE:
        raise Refusal(Fault("signature.too_old", "", tolerance))
    if lag < -TOLERANCE:
        raise Refusal(Fault("signature.in_the_future", "", tolerance))


def _signed_text(naming: Naming, timestamp: str, nonce: str) -> bytes:
    environ = request.environ
    return signatures.canonical(
        request.method,
        environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
        environ.get("QUERY_STRING", ""),
        timestamp,
        nonce,
        request.get_data(),
        unsigned=naming.signature if naming.place == "query" else None,
    )


def _owner(runtime: Runtime, reference: Reference, app_id: str, text: bytes, signature: str) -> Caller:
    """Whoever's secret made the signature, of those that the app id has at present."""
    known = reference.signing_keys.get(app_id, ())
    made_it = [
        key.caller
        for key in known
        if signatures.is_signed_by(runtime.keys.open(key.sealed_secret, SEALED_AS), text, signature)
    ]
    now = clock.now()
    for caller in made_it:
        if not has_expired(caller.expires_at, now):
            return caller
    if made_it:
        raise Refusal(Fault("key.expired"))
    raise Refusal(Fault("signature.wrong" if known else "key.unknown"))
