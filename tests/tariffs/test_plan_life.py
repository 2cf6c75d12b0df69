"""The life of a version of a plan: drafted, edited, published, taken off sale, put back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from plan_samples import BY, plan_fields
from sqlalchemy import func, insert, select, text, update

from tracker import clock
from tracker.problems import Refusal
from tracker.tariffs.models import Plan, PlanEvent, TariffChange
from tracker.tariffs.publish_plan import preview_publication, publish, publish_plan, publish_version
from tracker.tariffs.queries import plan_row
from tracker.tariffs.save_plan import copy_plan, draft_plan, edit_draft
from tracker.tariffs.withdraw_plan import resume_plan, withdraw, withdraw_plan

TODAY = date(2026, 11, 25)
TOMORROW = date(2026, 11, 26)
WHY = "新套餐上线"


@pytest.fixture
def show(database, operator_id):
    def of(plan_id: int) -> dict:
        with database.reading() as connection:
            found = plan_row(connection, operator_id, plan_id, clock.today())
        assert found is not None
        return found

    return of


@pytest.fixture
def published(database, operator_id, draft):
    """Drafts and publishes; returns the id."""

    def make(**changes) -> int:
        plan_id = draft(**changes)
        publish_plan(database, operator_id, plan_id, WHY, BY)
        return plan_id

    return make


def rules_of(refusal: pytest.ExceptionInfo[Refusal]) -> list[tuple[str, str]]:
    return [(fault.rule, fault.pointer) for fault in refusal.value.faults]


def kinds(plan: dict) -> list[str]:
    return [event["kind"] for event in plan["events"]]


def test_a_draft_is_edited_with_its_history_and_then_binds(
    database, operator_id, draft, show, runtime
) -> None:
    plan_id = draft()
    assert (show(plan_id)["version"], show(plan_id)["standing"]) == (1, "draft")
    assert edit_draft(database, operator_id, plan_id, plan_fields(monthly_fen=15900), BY, "降价") == 2
    assert edit_draft(database, operator_id, plan_id, plan_fields(monthly_fen=15900), BY) == 2, "nothing new"
    assert publish_plan(database, operator_id, plan_id, WHY, BY, if_revision=2) == 3
    plan = show(plan_id)
    assert (plan["state"], plan["standing"], plan["published_at"]) == ("published", "upcoming", clock.now())
    assert kinds(plan) == ["drafted", "edited", "published"]
    assert plan["events"][1]["detail"]["changed"] == {"monthly_fen": [16900, 15900]}
    assert [event["reason"] for event in plan["events"]] == ["", "降价", WHY]
    assert {event["actor"] for event in plan["events"]} == {BY}
    place = next(iter(runtime.reference.current().places.values()))
    facts = runtime.reference.current()
    assert facts.plan_on_sale(operator_id, "26GD900001", place, TODAY) is None
    assert facts.plan_on_sale(operator_id, "26GD900001", place, TOMORROW).monthly_fen == 15900
    with pytest.raises(Refusal) as refused:
        edit_draft(database, operator_id, plan_id, plan_fields(), BY)
    assert rules_of(refused) == [("plan.not_draft", "")]


def test_what_was_published_cannot_be_edited_even_by_a_statement(database, published) -> None:
    plan_id = published()
    with pytest.raises(Exception, match="never edited"), database.transaction() as connection:
        connection.execute(update(Plan).where(Plan.id == plan_id).values(monthly_fen=1))


def test_a_stale_change_is_refused(database, operator_id, draft) -> None:
    plan_id = draft()
    edit_draft(database, operator_id, plan_id, plan_fields(name="甲"), BY, if_revision=1)
    for change in (
        lambda: edit_draft(database, operator_id, plan_id, plan_fields(name="乙"), BY, if_revision=1),
        lambda: publish_plan(database, operator_id, plan_id, WHY, BY, if_revision=1),
        lambda: withdraw_plan(database, operator_id, plan_id, WHY, BY, if_revision=1),
        lambda: resume_plan(database, operator_id, plan_id, WHY, BY, if_revision=1),
    ):
        with pytest.raises(Refusal) as refused:
            change()
        assert rules_of(refused) == [("version.stale", "")]


def test_another_operators_plan_is_not_there(database, operator_id, draft) -> None:
    plan_id = draft()
    for change in (
        lambda of: edit_draft(database, of, plan_id, plan_fields(), BY),
        lambda of: publish_plan(database, of, plan_id, WHY, BY),
        lambda of: withdraw_plan(database, of, plan_id, WHY, BY),
        lambda of: resume_plan(database, of, plan_id, WHY, BY),
        lambda of: copy_plan(database, of, plan_id, BY),
        lambda of: preview_publication(database, of, plan_id),
    ):
        with pytest.raises(Refusal) as refused:
            change(operator_id + 1)
        assert rules_of(refused) == [("plan.not_found", "")]
    with pytest.raises(Refusal):
        publish_plan(database, operator_id, 2**40, WHY, BY)


def test_everything_that_a_draft_lacks_is_told_at_once(database, operator_id, draft, show) -> None:
    plan_id = draft(restrictions="", services=" ", on_sale_from="2026-11-24", on_sale_to="2026-11-23")
    with pytest.raises(Refusal) as refused:
        publish_plan(database, operator_id, plan_id, WHY, BY)
    expected = [
        ("plan.services_required", "/services"),
        ("plan.restrictions_required", "/restrictions"),
        ("plan.begins_in_past", "/on_sale_from"),
        ("plan.period", "/on_sale_to"),
    ]
    assert rules_of(refused) == expected
    told = preview_publication(database, operator_id, plan_id)
    assert [(fault.rule, fault.pointer) for fault in told.refusals] == expected
    assert show(plan_id)["state"] == "draft"


def test_a_plan_may_begin_on_the_day_it_is_published(published, show) -> None:
    assert show(published(on_sale_from="2026-11-25"))["standing"] == "on_sale"


@pytest.mark.parametrize("region", ["440100", "000000"])
def test_a_plan_is_for_the_city_or_one_of_its_counties(draft, region) -> None:
    assert draft(region="441802")
    with pytest.raises(Refusal) as refused:
        draft(region=region)
    assert rules_of(refused) == [("plan.unknown_region", "/region")]


def test_a_new_version_takes_over_from_the_one_before(database, operator_id, published, show) -> None:
    first = published(on_sale_from="2026-11-25")
    second = copy_plan(database, operator_id, first, BY, on_sale_from=date(2026, 12, 10))
    told = preview_publication(database, operator_id, second)
    assert (told.refusals, told.follows.id, told.in_force_from) == ([], first, date(2026, 12, 10))
    publish_plan(database, operator_id, second, WHY, BY)
    plan = show(first)
    assert (plan["on_sale_to"], plan["sold_until"], plan["standing"]) == (None, date(2026, 12, 9), "on_sale")
    assert [(one["version"], one["standing"]) for one in plan["versions"]] == [
        (1, "on_sale"),
        (2, "upcoming"),
    ]
    assert show(second)["events"][0]["detail"]["copied_from"] == first


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"on_sale_from": "2026-12-10"}, {"on_sale_from": "2026-12-10"}),
        ({"on_sale_from": "2026-12-10"}, {"on_sale_from": "2026-12-01"}),
        ({"on_sale_from": "2026-12-10"}, {"on_sale_from": "2026-12-01", "on_sale_to": "2026-12-05"}),
        ({"on_sale_from": "2026-12-01", "on_sale_to": "2026-12-31"}, {"on_sale_from": "2026-12-31"}),
    ],
)
def test_versions_between_which_a_day_could_not_choose_are_refused(
    database, operator_id, published, draft, first, second
) -> None:
    published(**first)
    plan_id = draft(**second)
    with pytest.raises(Refusal) as refused:
        publish_plan(database, operator_id, plan_id, WHY, BY)
    assert rules_of(refused) == [("plan.overlap", "/on_sale_from")]
    assert refused.value.faults[0].params == {"version": 1}
    assert refused.value.status == 409


def test_the_same_number_in_another_region_or_of_another_operator_is_another_plan(
    database, operator_id, published, show
) -> None:
    published()
    assert show(published(region="441802"))["version"] == 1
    other = draft_plan(database, operator_id + 1, plan_fields(), BY)
    publish_plan(database, operator_id + 1, other, WHY, BY)


def test_two_who_publish_at_once_see_each_other(database, operator_id, draft) -> None:
    drafts = [draft() for _ in range(4)]
    together = threading.Barrier(len(drafts))

    def run(plan_id: int) -> str:
        together.wait()
        try:
            publish_plan(database, operator_id, plan_id, WHY, BY)
        except Refusal as refusal:
            return refusal.faults[0].rule
        return "published"

    with ThreadPoolExecutor(len(drafts)) as pool:
        outcomes = sorted(pool.map(run, drafts))
    assert outcomes == ["plan.overlap"] * 3 + ["published"]


def test_english_that_was_left_out_is_filled_with_the_chinese(published, show) -> None:
    plan = show(published(name_en="", services_en="", restrictions_en=""))
    assert (plan["name_en"], plan["services_en"], plan["restrictions_en"]) == (
        plan["name"],
        plan["services"],
        plan["restrictions"],
    )


def test_what_is_unusual_is_told_and_hinders_nothing(published, show) -> None:
    plan = show(published(filing_number="套餐-7", liability=""))
    assert [(fault.rule, fault.pointer) for fault in plan["warnings"]] == [
        ("plan.unusual_filing_number", "/filing_number"),
        ("plan.left_out", "/liability"),
    ]


def test_a_draft_that_moves_to_another_plan_becomes_its_next_version(
    database, operator_id, published, draft, show
) -> None:
    published(filing_number="26GD900002")
    plan_id = draft()
    edit_draft(database, operator_id, plan_id, plan_fields(filing_number="26GD900002"), BY)
    assert show(plan_id)["version"] == 2


def test_a_discarded_draft_keeps_its_number_and_stays_readable(database, operator_id, draft, show) -> None:
    plan_id = draft()
    withdraw_plan(database, operator_id, plan_id, "录入错误", BY)
    plan = show(plan_id)
    assert (plan["state"], plan["standing"], plan["on_sale_to"]) == ("withdrawn", "discarded", None)
    assert show(draft())["version"] == 2
    for act, rule in (
        (lambda: withdraw_plan(database, operator_id, plan_id, "x", BY), "plan.withdrawn"),
        (lambda: resume_plan(database, operator_id, plan_id, "x", BY), "plan.not_withdrawn"),
        (lambda: publish_plan(database, operator_id, plan_id, "x", BY), "plan.not_draft"),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert rules_of(refused) == [(rule, "")]


def test_a_version_is_sold_through_its_last_day(
    database, operator_id, published, show, morning, runtime
) -> None:
    plan_id = published(on_sale_from="2026-11-25")
    withdraw_plan(database, operator_id, plan_id, "停售", BY, last_day=date(2026, 11, 27))
    plan = show(plan_id)
    assert (plan["state"], plan["standing"], plan["sold_until"]) == (
        "withdrawn",
        "on_sale",
        date(2026, 11, 27),
    )
    assert plan["events"][-1]["detail"] == {"revision": 3, "last_day": "2026-11-27", "before": None}
    place = next(iter(runtime.reference.current().places.values()))
    sold = runtime.reference.current().plan_on_sale
    assert sold(operator_id, "26GD900001", place, date(2026, 11, 27)) is not None
    assert sold(operator_id, "26GD900001", place, date(2026, 11, 28)) is None
    morning.shift(timedelta(days=3))
    assert show(plan_id)["standing"] == "ended"


@pytest.mark.parametrize(
    ("version", "last_day", "rule"),
    [
        ({"on_sale_from": "2026-11-25"}, TODAY - timedelta(days=1), "plan.ends_in_past"),
        (
            {"on_sale_from": "2026-11-25", "on_sale_to": "2026-12-31"},
            date(2027, 1, 1),
            "plan.ends_too_late",
        ),
    ],
)
def test_a_last_day_lies_between_today_and_the_end(
    database, operator_id, published, show, version, last_day, rule
) -> None:
    plan_id = published(**version)
    with pytest.raises(Refusal) as refused:
        withdraw_plan(database, operator_id, plan_id, "x", BY, last_day=last_day)
    assert rules_of(refused) == [(rule, "/last_day")]
    assert show(plan_id)["state"] == "published"


def test_a_version_that_gave_way_to_the_next_has_ended_already(
    database, operator_id, published, morning
) -> None:
    first = published(on_sale_from="2026-11-25")
    published(on_sale_from="2026-11-27")
    with pytest.raises(Refusal) as refused:
        withdraw_plan(database, operator_id, first, "x", BY, last_day=date(2026, 11, 27))
    assert rules_of(refused) == [("plan.ends_too_late", "/last_day")]
    assert "只售至 2026年11月26日" in refused.value.faults[0].words("zh")
    assert "through 26 November 2026" in refused.value.faults[0].words("en")
    morning.shift(timedelta(days=2))
    with pytest.raises(Refusal) as refused:
        withdraw_plan(database, operator_id, first, "x", BY)
    assert rules_of(refused) == [("plan.ended", "")]


def test_one_taken_back_before_its_first_day_never_begins(
    database, operator_id, published, draft, show
) -> None:
    first = published(on_sale_from="2026-11-25")
    second = published(on_sale_from="2026-12-10")
    withdraw_plan(database, operator_id, second, "录入错误", BY, last_day=date(2026, 11, 30))
    assert (show(second)["standing"], show(second)["on_sale_to"]) == ("never_began", date(2026, 12, 9))
    assert show(first)["sold_until"] is None, "the one before goes on"
    third = draft(on_sale_from="2026-12-05")
    publish_plan(database, operator_id, third, WHY, BY)
    with pytest.raises(Refusal) as refused:
        resume_plan(database, operator_id, first, "x", BY)
    assert rules_of(refused) == [("plan.not_withdrawn", "")]


def test_a_mistaken_end_is_undone_while_the_last_day_has_not_passed(
    database, operator_id, published, show, morning
) -> None:
    plan_id = published(on_sale_from="2026-11-25", on_sale_to="2026-12-31")
    withdraw_plan(database, operator_id, plan_id, "停售", BY)
    resume_plan(database, operator_id, plan_id, "误操作", BY)
    plan = show(plan_id)
    assert (plan["state"], plan["on_sale_to"], plan["withdrawn_at"]) == (
        "published",
        date(2026, 12, 31),
        None,
    )
    assert kinds(plan) == ["drafted", "published", "withdrawn", "resumed"]
    withdraw_plan(database, operator_id, plan_id, "停售", BY)
    morning.shift(timedelta(days=1))
    with pytest.raises(Refusal) as refused:
        resume_plan(database, operator_id, plan_id, "误操作", BY)
    assert rules_of(refused) == [("plan.ended", "")]


def test_what_was_put_in_its_place_keeps_a_version_from_coming_back(
    database, operator_id, published, show
) -> None:
    ending = published(on_sale_from="2026-11-25", on_sale_to="2026-12-31")
    withdraw_plan(database, operator_id, ending, "停售", BY, last_day=date(2026, 11, 30))
    published(on_sale_from="2026-12-01")
    with pytest.raises(Refusal) as refused:
        resume_plan(database, operator_id, ending, "误操作", BY)
    assert rules_of(refused) == [("plan.overlap", "")]
    assert show(ending)["state"] == "withdrawn"


def change_of(connection, operator_id: int, plan_id: int, effective_on: date) -> int:
    """An announced change of price that the version brings."""
    values = {
        "operator_id": operator_id,
        "kind": "price",
        "filing_number": "26GD900001",
        "region": "441800",
        "plan_id": plan_id,
        "effective_on": effective_on,
        "latest_notice_on": TODAY,
        "warn_from": TODAY,
        "reason": "x",
        "state": "announced",
        "announced_at": clock.now(),
        "announced_by": BY,
    }
    found: int = connection.execute(
        insert(TariffChange).values(**values).returning(TariffChange.id)
    ).scalar_one()
    return found


def test_a_version_that_an_announced_change_brings_goes_with_its_change_only(
    database, operator_id, draft, show, morning
) -> None:
    plan_id = draft(on_sale_from="2027-01-01")
    with database.transaction() as connection:
        change_id = change_of(connection, operator_id, plan_id, date(2027, 1, 1))
        publish(connection, operator_id, plan_id, WHY, BY, change_id=change_id)
    assert show(plan_id)["change_id"] == change_id
    with pytest.raises(Refusal) as refused:
        withdraw_plan(database, operator_id, plan_id, "x", BY)
    assert rules_of(refused) == [("plan.belongs_to_change", "")]
    with database.transaction() as connection:
        withdraw(connection, operator_id, plan_id, "变动撤回", BY, with_its_change=True)
        connection.execute(update(TariffChange).where(TariffChange.id == change_id).values(state="withdrawn"))
    assert show(plan_id)["standing"] == "never_began"
    with pytest.raises(Refusal) as refused:
        resume_plan(database, operator_id, plan_id, "x", BY)
    assert rules_of(refused) == [("plan.change_withdrawn", "")]


def test_once_its_change_has_begun_a_version_is_taken_off_sale_like_any_other(
    database, operator_id, draft, morning
) -> None:
    plan_id = draft(on_sale_from="2026-11-27")
    with database.transaction() as connection:
        change_id = change_of(connection, operator_id, plan_id, date(2026, 11, 27))
        publish(connection, operator_id, plan_id, WHY, BY, change_id=change_id)
    morning.shift(timedelta(days=2))
    assert withdraw_plan(database, operator_id, plan_id, "停售", BY) == 3


def test_a_version_is_inserted_as_published_or_nothing_of_it(
    database, operator_id, plans, morning, show
) -> None:
    with database.transaction() as connection:
        plan_id = publish_version(connection, operator_id, plan_fields(), BY, WHY, change_id=None)
        with pytest.raises(Refusal):
            publish_version(connection, operator_id, plan_fields(), BY, WHY, change_id=None)
    assert kinds(show(plan_id)) == ["published"]
    with database.reading() as connection:
        stored = select(func.count()).where(Plan.filing_number == "26GD900001")
        assert connection.scalar(stored) == 1


def test_only_setting_a_city_up_may_be_back_dated(database, operator_id, plans, morning) -> None:
    fields = plan_fields(on_sale_from="2024-01-01")
    with database.transaction() as connection:
        with pytest.raises(Refusal) as refused:
            publish_version(connection, operator_id, fields, BY, WHY, change_id=None)
        assert rules_of(refused) == [("plan.begins_in_past", "/on_sale_from")]
        assert publish_version(connection, operator_id, fields, BY, WHY, change_id=None, back_dated=True)


def test_the_history_cannot_be_rewritten(database, draft) -> None:
    draft()
    for statement in ("UPDATE plan_events SET reason = 'x'", "DELETE FROM plan_events", "DELETE FROM plans"):
        with pytest.raises(Exception, match="permission denied"), database.transaction() as connection:
            connection.execute(text(statement))


def test_seeded_plans_have_their_history(database) -> None:
    with database.reading() as connection:
        without = (
            select(func.count())
            .select_from(Plan)
            .where(~select(PlanEvent.id).where(PlanEvent.plan_id == Plan.id).exists())
        )
        assert connection.scalar(without) == 0
