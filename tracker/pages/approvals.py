"""What the pages of requests have in common that one person makes and another decides on."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from sqlalchemy import Row

from tracker.orders.approval_rules import State
from tracker.orders.desk_schemas import LONGEST_WORDS, DecisionSchema
from tracker.orders.head import Head
from tracker.orders.standing import N_
from tracker.pages.access import acting, label_of, runtime
from tracker.pages.order_event_words import reason_said
from tracker.pages.order_frame import Form, act, people_of, refused, seen_version, typed_in
from tracker.pages.outage_request import Asked
from tracker.problems import Fault, Refusal, faults_in
from tracker.staff.sign_in import Person

STATE_WORDS = {
    State.OPEN: N_("待审批"),
    State.APPROVED: N_("已同意"),
    State.REFUSED: N_("已驳回"),
    State.RETRACTED: N_("申请人已撤回"),
}
STATE_TONES = {
    State.OPEN: "warning",
    State.APPROVED: "accent",
    State.REFUSED: "danger",
    State.RETRACTED: "quiet",
}
DECISION_FIELDS = {"words": Asked("words", N_("审批意见"))}

_decision = DecisionSchema()


def words_of(person: Person) -> dict[str, Any]:
    """What every page about requests says things with."""
    return {
        "own": label_of(person),
        "who": people_of(person).name,
        "why": _why,
        "state_words": STATE_WORDS,
        "state_tones": STATE_TONES,
        "longest": LONGEST_WORDS,
    }


def ask_or_take_back(
    person: Person,
    order: Head,
    fields: Mapping[str, Asked],
    ask: Callable[[Person, Head, dict[str, str]], str],
    take_back: Callable[[Person, int], str],
) -> Form | None:
    """Do what the form of an order says: ask for it, or take one's own request back. None once it is done."""
    typed = typed_in(tuple(fields))
    given = request.form.get("request", "")
    # No request has the id 0.
    known = int(given) if given.isdecimal() and len(given) < 19 else 0
    retracts = request.form.get("step") == "retract"
    done = act(
        person,
        order,
        typed,
        fields,
        lambda: take_back(person, known) if retracts else ask(person, order, typed),
    )
    return done if isinstance(done, Form) else None


def decide(person: Person, order: Head, decision: Callable[..., str], request_id: int) -> Form | bool:
    """Decide as the form says; whether it was approved, or the form that says why nothing was decided."""
    typed = typed_in(("words",))
    step = request.form.get("step", "")
    try:
        if step not in ("approve", "refuse"):
            raise Refusal(Fault("field.invalid"))
        # One line, however many it was typed in.
        words = loaded(_decision, {"words": " ".join(typed["words"].split())})["words"]
        decision(
            runtime(),
            acting(person),
            request_id,
            approve=step == "approve",
            words=words,
            if_version=seen_version(),
        )
    except Refusal as refusal:
        return refused(person, order, typed, refusal, DECISION_FIELDS)
    return step == "approve"


def loaded(schema: Schema, typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, without what was left empty. Raises Refusal with all that is wrong."""
    try:
        found: dict[str, Any] = schema.load({name: value for name, value in typed.items() if value})
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    return found


def _why(one: Row[Any]) -> str:
    return reason_said(one.reason_code, one.reason_text)
