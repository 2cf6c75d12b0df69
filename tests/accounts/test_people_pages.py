"""The pages on which accounts are given and taken, and everybody's own."""

import csv
import io
import re
import threading
from dataclasses import replace
from time import monotonic

import openpyxl
import pyotp
import pytest
from house import PASSWORD, enter, phone_code, post
from sqlalchemy import insert, select, text, update

from tests.serving import app_of
from tests.staff_sessions import PHONE_SECRET, sign_in
from tracker.accounts.change_account import change_account
from tracker.accounts.doer import console
from tracker.accounts.switch_account import disable_account
from tracker.pages.places import SECTIONS
from tracker.problems import Refusal
from tracker.staff.models import ROLES, Account, StaffSession
from tracker.teams.models import Team, TeamMember

NEW = "four unrelated words here"


def record(row, **changes) -> dict[str, str]:
    kept = {name: getattr(row, name) or "" for name in ("display_name", "role", "title", "staff_number")}
    return kept | {"revision": str(row.revision)} | changes


@pytest.fixture
def boss(house, time):
    house.hire("boss", "manager", display_name="王敏")
    return house.client("boss")


def test_a_manager_sees_the_people_of_the_operator_alone(house, boss) -> None:
    house.hire("li.hua", display_name="李华", staff_number="0321")
    house.hire("stranger", operator_id=2)
    house.hire("chief", "administrator", None)
    page = boss.get("/staff").text
    assert "李华" in page
    assert "0321" in page
    assert "13800005678" not in page
    for other in ("stranger", "chief"):
        assert other not in page
        account = house.account(other).id
        assert boss.get(f"/staff/{account}").status_code == 404
        answer = post(boss, f"/staff/{account}", "/staff/invite", **record(house.account(other)))
        assert answer.status_code == 404
        assert post(boss, f"/staff/{account}/act", "/staff/invite", step="disable").status_code == 404
        assert house.account(other).disabled_at is None


def test_an_administrator_sees_everybody_by_operator(house, boss) -> None:
    house.hire("stranger", operator_id=2)
    house.hire("chief", "administrator", None)
    client = house.client("chief")
    page = client.get("/staff").text
    assert all(name in page for name in ("boss", "stranger", "chief", "清远电信"))
    narrowed = client.get("/staff?operator=2").text
    assert "stranger" in narrowed
    assert ">boss<" not in re.sub(r"<header>.*?</header>", "", narrowed, flags=re.S)


def test_filters_stand_in_the_address_and_hold_for_the_files(house, boss, time) -> None:
    house.hire("li.hua", display_name="李华")
    house.hire("li.jun", "installer", display_name="=李军", title="李师傅", staff_number="0321")
    house.hire("li.gone", display_name="李走")
    disable_account(house.runtime, house.by("boss"), house.account("li.gone").id)
    for _ in range(5):
        enter(house.client(), "li.hua", "wrong one")

    def named(query: str) -> set[str]:
        text = boss.get(f"/staff.csv{query}").text.removeprefix("\ufeff")
        return {row[1] for row in csv.reader(io.StringIO(text))} - {"用户名"}

    assert named("") == {"boss", "li.hua", "li.jun", "li.gone"}
    assert named("?role=installer") == {"li.jun"}
    assert named("?shown=disabled") == {"li.gone"}
    assert named("?shown=locked") == {"li.hua"}
    assert named("?shown=active") == {"boss", "li.hua", "li.jun"}
    assert named("?q=0321") == {"li.jun"}
    assert named("?q=%E6%9D%8E%E5%8D%8E") == {"li.hua"}
    assert named("?q=%25") == set()
    assert named("?role=nonsense&shown=x&operator=99") == {"boss", "li.hua", "li.jun", "li.gone"}
    assert "锁定至 08:55" in boss.get("/staff").text
    assert "没有符合条件的账号" in boss.get("/staff?q=nobody").text
    book = boss.get("/staff.xlsx?role=installer")
    sheet = openpyxl.load_workbook(io.BytesIO(book.data)).active
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[1][0] == "'=李军"
    assert cells[1][4] == "0321"
    assert "=李军" not in boss.get("/staff.csv").text.replace("'=李军", "")


