"""The providers that the configuration names."""

from tracker.config import Config
from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.setting_kinds import ConfigError
from tracker.sms.breaker import Breaker
from tracker.sms.port import Gateway
from tracker.sms.rate import Rate
from tracker.sms.recording import RecordingGateway
from tracker.sms.routes import Route, Routes


def gateway_for(name: str, config: Config, db: Database, keys: KeyRing) -> Gateway:
    """The gateway of a provider. It opens no connection before its first use.

    Raises ConfigError for an unknown name or a provider without settings.
    """
    if name == "recording":
        return RecordingGateway(db, keys)
    if name == "twilio":
        if config.twilio is None:
            raise ConfigError("configuration: TRACKER_SMS_GATEWAY is twilio, but TWILIO_* is not set")
        # Twilio's client takes long to load: only those who use it should wait for it.
        from tracker.sms.twilio import TwilioGateway

        return TwilioGateway(config.twilio, config.public_base_url, config.sms_in_flight)
    if name == "aliyun":
        if config.aliyun is None:
            raise ConfigError("configuration: TRACKER_SMS_GATEWAY is aliyun, but ALIYUN_* is not set")
        # An extra, which is only there where it is used.
        from tracker.sms.aliyun import AliyunGateway

        return AliyunGateway(
            config.aliyun, config.sms_in_flight, gives_receipts=config.receipt_secret is not None
        )
    raise ConfigError(f"configuration: TRACKER_SMS_GATEWAY: no gateway is called {name!r}")


def routes_for(first: Gateway, config: Config, db: Database, keys: KeyRing) -> Routes:
    """All the providers in use: the first that is named, already made, and the others."""
    first_name, *others = config.sms_gateways
    gateways = {first_name: first} | {name: gateway_for(name, config, db, keys) for name in others}
    routes = []
    for name, gateway in gateways.items():
        limit = config.sms_rates.get(name)
        rate = None if limit is None else Rate(str(config.redis_url), name, limit)
        routes.append(Route(gateway, config.sms_gateways[name], Breaker(config.sms_rest), rate))
    return Routes(routes)
