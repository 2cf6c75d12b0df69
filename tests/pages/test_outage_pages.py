"""The staff pages of outages: the form and its places, previews, changes, recoveries, and who may do what."""

import re
from html import unescape
from typing import Any

import pytest
from desk_forms import faults, fields_of, send

from tests.announced_outages import (
    DAY,
    FENGCHENG,
    GAOJILI,
    HOUR,
    NOW,
    QINGCHENG,
    QINGXIN,
    Announcer,
    on,
)
from tracker import clock

NEW = "/outages/new"
PLANNED: dict[str, Any] = {
    "kind": "planned",
    "starts_at": "2026-11-28T00:00",
    "ends_at": "2026-11-28T06:00",
    "area": [FENGCHENG],
    "services": ["broadband"],
    "reason": "光缆割接",
}
FAULT: dict[str, Any] = PLANNED | {"kind": "emergency", "starts_at": "2026-11-24T07:40", "ends_at": ""}


@pytest.fixture(autouse=True)
def morning(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def outages(runtime, channel):
    return Announcer(runtime.db, channel.operator_id)


def plain(page: str) -> str:
    main = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", main)))


def hidden(page: str) -> dict[str, Any]:
    """What the form of a preview carries."""
    main = page[page.index("<main") :]
    found = re.findall(r'<input type="hidden" name="(?!csrf)([a-z_]+)" value="([^"]*)"', main)
    values: dict[str, Any] = {}
    for name, value in found:
        if name in ("area", "services"):
            values.setdefault(name, []).append(unescape(value))
        else:
            values[name] = unescape(value)
    return values


def ticked(page: str) -> list[str]:
    return re.findall(r'name="area" value="(\d+)" checked', page)


def test_planned_work_is_previewed_and_then_announced(desk, outages) -> None:
    preview = send(desk, NEW, PLANNED | {"step": "preview"})
    words = plain(preview.text)
    for said in (
        "11月28日（周六）0时至6时",
        "清城区：凤城街道",
        "光缆割接",
        "还有 3 天 15 小时",
        "户数不详",
    ):
        assert said in words
    assert re.search(r"涉及 \d\d 个社区和村", words)
    assert outages.count() == 0
    answer = send(desk, NEW, hidden(preview.text) | {"step": "announce"})
    assert answer.status_code == 302
    row = outages.row(int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert (row.starts_at, row.area_codes, row.announced_by) == (on(28, 0), [FENGCHENG], "staff:manager")
    shown = plain(desk.get(answer.headers["Location"]).text)
    assert "已公告，公众即时可见" in shown
    assert "3 天 15 小时" in shown


def test_what_was_typed_can_be_gone_back_to(desk) -> None:
    typed = PLANNED | {"area": [QINGXIN, GAOJILI], "hours": "1.5", "reason_en": "fibre works"}
    preview = send(desk, NEW, typed | {"step": "preview"})
    assert "约1 小时 30 分钟" in plain(preview.text)
    page = send(desk, NEW, hidden(preview.text) | {"step": "edit"}).text
    kept = fields_of(page)
    assert (kept["starts_at"], kept["hours"], kept["reason_en"]) == ("2026-11-28T00:00", "1.5", "fibre works")
    assert set(ticked(page)) == {QINGXIN, GAOJILI}


def test_communities_are_found_by_name_and_nothing_typed_is_lost(desk) -> None:
    page = send(desk, NEW, PLANNED | {"step": "find", "find": "高基里", "reason": "光缆割接"}).text
    assert f'value="{GAOJILI}"' in page
    assert "高基里社区居委会 · 清城区 凤城街道" in plain(page)
    assert fields_of(page)["reason"] == "光缆割接"
    assert ticked(page) == [FENGCHENG]
    page = send(desk, NEW, PLANNED | {"area": [GAOJILI], "step": "find", "find": "没有这个村"}).text
    assert "没有名称含“没有这个村”的社区或村" in plain(page)
    # What was ticked before stays in sight.
    assert ticked(page) == [GAOJILI]
    assert "另有" in plain(send(desk, NEW, PLANNED | {"step": "find", "find": "村"}).text)


def test_all_that_is_wrong_is_told_where_it_is(desk, outages) -> None:
    wrong = {
        "kind": "planned",
        "starts_at": "soon",
        "ends_at": "",
        "hours": "forever",
        "reason": " ",
        "reason_en": "see www.example.com",
        "step": "preview",
    }
    answer = send(desk, NEW, wrong)
    assert answer.status_code == 422
    assert faults(answer.text) == {
        "starts_at": "值不正确",
        "hours": "须在 0.1 与 72 之间",
        "area": "必填",
        "services": "必填",
        "reason": "必填",
    }
    assert "5 处需要改正" in plain(answer.text)
    assert outages.count() == 0


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"starts_at": "2026-11-26T00:00", "ends_at": "2026-11-26T06:00"}, "starts_at", "须提前 72 小时"),
        ({"ends_at": "2026-11-27T06:00"}, "ends_at", "须晚于开始时间"),
        ({"ends_at": ""}, "ends_at", "须有结束时间"),
        ({"hours": "7"}, "hours", "超过公告的起止时间"),
        ({"reason": "割接送红包"}, "reason", "红包"),
        ({"area": ["441899"]}, "area", "没有这个地区"),
    ],
)
def test_each_rule_stands_at_its_field(desk, outages, typed, field, words) -> None:
    for step in ("preview", "announce"):
        answer = send(desk, NEW, PLANNED | typed | {"step": step})
        assert answer.status_code == 422
        assert list(faults(answer.text)) == [field]
        assert words in faults(answer.text)[field]
    assert outages.count() == 0


