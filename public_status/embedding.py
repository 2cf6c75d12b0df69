"""The lookup as data, for a WeChat public account (公众号), a mini-program (小程序) or another page.

The same question and the same limits as on the site's own form, answered in JSON, and what is wrong as a
problem (RFC 9457). See docs/embedding.md.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask import Flask, Response, jsonify, request
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from public_status import preferences, rules
from public_status.open_files import instant
from public_status.order_facts import OrderFacts, facts_of
from public_status.published import Change
from public_status.queries import Standing
from tracker import clock
from tracker.orders.fee_sums import FeeSum
from tracker.orders.fee_words import FeeLine
from tracker.pages import wording
from tracker.problems import RULES, Fault
from tracker.tariffs.rules import ChangeKind

PATH = "/api/lookup"

_PROBLEM = "application/problem+json"
_BY_STATUS = {
    404: "lookup.no_match",
    405: "request.method",
    413: "request.too_large",
    429: "request.too_many",
    503: "server.unavailable",
}
# Browsers ask leave anew after this many seconds.
_LEAVE_SECONDS = "600"


def register(app: Flask, origins: frozenset[str]) -> None:
    """Let pages of these origins read the answers; programs that are no browser's page need no leave."""

    @app.after_request
    def leave(response: Response) -> Response:
        if request.path != PATH:
            return response
        response.vary.add("Origin")
        origin = request.headers.get("Origin", "")
        if origin.lower() in origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "Retry-After"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = "POST"
                response.headers["Access-Control-Allow-Headers"] = "Accept-Language, Content-Type"
                response.headers["Access-Control-Max-Age"] = _LEAVE_SECONDS
        return response


def given(name: str) -> str:
    """A field of a form, or of a JSON object where that is what was sent; empty if it is no text."""
    if not request.is_json:
        return request.form.get(name, "")
    body = request.get_json(silent=True)
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) else ""


def answer(standing: Standing | None, ahead: Sequence[tuple[Change, int]] = ()) -> Response:
    """The order in words and figures, or that there is none; for the caller's language.

    `ahead`: what is announced of its plan, as `fees_ahead` has it.
    """
    language = _language()
    with force_locale(language):
        if standing is None:
            return _problem("lookup.no_match", language)
        response = jsonify(as_json(facts_of(standing, language, clock.now()), ahead, language))
    response.headers["Content-Language"] = language
    return response


def trouble(status: int, *, locked: bool = False) -> Response:
    """What went wrong, as a problem."""
    rule = "lookup.locked" if locked else _BY_STATUS.get(status)
    return _problem(rule or ("request.malformed" if status < 500 else "server.error"), _language())


def _language() -> str:
    try:
        wished = given("lang")
    except RequestEntityTooLarge:
        # Also of an answer that says just that.
        wished = ""
    return preferences.chosen_language({"lang": wished}, {}, request.headers.get("Accept-Language", ""))


def _problem(rule: str, language: str) -> Response:
    status = RULES[rule].status
    response = jsonify(
        {
            "type": f"urn:problem-type:{rule}",
            "title": Fault(rule).words(language),
            "status": status,
            "rule": rule,
        }
    )
    response.status_code, response.content_type = status, _PROBLEM
    response.headers["Content-Language"] = language
    return response


def as_json(facts: OrderFacts, ahead: Sequence[tuple[Change, int]], language: str) -> dict[str, Any]:
    """What the status page shows of an order, in the language of this answer."""
    standing = facts.standing
    return {
        "number": standing.number,
        "language": language,
        "as_of": instant(facts.as_of),
        "stage": {"code": standing.stage, "words": _(facts.stage_word)},
        "mark": _mark(facts),
        "promise": None if facts.ended_early else _promise(facts, language),
        "connected_at": instant(facts.connected_at),
        "held_until": instant(facts.held.ends_at) if facts.held else None,
        "ended_because": facts.ending_reason,
        "next": _(facts.next_word),
        "steps": [_step(step, language) for step in facts.steps],
        "fees": [
            _fee(total, line, language, clock.local_date(facts.as_of))
            for total, line in zip(facts.fee_sums, facts.fees, strict=True)
        ],
        "open_fen": facts.open_fen,
        "open_words": wording.money(facts.open_fen, language),
        "plan": {
            "name": facts.plan_name,
            "filing_number": standing.price["filing_number"],
            "monthly_fen": standing.price["monthly_fen"],
            "monthly_words": wording.monthly(standing.price["monthly_fen"], language),
            "changes": [_change(change, new_fen, language) for change, new_fen in ahead],
        },
        "operator": {"name": facts.operator, "hotline": standing.hotline},
    }


def _change(change: Change, new_fen: int, language: str) -> dict[str, Any]:
    day, fee = wording.long_day(change.effective_on, language), wording.monthly(new_fen, language)
    if change.kind is ChangeKind.PRICE:
        words = _("已公告：%(day)s起 %(fee)s", day=day, fee=fee)
    else:
        summary = (language == "en" and change.summary_en) or change.summary
        words = f"{_('已公告：%(day)s起', day=day)} {summary}"
    return {
        "kind": change.kind,
        "effective_on": change.effective_on.isoformat(),
        "monthly_fen": new_fen,
        "monthly_words": fee,
        "words": words,
    }


def _mark(facts: OrderFacts) -> dict[str, str] | None:
    if facts.punctuality is None:
        return None
    return {"code": facts.punctuality, "words": _(facts.punctuality_word)}


def _promise(facts: OrderFacts, language: str) -> dict[str, Any]:
    standing, today = facts.standing, clock.local_date(facts.as_of)

    def told(at: datetime) -> dict[str, str | None]:
        return {"at": instant(at), "words": wording.deadline(at, language, today)}

    return {
        "deadline": told(standing.deadline),
        "first_deadline": told(standing.first_deadline),
        "provisional": standing.provisional,
        "minutes_left": int(facts.left.total_seconds() // 60),
        "explanation": facts.explanation,
    }


def _step(step: rules.Step, language: str) -> dict[str, Any]:
    return {
        "words": _(step.word),
        "state": step.state,
        "at": instant(step.at),
        "note": _(step.note) if step.note else "",
        "reason": rules.reason_words(step.reason_code, language),
    }


def _fee(total: FeeSum, line: FeeLine, language: str, today: date) -> dict[str, Any]:
    details = [
        _(
            one.words,
            amount=wording.money(one.fen, language),
            day=wording.day(one.day, language, today) if one.day else "",
        )
        for one in line.details
    ]
    return {
        "code": total.fee,
        "words": _(line.word),
        "fen": line.fen,
        "amount": None if line.fen is None else wording.money(line.fen, language),
        "state": {"code": total.state, "words": _(line.state)},
        "open_fen": total.open_fen,
        "due_on": total.due_on.isoformat() if total.due_on else None,
        "details": details,
        "reasons": list(line.reasons),
    }
