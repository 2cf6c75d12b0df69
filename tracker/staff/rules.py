"""What accounts, passwords, codes and sessions must be like: pure decisions."""

import hmac
import re
from datetime import datetime, timedelta

import pyotp

from tracker.staff.common_passwords import COMMON

OF_OPERATOR = ("counter", "dispatcher", "installer", "manager")
WITHOUT_OPERATOR = ("regulator", "administrator")

# NIST SP 800-63B would do with 8; ten cost nobody anything who lets a browser remember them.
SHORTEST_PASSWORD = 10
# Argon2 takes any length, and a longer text than this is nobody's password.
LONGEST_PASSWORD = 200

# Whoever can change prices, rules and accounts needs more than a password that somebody may have seen.
NEEDS_SECOND_FACTOR = ("manager", "administrator")
# RFC 6238 §5.2 advises one step each way for clocks that go wrong and people who type slowly.
_SKEW = (0, -1, 1)
_STEP_SECONDS = 30
RECOVERY_CODES = 10
_RECOVERY_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

# Five guesses at a time, four times an hour: a code of six digits lasts for years.
MOST_WRONG = 5
LOCKED_FOR = timedelta(minutes=15)

# Nobody's shift is longer, so that a forgotten device is out by the next one.
LONGEST_SESSION = timedelta(hours=12)
IDLE = {
    # At a counter a device is left alone over lunch, not longer.
    "counter": timedelta(hours=2),
    "dispatcher": timedelta(hours=2),
    # A phone may be without a signal for a day's work, and says nothing meanwhile.
    "installer": LONGEST_SESSION,
    # These can do most harm, and sit at desks that others pass.
    "manager": timedelta(minutes=30),
    "administrator": timedelta(minutes=30),
    "regulator": timedelta(minutes=30),
}
# One write a minute tells well enough how long nothing was heard.
SEEN_EVERY = timedelta(minutes=1)
# How long the way from the password to the second factor may take.
SECOND_STEP_WITHIN = timedelta(minutes=10)

CODE_DIGITS = 6
CODE_TRIES = 5
RESET_VALID = timedelta(minutes=30)
# Who is invited on a Friday evening may begin on Monday.
INVITATION_VALID = timedelta(days=3)

_USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
# What browsers read as another site: a second slash, either way round, or one that a blank hides.
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")

_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("HuaweiBrowser", "Huawei"),
    ("MiuiBrowser", "Mi"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def password_fault(password: str, username: str) -> str | None:
    """The rule that a new password breaks, None for a good one."""
    if len(password) < SHORTEST_PASSWORD:
        return "password.too_short"
    if len(password) > LONGEST_PASSWORD:
        return "field.too_long"
    plain = password.casefold()
    if len(username) > 2 and username.casefold() in plain:
        return "password.like_username"
    if plain in COMMON or len(set(plain)) < 4:
        return "password.too_common"
    return None


def is_username(text: str) -> bool:
    """Whether it can be typed on any keyboard and read out on the phone."""
    return _USERNAME.fullmatch(text) is not None


def roles_given_by(role: str, among: str) -> tuple[str, ...]:
    """The roles that somebody of this role may give to an account that has the role `among`.

    A manager gives those of an operator's people, an administrator all; none of them moves an account
    between an operator and none.
    """
    if role == "administrator":
        return OF_OPERATOR if among in OF_OPERATOR else WITHOUT_OPERATOR
    return OF_OPERATOR if role == "manager" and among in OF_OPERATOR else ()


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The step of time (RFC 6238, 30 s) to which a code of six digits belongs; None where it is wrong."""
    if not re.fullmatch(r"[0-9]{6}", code):
        return None
    step = int(now.timestamp()) // _STEP_SECONDS
    made = pyotp.TOTP(secret)
    found = None
    for shift in _SKEW:
        # All of them are compared, whichever fits.
        if hmac.compare_digest(made.generate_otp(step + shift), code):
            found = step + shift
    return found


def current_code(secret: str, now: datetime) -> str:
    """The code that a phone with this secret shows."""
    return pyotp.TOTP(secret).generate_otp(int(now.timestamp()) // _STEP_SECONDS)


def recovery_code(letters: list[int]) -> str:
    """A recovery code, as it is written down: ten letters in two groups. `letters`: ten random numbers."""
    text = "".join(_RECOVERY_LETTERS[one % len(_RECOVERY_LETTERS)] for one in letters)
    return f"{text[:5]}-{text[5:]}"


def as_recovery_code(typed: str) -> str | None:
    """A recovery code however it was typed; None for what cannot be one."""
    text = re.sub(r"[\s-]", "", typed).upper()
    if len(text) != 10 or set(text) - set(_RECOVERY_LETTERS):
        return None
    return f"{text[:5]}-{text[5:]}"


def is_alive(
    role: str, seen_at: datetime, expires_at: datetime, ended_at: datetime | None, now: datetime
) -> bool:
    """Whether a session still lets somebody in."""
    return ended_at is None and now < expires_at and now < seen_at + IDLE[role]


def own_path(text: str) -> str | None:
    """A way to go on within these pages; None for one that could lead to another site."""
    return text if len(text) <= 500 and _OWN_PATH.fullmatch(text) else None


def device_of(user_agent: str) -> str:
    """A device in a few words: "Chrome · Windows". Empty where it says nothing that is known."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " · ".join(one for one in (browser, system) if one)
