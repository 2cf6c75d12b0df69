"""A version in the place of another, at once with others, and taken back; what a city's ceilings may say."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import pytest
import time_machine
from sqlalchemy import select

from tracker.clock import CITY_ZONE
from tracker.problems import Refusal
from tracker.promises.end_rule import end_rule, withdraw_rule
from tracker.promises.models import PromiseRule
from tracker.promises.replace_rule import replace_rule
from tracker.promises.rule_queries import latest_change, successor_of
from tracker.promises.schemas import RuleVersionSchema
from tracker.setting_up import SetUpError, example, set_up

pytestmark = pytest.mark.usefixtures("changeable")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(datetime(2026, 11, 25, 9, 0, tzinfo=CITY_ZONE), tick=False) as traveller:
        yield traveller


@pytest.fixture
def rule_id(database) -> int:
    with database.reading() as connection:
        return connection.scalars(
            select(PromiseRule.id).where(PromiseRule.operator_id == 1, PromiseRule.area == "urban")
        ).one()


def version(**changes):
    body = {"amount": 24, "unit": "hours", "valid_from": "2026-12-01", "reason": "提速"}
    return RuleVersionSchema().load(body | changes)


def last_day(database, rule_id) -> date | None:
    with database.reading() as connection:
        return connection.scalar(select(PromiseRule.valid_to).where(PromiseRule.id == rule_id))


def rules_broken(refused) -> set[str]:
    return {fault.rule for fault in refused.value.faults}


def test_of_many_who_replace_a_rule_at_once_one_does(database, rule_id) -> None:
    start = threading.Barrier(6)

    def replace(_: int) -> bool:
        start.wait(timeout=20)
        try:
            replace_rule(database, 1, rule_id, version(), "staff:x", seen=seen)
        except Refusal:
            return False
        return True

    with database.reading() as connection:
        seen = latest_change(connection, 1)
    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(replace, range(6))) == [False] * 5 + [True]
    assert last_day(database, rule_id) == date(2026, 11, 30)


def test_a_chain_of_versions_is_taken_back_one_by_one(database, rule_id) -> None:
    second = replace_rule(database, 1, rule_id, version(valid_to="2027-06-30"), "staff:x")
    third = replace_rule(database, 1, second, version(amount=12, valid_from="2027-01-01"), "staff:x")
    assert last_day(database, second) == date(2026, 12, 31)
    withdraw_rule(database, 1, third, "x", "staff:x")
    assert last_day(database, second) == date(2027, 6, 30), "as it was published"
    withdraw_rule(database, 1, second, "x", "staff:x")
    assert last_day(database, rule_id) is None
    with database.reading() as connection:
        assert successor_of(connection, 1, rule_id) is None


def test_an_end_that_was_moved_since_stays(database, rule_id) -> None:
    new = replace_rule(database, 1, rule_id, version(), "staff:x")
    end_rule(database, 1, rule_id, {"last_day": date(2026, 11, 28), "reason": "x"}, "staff:x")
    withdraw_rule(database, 1, new, "x", "staff:x")
    assert last_day(database, rule_id) == date(2026, 11, 28)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"valid_from": "2026-11-25"}, "promise_rule.not_ahead"),
        ({"amount": 48}, "promise_rule.nothing_new"),
        ({"amount": 49}, "promise_rule.above_ceiling"),
        ({"cut_off": "17:00"}, "promise_rule.hours_run_through"),
        ({"valid_to": "2026-11-30"}, "promise_rule.period"),
    ],
)
def test_a_wrong_version_changes_nothing(database, rule_id, changes, rule) -> None:
    with pytest.raises(Refusal) as refused:
        replace_rule(database, 1, rule_id, version(**changes), "staff:x")
    assert rule in rules_broken(refused)
    assert last_day(database, rule_id) is None


def test_what_is_not_there_or_not_in_force_is_not_replaced(database, rule_id) -> None:
    with pytest.raises(Refusal) as refused:
        replace_rule(database, 2, rule_id, version(), "staff:x")
    assert rules_broken(refused) == {"promise_rule.not_found"}
    new = replace_rule(database, 1, rule_id, version(), "staff:x")
    with pytest.raises(Refusal) as refused:
        replace_rule(database, 1, new, version(amount=12), "staff:x")
    assert rules_broken(refused) == {"promise_rule.replaces_coming"}
    with pytest.raises(Refusal) as refused:
        replace_rule(database, 1, rule_id, version(amount=12, valid_from="2027-02-01"), "staff:x")
    assert "promise_rule.ended" in rules_broken(refused)
    with pytest.raises(Refusal) as refused:
        end_rule(
            database,
            1,
            new,
            {"last_day": date(2027, 1, 31), "reason": "x"},
            "staff:x",
            may_leave_gap=False,
        )
    assert rules_broken(refused) == {"promise_rule.leaves_gap"}


def test_a_city_that_sets_ceilings_wrongly_is_not_set_up(database) -> None:
    for wrong in ("amount = 0", 'unit = "weeks"', "colour = 1"):
        name = wrong.split(" ")[0]
        whole = {"amount": "amount = 5", "unit": 'unit = "hours"', "source": 'source = "x"', name: wrong}
        content = example() + '\n[[ceilings]]\ncustomer_kind = "home"\n' + "\n".join(whole.values())
        with pytest.raises(SetUpError, match="ceilings"):
            set_up(database, content)