def test_an_installer_in_no_team_stands_out(house, boss, time, runtime) -> None:
    joined = house.hire("li.jun", "installer", title="李师傅", staff_number="0321")
    assert "未编入班组" in boss.get("/staff").text
    with runtime.db.transaction() as connection:
        team = connection.scalar(
            insert(Team)
            .values(operator_id=1, name="清城一班", area_code="441802", created_at=time.now)
            .returning(Team.id)
        )
        connection.execute(
            insert(TeamMember).values(account_id=joined, operator_id=1, team_id=team, since=time.now)
        )
    for path in ("/staff", f"/staff/{joined}"):
        page = boss.get(path).text
        assert "清城一班" in page
        assert "未编入班组" not in page


def test_twenty_a_page(house, boss) -> None:
    for number in range(21):
        house.hire(f"clerk.{number:02}", display_name=f"Clerk {number:02}")
    assert "page=2" in boss.get("/staff").text
    assert "clerk.20" in boss.get("/staff?page=2").text
    assert "page=3" not in boss.get("/staff?page=2").text


def test_inviting_on_the_page(house, boss) -> None:
    given = {"username": "li.hua", "display_name": "李华", "role": "counter", "phone": "13800009876"}
    wrong = post(boss, "/staff/invite", **given | {"phone": "12"})
    assert wrong.status_code == 422
    assert 'value="李华"' in wrong.text, "nothing typed is lost"
    answer = post(boss, "/staff/invite", **given | {"operator_id": "2"})
    assert answer.status_code == 302
    assert house.account("li.hua").operator_id == 1, "a manager invites for no other operator"
    page = boss.get(answer.location).text
    assert "已邀请" in page
    assert "重发邀请" in page
    assert "138****9876" in page
    assert "13800009876" not in page


def test_a_record_is_changed_and_a_stale_one_is_not(house, boss) -> None:
    house.hire("li.hua", display_name="李华")
    shown = house.account("li.hua")
    path = f"/staff/{shown.id}"
    answer = post(boss, path, **record(shown, display_name="李华华", phone="13800004321"))
    assert answer.status_code == 302
    assert house.account("li.hua").display_name == "李华华"
    assert house.trail()[-1] == ("changed", "staff:boss", f"account:{shown.id}", ["display_name", "phone"])
    late = post(boss, path, **record(shown, display_name="李花"))
    assert late.status_code == 409
    assert "李华华" in late.text
    assert 'value="李花"' in late.text
    again = record(house.account("li.hua"), display_name="李花")
    assert post(boss, path, **again).status_code == 302
    entries = len(house.trail())
    post(boss, path, **record(house.account("li.hua")))
    assert len(house.trail()) == entries, "what changes nothing is no change"


def test_a_staff_number_that_somebody_else_is_being_given_is_refused(house, boss) -> None:
    for name in ("li.hua", "he.jun"):
        house.hire(name)
    account, answers = house.account("he.jun"), []
    send = threading.Thread(
        target=lambda: answers.append(
            post(boss, f"/staff/{account.id}", **record(account, staff_number="0400"))
        )
    )
    with house.runtime.db.engine.begin() as other:
        other.execute(update(Account).where(Account.username == "li.hua").values(staff_number="0400"))
        send.start()
        until = monotonic() + 10
        while not other.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert monotonic() < until
    send.join()
    assert answers[0].status_code == 422
    assert 'value="0400"' in answers[0].text


def test_another_role_signs_out_everywhere(house, boss) -> None:
    house.hire("li.hua")
    client = house.client("li.hua")
    row = house.account("li.hua")
    assert post(boss, f"/staff/{row.id}", **record(row, role="dispatcher")).status_code == 302
    assert client.get("/account").status_code == 302
    assert ("granted", "staff:boss", f"account:{row.id}", ["role"]) in house.trail()


@pytest.mark.parametrize("role", ["administrator", "regulator"])
def test_a_manager_raises_nobody_above_a_manager(house, boss, role) -> None:
    house.hire("li.hua")
    row = house.account("li.hua")
    answer = post(boss, f"/staff/{row.id}", **record(row, role=role))
    assert answer.status_code == 422
    assert house.account("li.hua").role == "counter"


