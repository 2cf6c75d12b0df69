"""The registered texts of an operator, for its staff: the list, and one of them with its versions."""

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from tracker.pages import template_words as words
from tracker.pages.access import AT_DESK, language, open_to, operator_of, runtime
from tracker.pages.list_files import list_file
from tracker.pages.order_frame import people_of
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.text_names import TEXT_NAMES
from tracker.reference import OperatorFacts
from tracker.staff.sign_in import Person
from tracker.templates.drafts import open_draft, state_of
from tracker.templates.history import history_of
from tracker.templates.models import STATES
from tracker.templates.registry import Registry, of_seed
from tracker.templates.rules import Category, Template, preview
from tracker.templates.seed import SEED

_HISTORY = 30
_WIDTHS = (24, 18, 10, 8, 14, 8, 8, 10, 60, 60)


def render(template: str, person: Person, **more: Any) -> str:
    """A page about texts."""
    config = runtime().config
    return render_template(
        template,
        person=person,
        operator=facts_of(person),
        may_change=person.role == "manager",
        words=words,
        names=TEXT_NAMES,
        part_cost=config.sms_part_fen,
        approving=config.approving_gateways,
        **more,
    )


def known(code: str) -> Template:
    """The product's own wording of a text. Raises NotFound for a code that no text has."""
    if code not in SEED:
        raise NotFound
    return SEED[code]


def current(person: Person, code: str) -> Template:
    """The wording in force."""
    needed = runtime().config.approving_gateways
    return runtime().reference.current().templates.current(operator_of(person), code, needed)


def facts_of(person: Person) -> OperatorFacts:
    """The person's operator, whose hotline and signature stand in every text."""
    return runtime().reference.current().operators[operator_of(person)]


def standing_of(registry: Registry, template: Template, in_force: Template) -> str:
    """How a version stands: in_force, waiting, refused, former or product."""
    if template == in_force:
        return "in_force"
    if template.operator_id is None and template.version == SEED[template.code].version:
        return "product"
    if template.operator_id != in_force.operator_id or template.version > in_force.version:
        said = registry.approvals.get((template.operator_id, template.code, template.version), ())
        return "refused" if any(one.state == "refused" for one in said) else "waiting"
    return "former"


def versions_of(registry: Registry, person: Person, code: str) -> list[Template]:
    """Every wording that the operator may see, the newest first."""
    saved = [
        one for one in registry.saved if one.code == code and one.operator_id in (None, operator_of(person))
    ]
    return [*reversed(saved), SEED[code]]


@blueprint.get("/templates")
@open_to(*AT_DESK)
def templates() -> str:
    """Every text in the wording in force; what it is about stands in the address."""
    person = signed_in()
    asked = request.args.get("category", "")
    registry = runtime().reference.current().templates
    facts, cost, spoken = facts_of(person), runtime().config.sms_part_fen, language()
    with runtime().db.reading() as connection:
        drafts = {code for code in SEED if open_draft(connection, operator_of(person), code)}
    rows = []
    for code, seed in SEED.items():
        if asked in set(Category) and seed.category != asked:
            continue
        used = current(person, code)
        newest = next(
            (one for one in versions_of(registry, person, code) if one.operator_id is not None), used
        )
        look, longest = (
            preview(used, spoken, words.own_values(facts, length, spoken), cost)
            for length in ("usual", "longest")
        )
        said = registry.approvals.get((newest.operator_id, code, newest.version), ())
        rows.append((used, look, longest, said, standing_of(registry, newest, used), code in drafts))
    return render(
        "staff/templates.html",
        person,
        rows=rows,
        asked=asked if asked in set(Category) else "",
    )


@blueprint.get("/templates/<code>")
@open_to(*AT_DESK)
def template(code: str) -> str:
    """One text: the wording in force, what stands in it, how long it gets, its versions and its history."""
    person = signed_in()
    known(code)
    registry, used = runtime().reference.current().templates, current(person, code)
    with runtime().db.reading() as connection:
        draft = open_draft(connection, operator_of(person), code)
        deeds = history_of(connection, operator_of(person), code, limit=_HISTORY)
        seen = state_of(connection, operator_of(person), code)
    people = people_of(person)
    return render(
        "staff/template.html",
        person,
        used=used,
        looks=words.looks_of(used, facts_of(person), runtime().config.sms_part_fen),
        variables=words.variables_of(code, facts_of(person), language()),
        draft=draft,
        draft_by=people.name(draft.actor) if draft else "",
        versions=[
            (
                one,
                standing_of(registry, one, used),
                registry.approvals.get((one.operator_id, code, one.version), ()),
            )
            for one in versions_of(registry, person, code)
        ],
        history=words.deed_lines(deeds, people),
        seen=seen,
        states=STATES,
    )


@blueprint.get("/templates.<any(csv, xlsx):form>")
@open_to(*AT_DESK)
def templates_file(form: str) -> Any:
    """Every text in the wording in force, with its length and price."""
    person = signed_in()
    facts, cost = facts_of(person), runtime().config.sms_part_fen
    rows: list[list[str | int | float]] = []
    for code in SEED:
        used = current(person, code)
        look, longest = (
            preview(used, "zh", words.own_values(facts, length, "zh"), cost)
            for length in ("usual", "longest")
        )
        rows.append(
            [
                code,
                gettext(TEXT_NAMES[code]),
                gettext(words.CATEGORY_WORDS[used.category]),
                used.version,
                gettext("本单位") if used.operator_id is not None else gettext("系统自带"),
                look.parts,
                longest.parts,
                look.cost_fen / 100,
                used.zh,
                used.en,
            ]
        )
    head = (
        gettext("代码"),
        gettext("用途"),
        gettext("类别"),
        gettext("版本"),
        gettext("来源"),
        gettext("条数"),
        gettext("最多条数"),
        gettext("每次费用（元）"),
        gettext("中文正文"),
        gettext("英文正文"),
    )
    return list_file(
        form,
        "templates",
        gettext("短信模板"),
        head,
        _WIDTHS,
        [rows],
        too_many="file.too_many_rows",
        back=url_for("staff.templates"),
    )


def draft_as_template(draft: Any) -> Template:
    """A draft with what its code decides about how it is sent."""
    return of_seed(draft.code, 0, draft.params, draft.zh, draft.en, draft.operator_id)
