"""What every page of the site can say: dates and money in the reader's language, the switches."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, request

from public_status import preferences, spoken
from public_status.preferences import CHOICES
from public_status.runtime import PublicRuntime
from tracker import clock
from tracker.pages import wording
from tracker.tariffs.rules import yuan

_LANGUAGE_TAGS = {"zh": "zh-CN", "en": "en"}


def register(app: Flask, run: PublicRuntime) -> None:
    """Give the templates their words and the facts of the frame."""
    spoken.register(app, _filters)

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
        "day_of": lambda at: wording.long_day(clock.local_date(at), language),
        "yuan": yuan,
    }


def _machine_time(at: datetime | date) -> str:
    """For the `datetime` attribute, which programs read."""
    return clock.local(at).isoformat(timespec="minutes") if isinstance(at, datetime) else at.isoformat()


def _address_with(**changes: str) -> str:
    """This page's address with other parameters; the front page's where this one was not fetched by GET."""
    if request.method not in ("GET", "HEAD"):
        return "/?" + urlencode(changes)
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in CHOICES]
    chosen = [one for one in kept if one[0] not in changes] + [one for one in changes.items() if one[1]]
    return f"{quote(request.path)}?{urlencode(chosen)}" if chosen else quote(request.path)