def test_only_a_manager_announces_late_and_the_reason_stays_inside(desk, outages) -> None:
    late = {"starts_at": "2026-11-25T00:00", "ends_at": "2026-11-25T06:00", "override_reason": "供电局停电"}
    preview = send(desk, NEW, PLANNED | late | {"step": "preview"})
    assert "由 manager 决定照常公告：供电局停电" in plain(preview.text)
    made = send(desk, NEW, hidden(preview.text) | {"step": "announce"}).headers["Location"]
    page = desk.get(made).text
    assert "供电局停电" in plain(page)
    assert "不足72小时" in plain(page)
    seen = page[page.index("<article") : page.index("</article")]
    assert "供电局停电" not in seen


def test_a_button_pressed_twice_leads_to_the_one(desk, outages) -> None:
    first = send(desk, NEW, PLANNED | {"step": "announce"}).headers["Location"]
    second = send(desk, NEW, PLANNED | {"step": "announce"}).headers["Location"]
    assert first == second
    assert "没有重复" in desk.get(second).text
    assert outages.count() == 1


def test_the_counter_announces_faults_and_no_planned_work(as_, outages) -> None:
    counter = as_("counter")
    assert 'value="emergency"' in counter.get(NEW).text
    assert 'value="planned"' not in counter.get(NEW).text
    assert send(counter, NEW, PLANNED | {"step": "announce"}).status_code == 403
    made = send(counter, NEW, FAULT | {"step": "announce"}).headers["Location"]
    page = plain(counter.get(made).text)
    assert "7:40起，恢复时间待定" in page
    assert "开始后公告" in page
    # A reason for lateness is not theirs to give, and planned work not theirs to change.
    planned = outages.announce()
    for path in (f"/outages/{planned}/edit", f"/outages/{planned}/restore", f"/outages/{planned}/withdraw"):
        assert counter.get(path).status_code == 403
    assert counter.get(f"/outages/{planned}").status_code == 200
    assert counter.get(f"{made}/withdraw").status_code == 403


@pytest.mark.parametrize("who", ["regulator", "administrator"])
def test_who_has_no_operator_has_no_outages(as_, outages, who) -> None:
    one = outages.announce()
    for path in ("/outages", NEW, f"/outages/{one}", f"/outages/{one}/edit"):
        assert as_(who).get(path).status_code == 403


def test_another_operators_outages_are_not_there(as_, outages) -> None:
    """I6."""
    one = outages.announce()
    stranger = as_("stranger")
    for path in ("", "/edit", "/withdraw", "/restore"):
        assert stranger.get(f"/outages/{one}{path}").status_code == 404
    assert "光缆割接" not in stranger.get("/outages").text
    assert stranger.get("/outages/99999999999").status_code == 404


def test_a_change_shows_what_it_was_and_why(desk, outages) -> None:
    one = outages.announce()
    path = f"/outages/{one}/edit"
    form = fields_of(desk.get(path).text)
    assert (form["starts_at"], form["reason"]) == ("2026-11-28T00:00", "光缆割接")
    changed = PLANNED | {
        "starts_at": "2026-11-29T00:00",
        "ends_at": "2026-11-29T05:00",
        "area": [QINGCHENG],
        "why": "施工队改期",
        "revision": form["revision"],
    }
    assert faults(send(desk, path, changed | {"why": "", "step": "preview"}).text) == {"why": "必填"}
    preview = send(desk, path, changed | {"step": "preview"})
    words = plain(preview.text)
    assert "时间有变：原公告为 11月28日（周六）0时至6时" in words
    assert "范围有变" in words
    assert outages.row(one).revision == 1
    answer = send(desk, path, hidden(preview.text) | {"step": "announce"})
    assert answer.headers["Location"] == f"/outages/{one}"
    shown = plain(desk.get(f"/outages/{one}").text)
    assert "清城区全境" in shown
    assert "原因：施工队改期" in shown
    assert "凤城街道 → 清城区" in shown


