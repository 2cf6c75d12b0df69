"""Language and letter size: chosen by a link or a button, kept in a cookie."""

from pathlib import Path

from flask import Flask, Response, g, request
from flask_babel import Babel, get_locale

from tracker.pages.assets import PagesNotBuiltError

_TRANSLATIONS = Path(__file__).resolve().parent / "translations"
_YEAR = 365 * 86400

LANGUAGES = ("zh", "en")
_CHOICES = {"lang": LANGUAGES, "elder": ("0", "1")}


def register(app: Flask, *, secure: bool) -> None:
    """Choose for each request, and remember what was asked for.

    Raises PagesNotBuiltError where the English catalogue has not been compiled.
    """
    if not (_TRANSLATIONS / "en" / "LC_MESSAGES" / "messages.mo").exists():
        raise PagesNotBuiltError("the pages' translations are not compiled: run `make pages`")
    Babel(
        app,
        default_locale="zh",
        default_translation_directories=str(_TRANSLATIONS),
        locale_selector=_language,
    )

    @app.before_request
    def note_wishes() -> None:
        g.wishes = {
            name: wish for name, allowed in _CHOICES.items() if (wish := request.values.get(name)) in allowed
        }

    @app.after_request
    def remember(response: Response) -> Response:
        for name, wish in _wishes().items():
            response.set_cookie(name, wish, max_age=_YEAR, secure=secure, httponly=True, samesite="Lax")
        if response.mimetype == "text/html":
            response.vary.update(("Cookie", "Accept-Language"))
        return response


def language() -> str:
    """The language of this answer: zh or en."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def elder() -> bool:
    """Whether this answer is in large type (长辈版)."""
    return (_wishes().get("elder") or request.cookies.get("elder")) == "1"


def _wishes() -> dict[str, str]:
    # Empty where the request was refused before it could be read.
    wishes: dict[str, str] = g.get("wishes", {})
    return wishes


def _language() -> str:
    for wish in (_wishes().get("lang"), request.cookies.get("lang")):
        if wish in LANGUAGES:
            return wish
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
