"""Signing in: who gets in, how often one may be wrong, what a session is good for."""

import re
import threading
from datetime import timedelta
from hashlib import sha256
from urllib.parse import quote

import argon2
import pyotp
import pytest
import redis
from flask_login import LoginManager
from house import NOW, PASSWORD, enter, phone_code, post
from sqlalchemy import event, func, select, update

from tests.staff_sessions import PHONE_SECRET
from tracker.staff import lockout, sign_in
from tracker.staff.models import Account, RecoveryCode, SignInTry, StaffSession
from tracker.staff.rules import IDLE, LONGEST_SESSION
from tracker.staff.second_factor import check_code
from tracker.staff.sign_in import Person

MINUTE = timedelta(minutes=1)


def is_in(client) -> bool:
    return client.get("/account").status_code == 200


def test_a_clerk_is_in_by_name_and_password_alone(house, time) -> None:
    house.hire("li.hua")
    client = house.client()
    answer = enter(client, "Li.Hua")
    assert answer.status_code == 302
    assert is_in(client)
    with house.runtime.db.reading() as connection:
        digest = connection.scalar(select(StaffSession.digest))
    with client.session_transaction() as held:
        token = held["_user_id"]
    assert bytes(digest) == sha256(token.encode()).digest(), "the token itself is kept nowhere"


@pytest.mark.parametrize("role", ["manager", "administrator"])
def test_the_roles_that_can_do_most_show_a_code_too(house, time, role) -> None:
    house.hire("wang.min", role, None if role == "administrator" else 1)
    client = house.client()
    answer = enter(client, "wang.min", path="/sign-in?next=/plans")
    assert answer.location == "/sign-in/code?next=/plans"
    assert not is_in(client)
    assert client.get("/sign-in/enrol").location.startswith("/sign-in"), "there is a phone already"
    assert post(client, "/sign-in/code", code="000000").status_code == 401
    spaced = f"{phone_code()[:3]} {phone_code()[3:]}"
    assert post(client, answer.location, code=spaced).location == "/plans"
    assert is_in(client)


def test_a_code_is_used_once_and_the_next_is_good(house, time) -> None:
    house.hire("wang.min", "manager")
    first, second = house.client(), house.client()
    code = phone_code()
    enter(first, "wang.min")
    enter(second, "wang.min")
    assert post(first, "/sign-in/code", code=code).status_code == 302
    assert post(second, "/sign-in/code", code=code).status_code == 401
    time.now += timedelta(seconds=30)
    assert post(second, "/sign-in/code", code=code).status_code == 401, "nor in the next step"
    assert post(second, "/sign-in/code", code=phone_code()).status_code == 302


@pytest.mark.parametrize(("seconds", "good"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_a_phones_clock_may_be_one_step_off(house, time, seconds, good) -> None:
    house.hire("wang.min", "manager")
    time.now = NOW.replace(second=0)
    client = house.client()
    enter(client, "wang.min")
    code = pyotp.TOTP(PHONE_SECRET).at(int(NOW.replace(second=0).timestamp()) + seconds)
    assert (post(client, "/sign-in/code", code=code).status_code == 302) is good


def test_two_with_one_code_at_the_same_moment_are_one(house, runtime) -> None:
    row = house.account("wang.min") if house.hire("wang.min", "manager") else None
    person = Person(row.id, row.username, row.display_name, row.role, row.operator_id)
    now, results = NOW, []
    code = pyotp.TOTP(PHONE_SECRET).at(int(now.timestamp()))
    gate = threading.Barrier(4)

    def one() -> None:
        gate.wait()
        results.append(check_code(runtime.db, runtime.keys, person, code, now).person)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found is not None for found in results) == 1


def test_without_a_phone_a_manager_enrols_one_before_anything_else(house, time, runtime) -> None:
    house.hire("wang.min", "manager")
    with runtime.db.transaction() as connection:
        connection.execute(update(Account).values(totp_secret=None))
    client = house.client()
    assert enter(client, "wang.min").location == "/sign-in/enrol"
    page = client.get("/sign-in/enrol")
    assert 'src="data:image/svg+xml' in page.text
    shown = re.search(r'<p class="secret"><code translate="no">([A-Z2-7 ]+)</code>', page.text)
    assert shown
    secret = shown[1].replace(" ", "")
    assert post(client, "/sign-in/enrol", code="123").status_code == 422
    assert not is_in(client)
    done = post(client, "/sign-in/enrol", code=pyotp.TOTP(secret).at(int(time.now.timestamp())))
    codes = re.findall(r"<code>([A-Z2-9]{5}-[A-Z2-9]{5})</code>", done.text)
    assert len(set(codes)) == 10
    assert is_in(client)
    with runtime.db.reading() as connection:
        kept = [bytes(one) for one in connection.scalars(select(RecoveryCode.digest))]
        sealed = bytes(house.account("wang.min").totp_secret)
    assert len(kept) == 10
    assert not any(code.encode() in one for code in codes for one in kept)
    assert secret.encode() not in sealed
    # A recovery code, however it is typed, in the place of the phone's; once.
    lost = house.client()
    enter(lost, "wang.min")
    assert post(lost, "/sign-in/code", code=codes[0].lower().replace("-", " ")).status_code == 302
    again = house.client()
    enter(again, "wang.min")
    assert post(again, "/sign-in/code", code=codes[0]).status_code == 401


def test_five_wrong_passwords_lock_a_name_known_or_not_in_the_same_words(house, time) -> None:
    house.hire("li.hua")
    pages = {}
    for name in ("li.hua", "nobody.here"):
        client = house.client()
        assert [enter(client, name, "wrong one").status_code for _ in range(5)] == [401] * 4 + [429]
        answer = enter(client, name)
        assert answer.status_code == 429
        pages[name] = re.sub(name, "", re.sub(r'value="[^"]*"', "", answer.text))
    assert "08:55" in pages["li.hua"]
    assert pages["li.hua"] == pages["nobody.here"]
    time.now += timedelta(minutes=14)
    assert enter(house.client(), "li.hua").status_code == 429, "and a try meanwhile prolongs nothing"
    time.now += MINUTE
    assert enter(house.client(), "li.hua").status_code == 302


def test_wrong_codes_count_with_wrong_passwords_and_a_right_password_forgets_none(house, time) -> None:
    house.hire("wang.min", "manager")
    client = house.client()
    enter(client, "wang.min", "wrong one")
    for _ in range(3):
        enter(client, "wang.min")
        assert post(client, "/sign-in/code", code="000000").status_code == 401
    assert post(client, "/sign-in/code", code="000000").status_code == 429
    assert post(client, "/sign-in/code", code=phone_code()).status_code == 429, "locked for the right one too"


def test_many_at_the_same_moment_are_no_more_than_five(house, runtime, time) -> None:
    house.hire("li.hua")
    looked_at = []
    gate = threading.Barrier(12)

    def guess(number: int) -> None:
        gate.wait()
        attempt = lockout.enter(runtime.db, lockout.key_of(runtime.keys, "li.hua"), time.now)
        if not attempt.refused:
            looked_at.append(number)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked_at) == 5


