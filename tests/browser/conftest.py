"""The customers' site behind a real socket, and a Chromium to visit it with."""

import shutil
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from stories import NOW, tell
from visiting import Visitor
from werkzeug.serving import WSGIRequestHandler, make_server

from public_status import create_app
from public_status.runtime import start
from tracker import clock
from tracker.config import Config
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """The site logs its requests itself."""


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
    run = start(config)
    server = make_server("127.0.0.1", 0, create_app(run), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    run.close()


@pytest.fixture
def visitor(browser: Browser, site: str) -> Iterator[Visitor]:
    made = Visitor(browser, site, [])
    yield made
    for context in made.contexts:
        context.close()


@pytest.fixture
def order(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed], site: str
) -> Callable[[str], str]:
    """Makes the order of a story; returns its number."""
    return lambda name: tell(runtime, channel, place, name)
