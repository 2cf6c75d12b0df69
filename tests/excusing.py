"""Delays that a test lets be excused, through the real use cases, by accounts that need not exist."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, select

from tracker.excuses.ask_excuse import ask_excuse
from tracker.excuses.decide_excuse import decide_excuse
from tracker.orders.actor import Actor
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account
from tracker.staff.models import Account

APPROVER = "excusing.manager"


def approver_of(runtime: Runtime, operator_id: int) -> Actor:
    """A manager of the operator who asks for nothing."""
    username = f"{APPROVER}.{operator_id}"
    with runtime.db.reading() as connection:
        known = connection.scalar(select(exists().where(Account.username == username)))
    if not known:
        create_account(
            runtime.db,
            username=username,
            password="correct horse battery",
            role="manager",
            display_name="何经理",
            operator_id=operator_id,
        )
    return Actor(operator_id, f"staff:{username}")


def excuse_delay(runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any]) -> int:
    """Ask for an excuse and have it approved; returns the request's id. Evidence is made up where none is."""
    asked = ask_excuse(runtime, actor, number, {**request, "evidence": request.get("evidence") or "函1"})
    decide_excuse(runtime, approver_of(runtime, actor.operator_id), asked, approve=True)
    return asked
