"""The promise of one order explained, for its operator's staff."""

from flask import current_app, render_template
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.orders import numbers
from tracker.orders.explain_promise import explain_promise
from tracker.orders.rules import REASONS, Stage
from tracker.orders.standing import ENDED_EARLY, N_, mark_of
from tracker.pages.access import OF_OPERATOR, open_to
from tracker.pages.promise_drawing import draw
from tracker.pages.signing_in import blueprint, signed_in
from tracker.promises.day_by_day import Part
from tracker.promises.ledger import Kind
from tracker.runtime import Runtime

KIND_WORDS = {
    Kind.HOLD: N_("缓装"),
    Kind.RESUME: N_("恢复"),
    Kind.REPROMISE: N_("重新承诺"),
    Kind.EXCUSE: N_("免责说明"),
    Kind.ANNOUNCEMENT: N_("节假日安排公布"),
}

PART_WORDS = {
    Part.ACCEPTANCE: N_("受理当日，不计"),
    Part.POSTPONED: N_("视为受理，不计"),
    Part.COUNTED: N_("计入"),
    Part.REST: N_("休息日，不计"),
    Part.HELD: N_("暂停计时，不计"),
    Part.RUNNING: N_("照常计时"),
    Part.BEYOND: N_("期限之后"),
}

# What stands in the box of a day, beside its colour.
PART_SIGNS = {
    Part.ACCEPTANCE: N_("受"),
    Part.POSTPONED: N_("视"),
    Part.REST: N_("休"),
    Part.HELD: N_("停"),
}

UNIT_WORDS = {
    "hours": N_("%(count)s 小时"),
    "calendar_days": N_("%(count)s 日"),
    "working_days": N_("%(count)s 个工作日"),
}


@blueprint.get("/orders/<number>/promise")
@open_to(*OF_OPERATOR)
def promise(number: str) -> str:
    """Why the deadline is that day: the timeline, day by day, and all that was written since."""
    runtime: Runtime = current_app.extensions["tracker"]
    person = signed_in()
    wanted = numbers.normalise(number)
    now = clock.now()
    facts = runtime.reference.current()
    with runtime.db.reading() as connection:
        found = wanted and explain_promise(connection, facts, person.operator_id, wanted, now)
    if not found:
        raise NotFound
    first, current = found.ledger.standings[0], found.ledger.current
    moments = [("accepted", found.order.accepted_at)]
    if first.deadline != current.deadline:
        moments.append(("first", first.deadline))
    moments.append(("current", current.deadline))
    if found.connected_at is not None:
        moments.append(("connected", found.connected_at))
    elif found.order.closed_at is None:
        moments.append(("now", now))
    return render_template(
        "staff/promise.html",
        person=person,
        operator=facts.operators[person.operator_id],
        found=found,
        order=found.order,
        first=first,
        current=current,
        ended_early=found.order.stage in ENDED_EARLY,
        place=facts.places[found.order.community_code],
        drawing=draw(found.days, found.holds, moments),
        entries=list(zip(found.ledger.rows, found.ledger.standings[1:], strict=True)),
        channels={f"channel:{channel.code}": channel.name for channel in facts.channels.values()},
        reasons=REASONS,
        kind_words=KIND_WORDS,
        part_words=PART_WORDS,
        part_signs=PART_SIGNS,
        unit_words=UNIT_WORDS,
        standing=mark_of(Stage(found.order.stage), found.connected_at, current.deadline, now),
        now=now,
    )
