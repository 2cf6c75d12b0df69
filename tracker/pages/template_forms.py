"""Rewording a text: a draft, what it looks like, putting it in force, going back; trying it; approvals."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import NotFound

from tracker.accounts.try_text import try_text
from tracker.orders.standing import N_
from tracker.pages import template_words as words
from tracker.pages.access import label_of, language, open_to, operator_of, runtime
from tracker.pages.order_event_words import Line
from tracker.pages.order_frame import people_of
from tracker.pages.preview_flow import Shown, Typed, form_then_preview_then_act
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.text_templates import current, draft_as_template, facts_of, known, render
from tracker.problems import Refusal, faults_in
from tracker.staff.sign_in import Person
from tracker.templates.drafts import (
    discard_draft,
    go_back,
    open_draft,
    put_in_force,
    save_draft,
    state_of,
    wording_of,
)
from tracker.templates.history import history_of
from tracker.templates.save_template import checked, record_approval
from tracker.templates.schemas import ApprovalRequestSchema, TemplateRequestSchema, WhySchema

_TYPED = ("zh", "en", "reason")
_LARGEST_VERSION = 2**15 - 1
_SINCE = 5
_schema, _approval, _reason = TemplateRequestSchema(), ApprovalRequestSchema(), WhySchema()


@blueprint.route("/templates/<code>/edit", methods=["GET", "POST"])
@open_to("manager")
def template_edit(code: str) -> Any:
    """The wording, what it looks like with short and long values, and saving it as the draft."""
    person = signed_in()
    known(code)
    with runtime().db.reading() as connection:
        draft = open_draft(connection, operator_of(person), code)
    begun = draft_as_template(draft) if draft else current(person, code)

    def asked(typed: Typed) -> dict[str, Any]:
        given: dict[str, Any] = {name: value for name, value in typed.items() if value}
        given["params"] = words.params_in(code, typed["zh"], typed["en"])
        return _loaded(_schema, given)

    def do(typed: Typed) -> tuple[str, str]:
        save_draft(runtime().db, operator_of(person), code, asked(typed), label_of(person), seen=_seen())
        return N_("草稿已存，还没有启用。"), url_for("staff.template_draft", code=code)

    def foresee(typed: Typed) -> Any:
        wording = checked(code, asked(typed), operator_of(person))
        return words.looks_of(wording, facts_of(person), runtime().config.sms_part_fen)

    shown = form_then_preview_then_act(
        _TYPED,
        words.FIELDS,
        begin=lambda: {"zh": begun.zh, "en": begun.en, "reason": draft.reason if draft else ""},
        foresee=foresee,
        do=do,
        since=lambda: _since(person, code),
    )
    if not isinstance(shown, Shown):
        return shown
    page = render(
        "staff/template_edit.html",
        person,
        code=code,
        used=current(person, code),
        draft=draft,
        variables=words.variables_of(code, facts_of(person), language()),
        fields=words.FIELDS,
        seen=_state(person, code),
        **shown.page,
    )
    return page, shown.form.status


@blueprint.route("/templates/<code>/draft", methods=["GET", "POST"])
@open_to("manager")
def template_draft(code: str) -> Any:
    """The draft beside the wording in force: put in force, discarded, or tried."""
    person = signed_in()
    known(code)
    with runtime().db.reading() as connection:
        draft = open_draft(connection, operator_of(person), code)
    if draft is None:
        raise NotFound

    def use() -> str:
        put_in_force(runtime().db, operator_of(person), code, label_of(person), seen=_seen())
        if runtime().config.approving_gateways:
            return N_("已存为新版本。短信通道批准以前，仍用现在的正文。")
        return N_("已启用，从下一条短信起使用。")

    def discard() -> str:
        discard_draft(runtime().db, operator_of(person), code, label_of(person), seen=_seen())
        return N_("草稿已弃用，历史里还在。")

    template = draft_as_template(draft)
    acts = {"use": use, "discard": discard, "try": lambda: _try(person, template)}
    failed = _act(acts, url_for("staff.template", code=code))
    if failed is not None and not isinstance(failed, Refusal):
        return failed
    stale = failed is not None and failed.faults[0].rule == "template.stale"
    page = render(
        "staff/template_draft.html",
        person,
        code=code,
        draft=draft,
        draft_by=people_of(person).name(draft.actor),
        used=current(person, code),
        looks=words.looks_of(template, facts_of(person), runtime().config.sms_part_fen),
        seen=_state(person, code),
        told=[] if failed is None or stale else [one.words(language()) for one in failed.faults],
        since=_since(person, code) if stale else [],
    )
    return page, 200 if failed is None else failed.status


@blueprint.route("/templates/<code>/versions/<int:version>", methods=["GET", "POST"])
@open_to("manager")
def template_version(code: str, version: int) -> Any:
    """A former wording: going back to it, trying it, or what a provider says of it."""
    person = signed_in()
    known(code)
    registry = runtime().reference.current().templates
    former = wording_of(registry, operator_of(person), code, version) if version <= _LARGEST_VERSION else None
    if former is None:
        raise NotFound
    typed = {name: request.form.get(name, "")[:200].replace("\0", "").strip() for name in words.FIELDS}

    def back() -> str:
        why = {"reason": typed["reason"]} if typed["reason"] else {}
        reason = _loaded(_reason, why)["reason"]
        go_back(
            runtime().db,
            operator_of(person),
            code,
            version,
            reason,
            label_of(person),
            approving=runtime().config.approving_gateways,
            seen=_seen(),
        )
        return N_("已用回这一版的正文，记为新版本。")

    def approve() -> str:
        names = ("provider", "state", "provider_code", "note")
        asked = _loaded(_approval, {name: typed[name] for name in names if typed[name]})
        record_approval(runtime().db, code, version, asked, label_of(person), operator_id=operator_of(person))
        return N_("已记下短信通道的答复。")

    acts = {"back": back, "approve": approve, "try": lambda: _try(person, former)}
    failed = _act(acts, url_for("staff.template", code=code))
    if failed is not None and not isinstance(failed, Refusal):
        return failed
    stale = failed is not None and failed.faults[0].rule == "template.stale"
    faults = [] if failed is None or stale else _placed(failed)
    page = render(
        "staff/template_version.html",
        person,
        code=code,
        former=former,
        used=current(person, code),
        looks=words.looks_of(former, facts_of(person), runtime().config.sms_part_fen),
        approvals=registry.approvals.get((former.operator_id, code, former.version), ()),
        seen=_state(person, code),
        typed=typed,
        faults=faults,
        fault_of=dict(reversed(faults)),
        fields=words.FIELDS,
        since=_since(person, code) if stale else [],
    )
    return page, 200 if failed is None else failed.status


def _act(acts: dict[str, Callable[[], str]], back: str) -> Any:
    """Do what the button says and go back; the Refusal where it was not done, None where nothing was sent."""
    if request.method != "POST":
        return None
    step = request.form.get("step", "")
    act = acts.get(step)
    if act is None:
        raise NotFound
    try:
        flash(act())
    except Refusal as refusal:
        return refusal
    # Whoever has tried a text goes on from where they were.
    return redirect(request.path if step == "try" else back)


def _try(person: Person, template: Any) -> str:
    spoken = request.form.get("spoken", "zh")
    spoken = spoken if spoken in ("zh", "en") else "zh"
    try_text(runtime(), person, template, spoken, words.own_values(facts_of(person), "usual", spoken))
    return N_("试发短信已发往您登记的手机。")


def _placed(refusal: Refusal) -> list[tuple[str, str]]:
    return [(fault.pointer.strip("/"), fault.words(language())) for fault in refusal.faults]


def _loaded(schema: Schema, given: dict[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    return loaded


def _since(person: Person, code: str) -> list[Line]:
    """What was done to the text lately."""
    with runtime().db.reading() as connection:
        deeds = history_of(connection, operator_of(person), code, limit=_SINCE)
    return words.deed_lines(deeds, people_of(person))


def _state(person: Person, code: str) -> str:
    with runtime().db.reading() as connection:
        return state_of(connection, operator_of(person), code)


def _seen() -> str:
    """The mark that the form was shown with."""
    return request.form.get("seen", "")[:60]
