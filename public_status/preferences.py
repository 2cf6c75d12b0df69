"""Language and letter size: chosen by a link or a button, kept in a cookie."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, g, request
from flask_babel import Babel, get_locale
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import dump_cookie, parse_accept_header

from tracker.pages.assets import PagesNotBuiltError

TRANSLATIONS = Path(__file__).resolve().parent / "translations"
_YEAR = 365 * 86400

LANGUAGES = ("zh", "en")
CHOICES = {"lang": LANGUAGES, "elder": ("0", "1")}

# What an answer that was chosen for depends on.
VARIES_BY = ("Cookie", "Accept-Language")
_VARY = ", ".join(VARIES_BY)


def register(app: Flask, *, secure: bool) -> None:
    """Choose for each request, and remember what was asked for.

    Raises PagesNotBuiltError where the English catalogue has not been compiled.
    """
    if not (TRANSLATIONS / "en" / "LC_MESSAGES" / "messages.mo").exists():
        raise PagesNotBuiltError("the pages' translations are not compiled: run `make pages`")
    Babel(
        app,
        default_locale="zh",
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=lambda: chosen_language(
            _wishes(), request.cookies, request.headers.get("Accept-Language", "")
        ),
    )

    @app.before_request
    def note_wishes() -> None:
        # Not `values`: joining the two costs more than reading them.
        wishes = wishes_in(request.args)
        g.wishes = wishes_in(request.form) | wishes if request.method == "POST" else wishes

    @app.after_request
    def remember(response: Response) -> Response:
        for cookie in cookies(_wishes(), secure=secure):
            response.headers.add("Set-Cookie", cookie)
        if response.mimetype == "text/html":
            response.headers.add("Vary", _VARY)
        return response


def language() -> str:
    """The language of this answer: zh or en."""
    chosen: str | None = g.get("language")
    if chosen is None:
        locale = get_locale()
        chosen = g.language = "en" if locale is not None and locale.language == "en" else "zh"
    return chosen


def elder() -> bool:
    """Whether this answer is in large type (长辈版)."""
    return wants_elder(_wishes(), request.cookies)


def wishes_in(values: Mapping[str, str]) -> dict[str, str]:
    """What a request asks for, of those things that can be had."""
    return {name: wish for name, allowed in CHOICES.items() if (wish := values.get(name)) in allowed}


def chosen_language(wishes: Mapping[str, str], kept: Mapping[str, str], accepted: str) -> str:
    """The language wished for now, the one kept in the cookies, or what the browser would rather have."""
    for wish in (wishes.get("lang"), kept.get("lang")):
        if wish in LANGUAGES:
            return wish
    return _best_of(accepted)


def wants_elder(wishes: Mapping[str, str], kept: Mapping[str, str]) -> bool:
    """Whether large type is wished for now, or was kept."""
    return (wishes.get("elder") or kept.get("elder")) == "1"


def cookies(wishes: Mapping[str, str], *, secure: bool) -> list[str]:
    """The Set-Cookie headers that keep what was wished for."""
    return [
        dump_cookie(name, wish, max_age=_YEAR, secure=secure, httponly=True, samesite="Lax")
        for name, wish in wishes.items()
    ]


@lru_cache(maxsize=256)
def _best_of(accepted: str) -> str:
    return parse_accept_header(accepted, LanguageAccept).best_match(LANGUAGES) or LANGUAGES[0]


def _wishes() -> dict[str, str]:
    # Empty where the request was refused before it could be read.
    wishes: dict[str, str] = g.get("wishes", {})
    return wishes
