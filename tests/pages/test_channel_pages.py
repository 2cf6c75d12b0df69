"""The staff pages of channels: who may see and change keys, a secret shown once, and what went before."""

import re
from html import unescape

import pytest
from desk_forms import faults, send
from sqlalchemy import select

from tracker.channels.create_key import create_key
from tracker.channels.models import ChannelKey
from tracker.channels.rules import SCOPES
from tracker.pages.channel_words import SCOPE_MEANINGS, SCOPE_WORDS

ORDERS = "/api/v1/orders"
NEW = {"label": "APP 后端", "kind": "bearer", "scopes": ["orders", "tariffs"], "days": "365"}


def form_of(channel) -> str:
    return f"/channels/{channel.id}/keys/new"


def secret_in(page: str) -> str | None:
    found = re.search(r"<code>(tr[ks]_[^<…]{40,})</code>", page)
    return unescape(found[1]) if found else None


def status(desk, secret: str | None) -> int:
    return (
        desk.application.test_client().get(ORDERS, headers={"Authorization": f"Bearer {secret}"}).status_code
    )


@pytest.fixture
def stored(database):
    def rows():
        with database.reading() as connection:
            return connection.execute(select(ChannelKey.__table__).order_by(ChannelKey.id)).all()

    return rows


def test_a_key_is_made_and_its_secret_shown_once(desk, channel, stored) -> None:
    answer = send(desk, form_of(channel), NEW)
    assert answer.status_code == 302
    shown = desk.get(answer.headers["Location"])
    secret = secret_in(shown.text)
    assert status(desk, secret) == 200
    assert shown.headers["Cache-Control"] == "no-store"
    again = desk.get(answer.headers["Location"]).text
    assert secret_in(again) is None
    assert "密钥只显示一次" in again
    assert secret not in desk.get("/channels").text
    (row,) = stored()
    assert (row.label, row.kind, row.scopes) == ("APP 后端", "bearer", ["orders", "tariffs"])
    assert (row.created_by, row.channel_id) == ("staff:manager", channel.id)
    assert (row.expires_at - row.created_at).days in (364, 365)


def test_the_session_does_not_carry_the_secret_in_the_open(desk, channel) -> None:
    import base64
    import zlib

    location = send(desk, form_of(channel), NEW).headers["Location"]
    cookie = desk.get_cookie("session").value
    secret = secret_in(desk.get(location).text)
    packed = cookie.lstrip(".").partition(".")[0]
    data = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    plain = zlib.decompress(data) if cookie.startswith(".") else data
    assert b"new_channel_key" in plain
    assert secret.encode() not in plain
    assert secret.encode() not in base64.b64decode(re.findall(rb'"([A-Za-z0-9+/=]{60,})"', plain)[0])


def test_a_key_that_signs_is_shown_with_its_app_id(desk, channel, stored, keys) -> None:
    location = send(desk, form_of(channel), {**NEW, "kind": "signed", "days": "", "per_minute": "90"}).headers
    page = desk.get(location["Location"]).text
    (row,) = stored()
    assert f"<code>{row.app_id}</code>" in page
    assert keys.open(bytes(row.sealed_secret), "channel_keys.sealed_secret") == secret_in(page)
    assert (row.rate_limit, row.expires_at) == ("90 per minute", None)
    assert "限额 90 次/分钟" in desk.get("/channels").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"label": ""}, "label"),
        ({"label": "   "}, "label"),
        ({"label": "x" * 61}, "label"),
        ({"label": "a\u202eb"}, "label"),
        ({"kind": "stamp"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["orders", "everything"]}, "scopes"),
        ({"days": "7"}, "days"),
        ({"per_minute": "0"}, "per_minute"),
        ({"per_minute": "many"}, "per_minute"),
        ({"per_minute": "1000001"}, "per_minute"),
        ({"per_minute": "١٢"}, "per_minute"),
        ({"per_minute": "-5"}, "per_minute"),
    ],
    ids=str,
)
def test_what_is_wrong_stands_by_its_field_and_nothing_is_lost(desk, channel, stored, change, field) -> None:
    answer = send(desk, form_of(channel), {**NEW, **change})
    assert answer.status_code == 422
    assert list(faults(answer.text)) == [field]
    assert stored() == []
    if field != "label":
        assert 'value="APP 后端"' in answer.text
    if field != "scopes":
        assert re.search(r'value="tariffs" checked', answer.text)