def test_an_emptied_redis_unlocks_nobody(house, time, runtime) -> None:
    house.hire("li.hua")
    for _ in range(5):
        enter(house.client(), "li.hua", "wrong one")
    with redis.Redis.from_url(str(runtime.config.redis_url)) as client:
        client.flushall()
    assert enter(house.client(), "li.hua").status_code == 429


def test_being_in_forgets_wrong_tries(house, time, runtime) -> None:
    house.hire("li.hua")
    for _ in range(3):
        for _ in range(4):
            enter(house.client(), "li.hua", "wrong one")
        assert enter(house.client(), "li.hua").status_code == 302
    with runtime.db.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(SignInTry)) == 0


def test_an_address_is_limited_and_no_header_makes_it_another(house, time) -> None:
    client = house.client()
    for number in range(30):
        assert enter(client, f"guess.{number}", "wrong one").status_code == 401
    assert enter(client, "guess.30", "wrong one").status_code == 429
    page = client.get("/sign-in").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    data = {"username": "x", "password": "wrong one", "csrf_token": token[1]}
    forged = client.post("/sign-in", data=data, headers={"X-Forwarded-For": "203.0.113.9"})
    assert forged.status_code == 429
    assert client.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 401


@pytest.mark.parametrize("why", ["wrong password", "unknown", "disabled", "invited"])
def test_every_failure_is_the_same_work(house, time, runtime, monkeypatch, why) -> None:
    """The same statements and the same hash are worked through, whatever the reason."""
    house.hire("li.hua")
    if why in ("disabled", "invited"):
        with runtime.db.transaction() as connection:
            change = {"disabled_at": NOW} if why == "disabled" else {"password_hash": ""}
            connection.execute(update(Account).values(**change))
    done = []
    verify = argon2.PasswordHasher.verify
    monkeypatch.setattr(
        argon2.PasswordHasher,
        "verify",
        lambda self, known, given: done.append("hash") or verify(self, known, given),
    )
    event.listen(runtime.db.autocommitting, "before_cursor_execute", lambda *a: done.append(a[2].split()[0]))
    name = "nobody.here" if why == "unknown" else "li.hua"
    given = PASSWORD if why == "disabled" else "wrong one"
    assert sign_in.sign_in(runtime.db, runtime.keys, name, given, NOW).person is None
    assert done == ["INSERT", "SELECT", "hash"]


def test_a_hash_of_older_parameters_is_renewed_at_sign_in(house, time, runtime) -> None:
    house.hire("li.hua")
    old = argon2.PasswordHasher(time_cost=2, memory_cost=16).hash(PASSWORD)
    with runtime.db.transaction() as connection:
        connection.execute(update(Account).values(password_hash=old))
    assert enter(house.client(), "li.hua").status_code == 302
    renewed = house.account("li.hua").password_hash
    assert renewed != old
    assert not argon2.PasswordHasher().check_needs_rehash(renewed)
    assert enter(house.client(), "li.hua").status_code == 302


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/%0a/evil",
        "/\t/evil.example",
        "evil",
        "",
    ],
)
def test_one_never_goes_on_to_another_site(house, time, elsewhere) -> None:
    house.hire("li.hua")
    client = house.client()
    answer = enter(client, "li.hua", path=f"/sign-in?next={quote(elsewhere)}")
    assert answer.status_code == 302
    assert answer.location in ("/", "/counter", "/%250a/evil", "/%0a/evil")
    assert not answer.location.startswith(("//", "/\\"))


