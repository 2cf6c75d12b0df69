"""Reads of keys, for the people who look after them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, select
from sqlalchemy.orm import aliased

from tracker.channels.models import ChannelKey, ChannelKeyUse
from tracker.channels.rules import KeyState, state_of

_follower = aliased(ChannelKey)
_KEYS = (
    select(
        ChannelKey.id,
        ChannelKey.operator_id,
        ChannelKey.channel_id,
        ChannelKey.kind,
        ChannelKey.label,
        ChannelKey.prefix,
        ChannelKey.app_id,
        ChannelKey.scopes,
        ChannelKey.rate_limit,
        ChannelKey.replaces,
        _follower.id.label("followed_by"),
        ChannelKey.created_at,
        ChannelKey.created_by,
        ChannelKey.expires_at,
        ChannelKey.revoked_at,
        ChannelKey.revoked_by,
        ChannelKeyUse.last_used_at,
    )
    .outerjoin(ChannelKeyUse, ChannelKeyUse.key_id == ChannelKey.id)
    .outerjoin(_follower, _follower.replaces == ChannelKey.id)
    .order_by(ChannelKey.channel_id, ChannelKey.id.desc())
)


@dataclass(frozen=True)
class KeyFacts:
    """A key as people see it, without its secret. Times are instants; None for what has not happened."""

    id: int
    operator_id: int
    channel_id: int
    kind: str
    label: str
    prefix: str
    app_id: str | None
    scopes: list[str]
    rate_limit: str | None
    replaces: int | None
    followed_by: int | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    last_used_at: datetime | None
    state: KeyState

    @property
    def is_over(self) -> bool:
        """Whether it opens nothing any more."""
        return self.state in (KeyState.EXPIRED, KeyState.REVOKED)


def channel_keys(connection: Connection, operator_id: int | None, now: datetime) -> list[KeyFacts]:
    """The keys of an operator, or of all, channel by channel, the newest first."""
    wanted = _KEYS if operator_id is None else _KEYS.where(ChannelKey.operator_id == operator_id)
    return [_facts(row, now) for row in connection.execute(wanted)]


def channel_key(
    connection: Connection, operator_id: int | None, key_id: int, now: datetime
) -> KeyFacts | None:
    """One key of an operator, or of any; None where there is none."""
    wanted = _KEYS.where(ChannelKey.id == key_id)
    if operator_id is not None:
        wanted = wanted.where(ChannelKey.operator_id == operator_id)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _facts(row, now)


def _facts(row: Row[tuple[object, ...]], now: datetime) -> KeyFacts:
    return KeyFacts(**row._asdict(), state=state_of(row.expires_at, row.revoked_at, now))
