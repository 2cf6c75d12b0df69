"""Everybody's own account: devices, password, second factor."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select

from tracker import clock
from tracker.accounts.own_account import (
    change_password,
    drop_second_factor,
    enrol_second_factor,
    new_recovery_codes,
    prove,
)
from tracker.orders.standing import N_
from tracker.pages import people_words
from tracker.pages.access import language, open_to, runtime
from tracker.pages.sign_in_steps import forget_shared_secret, picture_of, shared_secret
from tracker.pages.signing_in import (
    blueprint,
    device,
    left_first,
    let_in,
    session_id,
    signed_in,
    signed_out,
)
from tracker.problems import Fault, Refusal
from tracker.staff.models import ROLES, Account
from tracker.staff.rules import NEEDS_SECOND_FACTOR, SHORTEST_PASSWORD
from tracker.staff.second_factor import recovery_codes_left
from tracker.staff.sessions import end_session, end_sessions, sessions_of

_LONGEST_TYPED = 1000


@blueprint.get("/account")
@open_to(*ROLES)
def account() -> str:
    """Who somebody is here, and where they are signed in."""
    person, now = signed_in(), clock.now()
    with runtime().db.reading() as connection:
        row = connection.execute(
            select(Account.staff_number, Account.totp_secret).where(Account.id == person.id)
        ).one()
        devices = sessions_of(connection, person, now)
        codes_left = recovery_codes_left(connection, person.id)
    return render_template(
        "staff/account.html",
        account=row,
        operator=runtime().reference.current().operators.get(person.operator_id or 0),
        devices=devices,
        here=session_id(),
        codes_left=codes_left,
        needs_second_factor=person.role in NEEDS_SECOND_FACTOR,
        words=people_words,
    )


@blueprint.post("/account/devices/<int:session>/sign-out")
@open_to(*ROLES)
def account_device_out(session: int) -> Any:
    """Sign one device out."""
    if session < 2**63:
        with runtime().db.transaction() as connection:
            end_session(connection, signed_in().id, session, clock.now())
    flash(N_("已在该设备上退出。"))
    return redirect(url_for("staff.account"))


@blueprint.post("/account/sign-out-everywhere")
@open_to(*ROLES)
def account_all_out() -> Any:
    """Sign every device out, this one too; with `forget`, what the pages kept in this browser goes."""
    if (first := left_first(everywhere=1)) is not None:
        return first
    with runtime().db.transaction() as connection:
        end_sessions(connection, signed_in().id, clock.now())
    answer = signed_out()
    flash(N_("已在所有设备上退出。"))
    return answer


@blueprint.route("/account/password", methods=["GET", "POST"])
@open_to(*ROLES)
def account_password() -> Any:
    """Change the password."""
    faults: list[Fault] = []
    if request.method == "POST":
        old, new, again = (_typed(name) for name in ("old", "new", "again"))
        person = signed_in()
        try:
            if new != again:
                raise Refusal(Fault("password.differs", "/again"))
            token = change_password(runtime(), person, old, new, device(), clock.now())
        except Refusal as refusal:
            faults = list(refusal.faults)
        else:
            let_in(person, token)
            flash(N_("密码已更改，其他设备已全部退出。"))
            return redirect(url_for("staff.account"))
    page = render_template(
        "staff/account_password.html", fault_of=_by_field(faults), shortest=SHORTEST_PASSWORD
    )
    return page, 422 if faults else 200


@blueprint.route("/account/second-factor", methods=["GET", "POST"])
@open_to(*ROLES)
def account_second_factor() -> Any:
    """Share a secret with a phone, the first or another."""
    person, now = signed_in(), clock.now()
    faults: list[Fault] = []
    secret = shared_secret()
    if request.method == "POST":
        try:
            prove(runtime(), person, _typed("old"), now)
            codes = enrol_second_factor(runtime(), person, secret, _typed("code"), now)
        except Refusal as refusal:
            faults = list(refusal.faults)
        else:
            forget_shared_secret()
            return render_template("staff/recovery_codes.html", codes=codes, onward=url_for("staff.account"))
    with runtime().db.reading() as connection:
        renewed = connection.scalar(select(Account.totp_secret.is_not(None)).where(Account.id == person.id))
    page = render_template(
        "staff/account_second_factor.html",
        secret=secret,
        picture=picture_of(secret, person),
        fault_of=_by_field(faults),
        renewed=renewed,
    )
    return page, 422 if faults else 200


@blueprint.route("/account/second-factor/off", methods=["GET", "POST"])
@open_to(*(role for role in ROLES if role not in NEEDS_SECOND_FACTOR))
def account_second_factor_off() -> Any:
    """Ask for the password alone from now on."""
    faults: list[Fault] = []
    if request.method == "POST":
        try:
            drop_second_factor(runtime(), signed_in(), _typed("old"), clock.now())
        except Refusal as refusal:
            faults = list(refusal.faults)
        else:
            flash(N_("动态码已关闭。"))
            return redirect(url_for("staff.account"))
    told = gettext("关闭后只凭密码就能登录。")
    return _prove_page(gettext("关闭动态码"), told, faults)


@blueprint.route("/account/recovery-codes", methods=["GET", "POST"])
@open_to(*ROLES)
def account_recovery_codes() -> Any:
    """Ten new codes in place of the old ones."""
    faults: list[Fault] = []
    if request.method == "POST":
        try:
            codes = new_recovery_codes(runtime(), signed_in(), _typed("old"), clock.now())
        except Refusal as refusal:
            faults = list(refusal.faults)
        else:
            return render_template("staff/recovery_codes.html", codes=codes, onward=url_for("staff.account"))
    told = gettext("旧的恢复码立即作废，新的 10 个只显示一次。")
    return _prove_page(gettext("重新生成恢复码"), told, faults)


def _prove_page(asked: str, told: str, faults: list[Fault]) -> tuple[str, int]:
    page = render_template("staff/account_prove.html", asked=asked, told=told, fault_of=_by_field(faults))
    return page, 422 if faults else 200


def _by_field(faults: list[Fault]) -> dict[str, str]:
    return {one.pointer.strip("/"): one.words(language()) for one in reversed(faults)}


def _typed(name: str) -> str:
    return request.form.get(name, "")[:_LONGEST_TYPED]
