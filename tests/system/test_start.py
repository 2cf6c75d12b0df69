"""Missing or malformed configuration stops the start with one clear line (I8)."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tracker import bootstrap, crypto
from tracker.cli import main
from tracker.config import Config
from tracker.health import calendar_word


def run(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("TRACKER_", "TWILIO_", "ALIYUN_"))}
    return subprocess.run(
        [sys.executable, "-m", "tracker", *arguments],
        env={**inherited, **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"TRACKER_PORT": "eighty"}, "TRACKER_PORT"),
        ({"TRACKER_PORT": "70000"}, "between 1 and 65535"),
        ({"TRACKER_SMS_GATEWAY": "pigeon"}, "must be one of: recording, twilio"),
        ({"TRACKER_SMS_GATEWAY": "twilio"}, "TWILIO_ACCOUNT_SID"),
        ({"TRACKER_SMS_GATEWAY": "recording:3,pigeon:1"}, "'pigeon' must be one of"),
        ({"TRACKER_SMS_GATEWAY": "recording:none"}, "'none' of recording must be a number above 0"),
        ({"TRACKER_SMS_GATEWAY": "recording,recording:2"}, "recording is named twice"),
        ({"TRACKER_SMS_GATEWAY": "aliyun"}, "ALIYUN_ACCESS_KEY_ID"),
        (
            {"TRACKER_SMS_GATEWAY": "aliyun", "ALIYUN_TEMPLATE_FILE": "/nowhere"},
            "ALIYUN_TEMPLATE_FILE: cannot",
        ),
        ({"TRACKER_SMS_RATE": "twilio"}, "twilio needs a number"),
        ({"TRACKER_SMS_RATE": "twilio:80"}, "twilio is not named in TRACKER_SMS_GATEWAY"),
        ({"TRACKER_SMS_IN_FLIGHT": "0"}, "TRACKER_SMS_IN_FLIGHT"),
        ({"TRACKER_DATABASE_URL": "mysql://localhost/x"}, "must begin with postgresql://"),
        ({"TRACKER_REDIS_URL": "localhost:6379"}, "must begin with redis://"),
        ({"TRACKER_KEY_FILE": "/nowhere/keys.json"}, "/nowhere/keys.json"),
        ({"TRACKER_SECRET_KEY": "short"}, "at least 32 characters"),
        ({"TRACKER_LEASE_SECONDS": "-1"}, "TRACKER_LEASE_SECONDS"),
        ({"TRACKER_LOOKUP_LIMIT": "now and then"}, "TRACKER_LOOKUP_LIMIT"),
        ({"TRACKER_API_LIMIT": "0 per minute"}, "TRACKER_API_LIMIT: must be one limit above 0"),
        ({"TRACKER_API_LIMIT": "5 per minute; 9 per hour"}, "TRACKER_API_LIMIT: must be one limit above 0"),
        ({"TRACKER_WRONG_KEY_LIMIT": "few"}, "TRACKER_WRONG_KEY_LIMIT"),
        ({"TRACKER_RECEIPT_SECRET": "short"}, "TRACKER_RECEIPT_SECRET"),
        ({"TRACKER_RECEIPT_SECRET": "with/a/slash/in/it/and/long/enough"}, "TRACKER_RECEIPT_SECRET"),
        ({"TRACKER_DEMO": "perhaps"}, "TRACKER_DEMO"),
        ({"TRACKER_DATABASE_URL": "postgresql://host:port/x"}, "TRACKER_DATABASE_URL"),
        ({"TRACKER_PUBLIC_BASE_URL": "http://[half"}, "TRACKER_PUBLIC_BASE_URL"),
        (
            {
                "TRACKER_SMS_GATEWAY": "twilio",
                "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
                "TWILIO_AUTH_TOKEN": "0" * 32,
                "TWILIO_FROM": "+15005550006",
                "TRACKER_UNKNOWN_GRACE_SECONDS": "5",
            },
            "must not be below TWILIO_TIMEOUT_SECONDS",
        ),
        ({"TRACKER_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/x"}, "database: "),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
    settings: dict[str, str],
    change: dict[str, str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main(["keys", "channel", "telecom", "app"])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert told in said
    assert said.count("\n") == 1, said


def test_the_command_itself_ends_so(settings: dict[str, str]) -> None:
    ended = run({**settings, "TRACKER_PORT": "eighty"}, "check")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "TRACKER_PORT" in ended.stderr


def test_a_file_that_cannot_be_written_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    no_folder = tmp_path / "file"
    no_folder.touch()
    with pytest.raises(SystemExit) as ended:
        main(["keys", "init", str(no_folder / "under" / "keys.json")])
    said = capsys.readouterr().err
    assert (ended.value.code, said) == (2, f"tracker: {no_folder / 'under'}: Not a directory\n")


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        ("serve", "TRACKER_PORT"),
        ("serve-public", "TRACKER_PUBLIC_PORT"),
        ("demo", "TRACKER_PORT"),
        ("demo", "TRACKER_PUBLIC_PORT"),
    ],
)
def test_a_port_in_use_is_named(
    settings: dict[str, str], command: str, variable: str, tmp_path: Path
) -> None:
    settings |= {"TRACKER_DATA_DIR": str(tmp_path / "data")}
    with socket.socket() as taken, socket.socket() as free:
        for one in (taken, free):
            one.bind(("127.0.0.1", 0))
        taken.listen()
        for name, one in (("TRACKER_PORT", free), ("TRACKER_PUBLIC_PORT", free), (variable, taken)):
            settings[name] = str(one.getsockname()[1])
        free.close()
        ended = run(settings, command)
    said = f"tracker: port {settings[variable]} is in use ({variable})\n"
    assert (ended.returncode, ended.stderr) == (2, said)
    assert not (tmp_path / "data").exists()


def test_nothing_is_nothing_as_files_of_settings_write_it(settings: dict[str, str]) -> None:
    assert run({**settings, "TRACKER_DEMO": "", "TRACKER_SECURE_COOKIES": ""}, "check").returncode == 0


def test_a_secret_is_never_repeated(settings: dict[str, str]) -> None:
    ended = run({**settings, "TRACKER_SECRET_KEY": "hunter2"}, "check")
    assert "hunter2" not in ended.stderr


def test_a_key_file_that_others_can_read_is_refused(settings: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    crypto.save(crypto.new_ring(), path)
    path.chmod(0o644)
    ended = run({**settings, "TRACKER_KEY_FILE": str(path)}, "check")
    assert (ended.returncode, "0600" in ended.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "command"), [("TRACKER_KEY_FILE", "check"), ("TRACKER_SECRET_KEY", "serve")]
)
def test_a_database_of_ones_own_never_gets_keys_made_up(
    settings: dict[str, str], tmp_path: Path, name: str, command: str
) -> None:
    """Each machine would make its own, and none could read what another wrote."""
    settings = {k: v for k, v in settings.items() if k != name} | {"TRACKER_DATA_DIR": str(tmp_path)}
    ended = run(settings, command)
    assert (ended.returncode, name in ended.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_good_configuration_can_serve(settings: dict[str, str]) -> None:
    ended = run(settings, "check")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = {line.split()[0] for line in ended.stdout.splitlines()}
    names = "database redis reference calendar queue files sweep webhooks audit figures"
    assert told == set(names.split())


def test_a_check_makes_nothing_where_nothing_is(tmp_path: Path) -> None:
    ended = run({"TRACKER_DATA_DIR": str(tmp_path / "data")}, "check")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert f"no database is set up in {tmp_path / 'data'}" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_told_once(settings: dict[str, str]) -> None:
    ended = run({**settings, "TRACKER_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/x"}, "check")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "Connection refused" in ended.stderr


def test_a_database_without_a_schema_is_told_so(settings: dict[str, str]) -> None:
    ended = run(
        {
            **settings,
            "TRACKER_DATABASE_URL": settings["TRACKER_MIGRATION_DATABASE_URL"].replace(
                "/tracker?", "/postgres?"
            ),
        },
        "check",
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "run `tracker migrate`" in ended.stderr


@pytest.mark.parametrize(
    ("last_year", "today", "word"),
    [
        (2026, (2026, 10, 31), "ok"),
        (2026, (2026, 11, 1), "warning: 2027"),
        (2027, (2026, 11, 1), "ok"),
        (2026, (2027, 1, 1), "failed: 2027"),
        (None, (2026, 1, 1), "failed: no calendar"),
    ],
)
def test_the_calendar_is_missed_in_time(
    last_year: int | None, today: tuple[int, int, int], word: str
) -> None:
    from datetime import date

    assert calendar_word(last_year, date(*today)).startswith(word)


def test_children_find_the_folder_of_photos(config: Config) -> None:
    """Else an installer's photo, and all that was done after it, would wait on his phone."""
    assert bootstrap.environment(config)["TRACKER_FILES_DIR"] == str(config.files_dir)
