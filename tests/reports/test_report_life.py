"""A report from its beginning to its submission, and that it stays what it was then."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.reporting import (
    COLLEAGUE,
    FIRST_HALF,
    LI,
    NOW,
    REGULATOR,
    SECOND_HALF,
    STRANGER,
    WANG,
    Office,
)
from tracker import clock
from tracker.figures.rules import Period, PeriodKind
from tracker.orders.place_orders import Placed
from tracker.problems import Refusal
from tracker.reports import build_reports as building
from tracker.reports.ask_build import begin_report, build_anew, correct_report
from tracker.reports.author import Author
from tracker.reports.build_reports import build_reports
from tracker.reports.pdf import pdf_of
from tracker.reports.review_report import offer_report, review_report, submit_report
from tracker.reports.rules import State, digest_of, half_before
from tracker.reports.sections import SECTIONS
from tracker.reports.workbook import workbook_of
from tracker.runtime import Runtime
from workers import jobs


def refused(doing: Callable[[], object]) -> list[str]:
    with pytest.raises(Refusal) as told:
        doing()
    return [fault.rule for fault in told.value.faults]


def test_a_report_is_built_reviewed_by_another_and_submitted(office: Office) -> None:
    office.check_all()
    report_id = office.built()
    office.offer(report_id)
    office.review(report_id, remarks="核对无误")
    office.submit(report_id)
    row = office.row(report_id)
    assert (row.state, row.revision) == (State.SUBMITTED, 1)
    assert (row.offered_by, row.reviewed_by, row.submitted_by) == (WANG.label, LI.label, WANG.label)
    assert digest_of(row.content) == row.digest
    assert office.events(report_id) == [
        ("begun", WANG.label),
        ("built", "system"),
        ("offered", WANG.label),
        ("approved", LI.label),
        ("submitted", WANG.label),
    ]


def test_what_was_submitted_stays_to_the_byte_whatever_becomes_of_orders(
    office: Office, place: Callable[..., Placed]
) -> None:
    pattern = place().number
    office.orders(pattern, 40, dealer="清城金桥通信")
    report_id = office.submitted()
    before = office.row(report_id)
    files = [pdf_of(before, "zh"), workbook_of(before, "zh")]
    office.orders(pattern, 25, seed=2, dealer="后来的代理商")
    office.execute("UPDATE orders SET dealer = '改了名', needs_assistance = true WHERE dealer IS NOT NULL")
    office.execute(
        "UPDATE order_events SET occurred_at = occurred_at + interval '9 days' WHERE stage = 'activated'"
    )
    office.check("441802", seen=1, findings="后来发现的问题")
    after = office.row(report_id)
    assert after == before
    assert [pdf_of(after, "zh"), workbook_of(after, "zh")] == files
    # The same question now has another answer, so there was something to be kept from.
    correction = office.corrected("漏登记")
    assert office.row(correction).digest != before.digest


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE half_year_reports SET content = '{}'",
        "UPDATE half_year_reports SET state = 'draft', submitted_at = NULL",
        "DELETE FROM half_year_reports",
        "UPDATE half_year_report_events SET actor = 'nobody'",
        "DELETE FROM half_year_report_events",
        "UPDATE county_self_checks SET findings = ''",
        "DELETE FROM county_self_checks",
    ],
)
def test_the_services_role_cannot_change_it_either(office: Office, runtime: Runtime, statement: str) -> None:
    office.submitted()
    with pytest.raises(DBAPIError), runtime.db.transaction() as connection:
        connection.execute(text(statement))


def test_a_correction_is_another_revision_and_the_first_stays(office: Office) -> None:
    first = office.submitted()
    assert refused(lambda: begin_report(office.runtime, WANG, FIRST_HALF)) == ["report.submitted_already"]
    second = office.corrected("补录三张漏登记的工单")
    row = office.row(second)
    assert (row.revision, row.state, row.correction_reason) == (2, State.DRAFT, "补录三张漏登记的工单")
    assert office.row(first).state == State.SUBMITTED
    assert refused(lambda: correct_report(office.runtime, WANG, FIRST_HALF, "再改")) == [
        "report.nothing_to_correct"
    ]
    assert begin_report(office.runtime, WANG, FIRST_HALF) == second, "the open one is gone on with"


def test_nothing_is_corrected_that_was_not_submitted(office: Office) -> None:
    wish = lambda: correct_report(office.runtime, WANG, FIRST_HALF, "改")  # noqa: E731 - a doing
    assert refused(wish) == ["report.nothing_to_correct"]
    office.built()
    assert refused(wish) == ["report.nothing_to_correct"]


def test_whoever_offers_it_cannot_approve_it_and_two_at_once_do_it_once(office: Office) -> None:
    office.check_all()
    report_id = office.built()
    office.offer(report_id)
    assert refused(lambda: office.review(report_id, WANG)) == ["report.own_review"]
    version = office.row(report_id).version
    gate = threading.Barrier(2)

    def decide(approve: bool) -> str:
        gate.wait()
        try:
            review_report(office.runtime, LI, report_id, version, approve=approve, remarks="看法")
        except Refusal as refusal:
            return refusal.faults[0].rule
        return "done"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(decide, [True, False]))
    assert told == ["done", "report.stale"]


def test_it_is_sent_back_with_remarks_and_offered_again(office: Office) -> None:
    office.check_all()
    report_id = office.built()
    office.offer(report_id)
    assert refused(lambda: office.review(report_id, approve=False, remarks="  ")) == [
        "report.remarks_required"
    ]
    office.review(report_id, approve=False, remarks="请核对连州的自查")
    assert office.row(report_id).state == State.DRAFT
    office.rebuilt(report_id)
    office.offer(report_id)
    office.review(report_id)
    office.review(report_id, WANG, approve=False)
    assert office.row(report_id).reviewed_by is None, "an approval that was taken back is none"


def test_every_county_is_checked_before_it_is_offered(office: Office) -> None:
    office.check_all(but=["441881"])
    report_id = office.built()
    with pytest.raises(Refusal) as told:
        office.offer(report_id)
    assert [(fault.rule, fault.params) for fault in told.value.faults] == [
        ("report.self_checks", {"count": 1})
    ]
    office.check("441881")
    assert refused(lambda: office.offer(report_id)) == ["report.self_checks"], (
        "what was built holds it not yet"
    )
    office.rebuilt(report_id)
    office.offer(report_id)


def test_one_that_is_not_built_is_not_offered(office: Office) -> None:
    office.check_all()
    report_id = begin_report(office.runtime, WANG, FIRST_HALF)
    assert refused(lambda: office.offer(report_id)) == ["report.not_built"]


def test_what_goes_on_is_not_submitted_nor_what_was_counted_before_its_end(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.check_all(half=SECOND_HALF)
    report_id = office.built(half=SECOND_HALF)
    office.offer(report_id)
    office.review(report_id)
    assert refused(lambda: office.submit(report_id)) == ["report.not_settled"]
    later = SECOND_HALF.bounds[1] + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert refused(lambda: office.submit(report_id)) == ["report.built_too_early"]
    office.review(report_id, approve=False, remarks="按结清后的数据重新生成")
    office.rebuilt(report_id)
    office.offer(report_id)
    office.review(report_id)
    office.submit(report_id)


def test_a_half_that_has_not_begun_has_no_report(office: Office) -> None:
    ahead = Period(PeriodKind.HALF, date(2027, 1, 1))
    assert refused(lambda: begin_report(office.runtime, WANG, ahead)) == ["report.half_ahead"]
    assert "report.half_ahead" in refused(
        lambda: office.check("441802", half=ahead, checked_on=date(2027, 1, 2))
    )


def test_others_find_nothing(office: Office) -> None:
    report_id = office.built()
    version = office.row(report_id).version
    for who in (STRANGER, REGULATOR):
        for doing in (build_anew, offer_report, submit_report):
            assert refused(lambda do=doing, by=who: do(office.runtime, by, report_id, version)) == [
                "report.not_found"
            ]


def test_the_city_has_a_report_of_its_own_beside_the_operators(office: Office) -> None:
    own, city = office.submitted(), office.submitted(REGULATOR, COLLEAGUE)
    assert own != city
    row = office.row(city)
    assert (row.operator_id, row.state) == (None, State.SUBMITTED)
    assert json.loads(row.content)["issuer"]["zh"].startswith("清远市")
    assert begin_report(office.runtime, STRANGER, FIRST_HALF) not in (own, city)


def test_two_who_begin_at_once_have_one_report(office: Office) -> None:
    for half in (FIRST_HALF, half_before(FIRST_HALF), half_before(half_before(FIRST_HALF))):
        gate = threading.Barrier(4)

        def begin(who: Author, half: Period = half, gate: threading.Barrier = gate) -> int:
            gate.wait()
            return begin_report(office.runtime, who, half)

        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(begin, [WANG, LI, WANG, LI]))) == 1


def test_a_stale_form_changes_nothing(office: Office) -> None:
    report_id = office.built()
    version = office.row(report_id).version
    office.rebuilt(report_id)
    assert refused(lambda: build_anew(office.runtime, LI, report_id, version)) == ["report.stale"]


def test_a_job_that_died_is_taken_over_after_its_lease(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = begin_report(office.runtime, WANG, FIRST_HALF)

    class Killed(BaseException):
        pass

    def die(section: int) -> None:
        if section == 5:
            raise Killed

    with pytest.raises(Killed):
        build_reports(office.runtime, done=die)
    row = office.row(report_id)
    assert row.sections_done == 5
    assert row.content is None
    assert build_reports(office.runtime) == 0, "whoever has the lease may still be at it"
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=6))
    assert build_reports(office.runtime) == 1
    assert office.row(report_id).sections_done == len(SECTIONS)


def test_a_build_that_fails_says_so_and_holds_up_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = begin_report(office.runtime, WANG, FIRST_HALF)
    other = begin_report(office.runtime, STRANGER, FIRST_HALF)

    real = building.content_of

    def fail(connection: object, scope: object, *more: object) -> object:
        if scope.operator_id == 1:  # type: ignore[attr-defined]
            raise LookupError("broken")
        return real(connection, scope, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "content_of", fail)
    assert build_reports(office.runtime) == 1
    assert office.row(failing).build_failed_at == NOW
    assert office.row(failing).build_asked_at is None
    assert office.row(other).content is not None
    assert office.events(failing)[-1] == ("failed", "system")
    monkeypatch.undo()
    monkeypatch.setattr(clock, "now", lambda: NOW)
    office.rebuilt(failing)
    assert office.row(failing).build_failed_at is None


def test_what_was_asked_for_anew_meanwhile_is_not_overwritten_by_an_older_build(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = begin_report(office.runtime, WANG, FIRST_HALF)
    later = NOW + timedelta(seconds=9)

    def ask_again(section: int) -> None:
        if section == 1 and clock.now() == NOW:
            monkeypatch.setattr(clock, "now", lambda: later)
            build_anew(office.runtime, LI, report_id, office.row(report_id).version)

    assert build_reports(office.runtime, done=ask_again) == 1
    row = office.row(report_id)
    assert row.as_of == later
    assert [kind for kind, _ in office.events(report_id)] == ["begun", "asked", "built"]


def test_the_worker_builds_what_waits(
    office: Office, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = begin_report(office.runtime, WANG, FIRST_HALF)
    monkeypatch.setattr(jobs, "runtime", lambda: office.runtime)
    jobs.build_reports()
    assert office.row(report_id).content is not None


def test_a_self_check_that_somebody_else_changed_is_not_overwritten(office: Office) -> None:
    office.check("441802")
    assert refused(lambda: office.check("441802", LI)) == ["report.self_check_stale"]
    office.check("441802", LI, seen=1, findings="复查发现一处未公示")
    report_id = office.built()
    rows = office.table(report_id, "self_checks", "self_checks")
    assert rows[0]["findings"]["zh"] == "复查发现一处未公示"
    assert refused(lambda: office.check("999999")) == ["report.county_unknown"]
