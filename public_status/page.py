"""What every page of the site can say: dates and money in the reader's language, the switches."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, current_app, request

from public_status import preferences, spoken
from public_status.preferences import CHOICES
from public_status.runtime import PublicRuntime
from tracker import clock
from tracker.pages import wording
from tracker.pages.qr import qr_picture
from tracker.tariffs.rules import yuan

_LANGUAGE_TAGS = {"zh": "zh-CN", "en": "en"}


def register(app: Flask, run: PublicRuntime) -> None:
    """Give the templates their words and the facts of the frame."""
    # For whoever holds a page on paper: its address says nothing of whose it was.
    address = run.config.public_site_url
    app.jinja_env.globals.update(site_address=address, site_picture=address and qr_picture(address))

    @app.context_processor
    def frame() -> dict[str, Any]:
        chosen = preferences.language()
        return {
            "language": chosen,
            "language_tag": _LANGUAGE_TAGS[chosen],
            "elder": preferences.elder(),
            "operators": run.published.operators(),
            "demo": run.config.demo,
            "address_with": _address_with,
        }

    spoken.register(app, _filters)


def _filters(language: str) -> dict[str, Callable[[Any], Any]]:
    """The filters of templates in a language."""
    return {
        "deadline": lambda at: wording.deadline(at, language, clock.today()),
        "deadline_parts": lambda at: wording.deadline_parts(at, language, clock.today()),
        "instant": lambda at: wording.instant(at, language, clock.today()),
        "long_day": lambda on: wording.long_day(on, language),
        "weekday": lambda on: wording.day(on, language, clock.today()),
        "span": lambda length: wording.span(length, language),
        "money": lambda fen: wording.money(fen, language),
        "monthly": lambda fen: wording.monthly(fen, language),
        "bandwidth": lambda mbps: wording.bandwidth(mbps, language),
        "clauses": lambda text: wording.clauses(text, language),
        "machine_time": _machine_time,
        "time_of_day": lambda at: f"{clock.local(at):%H:%M}",
        "day_of": lambda at: wording.long_day(clock.local_date(at), language),
        "yuan": yuan,
    }


def _machine_time(at: datetime | date) -> str:
    """For the `datetime` attribute, which programs read."""
    return clock.local(at).isoformat(timespec="minutes") if isinstance(at, datetime) else at.isoformat()


def _address_with(**changes: str) -> str:
    """This page's address with other parameters; the front page's where it cannot be fetched by GET."""
    if request.method not in ("GET", "HEAD") and not _can_be_fetched():
        return "/?" + urlencode(changes)
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in CHOICES]
    chosen = [one for one in kept if one[0] not in changes] + [one for one in changes.items() if one[1]]
    return f"{quote(request.path)}?{urlencode(chosen)}" if chosen else quote(request.path)


def _can_be_fetched() -> bool:
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(request.path, method="GET")
