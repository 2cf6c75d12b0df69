"""The demonstration as the person at its terminal sees it; what it shows is tested where it belongs."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select

from tracker import config as configuration
from tracker.demo import run as demo
from tracker.demo import sample_staff
from tracker.runtime import Runtime
from tracker.setting_kinds import ConfigError
from tracker.staff.models import Account
from tracker.staff.second_factor import new_secret


@pytest.fixture
def folder(settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a demonstration without examples and processes, on any port."""
    monkeypatch.setenv("TRACKER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(demo, "require_free", lambda *given: None)
    monkeypatch.setattr(demo, "_prepare", lambda *given: ("credentials", "order"))
    monkeypatch.setattr(demo, "_children", lambda *given: [])
    monkeypatch.setattr(demo, "_welcome", lambda *given: "welcome")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    return tmp_path / "data"


def run_until_ready(then: Callable[[], None] = lambda: None) -> list[str]:
    """What it says, stopped as by Ctrl-C once it is ready."""
    said: list[str] = []

    def say(words: str) -> None:
        said.append(words)
        if words == "welcome":
            then()
            threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT]).start()

    assert demo.run(configuration.load(), say) == 0
    return said


def test_its_end_is_told_as_its_beginning_is(folder: Path) -> None:
    assert run_until_ready()[-3:] == ["welcome", "stopping …", f"stopped; data kept in {folder}"]


def test_a_second_one_on_the_same_data_is_refused_while_one_runs(folder: Path) -> None:
    def second() -> None:
        with pytest.raises(ConfigError, match=f"runs already on {folder} .process {os.getpid()}.$"):
            demo.run(configuration.load(), lambda words: None)

    run_until_ready(second)
    assert run_until_ready()[-1].startswith("stopped")


def test_what_is_logged_stays_off_the_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def prepare(*given: object) -> tuple[str, str]:
        structlog.get_logger("tests.demo").warning("text_not_accepted")
        return "credentials", "order"

    monkeypatch.setattr(demo, "_prepare", prepare)
    run_until_ready()
    assert "text_not_accepted" not in "".join(capfd.readouterr())
    assert "text_not_accepted" in (folder / "logs" / "demo.log").read_text()


def test_everybody_who_can_sign_in_is_named(runtime: Runtime) -> None:
    sample_staff.fill(runtime, "correct horse battery", new_secret())
    credentials = demo.Credentials("key", "password", "phone", "app", "secret")
    welcome = demo._welcome(runtime.config, credentials, "QY1 / 1234")
    with runtime.db.reading() as connection:
        people = connection.execute(select(Account.username, Account.operator_id, Account.role)).all()
    assert [one.username for one in people if one.username.rpartition(".")[2] not in welcome] == []
    managers = [one.operator_id for one in people if one.role == "manager"]
    assert {operator: managers.count(operator) for operator in managers} == {1: 2, 2: 1, 3: 1}
