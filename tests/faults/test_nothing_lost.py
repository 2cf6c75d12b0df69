"""I1 and I2 while processes and servers are killed under a stream of orders."""

import os
import random
from collections.abc import Callable

import pytest
from stream import Stream
from system import MakeSystem, Stores, System
from truth import assert_nothing_lost, wait_until_told

pytestmark = pytest.mark.faults

MakeStream = Callable[..., Stream]
# What a caller sees of a web process that dies, or is not there.
BROKEN = (
    "ConnectionRefusedError",
    "ConnectionResetError",
    "RemoteDisconnected",
    "IncompleteRead",
    "BrokenPipeError",
)


@pytest.fixture
def system(make_system: MakeSystem) -> System:
    made = make_system()
    made.start()
    return made


def finish(victims: Stores, system: System, stream: Stream, within: float = 45) -> None:
    wait_until_told(victims.engine, system, within)
    assert_nothing_lost(victims.engine, stream.acknowledged)
    system.assert_alive()


def test_web_is_killed(system: System, victims: Stores, make_stream: MakeStream) -> None:
    with make_stream(system) as stream:
        stream.reach(30)
        system.kill_web_worker()
        stream.more(40)
        system.restart("web")
        stream.more(40)
        system.kill_web_main()
        system.start("web")
    stream.assert_only("200", "201", *BROKEN)
    finish(victims, system, stream)


def test_web_workers_end_though_their_parent_died_while_they_loaded(make_system: MakeSystem) -> None:
    """An orphan would go on holding the port, and answer with old code."""
    make_system().kill_web_main_while_its_workers_load()


def test_worker_is_killed(system: System, victims: Stores, make_stream: MakeStream) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown with a failure, to repeat it
    chance = random.Random(seed)
    with make_stream(system, total=400) as stream:
        for _ in range(3):
            stream.more(chance.randint(1, 40))
            system.restart("progress")
        while stream.more(5):
            system.kill("progress")
            stream.more(25)
            system.start("progress")
            victims.see_texts_on_their_way()
            system.restart("progress")
        system.restart("upkeep")
    stream.assert_only("200", "201")
    finish(victims, system, stream)
    assert victims.interrupted() > 0


def test_schedule_and_upkeep_are_killed_while_a_worker_is_away(
    system: System, victims: Stores, make_stream: MakeStream
) -> None:
    with make_stream(system, total=120) as stream:
        stream.reach(20)
        system.kill("progress")
        stream.more(20)
        system.restart("schedule")
        system.restart("upkeep")
        stream.more(20)
        victims.empty_valkey()
        system.start("progress")
    stream.assert_only("200", "201")
    finish(victims, system, stream)


def test_valkey_is_killed_and_stopped(system: System, victims: Stores, make_stream: MakeStream) -> None:
    with make_stream(system) as stream:
        for _ in range(3):
            stream.more(25)
            victims.kill_valkey()
        stream.more(25)
        with victims.valkey_stopped():
            stream.more(90)
    stream.assert_only("200", "201")
    finish(victims, system, stream)


def test_valkey_is_emptied(system: System, victims: Stores, make_stream: MakeStream) -> None:
    with make_stream(system) as stream:
        for _ in range(20):
            stream.more(12)
            victims.empty_valkey()
        system.kill("progress")
    victims.empty_valkey()
    system.start("progress")
    stream.assert_only("200", "201")
    finish(victims, system, stream)


def test_postgres_is_killed(system: System, victims: Stores, make_stream: MakeStream) -> None:
    """A caller may be told to come back, in a problem document; what was acknowledged stays."""
    with make_stream(system) as stream:
        stream.reach(50)
        victims.kill_backend()
        stream.more(60)
        victims.kill_postmaster()
    stream.assert_only("200", "201", "503")
    assert stream.answers["503"] > 0
    # A text that could not be recorded by the gateway waits for its next attempt.
    finish(victims, system, stream, within=75)


def test_everything_is_killed(system: System, victims: Stores, make_stream: MakeStream) -> None:
    """Set FAULT_SEED to repeat a run."""
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
    print(f"FAULT_SEED={seed}")  # noqa: T201 - shown with a failure, to repeat it
    chance = random.Random(seed)
    blows: list[Callable[[], None]] = [
        lambda: system.restart("web"),
        system.kill_web_worker,
        *[lambda: system.restart("progress")] * 3,
        lambda: system.restart("upkeep"),
        lambda: system.restart("schedule"),
        victims.empty_valkey,
        victims.empty_valkey,
        victims.kill_valkey,
        victims.kill_valkey,
        victims.kill_backend,
        victims.kill_postmaster,
    ]
    chance.shuffle(blows)
    with make_stream(system, per_second=35) as stream:
        for blow in blows:
            stream.more(chance.randint(1, 30))
            blow()
    stream.assert_only("200", "201", "503", *BROKEN)
    finish(victims, system, stream, within=75)
