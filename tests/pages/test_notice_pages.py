"""The board of notices and the page of one: counts that lead on, plain words, what a manager may do."""

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
from desk_forms import send
from flask.testing import FlaskClient

from tests.calling import DAY, HOUR, MORNING, Exchange, at, exchange_of
from tracker.notices.heartbeat import SWEEP, beat
from tracker.notices.intervene import tell_by_call
from tracker.orders.place_orders import Placed
from tracker.pages import notice_words
from tracker.pages.notices import Line
from tracker.pages.text_names import TEXT_NAMES
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.templates.seed import SEED

As = Callable[[str], FlaskClient]


@pytest.fixture
def exchange(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    monkeypatch: pytest.MonkeyPatch,
) -> Exchange:
    return exchange_of(runtime, channel, place, monkeypatch, "staff:counter")


@pytest.fixture
def told(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    """Two days of texts of every kind."""
    at(monkeypatch, MORNING - DAY)
    exchange.delivered()
    exchange.delivered()
    exchange.undelivered("30005")
    at(monkeypatch, MORNING)
    exchange.send()
    exchange.unknown()
    exchange.not_sent()
    exchange.refused("isv.BLACK_LIST")
    exchange.call(exchange.task(exchange.landline()).id, "reached")
    return exchange


def counts(page: str) -> Iterator[tuple[str, int]]:
    """Every count that leads on, and where to."""
    for href, inside in re.findall(r'<a [^>]*href="(/notices/list[^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL):
        number = re.search(r"\d+", re.sub(r"<svg.*?</svg>", "", inside, flags=re.DOTALL).split("%")[0])
        if number:
            yield unescape(href), int(re.sub(r"<[^>]*>", "", number[0]))


@pytest.mark.parametrize(
    ("failed", "sent", "said"),
    [(0, 0, "0%"), (0, 306, "0%"), (1, 305, "<1%"), (3, 297, "1%"), (305, 1, ">99%"), (306, 0, "100%")],
)
def test_few_of_many_are_not_none_and_most_are_not_all(failed: int, sent: int, said: str) -> None:
    assert Line("", {}, {"failed": failed, "sent": sent}, 0).percent("failed") == said


def test_a_day_without_texts_has_no_bar(as_: As, told: Exchange) -> None:
    page = as_("manager").get("/notices").text
    table = page[page.index('aria-labelledby="days"') : page.index('aria-labelledby="templates"')]
    rows = table.split("<tr ")[2:]
    empty = [row for row in rows if 'class="nothing"' in row]
    assert empty
    assert len(empty) < len(rows)
    assert all(("notice-bar" in row) is (row not in empty) for row in rows)


def test_every_count_leads_to_so_many_notices(as_: As, told: Exchange) -> None:
    client = as_("manager")
    seen = 0
    for href, number in counts(client.get("/notices").text):
        page = client.get(href).text
        assert len(re.findall(r'<td role="cell" class="reference">', page)) == number, href
        seen += 1
    # The whole and its kinds, three tables of them, the reasons and the calls.
    assert seen > 30


def test_a_count_of_what_happens_twice_leads_to_its_own_notices(as_: As, told: Exchange) -> None:
    # The same words of another provider, and two calls that ended alike.
    other = told.undelivered("30005")
    told.change("UPDATE notices SET provider = 'twilio' WHERE id = :id", id=other.id)
    told.call(told.task(other).id, "wrong_number")
    tell_by_call(told.runtime, told.operator_id, "staff:wang", other.id)
    told.call(told.task(other).id, "wrong_number")
    client, seen = as_("manager"), 0
    for address, number in counts(client.get("/notices").text):
        if "reason=" in address or "call=" in address:
            found = client.get(address).text
            assert len(re.findall(r'<td role="cell" class="reference">', found)) == number, address
            seen += 1
    assert seen == 8


def test_the_board_counts_what_there_is(as_: As, told: Exchange) -> None:
    page = as_("manager").get("/notices").text
    figures = page[page.index('class="figures"') :]
    found = re.findall(r'class="number">(\d+)</strong> ([^ <]+)', figures)
    assert {word: number for number, word in found} == {
        "条短信": "8",
        "已送达": "2",
        "已发出，未回执": "1",
        "待发送": "1",
        "待确认": "1",
        "未送达": "1",
        "改由人工致电": "2",
    }
    for word in ("空号或停机", "号码在服务商黑名单中", "固定电话，收不到短信"):
        assert word in page
    assert "connection refused" in page
    assert "3800001234" not in page


def test_texts_to_staff_are_counted_apart(as_: As, told: Exchange) -> None:
    copied = (
        "INSERT INTO notices (operator_id, template, template_version, language, params, body, recipient,"
        " dedup_key, queue, state, next_at, attempts, misses, created_at) SELECT operator_id, :template,"
        " 1, language, '{}', body, recipient, :key, queue, 'delivered', next_at, 1, 0, created_at"
        " FROM notices WHERE id = (SELECT min(id) FROM notices)"
    )
    for template, key in (
        ("risk_digest", "risk_digest:1"),
        ("escalation", "escalation:1:1"),
        ("staff_code", "staff_code:1"),
        ("dispatched", "trial:1:abc"),
    ):
        told.change(copied, template=template, key=key)
    client = as_("manager")
    page = client.get("/notices").text
    assert ">8</strong> 条短信" in page
    assert "发给员工的和模板试发的另计" in page
    staff = client.get("/notices?audience=staff").text
    assert ">4</strong> 条短信" in staff
    assert "不算客户通知" in staff
    assert "由此打的电话" not in staff
    for address, number in counts(staff):
        assert "audience=staff" in address
        found = client.get(address).text
        assert len(re.findall(r'<td role="cell" class="reference">', found)) == number, address
    assert 'name="audience" value="staff"' in client.get("/notices/list?audience=staff").text
    # The days that are chosen stay.
    assert 'href="/notices?period=last_30"' in client.get("/notices?audience=staff&period=last_30").text


def test_days_are_chosen(as_: As, told: Exchange) -> None:
    client = as_("manager")
    assert ">3</strong> 条短信" in client.get("/notices?first=2026-11-23&last=2026-11-23").text
    assert ">5</strong> 条短信" in client.get("/notices?period=today").text
    assert "这段时间没有发过短信" in client.get("/notices?first=2026-11-01&last=2026-11-02").text
    refused = client.get("/notices?first=2024-01-01&last=2026-11-24").text
    assert '<a href="#first">一次最多统计 92 天</a>' in refused
    assert 'value="2024-01-01" aria-invalid="true"' in refused
    assert ">8</strong> 条短信" in refused, "those of the usual days"


def test_a_sweep_that_has_stopped_is_said(as_: As, exchange: Exchange) -> None:
    client = as_("manager")
    assert "还没有巡检过" in client.get("/notices").text
    for age, word in ((0, "正常"), (2, "上次巡检在 2 小时 前")):
        with exchange.runtime.db.transaction() as connection:
            beat(connection, SWEEP, MORNING - age * HOUR)
        page = client.get("/notices").text
        assert word in page
        assert ("后台巡检停了" in page) == bool(age)


def test_refused_templates_are_said(as_: As, exchange: Exchange) -> None:
    exchange.change(
        "INSERT INTO saved_templates (operator_id, code, version, params, zh, en, reason, actor, created_at)"
        " VALUES (:o, 'dispatched', 2, '{number,hotline,signature}', 'x', 'x', 'x', 'x', now())",
        o=exchange.operator_id,
    )
    exchange.change(
        "INSERT INTO template_approvals (operator_id, code, version, provider, state, actor, at)"
        " VALUES (:o, 'dispatched', 2, 'aliyun', 'refused', 'x', now())",
        o=exchange.operator_id,
    )
    page = as_("manager").get("/notices").text
    assert "短信模板被服务商驳回" in page
    assert "派单通知 · 第2版 · 阿里云" in page
    assert "短信模板被服务商驳回" not in as_("stranger").get("/notices").text


@pytest.mark.parametrize("role", ["counter", "dispatcher", "installer", "regulator", "administrator"])
def test_the_board_is_a_managers(as_: As, exchange: Exchange, role: str) -> None:
    first = exchange.undelivered()
    client = as_(role)
    for path in ("/notices", "/notices/list"):
        assert client.get(path).status_code == 403, path
    assert client.post(f"/notices/{first.id}/again").status_code in (400, 403)
    assert exchange.all("SELECT FROM notices WHERE retry_of IS NOT NULL") == []


def test_the_counter_sees_those_of_orders(as_: As, exchange: Exchange) -> None:
    first = exchange.undelivered()
    client = as_("counter")
    page = client.get(f"/notices/{first.id}").text
    assert "再发一次" not in page
    exchange.change("UPDATE notices SET order_id = NULL WHERE id = :id", id=first.id)
    assert client.get(f"/notices/{first.id}").status_code == 404
    assert as_("manager").get(f"/notices/{first.id}").status_code == 200


def test_a_notice_tells_its_past(as_: As, exchange: Exchange) -> None:
    first = exchange.undelivered("30005")
    page = as_("manager").get(f"/notices/{first.id}").text
    past = page[page.index('id="past"') :]
    words = ["列入发送", "服务商已接收", "回执：未送达", "空号或停机", "列入外呼任务"]
    places = [past.index(word) for word in words]
    assert places == sorted(places)
    assert first.body in page
    assert "138****1234" in page
    assert "1 条，0.05 元" in page


def test_a_code_is_never_shown(as_: As, exchange: Exchange) -> None:
    first = exchange.send()
    exchange.change(
        "UPDATE notices SET template = :code, body = '验证码384921' WHERE id = :id",
        code="one_time_code",
        id=first.id,
    )
    client = as_("manager")
    for path in (f"/notices/{first.id}", "/notices", "/notices/list"):
        assert "384921" not in client.get(path).text
    assert "验证码短信，内容不显示" in client.get(f"/notices/{first.id}").text


def test_it_is_sent_again_by_a_manager(as_: As, exchange: Exchange) -> None:
    first = exchange.undelivered()
    client = as_("manager")
    answer = send(client, f"/notices/{first.id}/again", page=f"/notices/{first.id}")
    made = exchange.one("SELECT * FROM notices WHERE retry_of = :id", id=first.id)
    assert answer.location == f"/notices/{made.id}"
    page = client.get(answer.location).text
    assert "已安排再发一次" in page
    assert f'href="/notices/{first.id}"' in page
    former = client.get(f"/notices/{first.id}").text
    assert "要求再发一次" in former
    assert "改为再发短信" in former
    # Pressed twice, or from a page that was open before.
    send(client, f"/notices/{first.id}/again", page="/notices")
    assert "这条短信已经再发过一次" in client.get(f"/notices/{first.id}").text
    assert len(exchange.all("SELECT FROM notices WHERE retry_of = :id", id=first.id)) == 1
    trail = client.get("/audit").text
    assert "再发一次短信" in trail


def test_it_is_told_by_a_person_instead(as_: As, exchange: Exchange) -> None:
    first = exchange.send()
    client = as_("manager")
    assert "再发一次" not in client.get(f"/notices/{first.id}").text
    send(client, f"/notices/{first.id}/call", page=f"/notices/{first.id}")
    page = client.get(f"/notices/{first.id}").text
    assert "已列入外呼任务" in page
    assert "工作人员要求致电" in page
    task = exchange.task(first)
    assert f'href="/calls/{task.id}"' in page
    send(client, f"/notices/{first.id}/call", page="/notices")
    assert "已有人负责致电告知" in client.get("/notices").text


@pytest.mark.parametrize(
    "address",
    [
        "kind=x&template=y&provider=z&call=w",
        "reason=' OR 1=1",
        "reason=" + "a" * 32,
        "before=1-1",
        "period=x",
    ],
)
def test_any_address_of_the_list_is_answered(as_: As, exchange: Exchange, address: str) -> None:
    exchange.refused()
    assert as_("manager").get(f"/notices/list?{address}").status_code == 200


def test_the_list_goes_on_from_page_to_page(
    as_: As, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.pages.notices.ROWS", 2)
    for _ in range(5):
        exchange.send()
    client, address, seen = as_("manager"), "/notices/list?kind=sent", []
    while address:
        page = client.get(address).text
        seen += re.findall(r'class="reference"><a href="/notices/(\d+)[?"]', page)
        more = re.search(r'href="([^"]*before=[^"]*)">下一页', page)
        address = unescape(more[1]) if more else ""
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5


def test_every_text_has_a_name() -> None:
    assert set(TEXT_NAMES) == set(SEED)


def test_reasons_are_said_in_words(as_: As, exchange: Exchange) -> None:
    """What the code writes down is what the pages know; a new sentence must be told how to read."""
    sources = {
        "refused (number): 21211": "号码被拒收：号码不存在或格式不对",
        "refused (content): isv.SMS_TEMPLATE_ILLEGAL": "内容被拒收：短信模板未通过审核",
        "account refused: 20003": "账户被拒，修复后自动再发：短信账户余额不足或认证失败",
        "undelivered: undelivered 30007": "被运营商当作垃圾短信拦截",
        "undelivered: failed 39999": "未送达：39999",
        "not sent in 6 attempts: connection refused": "多次发送都没有成功：connection refused",
        "not sent in 6 attempts": "多次发送都没有成功",
        "not confirmed within 48 h": "一直没有送达回执",
        "the provider cannot say: no provider x is set up": "服务商已停用，问不到是否收到",
        "the provider did not say: HTTP 503": "服务商答不出是否收到：HTTP 503",
        "the number is a landline": "固定电话，收不到短信",
        "": "",
        "something new": "something new",
    }
    with as_("manager").application.test_request_context("/?lang=zh"):
        assert {kept: notice_words.reason(kept) for kept in sources} == sources
        assert notice_words.reason(None) == ""
