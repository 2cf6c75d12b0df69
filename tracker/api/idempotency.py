"""One effect per `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).

The answer is stored in the same commit as what it answers, under a lock that the same key waits
for. So a repeated request gets the same answer, a crash leaves neither effect nor answer, and
there is no moment in which one exists without the other.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Response, jsonify, request
from psycopg.errors import LockNotAvailable
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from tracker import clock
from tracker.channels.models import IdempotencyRecord
from tracker.problems import Fault, Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

# How long a request waits for another with the same key before it is told to come back.
_PATIENCE = "5s"
# Built once: putting a statement together costs more than PostgreSQL takes to run it.
_records = IdempotencyRecord.__table__
_LOCK = select(
    func.set_config("lock_timeout", _PATIENCE, True),
    func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)),
)
_FIND = select(_records.c.fingerprint, _records.c.status, _records.c.headers, _records.c.body).where(
    _records.c.channel_id == bindparam("channel"), _records.c.key == bindparam("given")
)
_KEEP = insert(_records).on_conflict_do_nothing().returning(_records.c.key)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Answer:
    """What a request is answered with: a JSON object without personal data, and headers."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request as its key knows it: the key, and a digest that tells it from any other under that key."""

    key: str
    fingerprint: bytes


class _Overtaken(Exception):
    """Another request under the same key was answered in the meantime."""


def once(runtime: Runtime, channel: ChannelFacts, act: Callable[[], Answer]) -> Response:
    """Run `act` at most once per channel and key, in one transaction with the record of its answer.

    A Refusal of `act` stores nothing, so a corrected request may use the key again. Raises
    Refusal idempotency.missing, .malformed, .reused (same key, other request) or .running.
    """
    asked = this_request()
    try:
        return _once(runtime, channel, asked, act)
    except _Overtaken:
        return _once(runtime, channel, asked, act)


def _once(runtime: Runtime, channel: ChannelFacts, asked: Asked, act: Callable[[], Answer]) -> Response:
    with runtime.db.transaction() as connection:
        try:
            connection.execute(_LOCK, {"name": f"{channel.id}/{asked.key}"})
        except OperationalError as error:
            if isinstance(error.orig, LockNotAvailable):
                raise Refusal(Fault("idempotency.running")) from None
            raise
        known = connection.execute(_FIND, {"channel": channel.id, "given": asked.key}).one_or_none()
        if known is not None:
            if bytes(known.fingerprint) != asked.fingerprint:
                raise Refusal(Fault("idempotency.reused"))
            return answered(known.status, known.body, {**known.headers, "Idempotency-Replayed": "true"})
        answer = act()
        record = {
            "channel_id": channel.id,
            "key": asked.key,
            "operator_id": channel.operator_id,
            "fingerprint": asked.fingerprint,
            "status": answer.status,
            "headers": answer.headers,
            "body": answer.body,
            "created_at": clock.now(),
        }
        # Whoever wrote effect and answer in one statement did not wait for the lock.
        if connection.scalar(_KEEP, record) is None:
            raise _Overtaken
    return answered(answer.status, answer.body, answer.headers)


def answered(status: int, body: dict[str, Any], headers: dict[str, str]) -> Response:
    """The response of an answer, the same whether it is given or repeated."""
    response = jsonify(body)
    response.status_code = status
    response.headers.update(headers)
    return response


def given_key() -> str:
    """The key of the present request. Raises Refusal idempotency.missing or .malformed."""
    given = request.headers.get("Idempotency-Key")
    if given is None:
        raise Refusal(Fault("idempotency.missing"))
    key = given.strip().strip('"')
    if not _KEY.fullmatch(key):
        raise Refusal(Fault("idempotency.malformed"))
    return key


def this_request() -> Asked:
    """The present request. Raises Refusal idempotency.missing or .malformed."""
    key = given_key()
    said = f"{request.method} {request.path}\n".encode() + request.get_data()
    return Asked(key, hashlib.sha256(said).digest())
