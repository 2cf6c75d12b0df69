"""What keeps a server running waits for it, says so, and gives up at the end."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from starters import until

from tracker.embedded import EmbeddedError, keeper
from tracker.embedded.account import Account
from tracker.embedded.keeper import Keeper
from tracker.embedded.server import StopStep


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
