"""The staff pages of promise rules: read, a new version previewed and published, ended, taken back."""

import csv
import io
import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from desk_forms import faults, send
from sqlalchemy import select

from tracker.clock import CITY_ZONE
from tracker.demo import sample_rules
from tracker.promises.models import Promise, PromiseRule, PromiseRuleChange
from tracker.promises.publish_rule import publish_rule
from tracker.promises.schemas import RuleRequestSchema

TODAY = date(2026, 11, 25)  # a Wednesday
PAGES = "/promise-rules"

pytestmark = pytest.mark.usefixtures("changeable")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(datetime(2026, 11, 25, 9, 0, tzinfo=CITY_ZONE), tick=False) as traveller:
        yield traveller


def rule_of(database, **scope: Any) -> Any:
    with database.reading() as connection:
        wanted = select(PromiseRule.__table__).where(
            PromiseRule.operator_id == 1,
            PromiseRule.withdrawn_at.is_(None),
            *(getattr(PromiseRule, name) == value for name, value in scope.items()),
        )
        return connection.execute(wanted.order_by(PromiseRule.id.desc())).first()


@pytest.fixture
def urban(database) -> Any:
    """48 hours for homes in town."""
    return rule_of(database, customer_kind="home", area="urban")


@pytest.fixture
def company(database) -> Any:
    """Three working days, until 18:00."""
    return rule_of(database, customer_kind="enterprise", resource="ready")


def plain(page: str) -> str:
    main = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main))).strip()


