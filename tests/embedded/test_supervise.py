"""The foreground supervisor: real processes, real deaths."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tracker import lifeline, supervise
from tracker.supervise import Child, run

REPOSITORY = Path(__file__).resolve().parents[2]
SITE_PACKAGES = Path(pytest.__file__).parents[1]
BOUND_SECONDS = 40.0

# Names itself in a file, then does what the test asks of it.
PREAMBLE = """
import os, signal, subprocess, sys, time
from pathlib import Path
here = Path(sys.argv[1])
def name(what, pid=None):
    with open(here / what, "a") as file:
        file.write(f"{pid or os.getpid()}\\n")
"""
SLEEPER = PREAMBLE + "name(sys.argv[2]); time.sleep(600)\n"
STUBBORN = PREAMBLE + "signal.signal(signal.SIGTERM, signal.SIG_IGN); name(sys.argv[2]); time.sleep(600)\n"


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="trk-test-", dir="/var/tmp"))
    yield folder
    for pid in {pid for file in folder.glob("pid-*") for pid in pids(file)}:
        if not gone(pid):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder)


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def gone(pid: int) -> bool:
    """Whether it has ended; one that only waits to be reaped has."""
    listing = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return not listing or listing.startswith("Z")


def until(what: Callable[[], bool], why: str) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)


def named(place: Path, name: str) -> None:
    """Wait until a process has written its id; its file is there a moment earlier, and empty."""
    until(lambda: bool(pids(place / name)), "not started")


def child(place: Path, script: str, name: str = "sleeper", ready_url: str | None = None) -> Child:
    argv = [sys.executable, "-c", script, str(place), f"pid-{name}"]
    return Child(name, argv, {"PYTHONPATH": str(REPOSITORY)}, place / "logs" / f"{name}.log", ready_url)


def send_soon(number: int, seconds: float = 0.0) -> Callable[[], None]:
    """A callback that sends this process a signal after a while."""

    def send() -> None:
        timer = threading.Timer(seconds, os.kill, [os.getpid(), number])
        timer.daemon = True
        timer.start()

    return send


def nothing() -> None:
    """Be ready, quietly."""


class TestRun:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_all_in_order(self, place, number):
        ending = "signal.signal(signal.SIGTERM, lambda *a: (name('order-' + sys.argv[2]), sys.exit()));"
        script = PREAMBLE + ending + "name(sys.argv[2]); time.sleep(600)\n"
        children = [child(place, script, name) for name in ("first", "second")]

        def both_named() -> None:
            named(place, "pid-first")
            named(place, "pid-second")
            send_soon(number)()

        before = signal.getsignal(signal.SIGINT)
        assert run(children, say=lambda message: None, on_ready=both_named) == 0
        assert signal.getsignal(signal.SIGINT) is before
        for name in ("first", "second"):
            assert pids(place / f"order-pid-{name}") == pids(place / f"pid-{name}")
            assert gone(pids(place / f"pid-{name}")[0])

    def test_children_get_no_input_a_session_and_the_lifeline(self, place):
        script = PREAMBLE + textwrap.dedent("""
            assert sys.stdin.read() == ""
            assert os.getsid(0) == os.getpid()
            assert os.environ["TRACKER_LIFELINE"] == str(os.getppid())
            print("all well", flush=True)
            name(sys.argv[2]); time.sleep(600)
        """)
        ready = threading.Event()

        def on_ready() -> None:
            ready.set()
            named(place, "pid-sleeper")
            send_soon(signal.SIGTERM)()

        assert run([child(place, script)], say=lambda message: None, on_ready=on_ready) == 0
        assert ready.is_set()
        assert (place / "logs/sleeper.log").read_text() == "all well\n"

    def test_ready_means_that_every_address_answers(self, place):
        port = free_port()
        slow = PREAMBLE + textwrap.dedent(f"""
            import http.server
            class Handler(http.server.BaseHTTPRequestHandler):
                asked = 0
                def do_GET(self):
                    Handler.asked += 1
                    if Handler.asked > 3:
                        name("ready")
                    self.send_response(200 if Handler.asked > 3 else 503)
                    self.end_headers()
            name(sys.argv[2])
            http.server.HTTPServer(("127.0.0.1", {port}), Handler).serve_forever()
        """)
        children = [child(place, slow, "web", f"http://127.0.0.1:{port}/readyz"), child(place, SLEEPER)]
        calls = []

        def on_ready() -> None:
            calls.append((place / "ready").exists())
            send_soon(signal.SIGINT, 0.5)()

        assert run(children, say=lambda message: None, on_ready=on_ready) == 0
        assert calls == [True]

    def test_who_is_not_ready_in_time_is_named_and_all_are_stopped(self, place):
        said: list[str] = []
        script = SLEEPER.replace("name(sys", "print('still thinking', flush=True); name(sys")
        late = child(place, script, "late", f"http://127.0.0.1:{free_port()}/")
        assert run([late], say=said.append, on_ready=nothing, ready_timeout=1) == 1
        assert said == ["late is not ready in time: still thinking", "stopping …"]
        assert gone(pids(place / "pid-late")[0])

    def test_one_that_dies_is_started_again(self, place):
        said: list[str] = []

        def kill_it() -> None:
            named(place, "pid-sleeper")
            os.kill(pids(place / "pid-sleeper")[0], signal.SIGKILL)
            threading.Thread(target=stop_when_back, daemon=True).start()

        def stop_when_back() -> None:
            until(lambda: len(pids(place / "pid-sleeper")) == 2, "not started again")
            os.kill(os.getpid(), signal.SIGTERM)

        assert run([child(place, SLEEPER)], say=said.append, on_ready=kill_it) == 0
        assert said[0].startswith("sleeper was ended by signal 9; starting it again in 0.2 s")

    def test_one_that_keeps_dying_ends_the_run(self, place):
        said: list[str] = []
        broken = child(place, PREAMBLE + "name(sys.argv[2]); sys.exit('no such table')", "broken")
        assert run([child(place, SLEEPER), broken], say=said.append, on_ready=nothing) == 1
        assert len(pids(place / "pid-broken")) == 5
        assert "giving up" in said[-2]
        assert all("no such table" in line for line in said if line.startswith("broken ended"))
        assert gone(pids(place / "pid-sleeper")[0])

    def test_what_a_dead_child_had_started_ends_too(self, place):
        script = PREAMBLE + textwrap.dedent("""
            name("pid-grandchild", subprocess.Popen(["sleep", "600"]).pid)
            name(sys.argv[2])
            time.sleep(600)
        """)

        def kill_it() -> None:
            named(place, "pid-sleeper")
            os.kill(pids(place / "pid-sleeper")[0], signal.SIGKILL)
            send_soon(signal.SIGTERM, 1)()

        assert run([child(place, script)], say=lambda message: None, on_ready=kill_it) == 0
        assert all(gone(pid) for pid in pids(place / "pid-grandchild"))

    def test_one_that_ignores_the_request_is_killed(self, place, monkeypatch):
        monkeypatch.setattr(supervise, "STOP_SECONDS", 1.0)
        said: list[str] = []

        def stop() -> None:
            named(place, "pid-sleeper")
            send_soon(signal.SIGTERM)()

        assert run([child(place, STUBBORN)], say=said.append, on_ready=stop) == 0
        assert said == ["stopping …", "sleeper does not stop; killing it"]
        assert gone(pids(place / "pid-sleeper")[0])


RUNNER = """
import sys
from pathlib import Path
from tracker.supervise import Child, run
log, ready_url, *argv = sys.argv[1:]
children = [Child("child", argv, {}, Path(log), ready_url or None)]
raise SystemExit(run(children, say=print, on_ready=lambda: print("ready", flush=True)))
"""


def runner(place: Path, argv: list[str], ready_url: str = "") -> subprocess.Popen[str]:
    """Run one child under a supervising process that can be killed; returns once it says that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(place / "child.log"), ready_url, *argv],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [REPOSITORY, place, SITE_PACKAGES]))},
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    if line != "ready\n":
        process.kill()
        log = (place / "child.log").read_text()
        pytest.fail(f"{line}{process.stdout.read()}{log}")
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.faults
class TestSupervisorKilled:
    def test_its_children_end(self, place):
        process = runner(place, [sys.executable, "-c", SLEEPER, str(place), "pid-sleeper"])
        named(place, "pid-sleeper")
        kill(process)
        until(lambda: gone(pids(place / "pid-sleeper")[0]), "the child outlived its supervisor")

    def test_neither_granian_nor_its_workers_live_on(self, place):
        pytest.importorskip("granian")
        (place / "little_app.py").write_text(
            textwrap.dedent("""
                import os
                from pathlib import Path
                from flask import Flask
                from tracker.lifeline import die_with_parent

                die_with_parent()
                with open(Path(__file__).with_name("pid-worker"), "a") as file:
                    file.write(f"{os.getpid()}\\n")
                app = Flask(__name__)

                @app.get("/")
                def index():
                    return {"pid": os.getpid(), "parent": os.getppid()}
            """)
        )
        port = free_port()
        granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2"]
        process = runner(
            place,
            [*granian, "--host", "127.0.0.1", "--port", str(port), "little_app:app"],
            f"http://127.0.0.1:{port}/",
        )
        workers = place / "pid-worker"
        until(lambda: len(pids(workers)) >= 2, "the workers did not start")
        main = parent_of(pids(workers)[0])
        assert parent_of(main) == process.pid
        kill(process)
        until(lambda: all(gone(pid) for pid in [main, *pids(workers)]), "granian outlived its supervisor")

    def test_a_worker_outside_the_group_ends_with_its_parent(self, place):
        script = PREAMBLE + textwrap.dedent("""
            worker = "import time; from tracker.lifeline import *; die_with_parent(); time.sleep(600)"
            name("pid-worker", subprocess.Popen([sys.executable, "-c", worker], start_new_session=True).pid)
            name("pid-main")
            time.sleep(600)
        """)
        process = runner(place, [sys.executable, "-c", script, str(place)])
        named(place, "pid-main")
        time.sleep(0.5)
        os.kill(pids(place / "pid-main")[0], signal.SIGKILL)
        until(lambda: gone(pids(place / "pid-worker")[0]), "the worker outlived its parent")
        kill(process)


