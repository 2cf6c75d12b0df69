"""Published fee schedules (收费标准公示): the list, each plan, comparisons, and announced changes."""

from itertools import groupby
from typing import Any

from flask import Flask, abort, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from public_status import fee_questions, fee_rules, fee_words, markup, preferences
from public_status.fee_rules import Era, Offer, Sale
from public_status.published import Change, PublishedPlan
from public_status.runtime import PublicRuntime
from public_status.shelf import Kind, Shelf, Shown, shown
from public_status.spoken import render
from tracker.orders.standing import N_
from tracker.tariffs.rules import PLAN_KINDS, sold_until

MOST_COMPARED = 4

# What two plans never have in common; the number stands above its column.
_OWN_OF_EACH = ("filing_number", "published_on")

_ERA_WORDS = {
    Era.IN_FORCE: N_("现行"),
    Era.COMING: N_("尚未生效"),
    Era.REPLACED: N_("已由新版接替"),
    Era.ENDED: N_("已停售"),
    Era.NEVER_BEGAN: N_("生效前已撤回"),
    Era.PRESENT_ONLY: N_("仅适用于在网用户"),
}
# As the timeline draws them.
_ERA_STATES = {Era.IN_FORCE: "now", Era.COMING: "next", Era.REPLACED: "done", Era.ENDED: "done"}


def register(app: Flask, run: PublicRuntime, shelf: Shelf) -> None:
    """The pages."""
    shelf.add("/fees", Kind(fee_questions.NAMES))
    shelf.add("/fees/changes", Kind())
    shelf.add("/fees/compare", Kind(many=("plan",)))
    shelf.add("/fees/", Kind(("version",)))

    @app.context_processor
    def words() -> dict[str, Any]:
        return {
            "audience_words": fee_words.AUDIENCE_WORDS,
            "name_of": fee_words.name_of,
            "summary_of": _summary_of,
        }

    @app.get("/fees")
    def fees() -> str:
        return _list_page(shown(), run.config.public_site_url)

    @app.get("/fees/changes")
    def fee_changes() -> str:
        what = shown()
        ahead, past = [], []
        for change, plan in what.snapshot.changes:
            if fee_rules.is_ahead(change, what.today):
                ahead.append((change, plan))
            elif change.stands and fee_rules.is_remembered(change, what.today):
                past.append((change, plan))
        return render("changes.html", ahead=ahead, past=past[::-1], what=what)

    @app.get("/fees/compare")
    def compare() -> str:
        return _comparison(shown(), request.args.getlist("plan"))

    @app.get("/fees/<int:version_id>")
    def plan_by_id(version_id: int) -> Response:
        found = shown().snapshot.plan_with(version_id)
        if found is None:
            abort(404)
        plan, version = found
        several = len(plan.versions) > 1
        return redirect(f"{plan.path}?version={version.version}" if several else plan.path, 301)

    @app.get("/fees/<operator>/<path:filing_number>/<region>")
    def plan(operator: str, filing_number: str, region: str) -> str:
        what = shown()
        found = what.snapshot.plans.get(f"{operator}/{filing_number}/{region}")
        if found is None:
            abort(404)
        return _plan_page(what, found, request.args.get("version", ""), run.config.public_site_url)