def test_nobody_disables_or_demotes_himself(house, boss) -> None:
    row = house.account("boss")
    post(boss, f"/staff/{row.id}/act", f"/staff/{row.id}", step="disable")
    assert house.account("boss").disabled_at is None
    assert post(boss, f"/staff/{row.id}", **record(row, role="counter")).status_code == 409
    assert house.account("boss").role == "manager"
    post(boss, f"/staff/{row.id}/act", f"/staff/{row.id}", step="second_factor")
    assert house.account("boss").totp_secret is not None


def test_the_last_administrator_stays(house, time) -> None:
    house.hire("chief", "administrator", None)
    house.hire("other", "administrator", None)
    disable_account(house.runtime, house.by("chief"), house.account("other").id)
    chief = house.account("chief")
    with pytest.raises(Refusal, match=r"person\.last_administrator"):
        disable_account(house.runtime, console("staff"), chief.id)
    given = {"display_name": "x", "role": "regulator"}
    with pytest.raises(Refusal, match=r"person\.last_administrator"):
        change_account(house.runtime, console("staff"), chief.id, given, if_revision=chief.revision)


def test_two_administrators_cannot_take_each_others_account(house, time) -> None:
    house.hire("one", "administrator", None)
    house.hire("two", "administrator", None)
    gate, refused = threading.Barrier(2), []

    def take(mine: str, theirs: str) -> None:
        by, account = house.by(mine), house.account(theirs).id
        gate.wait()
        try:
            disable_account(house.runtime, by, account)
        except Refusal as refusal:
            refused.append(refusal.faults[0].rule)

    threads = [threading.Thread(target=take, args=pair) for pair in (("one", "two"), ("two", "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["person.last_administrator"]


@pytest.mark.parametrize(
    ("step", "action", "field"),
    [
        ("disable", "revoked", "account"),
        ("enable", "granted", "account"),
        ("unlock", "granted", "lock"),
        ("sign_out", "revoked", "sessions"),
        ("second_factor", "revoked", "second_factor"),
        ("reset", "granted", "password"),
    ],
)
def test_every_act_leaves_a_trace(house, boss, step, action, field) -> None:
    house.hire("wang.li", "manager")
    account = house.account("wang.li").id
    assert post(boss, f"/staff/{account}/act", f"/staff/{account}", step=step).status_code == 302
    assert house.trail() == [(action, "staff:boss", f"account:{account}", [field])]


def test_a_disabled_accounts_session_dies_at_once_and_enabling_lets_in_anew(house, boss) -> None:
    house.hire("li.hua")
    client = house.client("li.hua")
    assert client.get("/account").status_code == 200
    account = house.account("li.hua").id
    post(boss, f"/staff/{account}/act", f"/staff/{account}", step="disable")
    assert client.get("/account").status_code == 302
    assert enter(house.client(), "li.hua").status_code == 401
    post(boss, f"/staff/{account}/act", f"/staff/{account}", step="enable")
    assert client.get("/account").status_code == 302, "the old session stays ended"
    assert enter(house.client(), "li.hua").status_code == 302


def test_unlocking_and_removing_a_lost_phone(house, boss, time) -> None:
    house.hire("wang.li", "manager")
    account = house.account("wang.li").id
    for _ in range(5):
        enter(house.client(), "wang.li", "wrong one")
    post(boss, f"/staff/{account}/act", f"/staff/{account}", step="unlock")
    post(boss, f"/staff/{account}/act", f"/staff/{account}", step="second_factor")
    assert enter(house.client(), "wang.li").location == "/sign-in/enrol"


def test_ids_that_are_nobodys_are_not_found(house, boss) -> None:
    assert boss.get(f"/staff/{10**12}").status_code == 404
    assert boss.get("/staff/999").status_code == 404
    account = house.account("boss").id
    assert post(boss, f"/staff/{account}/act", f"/staff/{account}", step="nonsense").status_code == 404


@pytest.mark.parametrize("role", ["counter", "dispatcher", "installer", "regulator"])
def test_others_give_no_accounts(house, time, role) -> None:
    house.hire("somebody", role, None if role == "regulator" else 1)
    client = house.client("somebody")
    for path in ("/staff", "/staff.csv", "/staff/invite", "/staff/1"):
        assert client.get(path).status_code == 403
    assert post(client, "/staff/invite", "/account").status_code == 403
    assert client.get("/account").status_code == 200


# One's own account.


def test_devices_are_signed_out_one_by_one_and_all(house, time) -> None:
    house.hire("li.hua")
    clients = [house.client() for _ in range(3)]
    for client in clients:
        enter(client, "li.hua")
    page = clients[0].get("/account").text
    ways = re.findall(r'action="(/account/devices/\d+/sign-out)"', page)
    assert len(ways) == 2, "this device has no button of its own"
    post(clients[0], ways[0], "/account")
    assert sorted(client.get("/account").status_code for client in clients) == [200, 200, 302]
    house.hire("stranger", operator_id=2)
    stranger = house.client("stranger")
    post(stranger, ways[1], "/account")
    assert sorted(client.get("/account").status_code for client in clients) == [200, 200, 302]
    assert post(clients[0], "/account/sign-out-everywhere", "/account").location == "/sign-in"
    assert [client.get("/account").status_code for client in clients] == [302] * 3
    assert stranger.get("/account").status_code == 200


def test_another_password_ends_other_sessions_and_renews_this_one(house, time) -> None:
    house.hire("li.hua")
    here, there = house.client(), house.client()
    enter(here, "li.hua")
    enter(there, "li.hua")
    with here.session_transaction() as held:
        before = held["_user_id"]
    path = "/account/password"
    assert "密码不正确" in post(here, path, old="wrong one", new=NEW, again=NEW).text
    assert "不一致" in post(here, path, old=PASSWORD, new=NEW, again=NEW + "x").text
    assert "太常见" in post(here, path, old=PASSWORD, new="password123", again="password123").text
    assert post(here, path, old=PASSWORD, new=NEW, again=NEW).location == "/account"
    assert here.get("/account").status_code == 200
    with here.session_transaction() as held:
        assert held["_user_id"] != before
    assert there.get("/account").status_code == 302
    assert enter(house.client(), "li.hua").status_code == 401
    assert enter(house.client(), "li.hua", NEW).status_code == 302


def test_guessing_the_present_password_at_an_open_desk_locks(house, time) -> None:
    house.hire("li.hua")
    client = house.client("li.hua")
    for _ in range(5):
        answer = post(client, "/account/password", old="wrong one", new=NEW, again=NEW)
    assert "请在 08:55 之后再试" in answer.text
    assert "之后再试" in post(client, "/account/password", old=PASSWORD, new=NEW, again=NEW).text


def test_a_second_factor_of_ones_own_is_turned_on_renewed_and_off(house, time) -> None:
    house.hire("li.hua")
    client = house.client("li.hua")
    path = "/account/second-factor"
    shown = re.search(r'<p class="secret"><code translate="no">([A-Z2-7 ]+)</code>', client.get(path).text)
    assert shown
    secret = shown[1].replace(" ", "")
    now = int(time.now.timestamp())
    code = pyotp.TOTP(secret).at(now)
    assert post(client, path, code=code, old="wrong one").status_code == 422
    assert house.account("li.hua").totp_secret is None
    done = post(client, path, code=code, old=PASSWORD)
    codes = re.findall(r"<code>([A-Z2-9]{5}-[A-Z2-9]{5})</code>", done.text)
    assert len(codes) == 10
    assert secret not in client.get(path).text, "another phone gets another secret"
    later = house.client()
    assert enter(later, "li.hua").location == "/sign-in/code"
    renewed = post(client, "/account/recovery-codes", old=PASSWORD)
    fresh = re.findall(r"<code>([A-Z2-9]{5}-[A-Z2-9]{5})</code>", renewed.text)
    assert not set(fresh) & set(codes)
    assert post(later, "/sign-in/code", code=codes[0]).status_code == 401
    assert post(later, "/sign-in/code", code=fresh[0]).status_code == 302
    assert "剩余恢复码：9 个" in client.get("/account").text
    assert post(client, "/account/second-factor/off", old=PASSWORD).location == "/account"
    assert enter(house.client(), "li.hua").location in ("/", "/counter")
    assert [one[3] for one in house.trail()] == [["second_factor"], ["recovery_codes"], ["second_factor"]]


def test_a_manager_cannot_turn_it_off(house, boss) -> None:
    assert boss.get("/account/second-factor/off").status_code == 403
    assert "关闭" not in boss.get("/account").text


# Ways on from every page.


_EVERY_PLACE = {place.address for section in SECTIONS for place in section.places}
_WORK = {"counter": "/counter", "dispatcher": "/dispatch", "installer": "/jobs", "manager": "/"}


@pytest.mark.parametrize("role", ROLES)
def test_every_way_that_is_shown_is_open(house, time, role) -> None:
    house.hire("somebody", role, None if role in ("regulator", "administrator") else 1)
    client = house.client("somebody")
    ways: set[str] = set()
    new = {"/account"}
    # From any page to its section, and from there to the places within.
    while new:
        ways |= new
        pages = [client.get(way) for way in new]
        assert [page.status_code for page in pages] == [200] * len(new), new
        shown = "".join("".join(re.findall(r"<nav[^>]*>(.*?)</nav>", page.text, re.S)) for page in pages)
        new = (set(re.findall(r'<a href="([^"]+)"', shown)) & _EVERY_PLACE) - ways
    assert _WORK.get(role, "/account") in ways
    assert ("/staff" in ways) is (role in ("manager", "administrator"))


@pytest.mark.parametrize(("role", "home"), [("administrator", "/staff"), ("regulator", "/regulator")])
def test_whoever_has_no_orders_begins_elsewhere(house, time, role, home) -> None:
    house.hire("somebody", role, None)
    client = house.client("somebody")
    assert client.get("/").location == home
    assert client.get(home).status_code == 200


def test_every_page_for_staff_says_to_whom_it_is_open(house) -> None:
    steps = {"staff.sign_in_page", "staff.sign_in_code", "staff.sign_in_enrol", "staff.sign_in_begin"}
    steps |= {"staff.sign_in_forgot", "staff.sign_out"}
    pages = {name: view for name, view in house.app.view_functions.items() if name.startswith("staff.")}
    assert steps <= set(pages)
    assert {name for name, view in pages.items() if not getattr(view, "open_to", ())} == steps


@pytest.mark.parametrize("role", ROLES)
def test_every_page_keeps_out_whom_it_is_not_open_to(house, time, role) -> None:
    house.hire("somebody", role, None if role in ("regulator", "administrator") else 1)
    client = house.client("somebody")
    asked = 0
    for rule in house.app.url_map.iter_rules():
        view = house.app.view_functions[rule.endpoint]
        if not rule.endpoint.startswith("staff.") or role in getattr(view, "open_to", ROLES):
            continue
        address = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
        address = re.sub(r"<[^>]+>", "1", address)
        if "GET" in rule.methods:
            assert client.get(address).status_code == 403, address
            asked += 1
    assert asked > 1 or role == "manager"


def test_the_demonstration_shows_the_codes_of_its_phones(runtime, house, time) -> None:
    house.hire("boss", "manager")
    demo = app_of(replace(runtime, config=replace(runtime.config, demo=True))).test_client()
    assert phone_code() in demo.get("/demo/texts").text
    assert PHONE_SECRET not in demo.get("/demo/texts").text


def test_the_demonstration_says_where_its_codes_are_and_no_other_does(runtime, house, time) -> None:
    house.hire("boss", "manager")
    for demo in (True, False):
        client = app_of(replace(runtime, config=replace(runtime.config, demo=demo))).test_client()
        assert enter(client, "boss").location == "/sign-in/code"
        assert ('href="/demo/texts">演示系统' in client.get("/sign-in/code").text) is demo


@pytest.mark.parametrize("role", ["installer", "regulator", "administrator"])
def test_a_wrong_address_leads_back_to_where_the_role_begins(house, time, role) -> None:
    house.hire("somebody", role, 1 if role == "installer" else None)
    client = house.client("somebody")
    lost = client.get("/nowhere").text
    assert "工单列表" not in lost
    assert '<a class="primary" href="/">回到首页</a>' in lost
    assert client.get("/", follow_redirects=True).status_code == 200


def test_a_device_of_tests_is_one(house, runtime, time) -> None:
    house.hire("li.hua")
    client = house.client()
    sign_in(client, runtime, "li.hua")
    with runtime.db.reading() as connection:
        assert connection.scalar(select(StaffSession.device)) == "Test"
    assert client.get("/account").status_code == 200
