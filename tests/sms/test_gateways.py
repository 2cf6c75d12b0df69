"""I8: the configuration names gateways that can be used, or the start stops."""

from dataclasses import replace
from pathlib import Path

import pytest
from twilio_samples import SETTINGS

from tracker import config as settings
from tracker.config import Config
from tracker.crypto import new_ring
from tracker.db import Database
from tracker.setting_kinds import ConfigError
from tracker.sms.gateways import gateway_for

TWILIO = {"TWILIO_ACCOUNT_SID": SETTINGS.account_sid, "TWILIO_AUTH_TOKEN": "0" * 32, "TWILIO_FROM": "+1500"}
ALIYUN = {
    "ALIYUN_ACCESS_KEY_ID": "LTAI5tExample0000",
    "ALIYUN_ACCESS_KEY_SECRET": "0" * 30,
    "ALIYUN_SIGN_NAME": "清远电信",
}


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.delenv("TRACKER_SMS_GATEWAY", raising=False)
    return settings.load()


@pytest.fixture
def unused() -> Database:
    return Database("postgresql+psycopg://nobody@/none?host=/nonexistent")


def test_texts_are_recorded_unless_a_provider_is_named(config: Config, unused: Database) -> None:
    (named,) = config.sms_gateways
    assert gateway_for(named, config, unused, new_ring()).name == "recording"


def test_twilio_when_named(config: Config, unused: Database) -> None:
    named = replace(config, twilio=SETTINGS)
    assert gateway_for("twilio", named, unused, new_ring()).name == "twilio"


@pytest.mark.parametrize("name", ["twilio", "aliyun", "pigeon"])
def test_a_gateway_without_settings_or_of_no_known_name_stops_the_start(
    config: Config, unused: Database, name: str
) -> None:
    with pytest.raises(ConfigError, match="TRACKER_SMS_GATEWAY"):
        gateway_for(name, replace(config, twilio=None, aliyun=None), unused, new_ring())


def test_several_providers_share_the_texts_by_weight_and_one_alone_needs_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRACKER_SMS_GATEWAY", "recording")
    assert settings.load().sms_gateways == {"recording": 1}
    for name, value in TWILIO.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRACKER_SMS_GATEWAY", "twilio:3, recording:1")
    monkeypatch.setenv("TRACKER_SMS_RATE", "twilio:80")
    loaded = settings.load()
    assert dict(loaded.sms_gateways) == {"twilio": 3, "recording": 1}
    assert dict(loaded.sms_rates) == {"twilio": 80}


def test_registered_templates_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    codes = tmp_path / "templates.toml"
    codes.write_text('[order_accepted]\nzh = "SMS_1"\nen = "SMS_2"\n[delayed]\nzh = "SMS_3"\n')
    for name, value in (ALIYUN | {"ALIYUN_TEMPLATE_FILE": str(codes)}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRACKER_SMS_GATEWAY", "aliyun")
    loaded = settings.load()
    assert loaded.aliyun is not None
    assert loaded.aliyun.templates == {
        ("order_accepted", "zh"): "SMS_1",
        ("order_accepted", "en"): "SMS_2",
        ("delayed", "zh"): "SMS_3",
    }


@pytest.mark.parametrize("content", ["", "order_accepted = 1", "[order_accepted]\nzh = 1", "[order"])
def test_a_wrong_file_of_templates_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    codes = tmp_path / "templates.toml"
    codes.write_text(content)
    for name, value in (ALIYUN | {"ALIYUN_TEMPLATE_FILE": str(codes)}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRACKER_SMS_GATEWAY", "aliyun")
    with pytest.raises(ConfigError, match="ALIYUN_TEMPLATE_FILE"):
        settings.load()
