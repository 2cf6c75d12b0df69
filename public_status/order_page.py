"""The page of an order for the holder of its session, its calendar file, and the way out."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask, abort, make_response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from public_status import (
    action_forms,
    action_words,
    fees_ahead,
    holders,
    preferences,
    queries,
    rules,
    visit_words,
)
from public_status.action_rules import ACTIONS, why_not
from public_status.desk import new_once
from public_status.holders import Holder
from public_status.keeper import NothingToShowError
from public_status.order_facts import facts_of
from public_status.outage_board import PublishedOutage
from public_status.own_order import OwnOrder, Visit, read_own
from public_status.runtime import PublicRuntime
from public_status.spoken import render
from public_status.visit_file import visit_file
from tracker import clock
from tracker.customer_requests.asking import Asked, close_session
from tracker.outages.rules import OPEN, standing_of
from tracker.pages import outage_words, wording

_COUNTY_DIGITS = 6


@dataclass(frozen=True)
class Offer:
    """Something that may be asked for on a page of its own; `why_not` tells why that is not so now."""

    path: str
    word: str
    why_not: str


def register(app: Flask, run: PublicRuntime) -> None:
    """The page and what hangs on it."""
    held = holders.only_holders(
        run, stale=lambda holder: order_page(run, holder, said=holders.STALE, status=403)
    )

    @app.get(holders.ROOT)
    def own_order() -> ResponseReturnValue:
        if request.args.get("said") == action_words.LEFT and not holders.token_sent():
            return holders.session_over(secure=run.config.site_is_secure, left=True)
        return _own_order()

    @held
    def _own_order(holder: Holder) -> ResponseReturnValue:
        return order_page(run, holder, said=request.args.get("said", ""))

    @app.get(f"{holders.ROOT}/visit.ics")
    @held
    def visit_as_file(holder: Holder) -> ResponseReturnValue:
        own = queries.read(run.db, lambda c: read_own(c, holder.session))
        if own.visit is None:
            abort(404)
        return _calendar(own, own.visit)

    # Where a form could not be taken, its answer stands at the form's address.
    @app.get(f"{holders.ROOT}/<any(leave,undo):_form>")
    def form_without_content(_form: str) -> ResponseReturnValue:
        return redirect(holders.ROOT, 303)

    @app.post(f"{holders.ROOT}/leave")
    @held
    def leave(_holder: Holder) -> ResponseReturnValue:
        close_session(run.db, run.keys, holders.token_sent(), clock.now())
        response = redirect(f"{holders.ROOT}?said={action_words.LEFT}", 303)
        holders.forget_cookie(response, secure=run.config.site_is_secure)
        return response


def order_page(
    run: PublicRuntime,
    holder: Holder,
    *,
    said: str = "",
    refused: Asked | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """The page. `said`: what has just been done, a key of `action_words.SAID`; `refused`: what was not."""
    session, now, language = holder.session, clock.now(), preferences.language()
    own = queries.read(run.db, lambda c: read_own(c, session))
    facts = facts_of(own.standing, language, now)
    situation = own.situation(now, is_held=facts.held is not None)
    given: dict[str, Any] = {
        "holder": holder,
        "own": own,
        "once": new_once(),
        "said": action_words.SAID.get(said),
        "refusals": [fault.words(language) for fault in refused.faults] if refused else [],
        "offers": [
            Offer(
                f"{holders.ROOT}/{kind}",
                action_words.offer_word(kind, has_visit=own.visit is not None),
                why_not(kind, situation),
            )
            for kind in ACTIONS
        ],
        "visit": own.visit and visit_in_words(own.visit, language),
        "texts": [action_words.text_told(one, now) for one in own.texts],
        "asked": [action_words.told(one, own.slots, language, now) for one in own.requests],
        "topics": action_forms.TOPICS,
        "complaint_states": action_words.COMPLAINT_STATES,
        "score_word": own.rating and action_forms.SCORE_WORDS[own.rating.score],
        "outage_words": outage_words,
        "outages": _outages(run, session.shown.get("areas", ()), session.operator_id, language),
        "reason_words": partial(rules.reason_words, language=language),
        "ticket": "",
        "changes": fees_ahead.changes_ahead(run.published, own.standing),
    }
    return render("order.html", **vars(facts), **given), status


def visit_in_words(visit: Visit, language: str) -> dict[str, str]:
    """Its day, its hours, and who comes."""
    return {
        "day": wording.day(clock.local_date(visit.starts_at), language, clock.today()),
        "hours": visit_words.hours(visit.starts_at, visit.ends_at, language),
        "who": visit_words.installer(visit.installer_title, visit.staff_number, language),
    }


def _calendar(own: OwnOrder, visit: Visit) -> Response:
    language, standing = preferences.language(), own.standing
    operator = standing.operator_name_en if language == "en" else standing.operator_name
    lines = [
        _("订单 %(number)s", number=standing.number),
        visit_in_words(visit, language)["who"],
        _("请留人在家，并备好有效证件。"),
        _("客服热线 %(hotline)s", hotline=standing.hotline),
    ]
    response = make_response(
        visit_file(
            number=standing.number,
            version=visit.order_version,
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            summary=_("宽带上门安装（%(operator)s）", operator=operator),
            description="\n".join(filter(None, lines)),
            now=clock.now(),
        )
    )
    response.headers["Content-Type"] = "text/calendar; charset=utf-8; method=PUBLISH"
    response.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return response


def _outages(
    run: PublicRuntime, areas: list[str], operator_id: int, language: str
) -> list[outage_words.Told]:
    """Outages of the operator that touch the order's town and are not over, the nearest first.

    One of a single community of the town is told too: which one the order's is, the site does not know.
    """
    try:
        now, snapshot = clock.now(), run.published.current().snapshot
    except NothingToShowError:
        # The order is what was asked for; the board has a page of its own.
        return []
    operator = next(one for one in snapshot.operators if one.id == operator_id)
    towns = tuple(code for code in areas if len(code) > _COUNTY_DIGITS)

    def touches(one: PublishedOutage) -> bool:
        return any(code in areas or code.startswith(towns) for code in one.area_codes)

    near = [
        one
        for one in snapshot.outages
        if one.operator_id == operator_id and standing_of(one, now) in OPEN and touches(one)
    ]
    return [
        outage_words.tell(one, one.area, operator.name_in(language), operator.hotline, now, language)
        for one in sorted(near, key=lambda one: (one.starts_at, one.id))
    ]
