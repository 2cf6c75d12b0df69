"""Proving that an order's phone is one's own: a code goes there, and whoever types it gets a session."""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Row

from public_status import holders, own_order, preferences, queries, tickets
from public_status.desk import Desk, new_once, once_sent
from public_status.limits import Limits
from public_status.lookup import lookup_form
from public_status.runtime import PublicRuntime
from public_status.spoken import render
from tracker import clock
from tracker.customer_requests.asking import Asked, CodeStanding, Verdict, latest_code, open_session
from tracker.customer_requests.rules import CODE_DIGITS, Kind, State
from tracker.notices.rules import MOST_ASKED_FOR

PATH = "/code"

_CODE = re.compile(rf"[0-9]{{{CODE_DIGITS}}}")
_PAUSE = MOST_ASKED_FOR[0][0]
_ALMOST_A_MINUTE = timedelta(minutes=1) - timedelta(microseconds=1)


def register(app: Flask, run: PublicRuntime, limits: Limits, desk: Desk) -> None:
    """The two steps: a code is sent, and typed. Both need the ticket of an order that was looked up."""
    limited = limits.limit(run.config.lookup_limit)

    @app.get(PATH)
    @app.get(f"{PATH}/check", endpoint="check_without_form")
    def code_without_form() -> ResponseReturnValue:
        return redirect("/", 303)

    # No form token: whoever sends the ticket has shown the number and the digits, and no cookie counts.
    @app.post(PATH)
    @limited
    def send_code() -> ResponseReturnValue:
        found = _order(run)
        if found is None:
            return _expired()
        number, order = found
        asked = None
        if request.form.get("send"):
            request_id, rung = desk.hand_in(
                Kind.CODE, operator_id=order.operator_id, order_id=order.id, payload={}, once=once_sent()
            )
            asked = desk.outcome(request_id, rung=rung)
        return _page(run, number, order, asked=asked)

    @app.post(f"{PATH}/check")
    @limited
    def check_code() -> ResponseReturnValue:
        found = _order(run)
        if found is None:
            return _expired()
        number, order = found
        code = _folded(request.form.get("code", ""))
        if not _CODE.fullmatch(code):
            return _page(run, number, order, fault=_("请输入短信里的6位数字"), status=422)
        verdict, token = open_session(run.db, run.keys, order.id, number, code, clock.now())
        if verdict is Verdict.OPENED and token is not None:
            response = redirect(holders.ROOT, 303)
            holders.give_cookie(response, token, secure=run.config.site_is_secure)
            return response
        return _page(run, number, order, verdict=verdict, status=422)


def _order(run: PublicRuntime) -> tuple[str, Row[Any]] | None:
    number = tickets.number_of(run.keys, request.form.get("ticket", ""), clock.now())
    if number is None:
        return None
    order = queries.read(run.db, lambda c: own_order.order_named(c, number))
    return None if order is None else (number, order)


def _expired() -> tuple[str, int]:
    return lookup_form(expired=True), 410


def _page(
    run: PublicRuntime,
    number: str,
    order: Row[Any],
    *,
    asked: Asked | None = None,
    verdict: Verdict | None = None,
    fault: str = "",
    status: int = 200,
) -> tuple[str, int]:
    """The field for the code, how many tries are left and when another may be sent; or why none was."""
    now = clock.now()
    code = queries.read(run.db, lambda c: latest_code(c, order.id, now))
    refused = asked is not None and asked.state is State.REFUSED
    if verdict is Verdict.WRONG and code is not None:
        fault = _("验证码不对，还可以试%(count)s次", count=code.tries_left)
    words = [one.words(preferences.language()) for one in asked.faults] if asked and refused else []
    if refused and status == 200:
        status = 409
    page = render(
        "code.html",
        ticket=tickets.issue(run.keys, number, now),
        once=new_once(),
        number=number,
        code=code,
        # Once only: the words of a wrong code tell it, too.
        tries=code.tries_left if code is not None and verdict is None else None,
        fault=fault,
        words=words,
        no_texts=bool(asked and any(one.rule == "code.no_texts" for one in asked.faults)),
        used_up=verdict is not None and code is None,
        on_its_way=asked is not None and asked.is_open,
        again_at=_again_at(code, now),
    )
    return page, status


def _again_at(code: CodeStanding | None, now: datetime) -> datetime | None:
    """From which full minute on another may be asked for; None for at once."""
    if code is None or code.sent_at + _PAUSE <= now:
        return None
    return (code.sent_at + _PAUSE + _ALMOST_A_MINUTE).replace(second=0, microsecond=0)


def _folded(typed: str) -> str:
    """The digits that were meant: full-width ones, blanks and dashes are forgiven."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed[:32]))
