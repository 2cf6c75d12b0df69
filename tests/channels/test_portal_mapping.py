"""A portal's mapping file: the sample is sound, and whatever is wrong with one is named at the start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tracker import config as configuration
from tracker.api.portals.load import MappingError, load, parse, sample
from tracker.setting_kinds import ConfigError

TEXT = sample().read_text(encoding="utf-8")


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


def wrong(text: str) -> str:
    with pytest.raises(MappingError) as error:
        parse(text)
    return str(error.value)


def test_the_sample_is_sound_and_says_what_it_is() -> None:
    portal = parse(TEXT)
    assert portal.name == "sample"
    assert "样例" in portal.title
    first = TEXT.splitlines()[:2]
    assert "样例" in first[0]
    assert "sample" in first[1]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[times]", "[times", "not TOML"),
        ('name = "sample"', 'name = "Sample Portal"', "name: must be a-z, 0-9 and -"),
        ('title = "省', 'titel = "省', "titel: unknown field"),
        ('place = "header"  ', 'place = "cookie"  ', "signature.place: must be one of: header, query"),
        ('timestamp_unit = "milliseconds"', 'timestamp_unit = "days"', "signature.timestamp_unit"),
        ('nonce = "nonce"', 'nonce = "sign"', "signature: 'sign' stands for two things"),
        ('nonce = "nonce"', "nonce = 5", "signature.nonce: not a valid string"),
        ('message = "message"', 'message = "code"', "envelope: 'code' stands for two things"),
        ('code = "code"', 'code = ""', "envelope.code"),
        ('format = "%Y-%m-%d %H:%M:%S"', 'format = "%Y-%m-%d"', "does not carry date and time"),
        ('format = "%Y-%m-%d %H:%M:%S"', 'format = "%Q"', "does not carry date and time"),
        ('SQRXM = "customer.name"', 'SQRXM = "customer.nmae"', "there is no field 'customer.nmae' of ours"),
        ('SQRXM = "customer.name"', 'SQRXM = "customer"', "there is no field 'customer' of ours"),
        (
            'SQRXM = "customer.name"',
            "",
            "orders: our field 'customer.name' is needed, and nothing is mapped to it",
        ),
        (
            'SQRXM = "customer.name"',
            'SQRXM = "customer.phone"',
            "orders: our field 'customer.phone' is mapped twice",
        ),
        (
            '[orders.constants]\nlanguage = "zh"',
            '[orders.constants]\nnotify_by = "text"',
            "orders: our field 'notify_by' is mapped twice",
        ),
        ('SQRXM = "customer.name"', 'LXDH = "customer.name"', "not TOML"),
        ('"SXMC"]', '"SQRXM"]', "orders: 'SQRXM' is both mapped and ignored"),
        ('home = ["1"]', 'home = ["2"]', "orders.values.customer.kind: the code '2' is mapped twice"),
        ('home = ["1"]', 'household = ["1"]', "'household' is none of home, enterprise"),
        ('home = ["1"]', "home = []", "orders.values.customer.kind.home"),
        ('home = ["1"]', 'home = "1"', "orders.values.customer.kind.home: not a valid list"),
        (
            '[orders.values."customer.kind"]',
            '[orders.values."customer.name"]',
            "no field of ours that takes one of a few words",
        ),
        ('TZFS = "notify_by"', "", "orders.values.notify_by: no field is mapped to it"),
        ('language = "zh"', 'language = "fr"', "orders.constants.language: The value must be one of: zh, en"),
        (
            'reason_code = "no_longer_wanted"',
            'reason_code = "whim"',
            "withdrawals.constants.reason_code: The value must be one of",
        ),
        (
            '[progress.fields]\nYWLSH = "external_reference"\nGDBH = "number"  ',
            "[progress.fields]\n  ",
            "progress: 'number' or 'external_reference' is needed",
        ),
        ('stage = "HJDM"', 'phase = "HJDM"', "answer.fields: there is no 'phase' to tell"),
        ('\nnumber = "GDBH"', "", "answer.fields: 'number' has to be told"),
        ('stage_name = "HJMC"', 'stage_name = "HJDM"', "answer.fields: 'HJDM' stands for two things"),
        ('verified = "20"', "", "answer.stages: the stage 'verified' has no code"),
        ('verified = "20"', 'checked = "20"', "answer.stages: there is no stage 'checked'"),
        ('"order.not_found"', '"order.lost"', "codes.rules: there is no rule 'order.lost'"),
        ('"order.not_found"', '"key.scope"', "codes.rules: the rule 'key.scope' is mapped twice"),
        ('other = "9000"', 'other = "0000"', "codes: '0000' means success and something that is wrong"),
        ('ok = "0000"', 'ok = "3001"', "codes: '3001' means success and something that is wrong"),
        ("[withdrawals.constants]", "[withdrawal.constants]", "withdrawal: unknown field"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_named(old: str, new: str, told: str) -> None:
    message = wrong(changed(old, new))
    assert told in message
    assert "\n" not in message


def test_all_that_is_wrong_is_named_at_once() -> None:
    text = changed('SQRXM = "customer.name"', "").replace('home = ["1"]', 'home = ["3"]')
    told = wrong(text.replace('verified = "20"', ""))
    assert [part.split(":")[0] for part in told.split("; ")] == [
        "orders",
        "orders.values.customer.kind",
        "answer.stages",
    ]


def test_the_start_is_stopped_by_one_line(settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "guangdong.toml").write_text(changed('SQRXM = "customer.name"', ""), encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
    for command in ("serve", "check"):
        ended = subprocess.run(
            [sys.executable, "-m", "tracker", command],
            env={**inherited, **settings, "TRACKER_PORTAL_FOLDER": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == 2
        assert ended.stderr.count("\n") == 1, ended.stderr
        assert "TRACKER_PORTAL_FOLDER: guangdong.toml: orders: our field 'customer.name'" in ended.stderr


def test_folders_that_hold_nothing_or_the_same_twice(
    settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_PORTAL_FOLDER", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="holds no"):
        load(configuration.load())
    monkeypatch.setenv("TRACKER_PORTAL_FOLDER", str(tmp_path))
    (tmp_path / "a.toml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "b.toml").write_text(TEXT, encoding="utf-8")
    with pytest.raises(ConfigError, match="another file is called 'sample' too"):
        load(configuration.load())
    (tmp_path / "b.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"b\.toml: cannot be read"):
        load(configuration.load())


def test_the_demonstration_serves_the_sample_and_nobody_else_does(settings, monkeypatch) -> None:
    assert load(configuration.load()) == {}
    monkeypatch.setenv("TRACKER_DEMO", "1")
    assert list(load(configuration.load())) == ["sample"]
