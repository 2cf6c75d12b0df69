"""Accounts of people, for those who give them: the list, an invitation, one person."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.accounts import switch_account
from tracker.accounts.change_account import change_account
from tracker.accounts.doer import Doer, doer_of
from tracker.accounts.invite import invite
from tracker.accounts.queries import SHOWN, Listed, Wanted, all_people, one_person, people_page
from tracker.accounts.text_code import PHONE
from tracker.files import giving
from tracker.masks import mask_phone
from tracker.orders.left_installers import in_hand
from tracker.orders.standing import N_
from tracker.pages import people_words, wording
from tracker.pages.access import language, open_to, over_operators, runtime
from tracker.pages.list_files import list_file
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.teams import DISPATCHING
from tracker.pages.typed_numbers import carried, page_number, whole
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.staff.models import ROLES
from tracker.staff.rules import OF_OPERATOR, roles_given_by

ROWS = 20
_GIVERS = ("manager", "administrator")
_RECORD = ("display_name", "role", "phone", "title", "staff_number")
_LARGEST_ID = 2**31 - 1
_WIDTHS = (20, 20, 12, 18, 12, 12, 12, 10, 22)

# What a button does, and what is said of it.
_ACTS: dict[str, tuple[Callable[[Runtime, Doer, int], None], str]] = {
    "disable": (switch_account.disable_account, N_("已停用，此人已在所有设备上退出。可随时重新启用。")),
    "enable": (switch_account.enable_account, N_("已启用，原密码仍然有效。")),
    "unlock": (switch_account.unlock_account, N_("已解除锁定。")),
    "sign_out": (switch_account.sign_out_everywhere, N_("此人已在所有设备上退出。")),
    "second_factor": (
        switch_account.remove_second_factor,
        N_("动态码已移除，此人已退出；需要动态码的角色下次登录时重新设置。"),
    ),
    "reset": (switch_account.send_reset, N_("验证码已发往登记的手机。旧密码在设置新密码之前仍然有效。")),
}


@blueprint.get("/staff")
@open_to(*_GIVERS)
@over_operators
def people() -> str:
    """By operator and name, twenty a page; the filters stand in the address."""
    by = doer_of(signed_in())
    wanted, asked = _wanted(by)
    page = page_number()
    with runtime().db.reading() as connection:
        rows, more = people_page(
            connection, runtime().keys, by, wanted, clock.now(), limit=ROWS, skip=(page - 1) * ROWS
        )
    roles = ROLES if by.operator_id is None else OF_OPERATOR
    return render_template(
        "staff/people.html",
        rows=rows,
        more=more,
        page=page,
        asked=asked,
        operator=runtime().reference.current().operators.get(by.operator_id or 0),
        operators=_operators(by),
        role_words={role: people_words.ROLE_WORDS[role] for role in roles},
        words=people_words,
    )


@blueprint.get("/staff.<any(csv, xlsx):form>")
@open_to(*_GIVERS)
@over_operators
def people_file(form: str) -> Any:
    """What the list shows, all pages of it, without phones."""
    by = doer_of(signed_in())
    wanted, asked = _wanted(by)
    pages = _cells(by, wanted)
    return list_file(
        form,
        "staff",
        gettext("人员账号"),
        _head(),
        _WIDTHS,
        pages,
        too_many="person.too_many_rows",
        back=url_for("staff.people", **asked),
    )


@blueprint.route("/staff/invite", methods=["GET", "POST"])
@open_to(*_GIVERS)
@over_operators
def people_invite() -> Any:
    """The form, and the invitation that it sends."""
    by = doer_of(signed_in())
    typed = {name: request.form.get(name, "") for name in (*_RECORD, "username", "operator_id")}
    faults: list[Fault] = []
    if request.method == "POST":
        given = _given(typed, (*_RECORD, "username"))
        operator = whole(typed["operator_id"], 4) if by.operator_id is None else by.operator_id
        if operator is not None:
            given["operator_id"] = operator
        try:
            made = invite(runtime(), by, given)
        except Refusal as refusal:
            faults = list(refusal.faults)
        else:
            flash(N_("邀请已发出。请把登录地址和用户名告诉对方。"))
            return redirect(url_for("staff.people_one", account_id=made))
    page = render_template(
        "staff/person_invite.html",
        typed=typed if request.method == "POST" else {"role": "counter"},
        operators=_operators(by),
        roles=OF_OPERATOR,
        words=people_words,
        **_told(faults),
    )
    return page, 422 if faults else 200


@blueprint.route("/staff/<int:account_id>", methods=["GET", "POST"])
@open_to(*_GIVERS)
@over_operators
def people_one(account_id: int) -> Any:
    """One person: how the account stands, and what is on record, to be changed."""
    by = doer_of(signed_in())
    found = _found(by, account_id)
    faults: list[Fault] = []
    status = 200
    typed: dict[str, Any] = {name: getattr(found.row, name) for name in _RECORD if name != "phone"}
    if request.method == "POST":
        typed = {name: request.form.get(name, "") for name in _RECORD}
        try:
            change_account(
                runtime(),
                by,
                account_id,
                _given(typed, _RECORD),
                if_revision=carried("revision"),
            )
        except Refusal as refusal:
            faults, status = list(refusal.faults), refusal.status
            found = _found(by, account_id)
        else:
            flash(N_("已保存。"))
            return redirect(url_for("staff.people_one", account_id=account_id))
    row = found.row
    with runtime().db.reading() as connection:
        hand = in_hand(connection, row.id)
    phone = None if row.phone is None else runtime().keys.open(bytes(row.phone), PHONE)
    page = render_template(
        "staff/person.html",
        row=row,
        state=found.state,
        locked_until=found.locked_until,
        mine=row.id == by.account_id,
        hand=hand,
        comes=row.role == "installer" and found.state != "disabled",
        dispatches=by.role in DISPATCHING,
        typed=typed,
        stale=any(one.rule == "person.stale" for one in faults),
        phone_known="" if phone is None else mask_phone(phone),
        roles=roles_given_by(by.role, row.role) if row.id != by.account_id else (row.role,),
        operator_name=_operators(by).get(str(row.operator_id), ""),
        words=people_words,
        **_told(faults),
    )
    return page, status


@blueprint.post("/staff/<int:account_id>/act")
@open_to(*_GIVERS)
@over_operators
def people_act(account_id: int) -> Any:
    """Do what the button says."""
    by = doer_of(signed_in())
    _found(by, account_id)
    act, said = _ACTS.get(request.form.get("step", ""), (None, ""))
    if act is None:
        raise NotFound
    try:
        act(runtime(), by, account_id)
    except Refusal as refusal:
        said = refusal.faults[0].words(language())
    flash(said)
    return redirect(url_for("staff.people_one", account_id=account_id))


def _found(by: Doer, account_id: int) -> Listed:
    """Somebody who is the person's to deal with. Raises NotFound."""
    found = None
    if account_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            found = one_person(connection, runtime().keys, by, account_id, clock.now())
    if found is None:
        raise NotFound
    return found