class TestLifeline:
    def test_does_nothing_unless_asked(self, monkeypatch):
        monkeypatch.delenv("TRACKER_LIFELINE", raising=False)
        before = threading.active_count()
        lifeline.die_with_parent()
        assert threading.active_count() == before

    @pytest.mark.faults
    @pytest.mark.parametrize("stubborn", [False, True], ids=["polite", "ignores SIGTERM"])
    @pytest.mark.parametrize("kernel", [True, False], ids=["with the kernel", "by looking"])
    def test_a_child_ends_with_its_parent(self, place, stubborn, kernel):
        body = PREAMBLE + textwrap.dedent(f"""
            from tracker import lifeline
            lifeline.GRACE_SECONDS = 0.5
            if not {kernel}:
                lifeline.signal_on_parent_death = lambda number: False
            if {stubborn}:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            lifeline.die_with_parent()
            lifeline.die_with_parent()
            name("pid-child")
            time.sleep(600)
        """)
        parent = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])",
                body,
                str(place),
            ],
            env={**os.environ, "TRACKER_LIFELINE": "1", "PYTHONPATH": str(REPOSITORY)},
        )
        named(place, "pid-child")
        parent.kill()
        parent.wait()
        until(lambda: gone(pids(place / "pid-child")[0]), "the child outlived its parent")

    @pytest.mark.faults
    def test_a_fork_is_watched_when_it_asks_again(self, place):
        body = PREAMBLE + textwrap.dedent("""
            from tracker.lifeline import die_with_parent
            die_with_parent()
            if os.fork() == 0:
                die_with_parent()
                name("pid-fork")
            time.sleep(600)
        """)
        parent = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", body, str(place)],
            env={**os.environ, "TRACKER_LIFELINE": "1", "PYTHONPATH": str(REPOSITORY)},
        )
        named(place, "pid-fork")
        parent.kill()
        parent.wait()
        until(lambda: gone(pids(place / "pid-fork")[0]), "the fork outlived its parent")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def parent_of(pid: int) -> int:
    listing = subprocess.run(
        ["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=True
    )
    return int(listing.stdout)
