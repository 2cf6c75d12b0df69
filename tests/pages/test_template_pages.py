"""The staff pages of registered texts: read, reworded by a draft, put in force, taken back, tried."""

import csv
import io
import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from desk_forms import faults, send
from sqlalchemy import select, update

from tracker import create_app
from tracker.accounts.text_code import PHONE
from tracker.audit.models import AuditEntry
from tracker.clock import CITY_ZONE
from tracker.contacts.models import NO_TEXTS
from tracker.contacts.record_wish import record_wish
from tracker.notices.models import Notice
from tracker.pages.template_words import PARAM_WORDS
from tracker.staff.models import Account
from tracker.templates.models import SavedTemplate, TemplateApproval, TemplateDraft
from tracker.templates.save_template import record_approval, save_template
from tracker.templates.seed import SEED
from tracker.templates.vocabulary import EXAMPLES

LIST = "/templates"
ONE = "/templates/order_accepted"
EDIT = f"{ONE}/edit"
DRAFT = f"{ONE}/draft"
WORDING = {
    "zh": "您好，订单{number}已收到，{deadline}前为您装好。咨询{hotline}。【{signature}】",
    "en": "Hello, order {number} received; installed by {deadline}. Help: {hotline}【{signature}】",
    "reason": "更亲切",
}
OURS = "+8613900007777"


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(datetime(2026, 11, 25, 23, 0, tzinfo=CITY_ZONE), tick=False) as traveller:
        yield traveller


def plain(page: str) -> str:
    main = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main))).strip()


def carried(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(?!csrf)([a-z_]+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def seen(client: Any, path: str) -> dict[str, str]:
    return {"seen": carried(client.get(path).text)["seen"]}


def preview(client: Any, **typed: str) -> Any:
    return send(client, EDIT, {**WORDING, **typed, **seen(client, EDIT), "step": "preview"})


def drafted(client: Any, **typed: str) -> Any:
    return send(client, EDIT, carried(preview(client, **typed).text) | {"step": "do"})


def rows(database: Any, table: Any) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(select(table.__table__).order_by(table.id)).all())


def test_every_text_is_listed_with_its_length_and_price(as_) -> None:
    for who in ("manager", "dispatcher", "counter"):
        page = as_(who).get(LIST).text
        assert page.count("<tr role") == len(SEED) + 1
        words = plain(page)
        assert "您的宽带订单QY261108K7M4QZX已受理，承诺11月12日18时前装通。" in words
        assert "1 条 · 67 字 · 5 分" in words
        assert "无需登记" in words
    tariff = as_("manager").get(f"{LIST}?category=tariff").text
    assert tariff.count("<tr role") == 4 + 1
    assert as_("installer").get(LIST).status_code == 403
    assert as_("administrator").get(LIST).status_code == 403


def test_one_text_shows_its_variables_short_and_long(as_) -> None:
    words = plain(as_("counter").get("/templates/tariff_change").text)
    assert "{old_fee} 原月费 必须保留 9元 129元 1299.90元" in words
    assert "最长 3 条" in words or "最长 2 条" in words
    assert "改正文" not in words
    assert as_("manager").get("/templates/nothing").status_code == 404


def test_a_draft_is_looked_at_saved_and_put_in_force(desk, database, place) -> None:
    looked = preview(desk)
    words = plain(looked.text)
    assert looked.status_code == 200
    assert "您好，订单QY261108K7M4QZX已收到，11月12日18时前为您装好。" in words
    assert "您好，订单QY261108K7M4QZX已收到，12月28日23:59前为您装好。" in words
    assert rows(database, TemplateDraft) == []
    saved = send(desk, EDIT, carried(looked.text) | {"step": "do"})
    assert saved.location == DRAFT
    assert "草稿已存，还没有启用" in plain(desk.get(DRAFT).text)
    place()
    assert rows(database, Notice)[-1].body.startswith("您的宽带订单")
    used = send(desk, DRAFT, {**seen(desk, DRAFT), "step": "use"})
    assert used.location == ONE
    shown = plain(desk.get(ONE).text)
    assert "已启用，从下一条短信起使用。" in shown
    assert "第 2 版 · 使用中" in shown
    assert "更亲切" in shown
    place()
    assert rows(database, Notice)[-1].body.startswith("您好，订单")
    (draft,) = rows(database, TemplateDraft)
    assert (draft.version, draft.ended_by) == (2, "staff:manager")
    assert desk.get(DRAFT).status_code == 404


def test_a_draft_is_discarded_and_the_history_keeps_it(desk, database) -> None:
    drafted(desk)
    drafted(desk, reason="再想想")
    assert [row.ended_at is None for row in rows(database, TemplateDraft)] == [False, True]
    send(desk, DRAFT, {**seen(desk, DRAFT), "step": "discard"})
    shown = plain(desk.get(ONE).text)
    assert "草稿已弃用" in shown
    assert shown.count("弃用草稿") == 2
    assert rows(database, SavedTemplate) == []


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"zh": ""}, "zh", "必填"),
        ({"en": ""}, "en", "必填"),
        ({"reason": ""}, "reason", "必填"),
        ({"zh": WORDING["zh"].replace("{deadline}", "近日")}, "zh", ""),
        ({"zh": WORDING["zh"].replace("{deadline}", ""), "en": WORDING["en"].replace("{deadline}", "soon")},
         "zh", "必须保留参数：deadline"),
        ({name: WORDING[name].replace("{number}", "{name}") for name in ("zh", "en")}, "zh", "未知的参数"),
        ({"zh": WORDING["zh"].replace("您好", "{slot}"), "en": WORDING["en"].replace("Hello", "{slot}")},
         "zh", "未知的参数：slot"),
        ({"zh": WORDING["zh"].replace("{deadline}", "{deadline")}, "zh", "花括号"),
        ({"zh": WORDING["zh"].replace("【{signature}】", "")}, "zh", ""),
        ({"zh": WORDING["zh"] + "https://x.cn"}, "zh", ""),
        ({"zh": WORDING["zh"].replace("您好", "限时优惠")}, "zh", "营销用语"),
        ({"en": WORDING["en"].replace("Hello", "★")}, "en", "不接受的字符"),
        ({"zh": WORDING["zh"].replace("您好", "好" * 220)}, "zh", "超过 4 条"),
        ({"reason": "x" * 201}, "reason", "200"),
    ],
)  # fmt: skip
def test_a_wrong_wording_is_refused_and_kept_on_the_page(desk, database, typed, field, said) -> None:
    answer = preview(desk, **typed)
    assert answer.status_code == 422
    assert said in faults(answer.text)[field]
    assert unescape(answer.text).count((WORDING | typed)["en"] or "x") >= 1
    assert rows(database, TemplateDraft) == []