def test_what_somebody_else_changed_meanwhile_is_told(desk, outages) -> None:
    one = outages.announce()
    form = hidden(desk.get(f"/outages/{one}/edit").text)
    outages.change(one, reason="机房割接")
    changed = PLANNED | {"why": "改期", "revision": form["revision"], "reason": "换光缆", "step": "announce"}
    answer = send(desk, f"/outages/{one}/edit", changed)
    assert answer.status_code == 409
    assert "已被他人修改" in plain(answer.text)
    assert outages.row(one).reason == "机房割接"
    # Going back to the form does not make the stale one fresh.
    again = send(desk, f"/outages/{one}/edit", changed)
    assert again.status_code == 409
    for path, typed in (("withdraw", {"reason": "不做了"}), ("restore", {"restored_at": "2026-11-24T08:00"})):
        target = one if path == "withdraw" else outages.fault()
        answer = send(
            desk, f"/outages/{target}/{path}", typed | {"revision": "99"}, page=f"/outages/{target}/{path}"
        )
        assert answer.status_code == 409


def test_withdrawing_asks_why(desk, outages) -> None:
    one = outages.announce()
    path = f"/outages/{one}/withdraw"
    answer = send(desk, path, {"reason": " ", "revision": "1"})
    assert answer.status_code == 422
    assert "reason" in faults(answer.text)
    assert send(desk, path, {"reason": "不做了", "revision": "1"}).status_code == 302
    page = plain(desk.get(f"/outages/{one}").text)
    assert "已取消" in page
    assert "撤回原因不做了" in page.replace(" ", "")
    assert desk.get(path).status_code == 302


def test_a_recovery_is_recorded(desk, outages) -> None:
    one = outages.fault()
    path = f"/outages/{one}/restore"
    assert fields_of(desk.get(path).text)["restored_at"] == "2026-11-24T08:40"
    for typed, words in (
        ("", "必填"),
        ("yesterday", "必填"),
        ("2026-11-24T07:00", "早于中断开始"),
        ("2026-11-24T08:41", "晚于现在"),
    ):
        answer = send(desk, path, {"restored_at": typed, "revision": "1"})
        assert answer.status_code == 422
        assert words in faults(answer.text)["restored_at"]
    assert send(desk, path, {"restored_at": "2026-11-24T08:10", "revision": "1"}).status_code == 302
    assert outages.row(one).restored_at == NOW - HOUR / 2
    page = plain(desk.get(f"/outages/{one}").text)
    assert "已恢复" in page
    assert "7:40至8:10" in page


def test_the_list_has_what_is_under_way_first(desk, outages, monkeypatch) -> None:
    later = outages.announce(starts_at=on(30, 0), ends_at=on(30, 6), reason="丁")
    soon = outages.announce(reason="丙")
    gone = outages.announce(starts_at=on(29, 0), ends_at=on(29, 6), reason="戊")
    outages.withdraw(gone)
    outages.restore(outages.fault(reason="乙"), NOW)
    outages.fault(area=[QINGXIN], reason="甲")
    rows = re.findall(r'<td role="cell" class="place">([甲乙丙丁戊])</td>', desk.get("/outages").text)
    assert rows == ["甲", "丙", "丁", "乙", "戊"]

    def shown(query: str) -> list[str]:
        page = desk.get(f"/outages?{query}").text
        return re.findall(r'<td role="cell" class="place">([甲乙丙丁戊])</td>', page)

    assert shown("state=now") == ["甲"]
    assert shown("state=coming") == ["丙", "丁"]
    assert shown("state=past") == ["乙"]
    assert shown("state=withdrawn") == ["戊"]
    assert shown("kind=emergency") == ["甲", "乙"]
    assert shown("kind=planned&state=now") == []
    assert "没有符合条件" in desk.get("/outages?kind=planned&state=now").text
    assert len(shown("state=nonsense&page=0")) == 5
    monkeypatch.setattr(clock, "now", lambda: NOW + 5 * DAY)
    assert shown("state=past") == ["丙", "乙"]
    assert soon != later


def test_an_empty_list_says_what_it_is_for(desk) -> None:
    page = plain(desk.get("/outages").text)
    assert "还没有公告过中断" in page
    assert "至少提前72小时" in page


def test_more_than_a_page_can_be_leafed_through(desk, outages) -> None:
    for day in range(1, 24):
        outages.announce(starts_at=on(28, 0) + day * DAY, ends_at=on(28, 6) + day * DAY)
    first = desk.get("/outages").text
    assert first.count('<td role="cell" class="reference place">') == 20
    assert "page=2" in first
    assert desk.get("/outages?page=2").text.count('<td role="cell" class="reference place">') == 3


def test_pages_in_english(desk, outages) -> None:
    one = outages.fault(ends_at=on(24, 12))
    outages.announce()
    page = plain(desk.get(f"/outages/{one}?lang=en").text)
    assert "Tuesday 24 November, from 07:40; expected back at 12:00" in page
    assert "cable cut" in page
    assert "Saturday 28 November, 00:00 to 06:00" in plain(desk.get("/outages?lang=en").text)
