"""The board of announced outages (网络中断公告): now, to come, and lately."""

from datetime import date
from typing import Any

from flask import Flask, request

from public_status import preferences
from public_status.outage_board import AHEAD, REMEMBERED, PublishedOutage, board_at, narrowed
from public_status.runtime import PublicRuntime
from public_status.shelf import Kind, Shelf, Shown, shown
from public_status.spoken import render
from tracker.pages import outage_words, wording

_NAMES = ("county", "operator")


def register(app: Flask, _run: PublicRuntime, shelf: Shelf) -> None:
    """The page."""
    shelf.add("/outages", Kind(_NAMES))

    @app.get("/outages")
    def outages() -> str:
        return _page(shown())


def _page(what: Shown) -> str:
    snapshot, language = what.snapshot, preferences.language()
    operators = {one.code: one for one in snapshot.operators}
    operator = operators.get(request.args.get("operator", ""))
    county = request.args.get("county", "")
    county = county if county in snapshot.counties else ""
    chosen = narrowed(snapshot.outages, operator_id=operator and operator.id, county=county)
    by_id = {one.id: one for one in snapshot.operators}

    def told(one: PublishedOutage) -> outage_words.Told:
        owner = by_id[one.operator_id]
        # A page that is kept tells how things stand since they last turned.
        return outage_words.tell(
            one, one.area, owner.name_in(language), owner.hotline, what.turned_at, language
        )

    chosen_names = [snapshot.counties[county]] if county else []
    if operator:
        chosen_names.append(operator.name_in(language))
    board = board_at(chosen, what.turned_at)
    days = {
        name: [(day, _away(day, what), [told(one) for one in of_day]) for day, of_day in days.items()]
        for name, days in (("coming", board.coming), ("past", board.past))
    }
    shown_facts: dict[str, Any] = {
        "what": what,
        "board": board,
        "present": [told(one) for one in board.present],
        **days,
        "typed": {"operator": operator.code if operator else "", "county": county},
        "of": chosen_names,
        "callable": [operator] if operator else snapshot.operators,
        "outage_words": outage_words,
        "ahead_days": AHEAD.days,
        "past_days": REMEMBERED.days,
    }
    return render("outages.html", **shown_facts)


def _away(day: date, what: Shown) -> str:
    return wording.relative_day(day, preferences.language(), what.today)
