"""What may be announced, and what is refused by rule and place."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from subscribing import City, in_city

from tracker import clock
from tracker.files import giving
from tracker.problems import Refusal
from tracker.tariff_changes import export
from tracker.tariff_changes.preview_change import preview_change
from tracker.tariff_changes.queries import overridden_between
from tracker.tariff_changes.read_change import read_change
from tracker.tariff_changes.schemas import ChangeRequestSchema
from tracker.tariff_changes.warn_subscribers import warn_subscribers
from tracker.tariffs.models import Plan, TariffChange
from tracker.tariffs.withdraw_plan import withdraw_plan

TERMS = {"kind": "terms", "effective_on": "2027-01-01", "fields": {"upload_mbps": 30}, "summary": "上行调整"}
TERM_END = {"kind": "term_end", "ends_from": "2027-01-01", "ends_to": "2027-01-31"}


def refused(city: City, **request: Any) -> list[tuple[str, str]]:
    """The rules and places of a refusal."""
    with pytest.raises(Refusal) as caught:
        city.announce(**request)
    return [(fault.rule, fault.pointer) for fault in caught.value.faults]


def stored(city: City) -> tuple[int, int]:
    """How many changes and versions there are."""
    counts = city.rows("SELECT (SELECT count(*) FROM tariff_changes), (SELECT count(*) FROM plans)")[0]
    return counts[0], counts[1]


def test_an_announced_price_is_a_published_version_from_that_day_on(city: City, frozen) -> None:
    change = city.announce(fields={"download_mbps": 2000})
    with city.run.db.reading() as connection:
        row = connection.execute(select(TariffChange.__table__)).one()
        plan = connection.execute(select(Plan.__table__).where(Plan.id == row.plan_id)).one()
    assert (row.id, row.state, row.kind) == (change, "announced", "price")
    assert (str(row.latest_notice_on), str(row.warn_from)) == ("2026-11-30", "2026-11-17")
    assert (plan.version, plan.state, plan.monthly_fen, plan.download_mbps) == (2, "published", 13900, 2000)
    assert (str(plan.on_sale_from), plan.on_sale_to, plan.change_id) == ("2027-01-01", None, change)
    assert "限清远市内新装" in plan.restrictions


@pytest.mark.parametrize(
    ("request_", "faults"),
    [
        ({"effective_on": "2026-11-10"}, [("tariff_change.effective_in_past", "/effective_on")]),
        ({"effective_on": "2026-12-10"}, [("tariff_change.too_near", "/effective_on")]),
        ({"effective_on": "2029-01-01"}, [("tariff_change.too_far", "/effective_on")]),
        ({"filing_number": "24GD999999"}, [("tariff_change.unknown_plan", "/filing_number")]),
        ({"region": "441802"}, [("tariff_change.unknown_plan", "/filing_number")]),
        ({"monthly_fen": 12900}, [("tariff_change.no_change", "/monthly_fen")]),
        ({"monthly_fen": None}, [("tariff_change.field_required", "/monthly_fen")]),
        ({"ends_from": "2027-01-01"}, [("tariff_change.field_not_expected", "/ends_from")]),
        ({"fields": {"filing_number": "X"}}, [("tariff_change.fixed_field", "/fields/filing_number")]),
        ({"fields": {"colour": "red"}}, [("field.unknown", "/fields/colour")]),
        ({"fields": {"installation_fen": -1}}, [("field.range", "/fields/installation_fen")]),
        (TERMS | {"fields": {"upload_mbps": 100}}, [("tariff_change.no_change", "/fields")]),
        (TERMS | {"fields": {}}, [("tariff_change.field_required", "/fields")]),
        ({k: v for k, v in TERMS.items() if k != "summary"}, [("tariff_change.field_required", "/summary")]),
        (TERMS | {"monthly_fen": 13900}, [("tariff_change.price_elsewhere", "/monthly_fen")]),
        (TERMS | {"summary": "限时优惠见www.example.com"}, [("tariff_change.words", "/summary")]),
        (TERM_END | {"ends_to": "2026-12-31"}, [("tariff_change.period", "/ends_to")]),
        (TERM_END | {"ends_from": "2026-11-30"}, [("tariff_change.too_near", "/ends_from")]),
        (TERM_END | {"ends_to": None}, [("tariff_change.field_required", "/ends_to")]),
    ],
    ids=str,
)
def test_what_is_refused(city: City, frozen, request_: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    before = stored(city)
    assert refused(city, **request_) == faults
    assert stored(city) == before


def test_what_is_too_near_names_the_earliest_lawful_day(city: City, frozen) -> None:
    with pytest.raises(Refusal) as caught:
        city.announce(effective_on="2026-12-10")
    assert caught.value.faults[0].params == {"earliest": "2026-12-11"}
    assert "2026-12-11" in caught.value.faults[0].words("zh")
    city.announce(effective_on="2026-12-11")


def test_after_the_last_text_of_a_day_it_counts_from_the_next(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 10, 21, 0))
    assert refused(city, effective_on="2026-12-11") == [("tariff_change.too_near", "/effective_on")]
    city.announce(effective_on="2026-12-12")


def test_the_same_change_twice(city: City, frozen) -> None:
    first = city.announce()
    with pytest.raises(Refusal) as caught:
        city.announce(monthly_fen=14900)
    assert [(f.rule, f.params) for f in caught.value.faults] == [
        ("tariff_change.duplicate", {"change": first})
    ]
    city.announce(**TERM_END)
    assert refused(city, **TERM_END | {"ends_from": "2027-01-31", "ends_to": "2027-03-01"}) == [
        ("tariff_change.term_overlap", "/ends_from")
    ]


def test_a_change_before_one_that_is_announced_is_refused(city: City, frozen) -> None:
    city.announce(effective_on="2027-03-01")
    assert refused(city, effective_on="2027-02-01", monthly_fen=13500) == [("plan.overlap", "/on_sale_from")]
    city.announce(effective_on="2027-05-01", monthly_fen=14900)


def test_less_than_a_month_needs_a_managers_reason_and_is_kept_for_the_report(city: City, frozen) -> None:
    override = {"manager": "王敏", "reason": "监管要求立即执行"}
    city.announce(effective_on="2026-12-01", override=override)
    city.announce(kind="term_end", ends_from="2027-03-01", ends_to="2027-03-31", override=override)
    with city.run.db.reading() as connection:
        kept = overridden_between(connection, city.operator_id, date(2026, 11, 10), date(2026, 11, 10))
        assert overridden_between(connection, city.operator_id, date(2026, 11, 11), date(2027, 1, 1)) == []
    # The second one was in time, so that nothing was overridden.
    assert [(row.override_by, row.override_reason) for row in kept] == [("王敏", "监管要求立即执行")]


def test_a_preview_tells_who_is_told_and_stores_nothing(city: City, frozen) -> None:
    city.subscribe(5)
    city.subscribe(2, language="en")
    city.subscribe(1, takes_texts=False)
    city.subscribe(3, agreed_until=date(2027, 6, 30), agreement="contract")
    before = stored(city)
    request = ChangeRequestSchema().load(
        {
            "kind": "price",
            "filing_number": "24GD100001",
            "region": "441800",
            "effective_on": "2027-01-01",
            "monthly_fen": 13900,
            "reason": "网络升级",
        }
    )
    looks = preview_change(city.run, city.operator_id, request)
    assert (looks.subscribers, looks.texts, looks.calls, looks.kept_by_agreement) == (8, 7, 1, 3)
    chinese = next(one for one in looks.wordings if one.language == "zh")
    assert (chinese.parts, chinese.subscribers, chinese.old_fen, chinese.new_fen) == (2, 6, 12900, 13900)
    assert "由129元调为139元" in chinese.body
    english = next(one for one in looks.wordings if one.language == "en")
    assert looks.parts == 5 * 2 + 2 * english.parts
    assert looks.cost_fen == looks.parts * 5
    assert (str(looks.latest_notice_on), str(looks.warn_from), looks.days) == ("2026-11-30", "2026-11-17", 1)
    assert stored(city) == before
    assert city.notices() == []


def withdraw_from_sale(city: City) -> None:
    """The plan is sold no more after today."""
    withdraw_plan(city.run.db, city.operator_id, city.plan_id, "不再销售", "staff:manager")


def test_present_customers_of_a_plan_that_is_not_sold_any_more_are_told_just_so(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 20, 9))
    city.subscribe(3)
    withdraw_from_sale(city)
    frozen.shift(timedelta(days=1))
    change = city.announce()
    assert warn_subscribers(city.run, change) == 3
    facts = city.run.reference.current()
    place = next(iter(facts.places.values()))
    for day in (date(2026, 12, 31), date(2027, 1, 1), date(2028, 1, 1)):
        assert facts.plan_on_sale(city.operator_id, "24GD100001", place, day) is None
    second = city.announce(effective_on="2027-06-01", monthly_fen=14900)
    with city.run.db.reading() as connection:
        found = read_change(connection, second)
    assert found is not None
    assert found.line.list_price_on(city.plan_id, date(2027, 2, 1)) == 13900


def test_agreed_prices_of_a_plan_that_is_not_sold_any_more_end_announced(city: City, frozen) -> None:
    frozen.move_to(in_city(2026, 11, 21, 9))
    city.subscribe(2, monthly_fen=9900, agreed_until=date(2027, 1, 4), agreement="discount")
    withdraw_from_sale(city)
    frozen.shift(timedelta(days=1))
    assert warn_subscribers(city.run, city.announce(**TERM_END)) == 2
    assert "月费由99元恢复为129元" in city.notices()[0].body


def test_too_many_rows_for_a_workbook_leave_nothing_behind(city: City, frozen, monkeypatch) -> None:
    frozen.move_to(in_city(2026, 11, 20, 9))
    city.subscribe(3)
    change = city.announce()
    warn_subscribers(city.run, change)
    monkeypatch.setattr(giving, "MOST_ROWS", 2)
    with city.run.db.reading() as connection:
        found = read_change(connection, change)
    assert found is not None
    with pytest.raises(Refusal, match=r"^tariff_change\.too_many_rows$"):
        export.xlsx(city.run.db, found, clock.now())
