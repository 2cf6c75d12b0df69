"""The front page with its form, and the page of one order."""

import hmac
from functools import partial
from typing import Any

from flask import Flask, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from public_status import embedding, fees_ahead, preferences, queries, rules, tickets
from public_status.desk import new_once
from public_status.limits import Limits
from public_status.order_facts import facts_of
from public_status.queries import Standing
from public_status.runtime import PublicRuntime
from public_status.shelf import Kind, Shelf
from public_status.spoken import render
from tracker import clock
from tracker.orders import numbers, proofs

PATH = "/status"

Answer = tuple[str, int]

_NO_DIGEST = bytes(32)


def register(app: Flask, run: PublicRuntime, shelf: Shelf, limits: Limits) -> None:
    """The two pages, with their limits."""
    shelf.add("/", Kind(("audience",)))

    @app.get("/")
    def home() -> str:
        return lookup_form()

    @app.get(PATH)
    def status_without_form() -> Response:
        return redirect("/", 303)

    # One endpoint for both addresses, so that what was tried at one counts at the other.
    # No CSRF token: a lookup changes nothing and rests on no cookie, so a forged one could only
    # show its victim what the forger knows already.
    @app.post(PATH)
    @app.post(embedding.PATH)
    @limits.lookups(lambda: embedding.given("number"))
    def status() -> Answer | Response:
        if request.path == embedding.PATH:
            standing = proved(run, embedding.given("number"), embedding.given("last4"))
            ahead = fees_ahead.changes_ahead(run.published, standing) if standing else []
            return embedding.answer(standing, ahead)
        ticket = request.form.get("ticket")
        return _by_ticket(run, ticket) if ticket else _by_proof(run)


def _of_company() -> bool:
    """Whether the form is the one for companies. Either form takes either proof."""
    return request.values.get("audience") == "enterprise"


def lookup_form(**shown: Any) -> str:
    """The form, and above it what is `shown`: that nothing was found, that a page or a session is over."""
    return render("lookup.html", **{"faults": {}, "typed": "", "company": _of_company(), **shown})


def _by_proof(run: PublicRuntime) -> Answer:
    """The order, or one and the same answer whatever was wrong."""
    typed, typed_proof = request.form.get("number", ""), request.form.get("last4", "")
    standing = proved(run, typed, typed_proof)
    if standing is not None:
        return _status_page(run, standing), 200
    faults = {}
    if not typed.strip():
        faults["number"] = _("请输入订单号")
    elif numbers.normalise(typed) is None:
        faults["number"] = _("订单号为 QY 开头的15位，请逐字核对")
    if not proofs.can_be_last_four(proofs.last_four_in(typed_proof), of_company=_of_company()):
        faults["last4"] = (
            _("请输入四位：手机号或信用代码的最后四位") if _of_company() else _("请输入手机号的后四位数字")
        )
    return lookup_form(faults=faults, typed=typed[:40], missed=True), 404


def proved(run: PublicRuntime, typed: str, typed_proof: str) -> Standing | None:
    """The order with this number, if the phone or the credit code in it ends with these four characters.

    Every case computes the digest, asks the database and compares with both digests, so that its time
    tells neither a wrong number from wrong characters nor a phone from a credit code.
    """
    number = numbers.normalise(typed) or ""
    digest = proofs.lookup_digest(run.keys, number, proofs.last_four_in(typed_proof))
    standing = queries.read(run.db, lambda c: queries.standing_by_digest(c, number, digest))
    known = standing.lookup_digest if standing else _NO_DIGEST
    of_company = (standing.credit_lookup_digest if standing else None) or _NO_DIGEST
    fits = hmac.compare_digest(known, digest) | hmac.compare_digest(of_company, digest)
    return standing if fits else None


def _by_ticket(run: PublicRuntime, ticket: str) -> Answer:
    number = tickets.number_of(run.keys, ticket, clock.now())
    standing = number and queries.read(run.db, lambda c: queries.standing_by_number(c, number))
    if not standing:
        return lookup_form(expired=True), 410
    return _status_page(run, standing), 200


def _status_page(run: PublicRuntime, standing: Standing) -> str:
    now, language = clock.now(), preferences.language()
    facts = facts_of(standing, language, now)
    given: dict[str, Any] = {
        "ticket": tickets.issue(run.keys, standing.number, now),
        "once": new_once(),
        "changes": fees_ahead.changes_ahead(run.published, standing),
        "reason_words": partial(rules.reason_words, language=language),
    }
    return render("status.html", **vars(facts), **given)
