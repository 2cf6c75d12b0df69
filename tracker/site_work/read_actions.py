"""Read what phones send: each action for itself, so that one that makes no sense holds no other up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from tracker.fields import Timestamp
from tracker.problems import Fault, Refusal, faults_in
from tracker.site_work.record_action import Action
from tracker.site_work.rules import MOST_ACTIONS, Act
from tracker.site_work.schemas import DATA, ActionSchema

_action = ActionSchema()
_instant = Timestamp(required=True)


@dataclass(frozen=True)
class Read:
    """One of what was sent: the action, or what is wrong with it; and the id that it came with."""

    client_id: str
    action: Action | None
    faults: tuple[Fault, ...] = ()


def data_of(act: Act, given: Mapping[str, Any]) -> dict[str, Any]:
    """What an act says. Raises Refusal with every fault found."""
    try:
        loaded: dict[str, Any] = DATA[act].load(dict(given))
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    return loaded


def read_batch(body: Any) -> list[Read]:
    """The actions of a batch, in the order in which they were done.

    `body` is {"now": the phone's time as it sends, "actions": [...]}. Raises Refusal for what is none, or
    holds too many.
    """
    actions = body.get("actions") if isinstance(body, dict) else None
    if not isinstance(actions, list) or not 1 <= len(actions) <= MOST_ACTIONS:
        raise Refusal(Fault("request.malformed", "/actions"))
    now = instant_of(body.get("now"))
    return [_read(one, now) for one in actions]


def instant_of(given: Any) -> datetime:
    """The phone's time as it sends. Raises Refusal."""
    try:
        at: datetime = _instant.deserialize(given)
    except ValidationError:
        raise Refusal(Fault("request.malformed", "/now")) from None
    return at


def read_action(given: Any, phone_now: datetime, photo: bytes = b"") -> Action:
    """One action. Raises Refusal."""
    try:
        loaded = _action.load(given)
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    act = Act(loaded["kind"])
    return Action(
        client_id=loaded["id"],
        act=act,
        number=loaded["number"],
        done_at=loaded["done_at"],
        phone_now=phone_now,
        version=loaded["version"],
        after=loaded["after"],
        data=data_of(act, loaded["data"]),
        photo=photo,
    )


def _read(given: Any, phone_now: datetime) -> Read:
    client_id = given.get("id") if isinstance(given, dict) else None
    known = client_id if isinstance(client_id, str) else ""
    try:
        return Read(known, read_action(given, phone_now))
    except Refusal as refusal:
        return Read(known, None, refusal.faults)
