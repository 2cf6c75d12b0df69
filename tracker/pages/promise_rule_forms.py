"""Changing promise rules: a new one, another version of one, the last day of one, taking one back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import redirect, url_for
from marshmallow import Schema, ValidationError

from tracker import clock
from tracker.orders.rule_use import open_orders_promised_by
from tracker.orders.standing import N_
from tracker.pages import promise_rule_words as words
from tracker.pages.access import label_of, language, open_to, operator_of, runtime
from tracker.pages.order_event_words import Line
from tracker.pages.order_frame import people_of
from tracker.pages.preview_flow import Shown, Typed, form_then_preview_then_act
from tracker.pages.promise_rules import ceiling_of, found, render
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import whole_typed
from tracker.pages.typed_numbers import carried
from tracker.problems import Fault, Refusal, faults_in
from tracker.promises import queries
from tracker.promises.ceilings import meets
from tracker.promises.coverage import Gap, gaps
from tracker.promises.end_rule import end_rule, ending_faults, withdraw_rule
from tracker.promises.examples import Example, worked_examples
from tracker.promises.publish_rule import draft, publish_rule, published_faults
from tracker.promises.replace_rule import foresee_version, replace_rule
from tracker.promises.rule_queries import latest_change, rule_changes
from tracker.promises.rules import ANY, Rule, Unit
from tracker.promises.schemas import ReasonSchema, RuleEndSchema, RuleRequestSchema, RuleVersionSchema
from tracker.staff.sign_in import Person

_DAY = timedelta(days=1)
_SCOPE = ("customer_kind", "product", "area", "resource")
_LIMIT = ("amount", "unit", "cut_off", "end_of_day", "late", "valid_from", "valid_to", "reason")
_END = ("last_day", "gap", "reason")
_new, _version, _end, _why = RuleRequestSchema(), RuleVersionSchema(), RuleEndSchema(), ReasonSchema()


@dataclass(frozen=True)
class Foreseen:
    """What a change of the rules would come to."""

    rule: Rule | None
    examples: Sequence[Example] = ()
    on: date | None = None
    left: Sequence[Gap] = ()
    promised: int = 0


@blueprint.route("/promise-rules/new", methods=["GET", "POST"])
@open_to("manager")
def promise_rule_new() -> Any:
    """A rule for orders that no rule names so far."""
    person = signed_in()

    def foresee(typed: Typed) -> Foreseen:
        asked = _loaded(_new, typed, (*_SCOPE, *_LIMIT))
        with runtime().db.reading() as connection:
            faults = published_faults(connection, operator_of(person), asked)
            before = queries.read_rules(connection, operator_of(person)).get(operator_of(person), ())
        new = draft(asked)
        faults += _too_near(new, before)
        if faults:
            raise Refusal(*faults)
        return _foreseen(person, new, before, (*before, new))

    def do(typed: Typed) -> tuple[str, str]:
        asked = _loaded(_new, typed, (*_SCOPE, *_LIMIT))
        rules = runtime().reference.current().rules.get(operator_of(person), ())
        faults = _too_near(draft(asked), rules)
        if faults:
            raise Refusal(*faults)
        made = publish_rule(runtime().db, operator_of(person), asked, label_of(person), seen=_seen())
        return N_("已发布。生效日起受理的工单按它承诺。"), url_for("staff.promise_rule", rule_id=made)

    return _page(
        person,
        "staff/promise_rule_form.html",
        form_then_preview_then_act(
            (*_SCOPE, *_LIMIT),
            words.FIELDS,
            begin=lambda: {
                "product": "broadband",
                "area": ANY,
                "resource": "ready",
                "unit": Unit.WORKING_DAYS,
                "valid_from": (clock.today() + _DAY).isoformat(),
            },
            foresee=foresee,
            do=do,
            since=lambda: _since(person),
        ),
        old=None,
        rule=None,
        products=_products(person),
    )


@blueprint.route("/promise-rules/<int:rule_id>/replace", methods=["GET", "POST"])
@open_to("manager")
def promise_rule_replace(rule_id: int) -> Any:
    """Another version for the same orders from a later day on."""
    person = signed_in()
    row = found(person, rule_id)
    old = words.as_rule(row)

    def foresee(typed: Typed) -> Foreseen:
        asked = _loaded(_version, typed, _LIMIT)
        with runtime().db.reading() as connection:
            before = queries.read_rules(connection, operator_of(person)).get(operator_of(person), ())
            _, after, wanted = foresee_version(connection, operator_of(person), rule_id, asked)
        return _foreseen(person, draft(wanted), before, after, promised_by=rule_id)

    def do(typed: Typed) -> tuple[str, str]:
        asked = _loaded(_version, typed, _LIMIT)
        made = replace_rule(runtime().db, operator_of(person), rule_id, asked, label_of(person), seen=_seen())
        said = N_("新版本已发布，生效前可以撤回。已承诺的工单不变。")
        return said, url_for("staff.promise_rule", rule_id=made)

    return _page(
        person,
        "staff/promise_rule_form.html",
        form_then_preview_then_act(
            _LIMIT,
            words.FIELDS,
            begin=lambda: _as_typed(old) | {"valid_from": (clock.today() + _DAY).isoformat()},
            foresee=foresee,
            do=do,
            since=lambda: _since(person),
        ),
        old=row,
        rule=old,
        products={},
    )


@blueprint.route("/promise-rules/<int:rule_id>/end", methods=["GET", "POST"])
@open_to("manager")
def promise_rule_end(rule_id: int) -> Any:
    """The last day of a rule; what would be left without one has to be confirmed."""
    person = signed_in()
    row = found(person, rule_id)
    rule = words.as_rule(row)

    def foresee(typed: Typed) -> Foreseen:
        asked = _loaded(_end, typed, ("last_day", "reason"))
        with runtime().db.reading() as connection:
            rules = queries.read_rules(connection, operator_of(person)).get(operator_of(person), ())
            promised = open_orders_promised_by(connection, operator_of(person), rule_id)
        faults = ending_faults(rule, rules, asked["last_day"])
        if faults:
            raise Refusal(*faults)
        return Foreseen(rule, (), asked["last_day"], _left(rule, rules, asked["last_day"]), promised)

    def do(typed: Typed) -> tuple[str, str]:
        end_rule(
            runtime().db,
            operator_of(person),
            rule_id,
            _loaded(_end, typed, ("last_day", "reason")),
            label_of(person),
            seen=_seen(),
            may_leave_gap=bool(typed["gap"]),
        )
        return N_("已定最后一天。已承诺的工单不变。"), url_for("staff.promise_rule", rule_id=rule_id)

    return _page(
        person,
        "staff/promise_rule_end.html",
        form_then_preview_then_act(
            _END,
            words.FIELDS,
            begin=lambda: {"last_day": (rule.valid_to or clock.today()).isoformat()},
            foresee=foresee,
            do=do,
            since=lambda: _since(person),
        ),
        row=row,
        rule=rule,
    )


@blueprint.route("/promise-rules/<int:rule_id>/withdraw", methods=["GET", "POST"])
@open_to("manager")
def promise_rule_withdraw(rule_id: int) -> Any:
    """Ask once why; then take back a version that is not in force yet."""
    person = signed_in()
    row = found(person, rule_id)
    if words.state_of(row, clock.today()) != "coming":
        # Whoever was slower sees how it stands now.
        return redirect(url_for("staff.promise_rule", rule_id=rule_id))

    def do(typed: Typed) -> tuple[str, str]:
        why = _loaded(_why, typed, ("reason",))["reason"]
        withdraw_rule(runtime().db, operator_of(person), rule_id, why, label_of(person), seen=_seen())
        return N_("已撤回，如同没有发布过。"), url_for("staff.promise_rules")

    return _page(
        person,
        "staff/promise_rule_withdraw.html",
        form_then_preview_then_act(
            ("reason",),
            words.FIELDS,
            begin=dict,
            foresee=lambda typed: None,
            do=do,
            since=lambda: _since(person),
        ),
        row=row,
        rule=words.as_rule(row),
    )


def _too_near(new: Rule, rules: Sequence[Rule]) -> list[Fault]:
    """That it would begin today, where orders of today are promised by another rule already."""
    today = clock.today()
    if new.valid_from <= today and any(one.covers(today) and meets(new, one) for one in rules):
        return [Fault("promise_rule.not_ahead", "/valid_from")]
    return []


def _page(person: Person, template: str, shown: Any, **more: Any) -> Any:
    if not isinstance(shown, Shown):
        return shown
    foreseen = shown.foreseen
    with runtime().db.reading() as connection:
        seen = latest_change(connection, operator_of(person))
        ceilings = queries.read_ceilings(connection)
    about = foreseen.rule if foreseen else more["rule"]
    page = render(
        template,
        person,
        fields=words.FIELDS,
        seen=seen,
        ceilings=ceiling_of(about, ceilings) if about else [],
        tomorrow=clock.today() + _DAY,
        **shown.page,
        **more,
    )
    return page, shown.form.status


def _foreseen(
    person: Person,
    new: Rule,
    before: Sequence[Rule],
    after: Sequence[Rule],
    *,
    promised_by: int | None = None,
) -> Foreseen:
    calendars = runtime().reference.current().calendars
    calendar = calendars and calendars.of(operator_of(person), "")
    with runtime().db.reading() as connection:
        promised = open_orders_promised_by(connection, operator_of(person), promised_by) if promised_by else 0
    return Foreseen(
        new,
        worked_examples(new, before, after, calendar, new.valid_from) if calendar else (),
        new.valid_from,
        _left(new, after, new.valid_to) if new.valid_to else (),
        promised,
    )


def _left(rule: Rule, rules: Sequence[Rule], last_day: date) -> list[Gap]:
    return gaps(rule, rules, last_day + _DAY) if last_day < date.max else []


def _since(person: Person) -> list[Line]:
    """What became of the rules since the form was shown."""
    people = people_of(person)
    with runtime().db.reading() as connection:
        changes = rule_changes(connection, operator_of(person), after=max(_seen(), 0))
    return [words.change_line(one, people, language()) for one in changes]


def _seen() -> int:
    """The last change that the form was shown after; one that never was where it was tampered with."""
    return carried("seen")


def _products(person: Person) -> dict[str, str]:
    """What rules may name: the usual products, and those of the operator's plans."""
    reference = runtime().reference.current()
    own = {
        plan.product
        for (operator, _), plans in reference.plans.items()
        if operator == operator_of(person)
        for plan in plans
    }
    return words.PRODUCT_WORDS | {name: name for name in sorted(own - words.PRODUCT_WORDS.keys())}


def _as_typed(rule: Rule) -> Typed:
    return {
        "amount": str(rule.amount),
        "unit": rule.unit,
        "cut_off": f"{rule.cut_off:%H:%M}" if rule.cut_off else "",
        "end_of_day": f"{rule.end_of_day:%H:%M}" if rule.end_of_day else "",
        "late": "1" if rule.late_counts_as_next_day else "",
        "valid_to": rule.valid_to.isoformat() if rule.valid_to else "",
    }


def _loaded(schema: Schema, typed: Typed, names: Sequence[str]) -> dict[str, Any]:
    """What was typed, as the use case takes it. Raises Refusal with all that is wrong with the form."""
    given: dict[str, Any] = {name: typed[name] for name in names if typed[name] and name != "late"}
    if "amount" in given:
        given["amount"] = whole_typed(given["amount"])
    if "late" in names:
        given["late_counts_as_next_day"] = typed["late"] == "1"
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    return loaded
