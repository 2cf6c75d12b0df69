"""On-time figures (按时率公示), with their samples, by operator and for the city."""

from typing import Any

from flask import Flask, request
from flask_babel import gettext as _

from public_status import preferences
from public_status.figure_board import lines_of, told_at
from public_status.runtime import PublicRuntime
from public_status.shelf import Kind, Shelf, Shown, shown
from public_status.spoken import render
from tracker.figures.rules import LEAST_SAMPLE, SETTLES_AFTER, WITHDRAWN, Period, PeriodKind
from tracker.orders.rules import REASONS
from tracker.pages import wording

_WITHDRAWN_WORDS = {"zh": "用户撤单", "en": "withdrawn by the customer"}


def register(app: Flask, _run: PublicRuntime, shelf: Shelf) -> None:
    """The page."""
    shelf.add("/figures", Kind(("operator",)))

    @app.get("/figures")
    def figures() -> str:
        return _page(shown())


def period_words(period: Period, language: str) -> str:
    """A period by its name: "2026年10月", "2026年上半年"."""
    if period.kind is PeriodKind.MONTH:
        return wording.month_of_year(period.starts_on, language)
    year = period.starts_on.year
    if period.starts_on.month == 1:
        return _("%(year)s年上半年", year=year)
    return _("%(year)s年下半年", year=year)


def reason_words(code: str, language: str) -> str:
    """Why an order is left out of the net figure, in zh or en."""
    if code == WITHDRAWN:
        return _WITHDRAWN_WORDS[language]
    return REASONS[code].en if language == "en" else REASONS[code].zh


def _page(what: Shown) -> str:
    snapshot, language = what.snapshot, preferences.language()
    chosen = next((one for one in snapshot.operators if one.code == request.args.get("operator", "")), None)
    by_operator = {None: lines_of(snapshot.figures, None)}
    by_operator |= {one.id: lines_of(snapshot.figures, one.id) for one in snapshot.operators}
    halves, months = told_at(by_operator[chosen.id if chosen else None], what.turned_at)
    _halves, of_city = told_at(by_operator[None], what.turned_at)
    latest = of_city[0].period if of_city else None
    compared = [
        (one, by_operator[one.id if one else None].get(latest))
        for one in (None, *snapshot.operators)
        if latest
    ]
    facts: dict[str, Any] = {
        "what": what,
        "chosen": chosen,
        "halves": halves,
        "months": months,
        "latest": latest,
        "compared": compared,
        "least": LEAST_SAMPLE,
        "settles_days": SETTLES_AFTER.days,
        "period_words": lambda period: period_words(period, language),
        "figure_reason": lambda code: reason_words(code, language),
        "share": wording.share,
    }
    return render("figures.html", **facts)