def test_a_slip_in_one_name_is_one_fault_of_the_text_that_has_it(desk) -> None:
    told = faults(preview(desk, zh=WORDING["zh"].replace("{number}", "{numbr}")).text)
    known = ", ".join(SEED["order_accepted"].params)
    assert told == {"zh": f"未知的参数：numbr。可用的有：{known}"}


def test_somebody_else_was_faster(desk, runtime, database) -> None:
    looked = preview(desk)
    request = {**WORDING, "params": list(SEED["order_accepted"].params), "reason": "抢先一步"}
    save_template(runtime.db, "order_accepted", request, "staff:counter", operator_id=1)
    answer = send(desk, EDIT, carried(looked.text) | {"step": "do"})
    assert answer.status_code == 409
    assert "有人先一步改动了这个模板" in plain(answer.text)
    assert "抢先一步" in plain(answer.text)
    assert carried(answer.text)["zh"] == WORDING["zh"]
    assert send(desk, EDIT, carried(answer.text) | {"step": "do"}).status_code == 302
    mark = seen(desk, DRAFT)
    save_template(runtime.db, "order_accepted", request, "staff:counter", operator_id=1)
    stale = send(desk, DRAFT, {**mark, "step": "use"})
    assert stale.status_code == 409
    assert "有人先一步改动了这个模板" in plain(stale.text)
    assert len(rows(database, SavedTemplate)) == 2


