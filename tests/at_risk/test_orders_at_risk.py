"""Each reason from a real order: when it is at risk for it, and what comes first."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.teaming import COUNTY, ELSEWHERE, TOWN, Crew
from tests.visiting_slots import Diary
from tests.watching import Watch
from tracker import clock
from tracker.at_risk.queries import Wanted, count_at_risk, list_at_risk
from tracker.at_risk.rules import Risk, Rules
from tracker.orders.assign_orders import assign_orders
from tracker.orders.place_hold import place_hold
from tracker.orders.promise_anew import promise_anew
from tracker.orders.rules import Stage

_VISIT_HOURS = 2


def visit(watch: Watch, number: str, hours: float) -> None:
    """A visit that is agreed to begin so many hours from now."""
    begin = clock.now() + timedelta(hours=hours)
    appointment = {"starts_at": begin, "ends_at": begin + timedelta(hours=_VISIT_HOURS)}
    watch.book.move(number, Stage.APPOINTED, appointment=appointment)


def team_has(watch: Watch, crew: Crew, number: str) -> None:
    done = assign_orders(watch.run, crew.actor, [number], team_id=crew.team(f"班{number[-4:]}"))
    assert done.done == (number,)


def test_one_with_time_enough_is_not_at_risk(watch: Watch) -> None:
    number = watch.book.order()
    assert watch.risks(number) == []
    watch.pass_hours(11.9)
    assert watch.risks(number) == []


def test_overdue(watch: Watch, crew: Crew) -> None:
    number = watch.book.order(Stage.RESOURCE_CHECKED)
    team_has(watch, crew, number)
    watch.pass_hours(48)
    assert Risk.OVERDUE not in watch.risks(number)
    watch.pass_hours(0.1)
    assert watch.risks(number) == ["overdue"]


def test_due_and_not_on_site(watch: Watch, crew: Crew) -> None:
    number = watch.book.order(Stage.RESOURCE_CHECKED)
    team_has(watch, crew, number)
    watch.pass_hours(23.9)
    assert watch.risks(number) == []
    watch.pass_hours(0.2)
    assert watch.risks(number) == ["due"]
    visit(watch, number, 1)
    watch.pass_hours(1)
    assert watch.risks(number) == ["due"]
    watch.book.move(number, Stage.ON_SITE)
    assert watch.risks(number) == []


def test_nobody_has_it(watch: Watch, crew: Crew) -> None:
    number = watch.book.order(Stage.RESOURCE_CHECKED)
    watch.pass_hours(25)
    assert watch.risks(number) == ["due", "no_team"]
    team_has(watch, crew, number)
    assert watch.risks(number) == ["due"]


def test_the_line_was_not_checked_or_must_be_built(watch: Watch) -> None:
    number = watch.book.order(Stage.VERIFIED)
    watch.pass_hours(12.1)
    assert watch.risks(number) == ["check"]
    watch.book.move(number, Stage.RESOURCE_CHECKED)
    assert watch.risks(number) == []
    building = watch.book.order(Stage.VERIFIED)
    watch.write("UPDATE orders SET resource = 'needs_building' WHERE number = :n", n=building)
    watch.book.move(building, Stage.RESOURCE_CHECKED)
    watch.pass_hours(12.1)
    assert watch.risks(building) == ["building"]


def test_the_visit_ends_after_the_deadline(watch: Watch, crew: Crew) -> None:
    number = watch.book.order(Stage.RESOURCE_CHECKED)
    team_has(watch, crew, number)
    visit(watch, number, 46)
    assert watch.risks(number) == []
    late = watch.book.order(Stage.RESOURCE_CHECKED)
    team_has(watch, crew, late)
    visit(watch, late, 46.5)
    assert watch.risks(late) == ["visit_late"]


@pytest.mark.parametrize("area", [TOWN, COUNTY])
def test_no_place_is_free_before_the_deadline(watch: Watch, crew: Crew, diary: Diary, area: str) -> None:
    number = watch.book.order(Stage.RESOURCE_CHECKED)
    team_has(watch, crew, number)
    assert watch.risks(number) == [], "whoever opens no slots agrees visits without"
    diary.slot(area_code=ELSEWHERE, starts_at=watch.now + timedelta(hours=70))
    assert watch.risks(number) == []
    diary.slot(area_code=area, starts_at=watch.now + timedelta(hours=47))
    assert watch.risks(number) == ["no_slot"]
    in_time = diary.slot(area_code=area, starts_at=watch.now + timedelta(hours=46))
    assert watch.risks(number) == []
    watch.write("UPDATE visit_slots SET booked = capacity WHERE id = :id", id=in_time)
    assert watch.risks(number) == ["no_slot"]
    watch.write("UPDATE visit_slots SET booked = 0, closed_at = now() WHERE id = :id", id=in_time)
    assert watch.risks(number) == ["no_slot"]
    visit(watch, number, 20)
    assert watch.risks(number) == [], "a visit is agreed"


def test_the_customer_cannot_be_reached(watch: Watch) -> None:
    number = watch.book.order()
    watch.write(
        "INSERT INTO call_tasks (operator_id, notice_id, order_id, reason, detail, due_at, next_attempt_at,"
        " attempts, version, opened_at) SELECT o.operator_id, n.id, o.id, 'refused', '', :due, :due, 0, 1,"
        " :due FROM orders o JOIN notices n ON n.order_id = o.id WHERE o.number = :n LIMIT 1",
        n=number,
        due=watch.now + timedelta(hours=4),
    )
    assert watch.risks(number) == [], "nobody has tried yet"
    watch.pass_hours(4.1)
    assert watch.risks(number) == ["unreachable"]
    later = watch.now + timedelta(hours=4)
    watch.write("UPDATE call_tasks SET attempts = 1, outcome = 'no_answer', due_at = :later", later=later)
    assert watch.risks(number) == ["unreachable"]
    watch.write("UPDATE call_tasks SET attempts = 2, outcome = 'call_back'")
    assert watch.risks(number) == [], "who named another time was got through to"
    watch.pass_hours(4.1)
    assert watch.risks(number) == ["unreachable"], "and was not called then"
    watch.write("UPDATE call_tasks SET closed_at = :now, outcome = 'reached'", now=watch.now)
    assert watch.risks(number) == []


def test_on_hold_connected_or_ended_is_not_at_risk(watch: Watch) -> None:
    numbers = [watch.book.order() for _ in range(3)]
    hold = {"reason_code": "undecided", "reason_text": None, "evidence": None, "starts_at": None}
    until = watch.now + timedelta(days=9)
    place_hold(watch.run, watch.book.staff, numbers[0], hold | {"ends_at": until})
    connected = watch.book.order(Stage.ACTIVATED)
    watch.book.move(numbers[1], Stage.WITHDRAWN)
    watch.pass_hours(60)
    assert [row.number for row in watch.rows()] == [numbers[2]]
    watch.now = until + timedelta(hours=49)
    assert numbers[0] in [row.number for row in watch.rows()]
    assert connected not in [row.number for row in watch.rows()]


def test_a_later_promise_takes_it_from_the_list(watch: Watch) -> None:
    number = watch.book.order(Stage.RESOURCE_CHECKED)
    watch.pass_hours(40)
    assert watch.risks(number)
    later = {
        "resource": None,
        "deadline": watch.now + timedelta(days=5),
        "contact": {"name": "王敏", "extension": None},
        "reason_code": "estate_unfinished",
        "reason_text": None,
        "evidence": None,
    }
    promise_anew(watch.run, watch.book.staff, number, later)
    assert watch.risks(number) == []


def test_most_urgent_first_and_read_on(watch: Watch, crew: Crew) -> None:
    numbers, twin = [], ""
    for place in range(5):
        numbers.append(watch.book.order(Stage.RESOURCE_CHECKED))
        if place == 2:
            # With the same deadline, and a graver risk.
            twin = watch.book.order(Stage.RESOURCE_CHECKED)
        watch.pass_hours(1)
    team_has(watch, crew, numbers[2])
    watch.pass_hours(30)
    watch.book.move(twin, Stage.DISPATCHED)
    visit(watch, twin, 40)
    expected = [*numbers[:2], twin, *numbers[2:]]
    assert [row.number for row in watch.rows()] == expected
    read, behind = [], None
    with watch.run.db.reading() as connection:
        while True:
            rows, behind = list_at_risk(
                connection, watch.operator_id, Rules(), Wanted(), watch.now, behind=behind, limit=2
            )
            read += [row.number for row in rows]
            if behind is None:
                break
    assert read == expected


def test_filters_and_counts(watch: Watch, crew: Crew, place: Callable[..., object]) -> None:
    ours = watch.book.order(Stage.RESOURCE_CHECKED)
    team_has(watch, crew, ours)
    team = watch.book.row(ours).team_id
    nobodys = watch.book.order(Stage.VERIFIED)
    elsewhere = watch.book.order(address__community_code="441881001001")
    watch.pass_hours(49)

    def found(**how: object) -> set[str]:
        return {row.number for row in watch.rows(Wanted(**how))}  # type: ignore[arg-type]

    late = found(risk=Risk.OVERDUE)
    assert {ours, nobodys} <= late
    assert found(place=TOWN) == {ours, nobodys}
    assert found(place="441881") == {elsewhere}
    assert found(team_id=team) == {ours}
    assert found(team_id=0) == {nobodys, elsewhere}
    assert found(customer_kind="enterprise") == set()
    assert found(channel_id=watch.book.channel.id) == {ours, nobodys, elsewhere}
    assert found(channel_id=watch.book.channel.id + 1) == set()
    with watch.run.db.reading() as connection:
        counts = count_at_risk(connection, watch.operator_id, Rules(), Wanted(team_id=0), watch.now)
        others = count_at_risk(connection, watch.operator_id + 1, Rules(), Wanted(), watch.now)
    assert counts.total == 2
    assert counts.by_risk[Risk.NO_TEAM] == 2
    assert counts.by_risk[Risk.NO_SLOT] == 0
    assert others.total == 0


def test_what_is_held_for_a_risk_is_the_operators_to_say(watch: Watch) -> None:
    number = watch.book.order(Stage.RESOURCE_CHECKED)
    watch.pass_hours(20)
    assert watch.risks(number) == []
    strict = watch.rows(rules=Rules(due_hours=30))
    assert [row.risks for row in strict if row.number == number] == [["due"]]
