"""Invitations and resets: a code by text to the phone on record, and the password that it lets one choose."""

import re
from datetime import timedelta

import argon2
import pytest
from house import PASSWORD, enter, phone_code, post
from sqlalchemy import event, func, select, update

from tracker.accounts.ask_reset import ask_reset, send_staff_codes
from tracker.accounts.change_account import change_account
from tracker.accounts.invite import invite
from tracker.accounts.keep_accounts import keep_accounts
from tracker.accounts.switch_account import print_reset, send_reset
from tracker.notices.models import Notice
from tracker.problems import Refusal
from tracker.staff.models import Account, SignInTry, StaffCode, StaffSession

NEW = "four unrelated words here"
MINUTE = timedelta(minutes=1)


def begin(client, username: str, code: str, password: str = NEW, again: str | None = None):
    return post(
        client, "/sign-in/begin", username=username, code=code, password=password, again=again or password
    )


def invitation(**changes) -> dict[str, object]:
    good = {
        "username": "Li.Hua",
        "display_name": "李华",
        "role": "counter",
        "phone": "138 0000 9876",
        "operator_id": 1,
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def test_whoever_is_invited_chooses_a_password_and_begins(house, time, watched_log) -> None:
    house.hire("boss", "manager")
    made = invite(house.runtime, house.by("boss"), invitation())
    code = house.code()
    watched_log.secrets.add(code)
    with house.runtime.db.reading() as connection:
        row = connection.execute(select(Notice.body, Notice.params, Notice.operator_id)).one()
    assert code not in row.body
    assert code not in str(row.params)
    assert "李华" not in row.body
    assert "http" not in row.body
    assert house.trail() == [("granted", "staff:boss", f"account:{made}", ["account", "role"])]
    client = house.client()
    assert enter(client, "li.hua", "").status_code == 401, "without a password nobody is in"
    assert begin(client, "li.hua", code).status_code == 302
    assert client.get("/account").status_code == 200
    assert begin(house.client(), "li.hua", code).status_code == 422, "a code is used once"
    assert enter(house.client(), "li.hua", NEW).status_code == 302
    assert house.trail()[-1] == ("changed", "staff:li.hua", f"account:{made}", ["password"])


def test_an_invited_manager_enrols_a_phone_at_once(house, time) -> None:
    house.hire("boss", "manager")
    invite(house.runtime, house.by("boss"), invitation(role="manager"))
    client = house.client()
    assert begin(client, "li.hua", house.code()).location == "/sign-in/enrol"
    assert client.get("/staff").status_code == 302


def test_a_reset_leaves_the_second_factor_and_ends_all_sessions(house, time) -> None:
    house.hire("boss", "manager")
    house.hire("wang.min", "manager")
    elsewhere = house.client("wang.min")
    for _ in range(5):
        enter(house.client(), "wang.min", "wrong one")
    send_reset(house.runtime, house.by("boss"), house.account("wang.min").id)
    assert elsewhere.get("/account").status_code == 200, "until the password is another"
    client = house.client()
    assert begin(client, "wang.min", house.code()).location == "/sign-in/code"
    assert elsewhere.get("/account").status_code == 302
    assert post(client, "/sign-in/code", code=phone_code()).status_code == 302, "and the lock is open"


@pytest.mark.parametrize(("kind", "good_for"), [("invitation", timedelta(days=3)), ("reset", 30 * MINUTE)])
def test_a_code_is_good_for_a_while(house, time, kind, good_for) -> None:
    house.hire("boss", "manager")
    if kind == "invitation":
        invite(house.runtime, house.by("boss"), invitation())
    else:
        house.hire("li.hua")
        send_reset(house.runtime, house.by("boss"), house.account("li.hua").id)
    code = house.code()
    time.now += good_for
    assert begin(house.client(), "li.hua", code).status_code == 422
    time.now -= MINUTE
    assert begin(house.client(), "li.hua", code).status_code == 302


def test_a_code_bears_five_tries(house, time) -> None:
    house.hire("boss", "manager")
    invite(house.runtime, house.by("boss"), invitation())
    code = house.code()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    client = house.client()
    for _ in range(5):
        assert begin(client, "li.hua", wrong).status_code == 422
    assert begin(client, "li.hua", code).status_code == 422


def test_a_later_code_takes_the_place_of_an_earlier_one(house, time) -> None:
    house.hire("boss", "manager")
    house.hire("li.hua")
    codes = []
    for _ in range(2):
        send_reset(house.runtime, house.by("boss"), house.account("li.hua").id)
        codes.append(house.code())
        time.now += MINUTE
    if codes[0] != codes[1]:
        assert begin(house.client(), "li.hua", codes[0]).status_code == 422
    assert begin(house.client(), "li.hua", codes[1]).status_code == 302


@pytest.mark.parametrize("kind", ["invitation", "reset"])
def test_a_code_that_went_to_a_phone_that_was_not_theirs_is_good_no_longer(house, time, kind) -> None:
    """Whoever mistyped a phone corrects it; a stranger has the code."""
    house.hire("boss", "manager")
    if kind == "invitation":
        account = invite(house.runtime, house.by("boss"), invitation())
    else:
        account = house.hire("li.hua")
        send_reset(house.runtime, house.by("boss"), account)
    code = house.code()
    given = {"display_name": "李华", "role": "counter", "phone": "13900009876"}
    change_account(house.runtime, house.by("boss"), account, given, if_revision=1)
    assert begin(house.client(), "li.hua", code).status_code == 422
    send_reset(house.runtime, house.by("boss"), account)
    assert begin(house.client(), "li.hua", house.code()).status_code == 302


def test_a_password_of_ones_own_choice_ends_a_code_that_is_under_way(house, time) -> None:
    """Somebody asked for it who is not the owner, or the owner found the password after all."""
    house.hire("boss", "manager")
    send_reset(house.runtime, house.by("boss"), house.hire("li.hua"))
    code = house.code()
    client = house.client("li.hua")
    chosen = {"old": PASSWORD, "new": "another four words here", "again": "another four words here"}
    assert post(client, "/account/password", **chosen).status_code == 302
    assert begin(house.client(), "li.hua", code).status_code == 422


def test_one_phone_gets_one_code_a_minute_and_five_an_hour(house, time) -> None:
    house.hire("boss", "manager")
    house.hire("li.hua")
    by, account = house.by("boss"), house.account("li.hua").id
    for _ in range(5):
        send_reset(house.runtime, by, account)
        with pytest.raises(Refusal, match=r"code\.too_often"):
            send_reset(house.runtime, by, account)
        time.now += MINUTE
    with pytest.raises(Refusal, match=r"code\.too_often"):
        send_reset(house.runtime, by, account)
    time.now += timedelta(hours=1)
    send_reset(house.runtime, by, account)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "至少 10 个字符"),
        ("xx li.hua xx", "不能包含用户名"),
        ("Password123", "太常见"),
        ("aabbaabbaabb", "太常见"),
        ("1234567890", "太常见"),
        ("x" * 201, "200"),
    ],
)
def test_a_bad_password_is_told_and_uses_up_no_try(house, time, password, words) -> None:
    house.hire("boss", "manager")
    invite(house.runtime, house.by("boss"), invitation())
    client, code = house.client(), house.code()
    for _ in range(6):
        answer = begin(client, "li.hua", code, password)
        assert answer.status_code == 422
        assert words in answer.text
    assert begin(client, "li.hua", code).status_code == 302


