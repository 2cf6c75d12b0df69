"""The embedded servers, real ones in folders of their own: started, found running, left with their data."""

import fcntl
import os
import signal
import subprocess
from pathlib import Path

import pytest
import redis
from starters import AS_ROOT, database, marks, quiet, servers_are_gone, state, write

from tracker.embedded import default_data_dir, locks, running, servers


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