def test_one_goes_on_to_where_one_wanted_to_go(house, time) -> None:
    house.hire("li.hua")
    client = house.client()
    asked = client.get("/plans?standing=draft")
    assert asked.location == "/sign-in?next=/plans?standing%3Ddraft"
    assert enter(client, "li.hua", path=asked.location).location == "/plans?standing=draft"


def test_a_session_that_was_planted_is_not_the_one_that_is_opened(house, time) -> None:
    house.hire("li.hua")
    client = house.client()
    client.get("/sign-in")
    with client.session_transaction() as held:
        held["_user_id"] = "planted"
        before = held.get("csrf_token")
    enter(client, "li.hua")
    with client.session_transaction() as held:
        assert held["_user_id"] != "planted"
        assert held.get("csrf_token") != before


@pytest.mark.parametrize("role", ["counter", "dispatcher", "installer", "manager"])
def test_a_session_ends_when_nothing_is_heard_and_after_a_shift(house, time, role) -> None:
    house.hire("somebody", role)
    client = house.client()
    enter(client, "somebody")
    if role == "manager":
        post(client, "/sign-in/code", code=phone_code())
    time.now += IDLE[role] - MINUTE
    assert is_in(client)
    if IDLE[role] < LONGEST_SESSION:
        time.now += IDLE[role]
        assert not is_in(client)
    else:
        time.now += MINUTE
        assert not is_in(client)


def test_however_busy_a_session_is_it_ends_after_twelve_hours(house, time) -> None:
    house.hire("li.hua")
    client = house.client()
    enter(client, "li.hua")
    for _ in range(11):
        time.now += timedelta(hours=1)
        assert is_in(client)
    time.now += timedelta(hours=1)
    assert not is_in(client)


def test_when_one_was_seen_is_written_once_a_minute(house, time, runtime) -> None:
    house.hire("li.hua")
    client = house.client()
    enter(client, "li.hua")

    def seen():
        with runtime.db.reading() as connection:
            return connection.scalar(select(StaffSession.seen_at))

    time.now += timedelta(seconds=59)
    assert is_in(client)
    assert seen() == NOW
    time.now += timedelta(seconds=1)
    assert is_in(client)
    assert seen() == time.now


def test_a_form_that_comes_after_its_session_loses_nothing(house, time) -> None:
    house.hire("li.hua")
    client = house.client()
    enter(client, "li.hua")
    page = client.get("/complaints/new").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    time.now += timedelta(hours=3)
    said = "约了三次都没有人来 <b>"
    answer = client.post("/complaints/new", data={"text": said, "csrf_token": token[1], "step": "save"})
    assert answer.status_code == 401
    assert "约了三次都没有人来 &lt;b&gt;" in answer.text
    assert token[1] not in answer.text
    way = re.search(r'href="(/sign-in\?next=[^"]+)"', answer.text)
    assert way
    assert enter(client, "li.hua", path=way[1]).location == "/complaints/new"
    # The old form is one of another session now.
    late = client.post("/complaints/new", data={"text": said, "csrf_token": token[1]})
    assert late.status_code == 400
    assert 'href="/complaints/new"' in late.text


def test_the_half_way_is_not_in_and_ends_with_the_password(house, time, runtime) -> None:
    house.hire("wang.min", "manager")
    client = house.client()
    enter(client, "wang.min")
    assert client.get("/staff").status_code == 302
    assert client.get("/sign-in/code").status_code == 200
    with runtime.db.transaction() as connection:
        other = argon2.PasswordHasher().hash("another password of hers")
        connection.execute(update(Account).values(password_hash=other))
    assert client.get("/sign-in/code").status_code == 302
    late = house.client()
    enter(late, "wang.min", "another password of hers")
    time.now += timedelta(minutes=10)
    assert late.get("/sign-in/code").status_code == 302


def test_signing_out_ends_the_session_on_the_server(house, time) -> None:
    house.hire("li.hua")
    client = house.client()
    enter(client, "li.hua")
    with client.session_transaction() as held:
        kept = dict(held)
    assert post(client, "/sign-out", page="/account").status_code == 302
    with client.session_transaction() as held:
        held.update(kept)
    assert not is_in(client), "a stolen cookie is worth nothing any more"


def test_flask_login_has_no_cookie_of_its_own(house) -> None:
    assert isinstance(house.app.login_manager, LoginManager)
    house.hire("li.hua")
    client = house.client()
    answer = enter(client, "li.hua")
    names = {one.split("=")[0] for one in answer.headers.getlist("Set-Cookie")}
    assert names == {"session"}
    assert all("HttpOnly" in one and "SameSite=Lax" in one for one in answer.headers.getlist("Set-Cookie"))
