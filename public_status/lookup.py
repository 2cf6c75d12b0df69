"""The front page with its form, and the page of one order."""

import hmac
import re
import unicodedata
from functools import partial
from typing import Any

from flask import Flask, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from public_status import preferences, queries, rules, tickets
from public_status.limits import Limits
from public_status.queries import Standing
from public_status.runtime import PublicRuntime
from public_status.spoken import render
from tracker import clock
from tracker.orders import numbers
from tracker.orders.fee_sums import fee_sums
from tracker.orders.fee_words import fee_line
from tracker.orders.standing import ENDED_EARLY, MARK_WORDS, STAGE_WORDS, TONES, mark_of
from tracker.promises.ledger import hold_at

PATH = "/status"

Answer = tuple[str, int]

_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_NO_DIGEST = bytes(32)


def register(app: Flask, run: PublicRuntime, limits: Limits) -> None:
    """The two pages, with their limits."""

    @app.get("/")
    def home() -> str:
        return render("lookup.html", faults={}, typed="")

    @app.get(PATH)
    def status_without_form() -> Response:
        return redirect("/", 303)

    # No CSRF token: a lookup changes nothing and rests on no cookie, so a forged one could only
    # show its victim what the forger knows already.
    @app.post(PATH)
    @limits.lookups(lambda: request.form.get("number", ""))
    def status() -> Answer:
        ticket = request.form.get("ticket")
        return _by_ticket(run, ticket) if ticket else _by_digits(run)


def _by_digits(run: PublicRuntime) -> Answer:
    """The order, or one and the same answer whatever was wrong.

    Every case computes the digest, asks the database and compares, so that neither the answer nor
    its time tells a wrong number from wrong digits.
    """
    typed, typed_digits = request.form.get("number", ""), request.form.get("last4", "")
    number = numbers.normalise(typed)
    digits = unicodedata.normalize("NFKC", typed_digits[:16]).strip()
    digest = run.keys.digest_of("orders.lookup", f"{number}/{digits}")
    standing = queries.read(run.db, lambda c: queries.standing_by_digest(c, number or "", digest))
    known = standing.lookup_digest if standing else _NO_DIGEST
    if hmac.compare_digest(known, digest) and standing is not None:
        return _status_page(run, standing), 200
    faults = {}
    if not typed.strip():
        faults["number"] = _("请输入订单号")
    elif number is None:
        faults["number"] = _("订单号为 QY 开头的15位，请逐字核对")
    if not _FOUR_DIGITS.fullmatch(digits):
        faults["last4"] = _("请输入手机号的后四位数字")
    return render("lookup.html", faults=faults, typed=typed[:40], missed=True), 404


def _by_ticket(run: PublicRuntime, ticket: str) -> Answer:
    number = tickets.number_of(run.keys, ticket, clock.now())
    standing = number and queries.read(run.db, lambda c: queries.standing_by_number(c, number))
    if not standing:
        return render("lookup.html", faults={}, typed="", expired=True), 410
    return _status_page(run, standing), 200


def _status_page(run: PublicRuntime, standing: Standing) -> str:
    now = clock.now()
    language = preferences.language()
    ended_early = standing.stage in ENDED_EARLY
    connected_at = rules.connected_at(standing.happenings)
    punctuality = mark_of(standing.stage, connected_at, standing.deadline, now)
    fees = fee_sums(standing.price, standing.charges, standing.payments, ended_early=ended_early)
    reason_words = partial(rules.reason_words, language=language)
    facts: dict[str, Any] = {
        "standing": standing,
        "ticket": tickets.issue(run.keys, standing.number, now),
        "stage_word": STAGE_WORDS[standing.stage],
        "next_word": rules.NEXT_WORDS[standing.stage],
        "punctuality": punctuality,
        "punctuality_word": punctuality and MARK_WORDS[punctuality],
        "tone": TONES[punctuality] if punctuality else "quiet",
        "left": standing.deadline - now,
        "held": hold_at(standing.entries, now),
        "connected_at": connected_at,
        "ended_early": ended_early,
        "ending_reason": reason_words(standing.happenings[-1].reason_code) if ended_early else "",
        "explanation": standing.explanation.get(language) or standing.explanation.get("zh", ""),
        "steps": rules.timeline(standing.stage, standing.happenings),
        "reason_words": reason_words,
        "fees": [fee_line(fee, clock.local_date(now)) for fee in fees],
        "open_fen": sum(fee.open_fen for fee in fees),
        "several_open": sum(fee.open_fen > 0 for fee in fees) > 1,
        "operator": standing.operator_name_en if language == "en" else standing.operator_name,
        "plan_name": standing.price.get("name_en" if language == "en" else "name", ""),
        "as_of": now,
    }
    return render("status.html", **facts)
