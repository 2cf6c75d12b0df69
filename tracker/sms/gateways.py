"""Which provider the configuration names."""

from tracker.config import Config, ConfigError
from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.sms.port import Gateway
from tracker.sms.recording import RecordingGateway


def gateway_for(config: Config, db: Database, keys: KeyRing) -> Gateway:
    """The gateway that `TRACKER_SMS_GATEWAY` names. It opens no connection before its first use.

    Raises ConfigError for an unknown name or a provider without settings.
    """
    if config.sms_gateway == "recording":
        return RecordingGateway(db, keys)
    if config.sms_gateway == "twilio":
        if config.twilio is None:
            raise ConfigError("configuration: TRACKER_SMS_GATEWAY is twilio, but TWILIO_* is not set")
        # Twilio's client takes long to load: only those who use it should wait for it.
        from tracker.sms.twilio import TwilioGateway

        return TwilioGateway(config.twilio, config.public_base_url)
    raise ConfigError(f"configuration: TRACKER_SMS_GATEWAY: no gateway is called {config.sms_gateway!r}")
