"""Real-name checks: recorded as results alone, and wanted before an order is verified or connected."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.desk_work import Book
from tracker.notices.rules import parts
from tracker.orders.record_check import record_check
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import Stage
from tracker.problems import Refusal
from tracker.real_name.require_checks import require_checks
from tracker.real_name.rules import CHECKS, FAILURES, Check, missing


@pytest.fixture
def book(runtime, channel, place):
    return Book(runtime, channel, place)


@pytest.fixture
def require(book):
    """Lets the operator require these checks."""

    def make(*checks: str) -> None:
        require_checks(book.runtime.db, book.channel.operator_id, checks, "主管部门要求", "staff:manager")

    return make


@pytest.fixture
def check(book):
    """Records a result of an order's check."""

    def make(number: str, kind: str = "id_document", result: str = "passed", **more) -> int:
        asked = {"check": kind, "result": result, "reference": None, "reason_code": None, "reason_text": None}
        if result == "passed":
            asked["reference"] = "RZ-1"
        waives = more.pop("may_waive", False)
        version = more.pop("if_version", None)
        return record_check(
            book.runtime, book.staff, number, asked | more, may_waive=waives, if_version=version
        )

    return make


def rules(refusal) -> list[str]:
    return [fault.rule for fault in refusal.value.faults]


def test_without_a_setting_nothing_is_wanted(book) -> None:
    assert book.row(book.order(Stage.ACTIVATED)).stage == "activated"


def test_an_order_is_not_verified_while_a_check_is_wanting(book, require, check) -> None:
    number = book.order()
    require("id_document", "face_match")
    with pytest.raises(Refusal) as refusal:
        book.move(number, Stage.VERIFIED)
    (fault,) = refusal.value.faults
    assert (fault.rule, fault.params["checks"]) == ("real_name.missing", "id_document, face_match")
    assert fault.words("zh") == "实名核验未完成：证件核验、人像比对"
    assert "identity document, face match" in fault.words("en")
    check(number)
    check(number, "face_match", "failed", reason_code="face_differs")
    with pytest.raises(Refusal) as refusal:
        book.move(number, Stage.VERIFIED)
    assert refusal.value.faults[0].params["names"] == "人像比对"
    check(number, "face_match", "waived", reason_text="残疾人，已人工核对", may_waive=True)
    book.move(number, Stage.VERIFIED)
    assert book.row(number).stage == "verified"


def test_what_fails_or_is_required_later_keeps_an_order_from_being_connected(book, require, check) -> None:
    number = book.order(Stage.ON_SITE)
    require("fraud_screening")
    check(number, "fraud_screening")
    check(number, "fraud_screening", "failed", reason_code="risk_listed")
    with pytest.raises(Refusal) as refusal:
        book.move(number, Stage.ACTIVATED)
    assert rules(refusal) == ["real_name.missing"]
    check(number, "fraud_screening")
    book.move(number, Stage.ACTIVATED)
    assert book.row(number).stage == "activated"


def test_another_operators_setting_is_its_own(book, runtime) -> None:
    other = next(o for o in runtime.reference.current().operators if o != book.channel.operator_id)
    require_checks(runtime.db, other, ["id_document"], "试行", "staff:stranger")
    book.move(book.order(), Stage.VERIFIED)


@pytest.mark.parametrize(
    ("asked", "broken"),
    [
        ({"result": "passed", "reference": None}, ["real_name.reference_required"]),
        ({"reference": "441802199001011234"}, ["real_name.reference_personal"]),
        ({"reference": "44180219900101123X"}, ["real_name.reference_personal"]),
        ({"reference": "441802900101123"}, ["real_name.reference_personal"]),
        ({"reference": "No 441802199001011234."}, ["real_name.reference_personal"]),
        ({"result": "failed"}, ["real_name.reason_required"]),
        ({"result": "failed", "reason_code": "other"}, ["real_name.reason_text_required"]),
        ({"reason_code": "face_differs"}, ["real_name.reason_not_expected"]),
        ({"result": "waived", "may_waive": True}, ["real_name.reason_text_required"]),
        ({"result": "waived", "reason_text": "老人"}, ["real_name.waiver"]),
        (
            {"result": "waived", "reason_text": "见 138 0000 1234", "may_waive": True},
            ["real_name.text_personal"],
        ),
    ],
)
def test_a_wrong_result_is_refused_and_nothing_is_stored(book, check, asked, broken) -> None:
    number = book.order()
    with pytest.raises(Refusal) as refusal:
        check(number, **asked)
    assert rules(refusal) == broken
    assert book.row(number).version == 1
    assert book.ask("SELECT count(*) FROM real_name_checks") == 0


