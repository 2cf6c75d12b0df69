"""The customers' site behind a real socket, and a Chromium to visit it with."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from fee_stories import tell_of_fees
from figure_stories import tell_of_figures
from playwright.sync_api import Browser, sync_playwright
from stories import NOW, tell
from visiting import Clerk, Visitor

from public_status import create_app
from tests import known
from tests.published_plans import Publisher
from tests.serving import app_of, served
from tests.staff_sessions import cookie_for
from tracker import clock
from tracker.config import Config
from tracker.embedded import Servers
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account

# The first draws no frame around a page.
_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
# The first three would draw the address bar's suggestions: a renderer for each window, which costs as much as
# the page itself. Of two lists only the last one counts, so the rest is Playwright's own.
_WITHOUT = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxAimPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No renderer that waits for a page to come.
    "--renderer-process-limit=1",
    f"--disable-features={','.join(_WITHOUT)}",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("no Chromium on this machine: run tests/browser/install_chromium.sh")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=_SWITCHES)
        yield launched
        launched.close()


@pytest.fixture
def site(config: Config, clean: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the site, on the morning that the stories are told."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with known.site_started(config) as run, served(create_app(run)) as address:
        yield address


@pytest.fixture
def desk(config: Config, clean: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the service, where staff sign in, on the same morning."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with known.started(config) as run, served(app_of(run)) as address:
        yield address


@pytest.fixture
def clerk(browser: Browser, desk: str, runtime: Runtime, channel: ChannelFacts) -> Iterator[Clerk]:
    """A manager of the orders' operator."""
    create_account(
        runtime.db,
        username="wang.min",
        password=Clerk.password,
        role="manager",
        display_name="王敏",
        operator_id=channel.operator_id,
    )
    made = Clerk(browser, desk, [], lambda username: cookie_for(runtime, username))
    yield made
    for context in made.contexts:
        context.close()


@pytest.fixture
def visitor(browser: Browser, site: str) -> Iterator[Visitor]:
    made = Visitor(browser, site, [])
    yield made
    for context in made.contexts:
        context.close()


@pytest.fixture
def publisher(stores: Servers, clean: None) -> Iterator[Publisher]:
    """Publishes plans and changes for one test."""
    made = Publisher(stores.owner_url)
    yield made
    made.take_away()


@pytest.fixture
def tariffs(publisher: Publisher) -> None:
    """The plans of the stories."""
    tell_of_fees(publisher)


@pytest.fixture
def figures(stores: Servers, clean: None) -> None:
    """The on-time figures of the stories."""
    tell_of_figures(stores.owner_url)


@pytest.fixture
def order(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], str]:
    """Makes the order of a story; returns its number."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return lambda name: tell(runtime, channel, place, name)