def test_the_two_passwords_must_be_one(house, time) -> None:
    answer = begin(house.client(), "li.hua", "123456", NEW, "another one here")
    assert answer.status_code == 422
    assert "两次输入的新密码不一致" in answer.text


def test_whoever_forgot_gets_a_code_and_a_stranger_learns_nothing(house, time, runtime) -> None:
    house.hire("li.hua")
    pages = []
    for name in ("Li.Hua", "nobody.here"):
        client = house.client()
        answer = post(client, "/sign-in/forgot", username=name)
        pages.append((answer.status_code, answer.location, client.get(answer.location).text))
    pages = [(one, two, re.sub(r'name="csrf_token" value="[^"]*"', "", text)) for one, two, text in pages]
    assert pages[0] == pages[1]
    assert house.texts() == 0, "the page itself sends nothing"
    assert send_staff_codes(runtime) == 1
    assert send_staff_codes(runtime) == 0
    assert house.texts() == 1
    assert begin(house.client(), "li.hua", house.code()).status_code == 302
    with runtime.db.reading() as connection:
        assert connection.scalar(select(func.count()).where(StaffCode.account_id.is_(None))) == 0


@pytest.mark.parametrize("name", ["li.hua", "nobody.here"])
def test_asking_for_a_code_is_the_same_work_for_every_name(house, time, runtime, name) -> None:
    house.hire("li.hua")
    said = []
    event.listen(runtime.db.autocommitting, "before_cursor_execute", lambda *a: said.append(a[2].split()[0]))
    ask_reset(runtime, name, time.now)
    assert said == ["INSERT"]


