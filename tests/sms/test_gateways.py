"""I8: the configuration names one gateway, or the start stops."""

from dataclasses import replace

import pytest
from twilio_samples import SETTINGS

from tracker import config as settings
from tracker.config import Config, ConfigError
from tracker.crypto import new_ring
from tracker.db import Database
from tracker.sms.gateways import gateway_for


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


@pytest.mark.parametrize("name", ["twilio", "pigeon"])
def test_a_gateway_without_settings_or_of_no_known_name_stops_the_start(
    config: Config, unused: Database, name: str
) -> None:
    with pytest.raises(ConfigError, match="TRACKER_SMS_GATEWAY"):
        gateway_for(name, replace(config, twilio=None), unused, new_ring())
