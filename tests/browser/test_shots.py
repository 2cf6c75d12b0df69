"""Pictures for the documentation, taken anew by `make screenshots`."""

import os
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fee_stories import COMPARISON, PLAN
from figure_stories import tell_of_figures
from PIL import Image
from playwright.sync_api import Page
from second_level import enter, until_said
from visiting import Clerk, Visitor

from tests.holding import Worker
from tests.visiting_slots import Diary
from tracker.embedded import Servers
from tracker.orders import numbers
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

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
    "company-phone-zh": (_PHONE, "/?audience=enterprise", "", 844),
    "lost-number-phone-zh": (_PHONE, "/lost-number", "", 844),
    "figures-phone-zh": (_PHONE, "/figures", "", 1130),
    "figures-desktop-en": (_DESKTOP | _ENGLISH, "/figures", "", 1100),
    "hand-out-desktop-zh": (_DESKTOP, "/print", "", 1180),
    "accessibility-phone-en": (_PHONE | _ENGLISH, "/accessibility", "", 844),
    "privacy-phone-zh": (_PHONE, "/privacy", "", 844),
    "not-found-phone-zh": (_PHONE, "/", "wrong", 844),
}


# How it is opened; the page of an order's second level; how much of it is shown.
_OWN_SHOTS: dict[str, tuple[dict[str, Any], str, int]] = {
    "own-order-phone-zh": (_PHONE, "/order", 1500),
    "own-order-desktop-en": (_DESKTOP | _ENGLISH, "/order", 1400),
    "own-order-elder": (_PHONE | {"elder": True}, "/order", 1200),
    "own-visit-phone-zh": (_PHONE, "/order/appointment", 1130),
    "own-hold-phone-en-dark": (_PHONE | _ENGLISH | {"dark": True}, "/order/hold", 1000),
    "own-withdrawal-phone-zh": (_PHONE, "/order/withdrawal", 1000),
    "own-complaint-desktop-zh": (_DESKTOP, "/order/complaint", 900),
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


@pytest.fixture
def diary(runtime: Runtime, channel: ChannelFacts) -> Diary:
    made = Diary(runtime, channel.operator_id)
    made.fill(date(2026, 11, day) for day in (25, 26, 27, 30))
    return made


@pytest.mark.usefixtures("diary")
@pytest.mark.parametrize("name", ["slots-desktop-zh", "slots-phone-zh"])
def test_slot_shots(name: str, clerk: Clerk) -> None:
    how = _PHONE if "phone" in name else _DESKTOP
    _take(clerk.enter("/slots", **how), name, how, 900)


@pytest.mark.usefixtures("diary")
@pytest.mark.parametrize("name", _OWN_SHOTS)
def test_own_shots(
    name: str,
    visitor: Visitor,
    runtime: Runtime,
    order: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    how, path, height = _OWN_SHOTS[name]
    _fix_number(monkeypatch)
    page = enter(visitor, runtime, order("near"), **how)
    if path == "/order":
        with Worker(runtime):
            page.goto("/order/complaint")
            page.locator("form.ask [type=radio]").first.check()
            page.locator("textarea").fill("约好的时间没有人来")
            page.locator("form.ask button").click()
            until_said(page, "complaint")
    page.goto(path)
    _take(page, name, how, height)


@pytest.mark.usefixtures("tariffs")
@pytest.mark.parametrize("name", _SHOTS)
def test_shots(
    name: str,
    visitor: Visitor,
    order: Callable[[str], str],
    stores: Servers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    how, path, story, height = _SHOTS[name]
    if path == "/figures":
        tell_of_figures(stores.owner_url)
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


def _small(picture: bytes) -> bytes:
    """The same in 256 colours, which pages do not need more of."""
    made = BytesIO()
    with Image.open(BytesIO(picture)) as drawn:
        drawn.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
    return made.getvalue()


def _take(page: Page, name: str, how: dict[str, Any], height: int) -> None:
    page.evaluate("document.activeElement.blur()")
    # What stays at the bottom of the window stands at the bottom of the picture.
    page.set_viewport_size({"width": how["width"], "height": height})
    picture = _small(page.screenshot())
    assert len(picture) < _LARGEST, (name, len(picture))
    _PICTURES.mkdir(parents=True, exist_ok=True)
    (_PICTURES / f"{name}.png").write_bytes(picture)
