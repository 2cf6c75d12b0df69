"""The staff pages as part of the service: language, words, headers."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request
from flask_babel import Babel, get_locale
from flask_login import current_user
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from tracker import clock
from tracker.channels.quotas import Quota
from tracker.orders.rules import Stage
from tracker.orders.standing import MARK_WORDS, STAGE_WORDS, TONES, Mark, mark_of
from tracker.pages import (
    account,
    assets,
    at_risk,
    at_risk_call,
    at_risk_export,
    at_risk_steps,
    audit,
    calendar_day,
    calendar_import,
    calendar_year,
    call_history,
    calls,
    change_forms,
    change_proofs,
    changes,
    channels,
    compensation,
    compensation_export,
    complaint_export,
    complaint_forms,
    complaints,
    counter,
    dispatch,
    dispatch_installers,
    excuse_export,
    excuses,
    figure_export,
    figure_orders,
    figures,
    job_steps,
    job_sync,
    jobs,
    notice,
    notices,
    order_actions,
    order_checks,
    order_compensation,
    order_contact,
    order_excuse,
    order_export,
    order_fees,
    order_files,
    order_history,
    order_page,
    order_repromise,
    order_returns,
    order_search,
    order_step,
    order_visit,
    orders,
    outage_forms,
    outages,
    people,
    places,
    plan_forms,
    plan_imports,
    plans,
    promise_rule_forms,
    promise_rules,
    promises,
    ratings,
    receipt,
    regulator,
    report_files,
    report_self_checks,
    reports,
    sign_in_steps,
    signing_in,
    site_photos,
    slot_forms,
    slots,
    subscriber_prices,
    team_forms,
    teams,
    template_forms,
    text_templates,
    texts,
    ways_back,
    webhooks,
    wording,
)
from tracker.runtime import Runtime
from tracker.staff.sign_in import Person

_TRANSLATIONS = Path(__file__).resolve().parent / "translations"
_LANGUAGES = ("zh", "en")
_TAGS = {"zh": "zh-CN", "en": "en"}
_YEAR = 365 * 86400

# Loading them adds their addresses to the one blueprint of the staff pages.
_PAGES = (
    at_risk,
    at_risk_call,
    at_risk_export,
    at_risk_steps,
    dispatch,
    dispatch_installers,
    figure_export,
    figure_orders,
    figures,
    team_forms,
    teams,
    account,
    sign_in_steps,
    people,
    audit,
    call_history,
    calls,
    calendar_day,
    calendar_import,
    calendar_year,
    change_forms,
    change_proofs,
    changes,
    order_fees,
    channels,
    compensation,
    compensation_export,
    complaint_export,
    complaint_forms,
    complaints,
    counter,
    excuse_export,
    excuses,
    order_compensation,
    order_excuse,
    order_actions,
    order_checks,
    order_contact,
    job_steps,
    job_sync,
    jobs,
    notice,
    notices,
    order_export,
    order_files,
    order_history,
    order_page,
    order_repromise,
    order_returns,
    order_search,
    order_step,
    order_visit,
    orders,
    outage_forms,
    outages,
    plan_forms,
    plan_imports,
    plans,
    promise_rule_forms,
    promise_rules,
    promises,
    ratings,
    receipt,
    regulator,
    report_files,
    report_self_checks,
    reports,
    site_photos,
    slot_forms,
    slots,
    subscriber_prices,
    template_forms,
    text_templates,
    webhooks,
)

_CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def register(app: Flask, run: Runtime) -> None:
    """Mount the staff pages; the demonstration's texts only where it runs.

    Raises PagesNotBuiltError.
    """
    app.config |= {
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": run.config.service_is_secure,
    }
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.request_class = order_files.UploadingRequest
    assets.register(app)
    signing_in.register(app)
    Babel(
        app,
        default_locale="zh",
        default_translation_directories=str(_TRANSLATIONS),
        locale_selector=_chosen_language,
    )
    app.register_blueprint(signing_in.blueprint)
    if run.config.demo:
        app.register_blueprint(texts.blueprint)
    _give_words(app, run)
    _set_headers(app, run)


def _chosen_language() -> str:
    for wish in (request.args.get("lang"), request.cookies.get("lang")):
        if wish in _LANGUAGES:
            return wish
    return request.accept_languages.best_match(_LANGUAGES) or _LANGUAGES[0]


def _language() -> str:
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def _give_words(app: Flask, run: Runtime) -> None:
    app.jinja_env.filters.update(
        deadline=lambda at: wording.deadline(at, _language(), clock.today()),
        instant=lambda at: wording.instant(at, _language(), clock.today()),
        clock_time=lambda at: f"{clock.local(at):%H:%M}",
        local_day=clock.local_date,
        # What ends with a day ends at the midnight after it, and is called by the day.
        last_day=lambda at: clock.local_date(at - timedelta(microseconds=1)),
        as_day=wording.as_day,
        span=lambda length: wording.span(length, _language()),
        month=lambda on: wording.month(on, _language()),
        month_of_year=lambda on: wording.month_of_year(on, _language()),
        weekday=lambda on: wording.day(on, _language(), clock.today()),
        weekday_short=lambda on: wording.weekday(on, _language()),
        machine_time=_machine_time,
        long_day=lambda on: wording.long_day(on, _language()),
        money=lambda fen: wording.money(fen, _language()),
        exact_money=wording.exact_money,
        monthly=lambda fen: wording.monthly(fen, _language()),
        bandwidth=lambda mbps: wording.bandwidth(mbps, _language()),
        clauses=lambda text: wording.clauses(text, _language()),
        fee_change=lambda old, new: wording.fee_change(old, new, _language()),
        relative_day=lambda on: wording.relative_day(on, _language(), clock.today()),
        share=wording.share,
        limit_words=lambda text: wording.limit(Quota.read(text), _language()),
    )

    @app.context_processor
    def frame() -> dict[str, Any]:
        language = _language()
        return {
            "language": language,
            "language_tag": _TAGS[language],
            "elder": False,
            "demo": run.config.demo,
            "person": _present(),
            "ways_of": places.ways_of,
            "back_here": ways_back.back_here,
            "stage_words": STAGE_WORDS,
            "mark_words": MARK_WORDS,
            "tones": TONES,
            "standing_of": _standing_of,
        }


def _present() -> Person | None:
    """Who is signed in, if that can be found out: an error page is also shown without a database."""
    try:
        return current_user.who if current_user.is_authenticated else None
    except SQLAlchemyError:
        return None


def _machine_time(at: datetime | date) -> str:
    return clock.local(at).isoformat(timespec="minutes") if isinstance(at, datetime) else at.isoformat()


def _standing_of(row: Row[Any], now: datetime) -> Mark | None:
    return mark_of(Stage(row.stage), row.connected_at, row.deadline, now)


def _set_headers(app: Flask, run: Runtime) -> None:
    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        # To ourselves it is sent: over TLS a form's sender is checked by it as well as by its token.
        response.headers.setdefault("Referrer-Policy", "same-origin")
        if run.config.service_is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if response.mimetype == "text/html":
            response.headers.setdefault(
                "Content-Security-Policy", _CONTENT_POLICY + g.get("also_allowed", "")
            )
            response.headers["Cache-Control"] = "no-store"
            response.headers["X-Robots-Tag"] = "noindex"
            if (wish := request.args.get("lang")) in _LANGUAGES:
                response.set_cookie(
                    "lang",
                    str(wish),
                    max_age=_YEAR,
                    httponly=True,
                    samesite="Lax",
                    secure=run.config.service_is_secure,
                )
        return response
