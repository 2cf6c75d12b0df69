"""Do one act of an installer on a locked order: each through the use case that anybody else uses for it."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from tracker import clock
from tracker.orders import wording
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import change_appointment
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import Stage
from tracker.orders.take_order import take_order
from tracker.problems import Fault, Refusal
from tracker.promises.ledger import hold_at
from tracker.promises.queries import read_ledgers
from tracker.runtime import Runtime
from tracker.site_work.images import Picture
from tracker.site_work.models import LineTest, SitePhoto, SiteVisit
from tracker.site_work.photo_files import photo_files
from tracker.site_work.rules import AT_WORK, MOST_PHOTOS, MOVES_TO, NOT_ON_HOLD, Act, coarse, warnings_of
from tracker.tariffs.models import Plan

WARNING_WORDS = {
    "slow": ("下行低于套餐带宽的九成", "below nine tenths of the speed that was sold"),
    "weak": ("光功率过弱", "optical power too weak"),
    "strong": ("光功率过强", "optical power too strong"),
}


@dataclass(frozen=True)
class Done:
    """An act: who did it, when that counts as done, since when the order has its stage, what was said."""

    act: Act
    account_id: int
    actor: Actor
    at: datetime
    now: datetime
    reached_at: datetime
    data: Mapping[str, Any]
    picture: Picture | None


def do_act(connection: Connection, runtime: Runtime, order: Row[Any], done: Done) -> int:
    """Returns the order's version after it. Raises Refusal with every fault that stands against it."""
    if done.act in NOT_ON_HOLD:
        _require_no_hold(connection, order, done.at)
    match done.act:
        case Act.ARRIVE:
            _require_day(order, done.at)
        case Act.TAKE:
            return take_order(runtime, done.actor, order.number, done.account_id, if_version=order.version)
        case Act.REAPPOINT:
            return _reappoint(runtime, order, done)
        case Act.TEST:
            _keep_test(connection, order, done)
            return order.version
        case Act.PHOTO if done.picture is not None:
            _keep_photo(connection, runtime, order, done, done.picture)
            return order.version
        case Act.ACTIVATE:
            if order.stage == Stage.ON_SITE and not _is_tested(connection, order.id, done.reached_at):
                raise Refusal(Fault("job.test_first"))
        case Act.COMPLETE:
            phone = runtime.keys.open(bytes(order.contact_phone), "orders.contact_phone")
            if not hmac.compare_digest(phone[-4:], done.data["last4"]):
                raise Refusal(Fault("job.wrong_digits", "/last4"))
    version = _move(runtime, order, done, order.version)
    if done.act is Act.ARRIVE:
        _keep_visit(connection, order, done)
    return version


def _require_no_hold(connection: Connection, order: Row[Any], at: datetime) -> None:
    hold = hold_at(read_ledgers(connection, [order.id])[order.id].entries, at)
    if hold is not None:
        raise Refusal(Fault("job.on_hold", "", _day_said(hold.ends_at - timedelta(microseconds=1))))


def _require_day(order: Row[Any], at: datetime) -> None:
    """Whoever comes before the day that was agreed would be shown the address before it."""
    visit_at = order.appointment_starts_at
    if visit_at is not None and clock.local_date(visit_at) > clock.local_date(at):
        raise Refusal(Fault("job.visit_later", "", _day_said(visit_at)))


def _day_said(at: datetime) -> dict[str, str]:
    return {"day": wording.day(at, "zh"), "day_en": wording.day(at, "en")}


def _move(runtime: Runtime, order: Row[Any], done: Done, version: int) -> int:
    """To the stage that the act leads to, or, for another visit, back to where one can be agreed."""
    step = {
        "stage": MOVES_TO.get(done.act, Stage.DISPATCHED),
        "occurred_at": done.at,
        "reason_code": done.data.get("reason_code"),
        "reason_text": done.data.get("reason_text"),
    }
    return record_progress(runtime, done.actor, order.number, step, if_version=version)


def _reappoint(runtime: Runtime, order: Row[Any], done: Done) -> int:
    if order.stage != Stage.DISPATCHED and done.data["reason_code"] is None:
        raise Refusal(Fault("field.required", "/reason_code"))
    version = order.version
    if order.stage == Stage.ON_SITE:
        version = _move(runtime, order, done, version)
    return change_appointment(
        runtime,
        done.actor,
        order.number,
        done.data["slot"],
        reason_code=done.data["reason_code"],
        reason_text=done.data["reason_text"],
        if_version=version,
    )


def _keep_visit(connection: Connection, order: Row[Any], done: Done) -> None:
    position = done.data["position"] or {}
    connection.execute(
        insert(SiteVisit).values(
            **_whose(order, done),
            **{name: coarse(degrees) for name, degrees in position.items()},
            arrived_at=done.at,
        )
    )


def _keep_test(connection: Connection, order: Row[Any], done: Done) -> None:
    if order.stage != Stage.ON_SITE:
        raise Refusal(Fault("job.not_on_site"))
    sold = connection.scalar(select(Plan.download_mbps).where(Plan.id == order.plan_id))
    warnings = warnings_of(done.data["down_mbps"], done.data["optical_dbm"], sold)
    if warnings and not done.data["reason"]:
        told, told_en = zip(*(WARNING_WORDS[one] for one in warnings), strict=True)
        params = {"told": "、".join(told), "told_en": ", ".join(told_en)}
        raise Refusal(Fault("line_test.reason_required", "/reason", params))
    values = {**done.data, "reason": done.data["reason"] if warnings else None}
    connection.execute(
        insert(LineTest).values(
            **_whose(order, done), **values, sold_mbps=sold, warnings=warnings, tested_at=done.at
        )
    )


def _is_tested(connection: Connection, order_id: int, since: datetime) -> bool:
    return bool(
        connection.scalar(
            select(func.count()).where(LineTest.order_id == order_id, LineTest.tested_at >= since)
        )
    )


def _keep_photo(
    connection: Connection, runtime: Runtime, order: Row[Any], done: Done, picture: Picture
) -> None:
    """The file first: a row without its file would be worse than a file without its row."""
    if order.stage not in AT_WORK:
        raise Refusal(Fault("job.not_on_site"))
    kept = connection.scalar(select(func.count()).where(SitePhoto.order_id == order.id))
    if kept is not None and kept >= MOST_PHOTOS:
        raise Refusal(Fault("photo.too_many", "/photo", {"limit": MOST_PHOTOS}))
    files = photo_files(runtime)
    name = files.put(picture.jpeg)
    try:
        connection.execute(
            insert(SitePhoto).values(
                **_whose(order, done),
                kind=done.data["kind"],
                name=name,
                width=picture.width,
                height=picture.height,
                size=len(picture.jpeg),
                taken_at=done.at,
            )
        )
    except BaseException:
        files.remove(name)
        raise


def _whose(order: Row[Any], done: Done) -> dict[str, Any]:
    return {
        "operator_id": order.operator_id,
        "order_id": order.id,
        "account_id": done.account_id,
        "recorded_at": done.now,
    }
