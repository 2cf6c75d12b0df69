"""Twilio's own OpenAPI document, served by a program that refuses what does not agree with it."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tracker.embedded.processes import tied_to_this_process

HERE = Path(__file__).parent
PRISM = HERE / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
DOCUMENT = HERE / "node_modules" / "@twilio" / "cli-core" / "src/services/twilio-api/twilio_api_v2010.json"


@pytest.fixture(scope="session")
def twilio_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server. `make test` installs it, by the lock file of this folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    node = shutil.which("node", path=path)
    if node is None or not PRISM.exists() or not DOCUMENT.exists():
        pytest.fail("what these tests need is not installed: `make contract` does it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log_path = tmp_path_factory.mktemp("prism") / "log"
    with log_path.open("wb") as log:
        server = subprocess.Popen(
            [node, PRISM, "mock", "-h", "127.0.0.1", "-p", str(port), DOCUMENT],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=tied_to_this_process(signal.SIGTERM),
        )
    try:
        _wait_for(port, server, log_path)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait(10)


def _wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 240
    while time.monotonic() < end and server.poll() is None:
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with closing(asked), suppress(OSError, http.client.HTTPException):
            asked.request("GET", "/")
            asked.getresponse()
            return
        time.sleep(0.1)
    pytest.fail(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