def carried(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(?!csrf)([a-z_]+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


VERSION = {
    "amount": "24",
    "unit": "hours",
    "valid_from": "2026-11-26",
    "reason": "提速承诺，公告〔2026〕12号",
    "step": "preview",
}


def preview(desk, rule: Any, **typed: str) -> Any:
    path = f"{PAGES}/{rule.id}/replace"
    seen = carried(desk.get(path).text)["seen"]
    return send(desk, path, {**VERSION, "seen": seen, **typed})


def test_the_rules_in_force_are_read_as_sentences_and_a_table(as_) -> None:
    for who in ("manager", "dispatcher", "counter"):
        page = as_(who).get(PAGES).text
        words = plain(page)
        assert (
            "家庭客户办理宽带，城镇地址，线路资源具备的，自受理起 48 小时内装通，周末和节假日照常计时。"
            in words
        )
        assert "企业客户办理宽带，线路资源具备的，自受理次日起 3 个工作日内装通（最后一天 18:00 前）" in words
        assert "6 条规则注明“示例，待运营商确认”" in words
        assert ("新规则" in words) is (who == "manager")
    assert as_("installer").get(PAGES).status_code == 403
    assert as_("regulator").get(PAGES).status_code == 403


def test_only_a_manager_may_change_rules(as_, urban) -> None:
    for who in ("dispatcher", "counter"):
        for path in ("/new", f"/{urban.id}/replace", f"/{urban.id}/end", f"/{urban.id}/withdraw"):
            assert as_(who).get(PAGES + path).status_code == 403


def test_a_new_version_is_previewed_published_and_leaves_given_promises(desk, urban, place, database) -> None:
    place()
    with database.reading() as connection:
        given = connection.scalar(select(Promise.deadline).where(Promise.rule_id == urban.id))
    answer = preview(desk, urban)
    words = plain(answer.text)
    assert answer.status_code == 200
    assert "自受理起 24 小时内装通" in words
    assert "1 个在途工单已按现行时限承诺，期限不变。" in words
    # On its first day, Thursday 26 November, a minute before and after five: 48 hours, and 24.
    assert "16:59 11月28日（周六）16:59 11月27日（周五）16:59" in words
    assert "17:01 11月28日（周六）17:01 11月27日（周五）17:01" in words
    assert "企业 · 宽带 · 城镇 · 资源具备 16:59 12月1日（周二）18:00 不变" in words
    with database.reading() as connection:
        assert connection.scalar(select(PromiseRule.valid_to).where(PromiseRule.id == urban.id)) is None
    done = send(desk, f"{PAGES}/{urban.id}/replace", carried(answer.text) | {"step": "do"})
    assert done.status_code == 302
    made = plain(desk.get(done.location).text)
    assert "新版本已发布" in made
    assert "24 小时 尚未生效" in made
    assert "第 2 版" in made
    old = plain(desk.get(f"{PAGES}/{urban.id}").text)
    assert "2024年1月1日 至 2026年11月25日" in old
    assert "原因：提速承诺，公告〔2026〕12号" in old
    with database.reading() as connection:
        assert connection.scalars(select(Promise.deadline).where(Promise.rule_id == urban.id)).all() == [
            given
        ]
    again = send(desk, f"{PAGES}/{urban.id}/replace", carried(answer.text) | {"step": "do"})
    assert again.status_code == 409, "the second press is of a form that is stale"


def test_a_version_that_is_not_in_force_is_taken_back_without_a_gap(desk, urban, database) -> None:
    page = preview(desk, urban)
    send(desk, f"{PAGES}/{urban.id}/replace", carried(page.text) | {"step": "do"})
    new = rule_of(database, customer_kind="home", area="urban")
    path = f"{PAGES}/{new.id}/withdraw"
    asked = desk.get(path)
    assert "被它接替的版本恢复原来的有效期" in plain(asked.text)
    without = send(desk, path, carried(asked.text) | {"step": "do"})
    assert "reason" in faults(without.text)
    done = send(desk, path, carried(asked.text) | {"step": "do", "reason": "录入错误"})
    assert done.status_code == 302
    restored = rule_of(database, customer_kind="home", area="urban")
    assert (restored.id, restored.valid_to) == (urban.id, None)
    assert desk.get(path).location == f"{PAGES}/{new.id}", "taken back once is gone"
    with database.reading() as connection:
        kinds = connection.scalars(
            select(PromiseRuleChange.kind)
            .where(PromiseRuleChange.operator_id == 1)
            .order_by(PromiseRuleChange.id.desc())
            .limit(4)
        ).all()
    assert kinds == ["ended", "withdrawn", "published", "ended"]


def test_one_in_force_is_not_taken_back(desk, urban) -> None:
    path = f"{PAGES}/{urban.id}/withdraw"
    assert desk.get(path).location == f"{PAGES}/{urban.id}"
    assert send(desk, path, {"step": "do", "reason": "x"}, page=f"{PAGES}/new").status_code == 302
    assert "生效中" in plain(desk.get(f"{PAGES}/{urban.id}").text)


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"amount": ""}, "amount", "必填"),
        ({"amount": "0"}, "amount", "1"),
        ({"amount": "1.5"}, "amount", ""),
        ({"amount": "48"}, "amount", "与现行时限相同"),
        ({"amount": "72"}, "amount", "超过全市最长时限 48 小时"),
        ({"unit": "weeks"}, "unit", ""),
        ({"cut_off": "17:00"}, "cut_off", "按小时计"),
        ({"end_of_day": "18:00"}, "end_of_day", "按小时计"),
        ({"end_of_day": "25:00"}, "end_of_day", ""),
        ({"valid_from": ""}, "valid_from", "必填"),
        ({"valid_from": "2026-02-30"}, "valid_from", ""),
        ({"valid_from": "2026-11-25"}, "valid_from", "最早明天"),
        ({"valid_from": "2020-01-01"}, "valid_from", "最早明天"),
        ({"valid_to": "2026-11-01"}, "valid_to", "早于生效日"),
        ({"reason": ""}, "reason", "必填"),
        ({"reason": "字" * 201}, "reason", "200"),
        ({"reason": "隐\u200b形"}, "reason", ""),
    ],
)  # fmt: skip
def test_a_wrong_version_is_refused_by_its_field_and_keeps_what_was_typed(
    desk, urban, database, typed, field, said
) -> None:
    answer = preview(desk, urban, **typed)
    assert answer.status_code in (409, 422)
    told = faults(answer.text)
    assert field in told
    assert said in told[field]
    for name, value in (VERSION | typed).items():
        if name not in ("step", "unit"):
            assert f'value="{value}"' in answer.text or not value
    assert rule_of(database, customer_kind="home", area="urban").id == urban.id