def _list_page(what: Shown, site_url: str) -> str:
    question = fee_questions.read(request.args, what.snapshot, what.today)
    every = [fee_rules.offer_on(plan, question.on) for plan in what.snapshot.plans.values()]
    chosen = [offer for offer in every if fee_rules.fits(offer, question.wanted)]
    ordered = fee_rules.sorted_offers(chosen, question.wanted.sort)
    by_audience = sorted(ordered, key=lambda one: list(fee_words.AUDIENCE_WORDS).index(one.version.audience))
    groups = {
        fee_words.AUDIENCE_WORDS[audience]: list(offers)
        for audience, offers in groupby(by_audience, key=lambda one: one.version.audience)
    }
    shown_kinds = {offer.version.kind for offer in every}
    return render(
        "fees.html",
        what=what,
        question=question,
        typed=question.typed,
        groups=groups,
        count=len(ordered),
        ahead=[
            (change, plan)
            for change, plan in what.snapshot.changes
            if change.stands and fee_rules.is_ahead(change, what.today)
        ],
        county_words=what.snapshot.counties,
        kind_words={kind: fee_words.KIND_WORDS[kind] for kind in PLAN_KINDS if kind in shown_kinds},
        speeds=fee_questions.SPEEDS,
        sale_words=fee_questions.SALE_WORDS,
        sort_words=fee_questions.SORT_WORDS,
        one_off=fee_words.one_off,
        markup=markup.list_of(ordered, site_url, preferences.language()),
    )


def _plan_page(what: Shown, plan: PublishedPlan, number: str, site_url: str) -> str:
    """A plan as it is sold today, or the version asked for."""
    offer = fee_rules.offer_on(plan, what.today)
    if number:
        version = plan.version(int(number)) if number.isascii() and number.isdigit() else None
        if version is None:
            abort(404)
        asked = Offer(plan, version, offer.sale if version is offer.version else Sale.ENDED)
    else:
        asked = offer
    language = preferences.language()
    groups = fee_words.groups_of(asked, language)
    return render(
        "plan.html",
        what=what,
        plan=plan,
        version=asked.version,
        offer=offer,
        era=fee_rules.era_of(asked.version, plan, what.today),
        last_day=sold_until(asked.version, plan.versions),
        groups=groups,
        filed=language == "en" and any(field.filed for group in groups for field in group.fields),
        versions=_timeline(plan, what),
        changes=[change for change in plan.changes if fee_rules.is_ahead(change, what.today)],
        markup=markup.product(offer, site_url, language),
    )


def _timeline(plan: PublishedPlan, what: Shown) -> list[dict[str, Any]]:
    """The versions in the order in which they began, as the page draws them."""
    entries = []
    for version in sorted(plan.versions, key=lambda one: (one.on_sale_from, one.version)):
        era = fee_rules.era_of(version, plan, what.today)
        entries.append(
            {
                "version": version,
                "era": era,
                "state": _ERA_STATES.get(era, "ended"),
                "word": _(_ERA_WORDS[era]),
                "last_day": sold_until(version, plan.versions),
            }
        )
    return entries


def _comparison(what: Shown, keys: list[str]) -> str:
    """Plans side by side. What cannot be compared is told, and the rest is."""
    known = list(dict.fromkeys(key for key in keys if key in what.snapshot.plans))
    offers = [fee_rules.offer_on(what.snapshot.plans[key], what.today) for key in known[:MOST_COMPARED]]
    language = preferences.language()
    columns = [
        {
            field.name: field
            for group in fee_words.groups_of(offer, language)
            for field in group.fields
            if field.name not in _OWN_OF_EACH
        }
        for offer in offers
    ]
    # In the order of the plan that states most, the others' fields where they belong among them.
    names: list[str] = []
    for column in columns:
        at = 0
        for name in column:
            if name in names:
                at = names.index(name) + 1
            else:
                names.insert(at, name)
                at += 1
    texts = {name: [column[name].text if name in column else "" for column in columns] for name in names}
    different = fee_rules.differing(texts)
    rows = []
    for name in names:
        cells = [column.get(name) for column in columns]
        label = next(cell.label for cell in cells if cell is not None)
        rows.append({"label": label, "cells": cells, "differs": name in different})
    return render(
        "compare.html",
        what=what,
        offers=offers,
        rows=rows,
        unknown=[key for key in keys if key not in what.snapshot.plans],
        left_out=len(known) - len(offers),
        most=MOST_COMPARED,
        alike=len(rows) - len(different),
    )


def _summary_of(change: Change) -> str:
    """The announced wording in the reader's language, as filed where there is no translation."""
    return (preferences.language() == "en" and change.summary_en) or change.summary