@pytest.mark.parametrize("reference", ["RZ20261124-000871", "4418021990010112345", "12345678901234567890"])
def test_a_reference_that_only_looks_long_is_taken(book, check, reference) -> None:
    assert check(book.order(), reference=reference) == 2


def test_a_failure_is_told_with_its_reason_and_the_way_to_appeal(book, check) -> None:
    number = book.order()
    check(number, "face_match", "failed", reason_code="face_differs")
    (told,) = book.texts("real_name_failed")
    assert told.body == (
        f"订单{number}实名核验未通过：人像不一致。可携有效证件到营业厅复核，或拨10000申诉。【清远电信】"
    )
    # What replaces it before it has left is the news.
    check(number, "face_match")
    (told,) = book.texts("real_name_failed")
    assert told.state == "cancelled"


@pytest.mark.parametrize("failure", FAILURES)
def test_each_reason_fits_one_part(book, check, failure) -> None:
    number = book.order()
    check(number, result="failed", reason_code=failure, reason_text="其他情况")
    (told,) = book.texts("real_name_failed")
    assert parts(told.body) == 1
    assert len(told.body) <= 70


def test_the_history_knows_the_check_and_who_recorded_it(book, check) -> None:
    number = book.order()
    check(number, "phone_confirmed", "waived", reason_text="固话客户", may_waive=True)
    event = book.events(number)[-1]
    assert (event.kind, event.actor, event.reason_text) == ("real_name", "staff:manager", "固话客户")
    assert event.detail == {"check": "phone_confirmed", "result": "waived", "failure": None}


def test_a_stale_page_and_a_settled_order_are_refused(book, check) -> None:
    number = book.order()
    check(number)
    with pytest.raises(Refusal) as refusal:
        check(number, if_version=1)
    assert rules(refusal) == ["version.stale"]
    record_progress(
        book.runtime, book.staff, number, {"stage": "withdrawn", "reason_code": "no_longer_wanted"}
    )
    with pytest.raises(Refusal) as refusal:
        check(number)
    assert rules(refusal) == ["real_name.order_done"]


@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["real_name_checks", "required_checks"])
def test_results_and_settings_are_never_changed(runtime, table, statement) -> None:
    """I7."""
    with pytest.raises(DBAPIError, match="permission denied"), runtime.db.transaction() as connection:
        connection.execute(text(statement.format(table)))


def test_a_setting_is_not_set_twice_nor_over_what_one_has_not_seen(book, require) -> None:
    require("id_document")
    with pytest.raises(Refusal) as refusal:
        require("id_document")
    assert rules(refusal) == ["real_name.no_change"]
    with pytest.raises(Refusal) as refusal:
        require_checks(book.runtime.db, book.channel.operator_id, [], "试行", "staff:x", if_last=0)
    assert rules(refusal) == ["version.stale"]
    require()
    assert book.ask("SELECT count(*) FROM required_checks") == 2


def test_what_is_missing_stands_in_the_order_of_the_counter() -> None:
    every = {one.value for one in Check}
    assert list(missing(every, {})) == list(CHECKS)
    assert missing(every, dict.fromkeys(every, "passed")) == ()
    assert missing({"face_match"}, {"face_match": "failed"}) == (Check.FACE_MATCH,)
    assert missing(set(), {"face_match": "failed"}) == ()