def _wanted(by: Doer) -> tuple[Wanted, dict[str, str]]:
    """What the list is narrowed to by its address, and the part of the address that says so."""
    known = {"shown": SHOWN, "role": ROLES, "operator": _operators(by)}
    asked = {name: request.args[name] for name, among in known.items() if request.args.get(name, "") in among}
    text = request.args.get("q", "").replace("\0", "").strip()[:64]
    if text:
        asked["q"] = text
    operator = asked.get("operator")
    return (
        Wanted(asked.get("shown"), asked.get("role"), int(operator) if operator else None, text),
        asked,
    )


def _operators(by: Doer) -> dict[str, str]:
    """The operators among whose people somebody chooses, by id; none for whoever works for one."""
    if by.operator_id is not None:
        return {}
    found = runtime().reference.current().operators.values()
    return {str(one.id): one.name_en if language() == "en" else one.name for one in found}


def _given(typed: dict[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    return {name: text for name in fields if (text := str(typed[name]).replace("\0", "").strip()[:200])}


def _told(faults: list[Fault]) -> dict[str, Any]:
    words = [(one.pointer.strip("/"), one.words(language())) for one in faults]
    return {
        "fault_of": dict(reversed(words)),
        "general": next((told for field, told in words if not field), ""),
    }


def _head() -> tuple[str, ...]:
    return (
        gettext("姓名"),
        gettext("用户名"),
        gettext("角色"),
        gettext("单位"),
        gettext("工号"),
        gettext("称呼"),
        gettext("状态"),
        gettext("动态码"),
        gettext("最近使用"),
    )


def _cells(by: Doer, wanted: Wanted) -> giving.Pages:
    """Rows of the file; words are looked up now, because the lines are made after the request."""
    run, now, spoken, today = runtime(), clock.now(), language(), clock.today()
    words = {
        word: gettext(word)
        for group in (people_words.ROLE_WORDS, people_words.STATE_WORDS)
        for word in group.values()
    }
    on, off, never = gettext("已开启"), gettext("未开启"), gettext("从未登录")
    operators = run.reference.current().operators
    names = {one.id: one.name_en if spoken == "en" else one.name for one in operators.values()}

    def line(one: Listed) -> tuple[str, ...]:
        row = one.row
        state = "locked" if one.locked_until else one.state
        return (
            row.display_name,
            row.username,
            words[people_words.ROLE_WORDS[row.role]],
            names.get(row.operator_id, ""),
            row.staff_number or "",
            row.title or "",
            words[people_words.STATE_WORDS[state]],
            on if row.totp_secret else off,
            wording.instant(row.seen_at, spoken, today) if row.seen_at else never,
        )

    def pages() -> Iterable[list[tuple[str, ...]]]:
        with run.db.reading() as connection:
            for listed in all_people(connection, run.keys, by, wanted, now):
                yield [line(one) for one in listed]

    return pages()
