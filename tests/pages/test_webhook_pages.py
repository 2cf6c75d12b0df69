"""The staff pages of webhooks: who may see them, what they show once, what they do."""

import re

import pytest
from desk_forms import faults, send
from sqlalchemy import text

from tracker.orders.actor import Actor
from tracker.pages import webhooks
from tracker.webhooks.change_webhook import create_webhook
from tracker.webhooks.deliver import deliver

URL = "https://127.0.0.1:59998/hooks"


@pytest.fixture
def settings(settings, monkeypatch):
    monkeypatch.setenv("TRACKER_WEBHOOK_ALLOW", "127.0.0.0/8")
    return settings | {"TRACKER_WEBHOOK_ALLOW": "127.0.0.0/8"}


@pytest.fixture
def made(runtime, channel):
    webhook_id, _ = create_webhook(
        runtime, Actor.of_channel(channel), channel.id, {"url": URL, "events": None}
    )
    return f"/webhooks/{webhook_id}"


def version(client, page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', client.get(page).text)
    assert found
    return found[1]


def test_only_managers_and_only_their_operators(as_, made) -> None:
    for who in ("counter", "dispatcher", "regulator", "administrator"):
        assert as_(who).get("/webhooks").status_code == 403, who
        assert 'href="/webhooks"' not in as_(who).get("/", follow_redirects=True).text
    stranger = as_("stranger")
    assert URL not in stranger.get("/webhooks").text
    for page in ("", "/edit", "/rotate", "/delete"):
        assert stranger.get(made + page).status_code == 404
    for action in ("/test", "/pause", "/resume", "/deliveries/1/resend"):
        assert send(stranger, made + action, page="/webhooks/new").status_code == 404


@pytest.fixture
def as_(as_):
    clients = {}
    return lambda name: clients.setdefault(name, as_(name))


def test_a_new_one_shows_its_secret_once(desk, channel) -> None:
    form = {"channel": str(channel.id), "url": URL, "which": "some", "events": ["order.stage", "order.hold"]}
    shown = send(desk, "/webhooks/new", form)
    assert (shown.status_code, shown.headers["Cache-Control"]) == (201, "no-store")
    found = re.search(r"whsec_[A-Za-z0-9+/=]{44}", shown.text)
    assert found
    page = re.search(r'href="(/webhooks/\d+)"', shown.text)
    assert page
    for address in ("/webhooks", page[1], page[1] + "/edit"):
        again = desk.get(address)
        assert again.status_code == 200
        assert URL in again.text
        assert "whsec_" not in again.text
    assert "环节推进、缓装" in desk.get("/webhooks").text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": ""}, "channel"),
        ({"channel": "99999"}, "channel"),
        ({"channel": "x"}, "channel"),
        ({"url": ""}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "http://user@127.0.0.1/"}, "url"),
        ({"which": "some", "events": []}, "events"),
        ({"which": "some", "events": ["order.none"]}, "events"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_keeps_what_was_typed(
    changes, field, desk, channel
) -> None:
    form = {"channel": str(channel.id), "url": URL, "which": "all"} | changes
    answer = send(desk, "/webhooks/new", form)
    assert answer.status_code == 422
    assert list(faults(answer.text)) == [field]
    if form["url"]:
        assert f'value="{form["url"]}"' in answer.text
    assert "还没有回调" in desk.get("/webhooks").text


def test_all_faults_are_told_at_once(desk) -> None:
    answer = send(desk, "/webhooks/new", {"which": "some"})
    assert list(faults(answer.text)) == ["channel", "url", "events"]


def test_another_operators_channel_cannot_be_chosen(desk, runtime) -> None:
    other = next(c for c in runtime.reference.current().channels.values() if c.operator_id != 1)
    answer = send(desk, "/webhooks/new", {"channel": str(other.id), "url": URL, "which": "all"})
    assert list(faults(answer.text)) == ["channel"]


def test_changing_names_what_was_seen(desk, made) -> None:
    seen = version(desk, f"{made}/edit")
    form = {"version": seen, "url": URL + "/2", "which": "all"}
    assert send(desk, f"{made}/edit", form).status_code == 302
    stale = send(desk, f"{made}/edit", form)
    assert stale.status_code == 412
    assert "已被他人更新" in stale.text
    assert URL + "/2" in desk.get(made).text


def test_a_test_shows_what_came_back(desk, made, runtime, monkeypatch) -> None:
    monkeypatch.setattr(webhooks, "_TEST_PATIENCE", 0.0)
    sent = send(desk, f"{made}/test", page=made)
    page = sent.headers["Location"]
    assert "还没有答复" in desk.get(page).text
    deliver(runtime)
    shown = desk.get(page).text
    assert "测试失败" in shown
    assert "连接被拒绝" in shown


def test_paused_resumed_rotated_and_deleted(desk, made) -> None:
    send(desk, f"{made}/pause", page=made)
    assert "已手动暂停" in desk.get(made).text
    send(desk, f"{made}/resume", page=made)
    assert "已手动暂停" not in desk.get(made).text
    seen = version(desk, f"{made}/rotate")
    for hours in ("", "x", "999", "-1"):
        wrong = send(desk, f"{made}/rotate", {"version": seen, "overlap_hours": hours})
        assert list(faults(wrong.text)) == ["overlap_hours"], hours
    rotated = send(desk, f"{made}/rotate", {"version": seen, "overlap_hours": "5"})
    assert rotated.status_code == 200
    assert "whsec_" in rotated.text
    assert "旧密钥有效至" in desk.get(made).text
    assert send(desk, f"{made}/delete", {"version": seen}).status_code == 412
    gone = send(desk, f"{made}/delete", {"version": version(desk, f"{made}/delete")})
    assert gone.status_code == 302
    assert desk.get(made).status_code == 404


def test_the_log_filters_and_sends_again(desk, made, runtime, place) -> None:
    placed = place()
    deliver(runtime)
    log = desk.get(made).text
    assert placed.number in log
    assert "重发</button>" not in log
    with runtime.db.transaction() as connection:
        connection.execute(text("UPDATE webhook_deliveries SET state = 'given_up', ended_at = now()"))
    assert placed.number in desk.get(f"{made}?state=given_up").text
    assert placed.number not in desk.get(f"{made}?state=delivered").text
    for odd in ("?state=x", "?before=x", "?tested=x", "?tested=99999"):
        assert desk.get(made + odd).status_code == 200
    send(desk, f"{made}/deliveries/1/resend", page=made)
    assert "手动重发" in desk.get(made).text
    again = send(desk, f"{made}/deliveries/2/resend", page=made)
    assert again.status_code == 302
    assert "没有重发" in desk.get(made).text


def test_one_that_was_paused_by_itself_stands_on_top(desk, made, runtime) -> None:
    with runtime.db.transaction() as connection:
        connection.execute(
            text("UPDATE webhooks SET state = 'paused', paused_why = 'failing', paused_at = now()")
        )
    assert "有 1 个回调已自动暂停" in desk.get("/webhooks").text
    assert "持续失败，已自动暂停" in desk.get(made).text
