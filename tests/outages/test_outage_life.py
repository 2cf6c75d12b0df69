"""Announcing outages, changing them, taking them back, recording that service is back."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from marshmallow import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.announced_outages import (
    CITY,
    DAY,
    FENGCHENG,
    GAOJILI,
    HOUR,
    MANAGER,
    NOW,
    QINGCHENG,
    Announcer,
    fault_json,
    on,
    outage_json,
)
from tracker.outages.announce_outage import announce_outage
from tracker.outages.schemas import OutageSchema
from tracker.outages.withdraw_outage import withdraw_outage
from tracker.problems import Refusal, faults_in
from tracker.runtime import Runtime


def broken(act: Any, *given: Any, **changes: Any) -> list[tuple[str, str]]:
    """The rules that something breaks, with their places."""
    with pytest.raises(Refusal) as refusal:
        act(*given, **changes)
    return [(fault.rule, fault.pointer) for fault in refusal.value.faults]


def test_planned_work_is_announced(outages: Announcer) -> None:
    row = outages.row(outages.announce())
    assert (row.kind, row.area_codes, row.services) == ("planned", [FENGCHENG], ["broadband", "iptv"])
    assert (row.starts_at, row.ends_at) == (row.first_starts_at, row.first_ends_at) == (on(28, 0), on(28, 6))
    assert (row.announced_at, row.announced_by, row.revision) == (NOW, MANAGER, 1)
    assert row.override_reason is None
    (event,) = outages.events(row.id)
    assert (event.kind, event.actor, event.at, event.revision) == ("announced", MANAGER, NOW, 1)
    assert event.detail["starts_at"] == "2026-11-27T16:00:00+00:00"


@pytest.mark.parametrize(
    ("starts_in", "length", "rule"),
    [
        (timedelta(hours=72), 6 * HOUR, None),
        (timedelta(hours=72) - timedelta(minutes=1), 6 * HOUR, ("outage.too_near", "/starts_at")),
        (timedelta(0), 6 * HOUR, ("outage.in_past", "/starts_at")),
        (-HOUR, 6 * HOUR, ("outage.in_past", "/starts_at")),
        (90 * DAY, 6 * HOUR, None),
        (90 * DAY + timedelta(minutes=1), 6 * HOUR, ("outage.too_far", "/starts_at")),
        (4 * DAY, timedelta(0), ("outage.window", "/ends_at")),
        (4 * DAY, -HOUR, ("outage.window", "/ends_at")),
        (4 * DAY, 72 * HOUR, None),
        (4 * DAY, 72 * HOUR + timedelta(minutes=1), ("outage.too_long", "/ends_at")),
        (4 * DAY, None, ("outage.end_required", "/ends_at")),
    ],
)
def test_the_window_of_planned_work(
    outages: Announcer, starts_in: timedelta, length: timedelta | None, rule: Any
) -> None:
    window = {"starts_at": NOW + starts_in, "ends_at": length if length is None else NOW + starts_in + length}
    if rule is None:
        assert outages.announce(**window)
        return
    assert broken(outages.announce, **window) == [rule]
    assert outages.count() == 0


@pytest.mark.parametrize(
    ("starts_in", "rule"),
    [
        (-72 * HOUR, None),
        (-72 * HOUR - timedelta(minutes=1), ("outage.too_old", "/starts_at")),
        (HOUR, None),
        (72 * HOUR, None),
        (72 * HOUR + timedelta(minutes=1), ("outage.not_emergency", "/starts_at")),
    ],
)
def test_the_start_of_a_fault(outages: Announcer, starts_in: timedelta, rule: Any) -> None:
    if rule is None:
        assert outages.row(outages.fault(starts_at=NOW + starts_in)).ends_at is None
    else:
        assert broken(outages.fault, starts_at=NOW + starts_in) == [rule]


def test_a_manager_may_announce_late_and_says_why(outages: Announcer) -> None:
    late = {"starts_at": NOW + 10 * HOUR, "ends_at": NOW + 12 * HOUR}
    row = outages.row(outages.announce(**late, override_reason="供电局临时停电"))
    assert row.override_reason == "供电局临时停电"
    assert outages.events(row.id)[0].detail["override_reason"] == "供电局临时停电"
    # Where there was time enough, nothing was overridden.
    in_time = outages.row(outages.announce(override_reason="多余的理由"))
    assert in_time.override_reason is None


def test_all_that_is_wrong_is_told_at_once(outages: Announcer) -> None:
    told = broken(
        outages.announce,
        area=["441899", CITY, FENGCHENG],
        starts_at=NOW + HOUR,
        ends_at=NOW + 2 * HOUR,
        minutes=61,
        reason="割接送红包",
        reason_en="see www.example.com",
    )
    assert told == [
        ("outage.unknown_place", "/area"),
        ("outage.unknown_place", "/area"),
        ("outage.beyond_window", "/minutes"),
        ("outage.words", "/reason"),
        ("outage.words", "/reason_en"),
        ("outage.too_near", "/starts_at"),
    ]
    assert outages.count() == 0


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": "rumour"}, "/kind"),
        ({"area": []}, "/area"),
        ({"area": ["4418"]}, "/area/0"),
        ({"area": FENGCHENG}, "/area"),
        ({"services": []}, "/services"),
        ({"services": ["gas"]}, "/services/0"),
        ({"starts_at": "2026-11-28T00:00:00"}, "/starts_at"),
        ({"minutes": 0}, "/minutes"),
        ({"minutes": 4321}, "/minutes"),
        ({"reason": " "}, "/reason"),
        ({"reason": "割" * 61}, "/reason"),
        ({"reason": "割\u202e接"}, "/reason"),
        ({"until": "later"}, "/until"),
    ],
)
def test_what_cannot_be_read_is_refused(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ValidationError) as error:
        OutageSchema().load(outage_json(**changes))
    assert [fault.pointer for fault in faults_in(error.value.messages)] == [pointer]


def test_an_area_is_kept_without_what_lies_within_it(outages: Announcer) -> None:
    row = outages.row(outages.announce(area=[GAOJILI, "441803", FENGCHENG, FENGCHENG, "441802007001"]))
    assert row.area_codes == [FENGCHENG, "441802007001", "441803"]


def test_the_same_is_announced_once(outages: Announcer) -> None:
    first = outages.announce()
    with pytest.raises(Refusal) as refusal:
        outages.announce(area=[FENGCHENG, GAOJILI], reason="说法不同")
    (fault,) = refusal.value.faults
    assert (fault.rule, fault.params) == ("outage.duplicate", {"outage": first})
    assert outages.announce(area=[QINGCHENG]) != first
    outages.withdraw(first)
    assert outages.announce() != first
    # A fault without an end, too.
    outages.fault()
    assert broken(outages.fault) == [("outage.duplicate", "")]


def test_a_button_pressed_twice_announces_once(outages: Announcer, runtime: Runtime) -> None:
    results: list[Any] = []
    together = threading.Barrier(4)

    def press() -> None:
        together.wait()
        try:
            request = OutageSchema().load(outage_json())
            results.append(announce_outage(runtime.db, outages.operator_id, request, MANAGER))
        except Refusal as refusal:
            results.append(refusal.faults[0].rule)

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert outages.count() == 1
    assert results.count("outage.duplicate") == 3


def test_a_change_is_seen_and_what_was_said_stays(outages: Announcer, at: Any) -> None:
    one = outages.announce()
    at(NOW + HOUR)
    outages.change(one, starts_at=on(29, 0), ends_at=on(29, 4), area=[QINGCHENG])
    row = outages.row(one)
    assert (row.starts_at, row.ends_at, row.area_codes) == (on(29, 0), on(29, 4), [QINGCHENG])
    assert (row.first_starts_at, row.first_ends_at) == (on(28, 0), on(28, 6))
    assert (row.changed_at, row.area_changed_at, row.revision) == (NOW + HOUR, NOW + HOUR, 2)
    event = outages.events(one)[-1]
    assert (event.kind, event.reason, event.revision) == ("changed", "施工队改期", 2)
    assert event.detail == {
        "starts_at": ["2026-11-27T16:00:00+00:00", "2026-11-28T16:00:00+00:00"],
        "ends_at": ["2026-11-27T22:00:00+00:00", "2026-11-28T20:00:00+00:00"],
        "area_codes": [[FENGCHENG], [QINGCHENG]],
    }


def test_a_change_of_words_leaves_the_area_as_announced(outages: Announcer) -> None:
    one = outages.announce()
    outages.change(one, reason="机房割接")
    assert outages.row(one).area_changed_at is None
    assert outages.row(one).changed_at == NOW


def test_nothing_changed_is_told(outages: Announcer) -> None:
    one = outages.announce()
    assert broken(outages.change, one) == [("outage.no_change", "")]
    assert broken(outages.change, one, area=[FENGCHENG, GAOJILI]) == [("outage.no_change", "")]


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_at": on(27, 23)},
        {"ends_at": on(28, 7)},
        {"starts_at": on(28, 1), "ends_at": on(28, 7)},
        {"area": [QINGCHENG]},
    ],
)
def test_near_the_time_nobody_is_surprised(outages: Announcer, at: Any, changes: dict[str, Any]) -> None:
    one = outages.announce()
    at(on(27, 8))
    assert broken(outages.change, one, **changes) == [("outage.too_near", "/starts_at")]
    assert outages.row(one).revision == 1
    outages.change(one, **changes, override_reason="设备到货推迟")
    assert outages.row(one).override_reason == "设备到货推迟"


@pytest.mark.parametrize(
    "changes", [{"starts_at": on(28, 1)}, {"ends_at": on(28, 5)}, {"area": [GAOJILI]}, {"minutes": 30}]
)
def test_less_than_was_announced_needs_no_notice(
    outages: Announcer, at: Any, changes: dict[str, Any]
) -> None:
    one = outages.announce()
    at(on(27, 8))
    outages.change(one, **changes)
    assert outages.row(one).override_reason is None


def test_what_has_begun_keeps_its_start(outages: Announcer, at: Any) -> None:
    one = outages.announce()
    at(on(28, 5))
    assert broken(outages.change, one, starts_at=on(29, 0), ends_at=on(29, 6)) == [
        ("outage.begun", "/starts_at")
    ]
    assert broken(outages.change, one, ends_at=on(28, 4)) == [("outage.end_past", "/ends_at")]
    outages.change(one, ends_at=on(28, 8))
    assert outages.row(one).ends_at == on(28, 8)
    at(on(28, 8))
    assert broken(outages.change, one, ends_at=on(28, 9)) == [("outage.over", "")]


def test_a_fault_gets_its_end_once_somebody_knows_it(outages: Announcer, at: Any) -> None:
    one = outages.fault()
    outages.change(one, ends_at=on(24, 12))
    row = outages.row(one)
    # The first word about it is no change of what was said.
    assert (row.ends_at, row.first_ends_at) == (on(24, 12), on(24, 12))
    at(on(24, 13))
    # Late, and still to be told when.
    outages.change(one, ends_at=on(24, 15))
    assert (outages.row(one).ends_at, outages.row(one).first_ends_at) == (on(24, 15), on(24, 12))
    outages.change(one, ends_at=None)
    assert outages.row(one).ends_at is None


def test_the_kind_stays(outages: Announcer) -> None:
    one = outages.announce()
    outages.change(one, kind="emergency", reason="机房割接")
    assert outages.row(one).kind == "planned"


def test_what_will_not_come_is_withdrawn(outages: Announcer, at: Any) -> None:
    one = outages.announce()
    outages.withdraw(one)
    row = outages.row(one)
    assert (row.withdrawn_at, row.withdrawn_by, row.withdrawal_reason) == (NOW, MANAGER, "不做了")
    assert outages.events(one)[-1].reason == "不做了"
    for act in (outages.withdraw, outages.change):
        assert broken(act, one) == [("outage.withdrawn", "")]
    assert broken(outages.restore, one, NOW) == [("outage.withdrawn", "")]
    other = outages.announce()
    at(on(28, 0))
    assert broken(outages.withdraw, other) == [("outage.over", "")]


def test_service_comes_back(outages: Announcer, at: Any) -> None:
    one = outages.fault()
    assert broken(outages.restore, one, NOW - 2 * HOUR) == [("outage.not_begun", "/restored_at")]
    assert broken(outages.restore, one, NOW + timedelta(minutes=1)) == [
        ("outage.recovery_ahead", "/restored_at")
    ]
    outages.restore(one, NOW - timedelta(minutes=5))
    row = outages.row(one)
    assert (row.restored_at, row.restored_by, row.recovery_recorded_at) == (
        NOW - timedelta(minutes=5),
        MANAGER,
        NOW,
    )
    assert broken(outages.restore, one, NOW) == [("outage.over", "")]
    assert broken(outages.change, one, reason="机房割接") == [("outage.over", "")]
    # Also of planned work whose window is over.
    planned = outages.announce()
    at(on(28, 9))
    outages.restore(planned, on(28, 7))
    assert outages.row(planned).restored_at == on(28, 7)


@pytest.mark.parametrize("act", ["change", "withdraw", "restore"])
def test_whoever_saw_an_earlier_state_is_refused(outages: Announcer, act: str) -> None:
    one = outages.fault(starts_at=NOW + HOUR) if act == "withdraw" else outages.fault()
    outages.change(one, reason="主干光缆中断")
    given = {"change": (one,), "withdraw": (one,), "restore": (one, NOW)}[act]
    assert broken(getattr(outages, act), *given, revision=1) == [("outage.stale", "")]
    assert [event.kind for event in outages.events(one)] == ["announced", "changed"]


def test_nobody_touches_another_operators_outage(outages: Announcer, runtime: Runtime) -> None:
    """I6."""
    one = outages.announce()
    other = next(o for o in runtime.reference.current().operators if o != outages.operator_id)
    stranger = Announcer(runtime.db, other)
    assert broken(withdraw_outage, runtime.db, other, one, 1, "不做了", MANAGER) == [("outage.not_found", "")]
    assert broken(stranger.change, one, reason="机房割接") == [("outage.not_found", "")]
    assert broken(stranger.restore, one, NOW) == [("outage.not_found", "")]
    assert stranger.announce() != one


def test_history_cannot_be_rewritten(outages: Announcer) -> None:
    """I7."""
    outages.announce()
    for statement in (
        "UPDATE outage_events SET reason = ''",
        "DELETE FROM outage_events",
        "DELETE FROM outages",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            outages.db.transaction() as connection,
        ):
            connection.execute(text(statement))


def test_a_fault_that_is_written_is_a_fault(outages: Announcer) -> None:
    assert OutageSchema().load(fault_json())["ends_at"] is None