def test_a_former_wording_is_used_again_as_a_new_version(desk, database, place) -> None:
    drafted(desk)
    send(desk, DRAFT, {**seen(desk, DRAFT), "step": "use"})
    path = f"{ONE}/versions/1"
    without = send(desk, path, {**seen(desk, path), "step": "back"})
    assert without.status_code == 422
    assert faults(without.text)["reason"]
    done = send(desk, path, {**seen(desk, path), "step": "back", "reason": "客户看不懂"})
    assert done.status_code == 302
    assert [(row.version, row.zh) for row in rows(database, SavedTemplate)] == [
        (2, WORDING["zh"]),
        (3, SEED["order_accepted"].zh),
    ]
    place()
    assert rows(database, Notice)[-1].body.startswith("您的宽带订单")
    again = f"{ONE}/versions/3"
    assert send(desk, again, {**seen(desk, again), "step": "back", "reason": "x"}).status_code == 409
    for version in (9, 40000):
        assert desk.get(f"{ONE}/versions/{version}").status_code == 404


def test_what_a_provider_says_is_written_down(desk, database) -> None:
    drafted(desk)
    send(desk, DRAFT, {**seen(desk, DRAFT), "step": "use"})
    path = f"{ONE}/versions/2"
    said = {"provider": "aliyun", "state": "approved", "provider_code": "SMS_1", "note": ""}
    assert send(desk, path, {**said, "step": "approve"}).status_code == 302
    assert "阿里云：已批准 SMS_1" in plain(desk.get(ONE).text).replace(" ：", "：")
    wrong = send(desk, path, {**said, "state": "maybe", "step": "approve"})
    assert wrong.status_code == 422
    assert len(rows(database, TemplateApproval)) == 1
    product = send(desk, f"{ONE}/versions/1", {**said, "step": "approve"})
    assert product.status_code == 404, "the product's own wording is nobody's"


@pytest.fixture
def approving(runtime, monkeypatch):
    monkeypatch.setattr(type(runtime.config), "approving_gateways", frozenset({"aliyun"}))


def test_where_a_provider_approves_texts_the_wording_before_stands_until_then(
    desk, runtime, approving, database
) -> None:
    drafted(desk)
    send(desk, DRAFT, {**seen(desk, DRAFT), "step": "use"})
    shown = plain(desk.get(ONE).text)
    assert "短信通道批准以前，仍用现在的正文" in shown
    assert "第 2 版 · 等待通道批准" in shown
    assert "第 1 版 · 使用中" in shown
    said = {"provider": "aliyun", "state": "approved", "provider_code": "SMS_1", "note": None}
    record_approval(runtime.db, "order_accepted", 2, said, "staff:manager", operator_id=1)
    assert "第 2 版 · 使用中" in plain(desk.get(ONE).text)
    path = f"{ONE}/versions/1"
    send(desk, path, {**seen(desk, path), "step": "back", "reason": "改回"})
    assert "第 3 版 · 使用中" in plain(desk.get(ONE).text), "the provider knows that wording"
    path = f"{ONE}/versions/2"
    send(desk, path, {**seen(desk, path), "step": "back", "reason": "又改回"})
    (_, _, copied) = rows(database, TemplateApproval)
    assert (copied.version, copied.state, copied.provider_code) == (4, "approved", "SMS_1")


@pytest.fixture
def phone(desk, runtime) -> str:
    with runtime.db.transaction() as connection:
        connection.execute(
            update(Account).where(Account.username == "manager").values(phone=runtime.keys.seal(OURS, PHONE))
        )
    return OURS


def trials(database) -> list[Any]:
    return [row for row in rows(database, Notice) if row.dedup_key.startswith("trial:")]


