"""The managers' board of figures: on-time rates gross and net, how they went, and how they differ."""

from datetime import datetime
from typing import Any

from flask import render_template, request
from sqlalchemy import Connection

from tracker import clock
from tracker.figures.hands import names_of_hands
from tracker.figures.periods import MOST_ONE_BY_ONE
from tracker.figures.rules import LEAST_SAMPLE, suffices
from tracker.orders.desk_list import standings
from tracker.pages import figure_lines, figure_words
from tracker.pages.access import language, open_to, operator_of, runtime
from tracker.pages.figure_lines import Hands
from tracker.pages.figure_request import Question, read_question
from tracker.pages.job_words import CAUSE_WORDS
from tracker.pages.periods import PRESET_WORDS
from tracker.pages.places import has_place
from tracker.pages.signing_in import blueprint, signed_in
from tracker.staff.sign_in import Person

# [practice] What operators aim at by themselves: what is to be reached, and what is a challenge.
GOALS = (93, 96)


def asked_of(connection: Connection, person: Person, now: datetime) -> tuple[Question, Hands]:
    """The question of the present address, and what dealers, teams and installers are called."""
    operator_id = operator_of(person)
    hands = names_of_hands(connection, operator_id)
    reference = runtime().reference.current()
    return read_question(request.args, operator_id, reference, hands, clock.local_date(now)), hands


def render(
    template: str, person: Person, question: Question, hands: Hands, now: datetime, **more: Any
) -> str:
    """A page of figures."""
    reference, today = runtime().reference.current(), clock.local_date(now)
    return render_template(
        template,
        person=person,
        operator=reference.operators[operator_of(person)],
        question=question,
        hands=hands,
        words=figure_words,
        narrowed_words=[] if question.faults else figure_lines.narrowed_words(question, reference, hands),
        days_word=lambda days: figure_words.days_word(days, language(), today),
        point_word=lambda at, days: figure_words.point_word(at, days, question.grain, language(), today),
        reason_word=lambda code: figure_words.reason_word(code, language()),
        cause_words=CAUSE_WORDS,
        hours=lambda hours: figure_words.hours_word(hours, language()),
        suffices=suffices,
        least=LEAST_SAMPLE,
        now=now,
        today=today,
        **more,
    )


@blueprint.get("/figures")
@open_to("manager")
def figures() -> Any:
    """The board. What makes no sense in the address is told, and nothing is counted then."""
    person, now = signed_in(), clock.now()
    reference = runtime().reference.current()
    with runtime().db.reading() as connection:
        question, hands = asked_of(connection, person, now)
        counted: dict[str, Any] = {}
        if not question.faults:
            counts, before = figure_lines.overall(connection, question, now)
            measured, measured_before = figure_lines.measured(connection, question, now)
            counted = {
                "standings": {} if question.narrowed else standings(connection, operator_of(person), now),
                "measured": measured,
                "measured_before": measured_before,
                "counts": counts,
                "before": before,
                "trend": figure_lines.trend(connection, question, now),
                "lines": figure_lines.lines(connection, question, question.split, reference, hands, now)
                if question.split
                else [],
            }
    counties = {place.county_code: place.county for place in reference.places.values()}
    own = {one.id: one.name for one in reference.channels.values() if one.operator_id == person.operator_id}
    page = render(
        "staff/figures.html",
        person,
        question,
        hands,
        now,
        counties=dict(sorted(counties.items())),
        channels={str(channel): name for channel, name in own.items()},
        choices=PRESET_WORDS,
        one_by_one=MOST_ONE_BY_ONE,
        goals=GOALS,
        approvals=has_place("/excuses"),
        watched=has_place("/at-risk"),
        **counted,
    )
    return page, 422 if question.faults else 200
