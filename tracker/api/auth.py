"""Which channel is calling: the key in `Authorization: Bearer <key>`."""

from flask import g, request

from tracker.channels.rules import hash_of
from tracker.problems import Fault, Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


def require_channel(runtime: Runtime) -> None:
    """Set `g.channel` to the calling channel, and `g.reference` to what it was found in.

    Raises Refusal key.missing or key.unknown.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Refusal(Fault("key.missing"))
    g.reference = runtime.reference.current()
    channel = g.reference.channel_of_key(hash_of(secret.strip()))
    if channel is None:
        raise Refusal(Fault("key.unknown"))
    g.channel = channel


def caller() -> ChannelFacts:
    """The channel of the present request."""
    channel: ChannelFacts = g.channel
    return channel
