"""The one statement that writes new orders: each with its event, its promise and its texts, and, where a
request asked for it, the answer that is kept for a repeat.

Everything goes in as JSON, so that the statement is the same for one order and for five hundred, and costs
one round trip. All of it follows from the rows of `orders` that were inserted: an order that stands there
already, under its reference or its number, writes nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from tracker.reference import ChannelFacts

# Column → type in which it is given; `hex` is bytea.
_ORDER = {
    "number": "text",
    "external_reference": "text",
    "content_digest": "hex",
    "customer_kind": "text",
    "product": "text",
    "resource": "text",
    "community_code": "text",
    "dealer": "text",
    "language": "text",
    "notify_by": "text",
    "needs_assistance": "bool",
    "customer_name": "hex",
    "contact_phone": "hex",
    "address_detail": "hex",
    "phone_digest": "hex",
    "lookup_digest": "hex",
    "credit_code": "hex",
    "credit_lookup_digest": "hex",
    "plan_id": "int",
    "price": "jsonb",
    "accepted_at": "timestamptz",
}
_PROMISE = {
    "rule_id": "int",
    "rule": "jsonb",
    "deadline": "timestamptz",
    "provisional": "bool",
    "explanation": "jsonb",
    "calendar_revision": "int",
}
_TEXT = {
    "template": "text",
    "template_version": "int",
    "language": "text",
    "params": "jsonb",
    "body": "text",
    "recipient": "hex",
    "recipient_digest": "hex",
    "queue": "text",
    "must_arrive": "bool",
    "state": "text",
    "reason": "text",
    "next_at": "timestamptz",
}
# Stands for the order's id in the key of a text, which is written before the id is known.
ORDER_ID = "{order}"


def _names(columns: Iterable[str]) -> str:
    return ", ".join(columns)


def _values(alias: str, columns: Mapping[str, str]) -> str:
    return ", ".join(
        f"decode({alias}.{name}, 'hex')" if kind == "hex" else f"{alias}.{name}"
        for name, kind in columns.items()
    )


def _record(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {'text' if kind == 'hex' else kind}" for name, kind in columns.items())


def _statement(condition: str, more: str) -> str:
    given = {**_ORDER, **_PROMISE}
    texts = {"place": "int", "external_reference": "text", "dedup_key": "text", **_TEXT}
    return f"""
        WITH given AS MATERIALIZED (
            SELECT * FROM json_to_recordset(CAST(%(orders)s AS json)) AS r({_record(given)}) {condition}
        ), stored AS (
            INSERT INTO orders (operator_id, channel_id, stage, version, created_at, {_names(_ORDER)})
            SELECT %(operator)s, %(channel)s, 'accepted', 1, %(now)s, {_values("g", _ORDER)} FROM given g
            ON CONFLICT DO NOTHING
            RETURNING id, external_reference
        ), happened AS (
            INSERT INTO order_events (operator_id, channel_id, order_id, order_version, kind, stage, detail,
                actor, occurred_at, recorded_at)
            SELECT %(operator)s, %(channel)s, s.id, 1, 'accepted', 'accepted', CAST(%(detail)s AS jsonb),
                %(actor)s, g.accepted_at, %(now)s
            FROM stored s JOIN given g USING (external_reference)
        ), promised AS (
            INSERT INTO promises (order_id, operator_id, accepted_at, created_at, {_names(_PROMISE)})
            SELECT s.id, %(operator)s, g.accepted_at, %(now)s, {_values("g", _PROMISE)}
            FROM stored s JOIN given g USING (external_reference)
        ), told AS (
            INSERT INTO notices (operator_id, order_id, dedup_key, attempts, misses, created_at,
                {_names(_TEXT)})
            SELECT %(operator)s, s.id, replace(t.dedup_key, '{ORDER_ID}', CAST(s.id AS text)), 0, 0, %(now)s,
                {_values("t", _TEXT)}
            FROM stored s JOIN json_to_recordset(CAST(%(texts)s AS json)) AS t({_record(texts)})
                USING (external_reference)
            ORDER BY t.place
            RETURNING id, operator_id, order_id, template, queue, state, reason, next_at, dedup_key
        ){more}
        SELECT s.id AS stored_id, s.external_reference, t.*
        FROM stored s LEFT JOIN told t ON t.order_id = s.id
    """  # noqa: S608 - put together from the constants above


# In the driver's own form: what SQLAlchemy does for a statement costs as much as the driver's part of it.
_WRITE = _statement("", "")
_WRITE_ANSWERED = _statement(
    "WHERE (SELECT revision FROM reference_revision) = %(revision)s",
    """, answered AS (
            INSERT INTO idempotency_records (channel_id, key, operator_id, fingerprint, status, headers, body,
                created_at)
            SELECT %(channel)s, %(key)s, %(operator)s, %(fingerprint)s, 201, CAST(%(headers)s AS jsonb),
                CAST(%(body)s AS jsonb), %(now)s
            FROM stored
        )""",
)


@dataclass(frozen=True)
class Kept:
    """An answer to keep under an `Idempotency-Key`, and the revision of the reference data it rests on.

    `body` is JSON.
    """

    key: str
    fingerprint: bytes
    headers: Mapping[str, str]
    body: str
    revision: int


def write_orders(
    connection: Connection,
    channel: ChannelFacts,
    orders: Sequence[Mapping[str, Any]],
    texts: Sequence[Mapping[str, Any]],
    now: datetime,
    kept: Kept | None = None,
    *,
    actor: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> list[Row[Any]]:
    """Write what is new of the orders; a row for each text of each order that was stored, or one without.

    An order has the columns of `orders` and of `promises`; a text those of `notices`, the
    `external_reference` of its order, and ORDER_ID in its `dedup_key`. A row has `stored_id`,
    `external_reference`, and what `plan_notices.follow_up` needs of the text. With `kept` nothing is written
    where the reference data has changed since, and where the key has an answer already the statement fails:
    IntegrityError. `actor`: who took them in, where that was not the channel's own system.
    `detail`: what the events of their acceptance tell besides; no personal data.
    """
    given = {
        "operator": channel.operator_id,
        "channel": channel.id,
        "actor": actor or f"channel:{channel.code}",
        "detail": json.dumps(detail or {}),
        "now": now,
        "orders": json.dumps(orders, default=_plain, ensure_ascii=False),
        "texts": json.dumps(
            [{"place": place, **told} for place, told in enumerate(texts)], default=_plain, ensure_ascii=False
        ),
    }
    if kept is None:
        return list(connection.exec_driver_sql(_WRITE, given).all())
    given |= {
        "key": kept.key,
        "fingerprint": kept.fingerprint,
        "headers": json.dumps(kept.headers),
        "body": kept.body,
        "revision": kept.revision,
    }
    return list(connection.exec_driver_sql(_WRITE_ANSWERED, given).all())


def _plain(value: Any) -> str:
    """What JSON has no way of its own to say."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