def test_a_draft_is_tried_on_ones_own_phone_and_no_other(desk, runtime, phone, database, today) -> None:
    drafted(desk)
    tried = send(desk, DRAFT, {"step": "try", "phone": "13800009999"})
    assert tried.location == DRAFT
    assert "试发短信已发往您登记的手机" in plain(desk.get(DRAFT).text)
    (row,) = trials(database)
    assert runtime.keys.open(bytes(row.recipient), "notices.recipient") == phone
    assert row.body == "您好，订单QY261108K7M4QZX已收到，11月12日18时前为您装好。咨询10000。【清远电信】"
    assert row.next_at == row.created_at, "it leaves at once, also at night"
    assert (row.order_id, row.must_arrive) == (None, False)
    with database.reading() as connection:
        entry = connection.execute(select(AuditEntry.__table__).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.actor, entry.fields, entry.why) == (
        "staff:manager",
        ["phone"],
        "tried the text order_accepted on their own phone",
    )
    again = send(desk, DRAFT, {"step": "try"})
    assert again.status_code == 429
    assert "试发过于频繁" in plain(again.text)
    for _ in range(4):
        today.shift(timedelta(seconds=61))
        send(desk, DRAFT, {"step": "try"})
    today.shift(timedelta(seconds=61))
    assert send(desk, DRAFT, {"step": "try"}).status_code == 429, "five an hour"
    assert len(trials(database)) == 5


def test_no_text_is_tried_without_a_phone_or_against_its_owners_wish(desk, runtime, database) -> None:
    version = f"{ONE}/versions/1"
    refused = send(desk, version, {"step": "try"})
    assert refused.status_code == 409
    assert "没有登记手机号" in plain(refused.text)
    with runtime.db.transaction() as connection:
        connection.execute(
            update(Account).where(Account.username == "manager").values(phone=runtime.keys.seal(OURS, PHONE))
        )
    record_wish(runtime.db, runtime.keys, 1, OURS, NO_TEXTS, "channel:app")
    assert send(desk, version, {"step": "try"}).status_code == 409
    assert trials(database) == []


def test_what_no_provider_has_approved_is_not_tried(desk, phone, approving, database) -> None:
    drafted(desk)
    refused = send(desk, DRAFT, {"step": "try"})
    assert refused.status_code == 409
    assert "尚未批准" in plain(refused.text)
    assert trials(database) == []


def test_others_only_read_and_another_operators_wording_is_not_there(as_, database) -> None:
    manager = as_("manager")
    drafted(manager)
    for who in ("counter", "dispatcher"):
        client = as_(who)
        for path in (EDIT, DRAFT, f"{ONE}/versions/1"):
            assert client.get(path).status_code == 403
    stranger = as_("stranger")
    assert stranger.get(DRAFT).status_code == 404
    assert "更亲切" not in stranger.get(ONE).text
    send(manager, DRAFT, {**seen(manager, DRAFT), "step": "use"})
    assert stranger.get(f"{ONE}/versions/2").status_code == 404
    assert "第 1 版 · 使用中" in plain(stranger.get(ONE).text)
    assert send(manager, DRAFT, {"step": "use"}, page=ONE).status_code == 404
    assert send(manager, f"{ONE}/versions/2", {"step": "burn"}).status_code == 404


def test_an_operator_looks_at_its_own_signature_and_hotline(as_) -> None:
    stranger = as_("stranger")
    listed = plain(stranger.get(LIST).text)
    own = "【清远移动】"
    assert own in listed
    for path in (ONE, f"{ONE}/versions/1"):
        page = plain(stranger.get(path).text)
        assert page.count(own) >= 6, "in both languages, at each length"
        assert "10086" in page
        assert "清远电信" not in page
        assert "分公司】" not in page
    shown = plain(send(stranger, EDIT, {**WORDING, **seen(stranger, EDIT), "step": "preview"}).text)
    assert shown.count(own) >= 6
    assert "清远电信" not in shown
    phone = plain(stranger.get(f"{LIST}/delayed").text)
    assert "10086转8" in phone


def test_every_parameter_is_named_in_words() -> None:
    assert set(PARAM_WORDS) == set(EXAMPLES)


def test_the_texts_are_given_out_as_files(as_) -> None:
    client = as_("counter")
    answer = client.get(f"{LIST}.csv")
    found = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(found) == len(SEED) + 1
    assert found[1][:8] == ["order_accepted", "受理通知", "进度", "1", "系统自带", "1", "1", "0.05"]
    assert client.get(f"{LIST}.xlsx").data.startswith(b"PK")


def test_a_page_needs_its_token(runtime, desk) -> None:
    assert create_app(runtime).test_client().post(EDIT, data=WORDING).status_code in (302, 400)
    assert desk.post(EDIT, data=WORDING).status_code == 400
