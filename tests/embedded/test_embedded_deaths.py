"""The embedded servers killed in every way that matters: nothing is left of them but the data."""

import os
import signal
import subprocess
import sys
import time

import pytest
from starters import (
    AS_ROOT,
    BOUND_SECONDS,
    REPOSITORY,
    SITE_PACKAGES,
    STARTER,
    children_of,
    marks,
    quiet,
    servers_are_gone,
    state,
    until,
    write,
)

from tracker.embedded import binaries, running, servers


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
        script = STARTER.replace('print("up"', 'import os; os.fork(); print("up"')
        starter = subprocess.Popen(
            [sys.executable, "-c", script, str(data)],
            env={**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{SITE_PACKAGES}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(lambda: len(children_of(starter.pid)) == 2, "no fork beside the supervisor")
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