def test_a_working_day_that_could_be_later_than_the_citys_hours_is_refused(desk, urban) -> None:
    """Two working days over a weekend are more than 48 hours, one until noon is not."""
    late = preview(desk, urban, amount="2", unit="working_days")
    assert "超过全市最长时限" in faults(late.text)["amount"]


def test_what_others_changed_meanwhile_is_told_and_nothing_typed_is_lost(
    desk, runtime, urban, company
) -> None:
    page = preview(desk, urban)
    new = {
        "customer_kind": "home",
        "product": "fttr",
        "area": "urban",
        "resource": "ready",
        "amount": 24,
        "unit": "hours",
        "valid_from": "2026-11-27",
        "reason": "全屋光提速",
    }
    publish_rule(runtime.db, 1, RuleRequestSchema().load(new), "staff:counter")
    answer = send(desk, f"{PAGES}/{urban.id}/replace", carried(page.text) | {"step": "do"})
    words = plain(answer.text)
    assert answer.status_code == 409
    assert "有人先一步改动了时限规则" in words
    assert "全屋光提速" in words
    assert "家庭 · 全屋光宽带 · 城镇 · 资源具备 · 24 小时" in words
    assert carried(answer.text)["reason"] == VERSION["reason"]
    done = send(desk, f"{PAGES}/{urban.id}/replace", carried(answer.text) | {"step": "do"})
    assert done.status_code == 302


def test_orders_are_not_left_without_a_limit_unless_that_is_meant(desk, database, company) -> None:
    path = f"{PAGES}/{company.id}/end"
    seen = carried(desk.get(path).text)["seen"]
    asked = send(desk, path, {"last_day": "2026-12-31", "reason": "停办", "seen": seen, "step": "preview"})
    assert "此后没有时限可依" in plain(asked.text)
    assert "城镇 · 资源具备" in plain(asked.text)
    kept = send(desk, path, carried(asked.text) | {"step": "do"})
    assert kept.status_code == 422
    assert rule_of(database, customer_kind="enterprise", resource="ready").valid_to is None
    done = send(desk, path, carried(kept.text) | {"step": "do", "gap": "1"})
    assert done.status_code == 302
    ended = rule_of(database, customer_kind="enterprise", resource="ready")
    assert ended.valid_to == date(2026, 12, 31)


@pytest.mark.parametrize(("last_day", "said"), [("2026-11-24", "不得早于今天"), ("", "必填"), ("never", "")])
def test_a_wrong_last_day_is_refused(desk, company, last_day, said) -> None:
    path = f"{PAGES}/{company.id}/end"
    seen = carried(desk.get(path).text)["seen"]
    sent = {"last_day": last_day, "reason": "停办", "seen": seen, "gap": "1", "step": "do"}
    answer = send(desk, path, sent)
    assert answer.status_code == 422
    assert said in faults(answer.text)["last_day"]


NEW = {
    "customer_kind": "home",
    "product": "fttr",
    "area": "urban",
    "resource": "ready",
    "amount": "36",
    "unit": "hours",
    "valid_from": "2026-12-01",
    "reason": "新业务",
}