def test_a_key_is_rotated_and_the_old_one_goes_on_for_a_while(desk, channel, database, stored) -> None:
    old = create_key(database, channel, label="旧")
    location = send(desk, "/channels/keys/1/rotate", {"overlap": "7"}).headers["Location"]
    new = secret_in(desk.get(location).text)
    assert [status(desk, one) for one in (old, new)] == [200, 200]
    assert [row.created_by for row in stored()] == ["system", "staff:manager"]
    page = desk.get("/channels").text
    assert "即将到期" in page
    assert "，已有新密钥" in page
    assert "/channels/keys/1/rotate" not in page
    again = send(desk, "/channels/keys/1/rotate", {"overlap": "7"})
    assert again.status_code == 409
    assert "已经轮换过" in again.text


def test_rotated_without_an_overlap_the_old_key_is_over(desk, channel, database) -> None:
    old = create_key(database, channel)
    location = send(desk, "/channels/keys/1/rotate", {"overlap": "0"}).headers["Location"]
    assert [status(desk, one) for one in (old, secret_in(desk.get(location).text))] == [401, 200]


@pytest.mark.parametrize("overlap", ["", "365", "-1", "x"])
def test_an_overlap_that_is_not_offered_is_refused(desk, channel, database, stored, overlap) -> None:
    create_key(database, channel)
    assert send(desk, "/channels/keys/1/rotate", {"overlap": overlap}).status_code == 422
    assert len(stored()) == 1


def test_revoking_asks_once_and_tells_that_it_is_for_good(desk, channel, database, stored) -> None:
    secret = create_key(database, channel, label="旧")
    status(desk, secret)
    asked = desk.get("/channels/keys/1/revoke").text
    assert "不能恢复" in asked
    assert "最近使用于" in asked
    assert status(desk, secret) == 200
    assert send(desk, "/channels/keys/1/revoke").headers["Location"] == "/channels"
    assert status(desk, secret) == 401
    assert stored()[0].revoked_by == "staff:manager"
    page = desk.get("/channels").text
    assert "已失效的密钥（1）" in page
    assert "由 manager 吊销" in page
    again = send(desk, "/channels/keys/1/revoke", page=form_of(channel))
    assert (again.status_code, "没有吊销" in again.text) == (409, True)


def test_every_channel_stands_there_also_without_a_key(desk, runtime, channel) -> None:
    page = desk.get("/channels").text
    own = [c for c in runtime.reference.current().channels.values() if c.operator_id == channel.operator_id]
    assert [page.count(f'id="channel-{one.id}"') for one in own] == [1] * len(own)
    assert page.count("没有有效的密钥") == len(own)


def test_managers_only_and_of_their_own_operator(as_, database, channel, stored) -> None:
    create_key(database, channel, label="甲的密钥")
    pages = [form_of(channel), *(f"/channels/keys/1{page}" for page in ("", "/rotate", "/revoke"))]
    for who in ("counter", "dispatcher", "regulator", "administrator"):
        client = as_(who)
        assert {client.get(page).status_code for page in ("/channels", *pages)} == {403}
        assert 'href="/channels"' not in client.get("/").text
    stranger = as_("stranger")
    assert {stranger.get(page).status_code for page in pages} == {404}
    assert "甲的密钥" not in stranger.get("/channels").text
    for page in pages:
        if page != "/channels/keys/1":
            assert send(stranger, page, {**NEW, "overlap": "0"}, page="/plans/new").status_code == 404
    (row,) = stored()
    assert (row.revoked_at, row.expires_at) == (None, None)


def test_only_whoever_made_a_key_is_shown_it(as_, runtime, channel) -> None:
    maker, colleague = as_("manager"), as_("manager")
    location = send(maker, form_of(channel), NEW).headers["Location"]
    assert secret_in(colleague.get(location).text) is None
    assert secret_in(maker.get(location).text)


def test_a_form_without_its_token_does_nothing(desk, channel, database, stored) -> None:
    create_key(database, channel)
    for page in (form_of(channel), "/channels/keys/1/rotate", "/channels/keys/1/revoke"):
        assert desk.post(page, data={**NEW, "overlap": "0"}).status_code == 400
    assert [row.revoked_at for row in stored()] == [None]


def test_everything_that_a_key_may_do_has_words() -> None:
    assert tuple(SCOPE_WORDS) == tuple(SCOPE_MEANINGS) == SCOPES
