"""Promise rules of an operator, for its staff: those in force, one with its versions, and files of them."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.orders.rule_use import open_orders_promised_by
from tracker.pages import promise_rule_words as words
from tracker.pages.access import AT_DESK, language, open_to, operator_of, runtime
from tracker.pages.list_files import list_file
from tracker.pages.order_frame import people_of
from tracker.pages.signing_in import blueprint, signed_in
from tracker.promises import queries
from tracker.promises.ceilings import meets
from tracker.promises.rule_queries import all_versions, rule_changes, successor_of, versions_of
from tracker.promises.rule_words import limit, sentence
from tracker.promises.rules import Rule
from tracker.staff.sign_in import Person

_CHANGES = 10
_LARGEST_ID = 2**31 - 1
_WIDTHS = (10, 14, 8, 16, 28, 14, 14, 8, 10, 24, 24, 60)


def render(template: str, person: Person, **more: Any) -> str:
    """A page about promise rules."""
    spoken = language()
    return render_template(
        template,
        person=person,
        operator=runtime().reference.current().operators[operator_of(person)],
        may_change=person.role == "manager",
        words=words,
        limit=lambda rule: limit(rule, spoken),
        sentence=lambda rule: sentence(rule, spoken),
        today=clock.today(),
        **more,
    )


def found(person: Person, rule_id: int) -> dict[str, Any]:
    """A rule of the person's operator with its changes. Raises NotFound."""
    row = None
    if rule_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            row = queries.rule_row(connection, operator_of(person), rule_id)
    if row is None:
        raise NotFound
    return row


def ceiling_of(rule: Rule, ceilings: Sequence[queries.Ceiling]) -> list[str]:
    """The city's longest limits for the rule's orders, in words."""
    return list(dict.fromkeys(limit(one.rule, language()) for one in ceilings if meets(rule, one.rule)))


@blueprint.get("/promise-rules")
@open_to(*AT_DESK)
def promise_rules() -> str:
    """What is promised today, what will be, and what became of the rules lately."""
    person, today = signed_in(), clock.today()
    before = request.args.get("before", "")
    with runtime().db.reading() as connection:
        rows = queries.rule_rows(connection, operator_of(person))
        ceilings = queries.read_ceilings(connection)
        changes = rule_changes(
            connection,
            operator_of(person),
            before=int(before) if before.isdecimal() and len(before) < 10 else None,
            limit=_CHANGES + 1,
        )
    # Homes first: they are most of the orders.
    rows.sort(key=lambda row: row["customer_kind"] != "home")
    by_state: dict[str, list[tuple[dict[str, Any], Rule, list[str]]]] = {}
    for row in rows:
        rule = words.as_rule(row)
        by_state.setdefault(words.state_of(row, today), []).append((row, rule, ceiling_of(rule, ceilings)))
    people = people_of(person)
    return render(
        "staff/promise_rules.html",
        person,
        in_force=by_state.get("in_force", []),
        coming=by_state.get("coming", []),
        examples=[row for row in rows if row["remark"]],
        changes=[(one, words.change_line(one, people, language())) for one in changes[:_CHANGES]],
        older=changes[_CHANGES - 1].id if len(changes) > _CHANGES else None,
    )


@blueprint.get("/promise-rules/<int:rule_id>")
@open_to(*AT_DESK)
def promise_rule(rule_id: int) -> str:
    """One version: what it says, for whom, from when to when, by whom and why; and the others before it."""
    person, today = signed_in(), clock.today()
    row = found(person, rule_id)
    rule = words.as_rule(row)
    with runtime().db.reading() as connection:
        versions = versions_of(connection, row)
        ceilings = queries.read_ceilings(connection)
        promised = open_orders_promised_by(connection, operator_of(person), rule_id)
        successor = successor_of(connection, operator_of(person), rule_id)
    state = words.state_of(row, today)
    return render(
        "staff/promise_rule.html",
        person,
        row=row,
        rule=rule,
        state=state,
        ceilings=[one for one in ceilings if meets(rule, one.rule)],
        versions=[(one, words.as_rule(one), words.state_of(one, today)) for one in versions],
        changes=row["changes"],
        people=people_of(person),
        promised=promised,
        successor=successor,
        may_replace=state == "in_force" and successor is None,
        may_end=state in ("in_force", "coming") and successor is None,
        may_take_back=state == "coming",
    )


@blueprint.get("/promise-rules.<any(csv, xlsx):form>")
@open_to(*AT_DESK)
def promise_rules_file(form: str) -> Any:
    """Every version of every rule, with who published it and why."""
    person = signed_in()
    with runtime().db.reading() as connection:
        rows = all_versions(connection, operator_of(person))
    people, spoken, today = people_of(person), language(), clock.today()
    pages = [[_cells(row, people.name(row["actor"] or "system"), spoken, today) for row in rows]]
    return list_file(
        form,
        "promise-rules",
        gettext("时限规则"),
        _head(),
        _WIDTHS,
        pages,
        too_many="file.too_many_rows",
        back=url_for("staff.promise_rules"),
    )


def _head() -> tuple[str, ...]:
    return (
        gettext("客户类型"),
        gettext("产品"),
        gettext("地址"),
        gettext("线路资源"),
        gettext("时限"),
        gettext("生效日"),
        gettext("最后一天"),
        gettext("版本"),
        gettext("状态"),
        gettext("经办人"),
        gettext("原因"),
        gettext("客户看到的说法"),
    )


def _cells(row: dict[str, Any], who: str, spoken: str, today: Any) -> list[str | int]:
    rule = words.as_rule(row)
    return [
        gettext(words.KIND_WORDS[rule.customer_kind]),
        gettext(words.PRODUCT_WORDS.get(rule.product, rule.product)),
        gettext(words.AREA_WORDS[rule.area]),
        gettext(words.RESOURCE_WORDS[rule.resource]),
        limit(rule, spoken),
        rule.valid_from.isoformat(),
        rule.valid_to.isoformat() if rule.valid_to else "",
        rule.version,
        gettext(words.STATE_WORDS[words.state_of(row, today)]),
        who,
        row["reason"] or "",
        sentence(rule, spoken),
    ]
