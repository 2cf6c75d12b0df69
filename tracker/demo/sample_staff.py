"""People of the demonstration: every role of each operator, an administrator, a regulator, and at one
operator a second manager, for what a manager has to leave to another.
"""

from sqlalchemy import select, update

from tracker import clock
from tracker.accounts.text_code import PHONE
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account
from tracker.staff.models import Account
from tracker.staff.rules import NEEDS_SECOND_FACTOR
from tracker.staff.second_factor import SECRET

# Role in the username, role, name, title, staff number.
_PEOPLE = (
    ("manager", "manager", "值班经理", None, None),
    ("counter", "counter", "营业员", None, None),
    ("dispatcher", "dispatcher", "调度员", None, None),
    ("installer1", "installer", "李师傅", "李师傅", "0321"),
    ("installer2", "installer", "陈师傅", "陈师傅", "0322"),
)
REVIEWER = "telecom.manager2"
_OF_NONE = (("administrator", "系统管理员"), ("regulator", "市工信局"))


def fill(run: Runtime, password: str, phone_secret: str) -> None:
    """Add whoever is missing, all with this password; a phone with this secret shows the codes of those who
    need one. Whoever has changed theirs since keeps it.
    """
    with run.db.reading() as connection:
        known = set(connection.scalars(select(Account.username)))
    operators = sorted(run.reference.current().operators.values(), key=lambda one: one.id)
    people = [(one, f"{one.code}.{suffix}", *rest) for one in operators for suffix, *rest in _PEOPLE]
    # Last, so that those of an earlier version keep their phones.
    people += [
        (one, REVIEWER, "manager", "复核经理", None, None)
        for one in operators
        if one.code == REVIEWER.partition(".")[0]
    ]
    for number, (operator, username, role, name, title, staff_number) in enumerate(people, start=1):
        if username not in known:
            create_account(
                run.db,
                username=username,
                password=password,
                role=role,
                display_name=name if title else f"{operator.name} {name}",
                operator_id=operator.id,
                title=title,
                staff_number=staff_number,
            )
        _complete(run, username, role, phone_secret, f"+861390763{number:04}")
    for role, name in _OF_NONE:
        if role not in known:
            create_account(
                run.db, username=role, password=password, role=role, display_name=name, operator_id=None
            )
        _complete(run, role, role, phone_secret, None)


def _complete(run: Runtime, username: str, role: str, phone_secret: str, phone: str | None) -> None:
    """What an account of an earlier version lacks."""
    mine = update(Account).where(Account.username == username)
    with run.db.transaction() as connection:
        if role in NEEDS_SECOND_FACTOR:
            sealed = run.keys.seal(phone_secret, SECRET)
            connection.execute(
                mine.where(Account.totp_secret.is_(None)).values(totp_secret=sealed, totp_since=clock.now())
            )
        if phone is not None:
            values = {"phone": run.keys.seal(phone, PHONE), "phone_digest": run.keys.digest_of(PHONE, phone)}
            connection.execute(mine.where(Account.phone.is_(None)).values(**values))
