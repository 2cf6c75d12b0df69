"""Pictures for the documentation, taken anew by `make screenshots`."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fee_stories import COMPARISON, PLAN
from playwright.sync_api import Page
from visiting import Clerk, Visitor

from tracker.orders import numbers

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif("TRACKER_SCREENSHOTS" not in os.environ, reason="only on demand: make screenshots"),
]

_PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
_LARGEST = 150_000

_PHONE: dict[str, Any] = {"width": 390, "height": 844, "scale": 1.25}
_DESKTOP: dict[str, Any] = {"width": 1280, "height": 860}

_ENGLISH: dict[str, Any] = {"language": "en-GB"}

_SHOTS: dict[str, tuple[dict[str, Any], str, str, int]] = {
    # How it is opened; the page; the order of a story to look up there; how much of it is shown.
    "lookup-phone-zh": (_PHONE, "/", "", 844),
    "status-phone-zh": (_PHONE, "/", "on_time", 1130),
    "status-phone-en": (_PHONE | {"language": "en-GB"}, "/", "late", 1130),
    "status-phone-dark": (_PHONE | {"dark": True}, "/", "near", 1130),
    "status-elder": (_PHONE | {"elder": True}, "/", "on_time", 1400),
    "status-desktop-zh": (_DESKTOP, "/", "on_time", 1180),
    "fees-desktop-zh": (_DESKTOP, "/fees", "", 1000),
    "fees-phone-zh": (_PHONE, "/fees?audience=home", "", 1130),
    "fees-phone-en": (_PHONE | _ENGLISH, "/fees?audience=home", "", 1130),
    "plan-phone-zh": (_PHONE, PLAN, "", 1130),
    "plan-desktop-en": (_DESKTOP | _ENGLISH, PLAN, "", 1100),
    "compare-phone-zh": (_PHONE, COMPARISON, "", 1000),
    "compare-desktop-zh": (_DESKTOP, COMPARISON, "", 860),
    "process-phone-zh": (_PHONE, "/process", "", 960),
    "process-desktop-en": (_DESKTOP | _ENGLISH, "/process?audience=enterprise", "", 1000),
    "standard-phone-en": (_PHONE | _ENGLISH, "/standard", "", 1130),
    "standard-desktop-zh": (_DESKTOP, "/standard?audience=enterprise", "", 920),
    "not-found-phone-zh": (_PHONE, "/", "wrong", 844),
}


_STAFF_SHOTS: dict[str, tuple[dict[str, Any], int]] = {
    "promise-desktop-zh": (_DESKTOP, 1100),
    "promise-phone-zh": (_PHONE, 1130),
    "promise-desktop-en-dark": (_DESKTOP | {"language": "en-GB", "dark": True}, 1100),
}


@pytest.mark.parametrize("name", _STAFF_SHOTS)
def test_staff_shots(
    name: str, clerk: Clerk, order: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    how, height = _STAFF_SHOTS[name]
    _fix_number(monkeypatch)
    page = clerk.enter(f"/orders/{order('held')}/promise", **how)
    _take(page, name, how, height)


@pytest.mark.usefixtures("tariffs")
@pytest.mark.parametrize("name", _SHOTS)
def test_shots(
    name: str, visitor: Visitor, order: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    how, path, story, height = _SHOTS[name]
    fixed = _fix_number(monkeypatch)
    page = visitor.open(path, **how)
    if story:
        visitor.look_up(page, fixed if story == "wrong" else order(story))
    _take(page, name, how, height)


def _fix_number(monkeypatch: pytest.MonkeyPatch) -> str:
    """The same number each time, so that a picture changes only when the page does."""
    body = "261120K7M4QZ"
    fixed = numbers.PREFIX + body + numbers.check_character(body)
    monkeypatch.setattr(numbers, "new_number", lambda accepted_on: fixed)
    return fixed


def _take(page: Page, name: str, how: dict[str, Any], height: int) -> None:
    page.evaluate("document.activeElement.blur()")
    shown = {"x": 0, "y": 0, "width": how["width"], "height": height}
    picture = page.screenshot(full_page=True, clip=shown)
    assert len(picture) < _LARGEST
    _PICTURES.mkdir(parents=True, exist_ok=True)
    (_PICTURES / f"{name}.png").write_bytes(picture)