def test_a_phone_that_no_key_opens_holds_nobody_up(house, time, runtime) -> None:
    house.hire("lost")
    house.hire("li.hua", number="13800001111")
    with runtime.db.transaction() as connection:
        connection.execute(update(Account).where(Account.username == "lost").values(phone=b"x" * 40))
    for name in ("lost", "li.hua"):
        ask_reset(runtime, name, time.now)
    assert send_staff_codes(runtime) == 1
    assert begin(house.client(), "li.hua", house.code()).status_code == 302
    assert send_staff_codes(runtime) == 0


def test_the_disabled_those_without_a_phone_and_the_impatient_get_none(house, time, runtime) -> None:
    house.hire("gone")
    house.hire("bare")
    house.hire("chief", "administrator", None)
    with runtime.db.transaction() as connection:
        connection.execute(update(Account).where(Account.username == "gone").values(disabled_at=time.now))
        connection.execute(update(Account).where(Account.username == "bare").values(phone=None))
    for name in ("gone", "bare", "chief"):
        ask_reset(runtime, name, time.now)
    assert send_staff_codes(runtime) == 0
    house.hire("li.hua", number="13800001111")
    for _ in range(3):
        ask_reset(runtime, "li.hua", time.now)
    assert send_staff_codes(runtime) == 1
    assert begin(house.client(), "li.hua", house.code()).status_code == 302


@pytest.mark.parametrize(
    ("change", "place", "rule"),
    [
        ({"username": "李华"}, "username", "person.username_malformed"),
        ({"username": None}, "username", "field.required"),
        ({"username": "boss"}, "username", "person.username_taken"),
        ({"phone": "0763 3360000"}, "phone", "person.not_mobile"),
        ({"phone": "12"}, "phone", "phone.invalid"),
        ({"phone": None}, "phone", "field.required"),
        ({"role": "administrator"}, "role", "person.role_not_yours"),
        ({"role": "king"}, "role", "field.choice"),
        ({"role": "installer", "title": "李师傅"}, "staff_number", "field.required"),
        ({"role": "installer", "staff_number": "0321"}, "title", "field.required"),
        ({"staff_number": "0999"}, "staff_number", "person.number_taken"),
        ({"display_name": None}, "display_name", "field.required"),
        ({"operator_id": 2}, "", "person.not_found"),
    ],
)
def test_a_bad_invitation_is_refused_at_its_field_and_nothing_stays(house, time, change, place, rule) -> None:
    house.hire("boss", "manager", staff_number="0999")
    with pytest.raises(Refusal) as refused:
        invite(house.runtime, house.by("boss"), invitation(**change))
    assert (rule, f"/{place}" if place else "") in {(one.rule, one.pointer) for one in refused.value.faults}
    with house.runtime.db.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Account)) == 1
    assert house.texts() == 0


def test_a_code_of_the_console_opens_an_account_that_gets_no_text(house, time) -> None:
    house.hire("chief", "administrator", None)
    with pytest.raises(Refusal, match=r"person\.console_only"):
        send_reset(house.runtime, house.by("chief"), house.account("chief").id)
    code = print_reset(house.runtime, house.by("chief"), house.account("chief").id)
    assert begin(house.client(), "chief", code).location == "/sign-in/code"


def test_what_is_over_is_deleted_and_what_is_not_stays(house, time, runtime) -> None:
    house.hire("li.hua")
    client = house.client()
    enter(client, "li.hua")
    enter(house.client(), "nobody.here", "wrong one")
    ask_reset(runtime, "li.hua", time.now)
    send_staff_codes(runtime)

    def rows() -> list[int]:
        with runtime.db.reading() as connection:
            tables = (StaffSession, SignInTry, StaffCode)
            return [connection.scalar(select(func.count()).select_from(one)) or 0 for one in tables]

    keep_accounts(runtime)
    assert rows() == [1, 1, 1]
    time.now += 15 * MINUTE
    keep_accounts(runtime)
    assert rows() == [1, 0, 1]
    time.now += timedelta(days=31)
    keep_accounts(runtime)
    assert rows() == [0, 0, 0]


def test_a_password_is_kept_as_argon2id_only(house, time) -> None:
    house.hire("li.hua")
    kept = house.account("li.hua").password_hash
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert argon2.extract_parameters(kept).type is argon2.Type.ID
