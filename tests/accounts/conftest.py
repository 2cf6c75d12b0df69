"""An operator's house, and the time there."""

from collections.abc import Iterator

import argon2
import pytest
from house import NOW, House, Moment

from tests.serving import app_of
from tracker import clock
from tracker.runtime import Runtime


@pytest.fixture(scope="module", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Hashes are slow on purpose; here they only have to be right."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = (1, 8, 1, 32, 16, "utf-8", argon2.Type.ID)
        patch.setattr(argon2.PasswordHasher.__init__, "__defaults__", cheap)
        yield


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Moment:
    """The time of a test, which it moves on."""
    made = Moment(NOW)
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


@pytest.fixture
def house(runtime: Runtime) -> House:
    """Nobody works there yet."""
    return House(runtime, app_of(runtime))