def test_a_rule_for_orders_that_none_names_is_published(desk, database) -> None:
    seen = carried(desk.get(f"{PAGES}/new").text)["seen"]
    asked = send(desk, f"{PAGES}/new", {**NEW, "seen": seen, "step": "preview"})
    words = plain(asked.text)
    assert "家庭客户办理全屋光宽带，城镇地址，线路资源具备的，自受理起 36 小时内装通" in words
    assert "无时限，不能受理" in words, "no rule covered it before"
    done = send(desk, f"{PAGES}/new", carried(asked.text) | {"step": "do"})
    assert done.status_code == 302
    made = rule_of(database, product="fttr")
    assert (made.amount, made.valid_from, made.version) == (36, date(2026, 12, 1), 1)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"product": "broadband"}, "valid_from"),
        ({"customer_kind": "nobody"}, "customer_kind"),
        ({"area": "moon"}, "area"),
        ({"resource": "none"}, "resource"),
        ({"amount": "49"}, "amount"),
        ({"valid_from": "2026-11-24"}, "valid_from"),
    ],
)
def test_a_wrong_new_rule_is_refused(desk, database, typed, field) -> None:
    seen = carried(desk.get(f"{PAGES}/new").text)["seen"]
    answer = send(desk, f"{PAGES}/new", {**NEW, **typed, "seen": seen, "step": "preview"})
    assert answer.status_code in (409, 422)
    assert field in faults(answer.text)
    assert rule_of(database, product="fttr") is None


@pytest.mark.parametrize(("product", "status"), [("broadband", 422), ("fttr", 302)])
def test_a_rule_begins_today_only_where_none_covers_such_orders(desk, product, status) -> None:
    more = {"product": product, "resource": "any", "valid_from": "2026-11-25"}
    if product == "broadband":
        more |= {"resource": "ready", "area": "any"}
    seen = carried(desk.get(f"{PAGES}/new").text)["seen"]
    answer = send(desk, f"{PAGES}/new", {**NEW, **more, "seen": seen, "step": "do"})
    assert answer.status_code == status
    if status == 422:
        assert "最早明天" in faults(answer.text)["valid_from"]


def test_the_rules_are_given_out_as_files(as_) -> None:
    client = as_("counter")
    answer = client.get(f"{PAGES}.csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0][4:9] == ["时限", "生效日", "最后一天", "版本", "状态"]
    assert ["家庭", "宽带", "城镇", "资源具备", "48 小时", "2024-01-01", "", "1", "生效中"] in [
        row[:9] for row in rows
    ]
    book = client.get(f"{PAGES}.xlsx")
    assert book.data.startswith(b"PK")


def test_another_operators_rule_is_not_there(as_, runtime, urban) -> None:
    stranger = as_("stranger")
    for path in ("", "/replace", "/end", "/withdraw"):
        assert stranger.get(f"{PAGES}/{urban.id}{path}").status_code == 404
    assert stranger.get(f"{PAGES}/{2**40}").status_code == 404


def test_the_pages_speak_english(desk, urban) -> None:
    page = desk.get(f"{PAGES}/{urban.id}?lang=en").text
    assert (
        "Homes ordering broadband, urban addresses, where the line is ready: connected within 48 hours"
        in page
    )
    said = plain(page)
    for written_at_setup in ("示例，待运营商确认", "设置城市时录入"):
        assert written_at_setup in said
        said = said.replace(written_at_setup, "")
    assert not re.search(r"[\u4e00-\u9fff]", said)


def test_old_changes_are_paged(desk, runtime, today) -> None:
    for number in range(12):
        new = {**NEW, "amount": 20, "valid_from": (TODAY + timedelta(days=number)).isoformat()}
        new |= {"valid_to": new["valid_from"], "reason": f"第{number}次"}
        publish_rule(runtime.db, 1, RuleRequestSchema().load(new), "staff:manager")
    page = desk.get(PAGES).text
    assert "第11次" in page
    older = re.search(r'href="(/promise-rules\?before=\d+)', page)
    assert older
    assert "第0次" in desk.get(older[1]).text


def test_the_demonstrations_example_is_made_once(as_, runtime, database) -> None:
    said: list[str] = []
    sample_rules.fill(runtime, said.append)
    assert len(said) == len(runtime.reference.current().operators)
    sample_rules.fill(runtime, said.append)
    assert len(said) == len(runtime.reference.current().operators)
    manager = as_("manager")
    words = plain(manager.get(PAGES).text)
    assert "12 个工作日，最后一天 18:00 前" in words
    assert "耍歌堂" in manager.get("/calendar").text
    assert "有草稿" in plain(manager.get("/templates").text)
