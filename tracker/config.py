"""Every setting there is, read from the environment once, at the start.

A missing or malformed value stops the start with one clear line (invariant I8): `load` raises
`ConfigError`, whose text names each variable at fault and never repeats a secret's value.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from environs import Env, EnvValidationError
from marshmallow import validate

from tracker.origins import origins_in
from tracker.provider_settings import AliyunSettings, TwilioSettings, by_provider, read_aliyun, read_twilio
from tracker.setting_kinds import ConfigError, flag, networks, one_limit, postgres, redis_address, web_address

_APPROVING = frozenset({"aliyun"})


@dataclass(frozen=True)
class Config:
    """The settings of one process. Times are seconds unless the name says otherwise.

    `sms_gateways` holds each provider's weight, `sms_rates` how many texts a second it may get.
    `webhook_allow` are the networks that webhooks may lead to although they are not public,
    `embed_origins` the sites whose pages may ask for an order's state from within a browser. `files_dir` is
    where pictures lie; `call_line` what an installer's phone dials, with `{code}` for the order's.
    """

    database_url: str | None
    migration_database_url: str | None
    public_database_url: str | None
    redis_url: str | None
    data_dir: Path | None
    files_dir: Path | None
    call_line: str | None
    key_file: Path | None
    secret_key: str | None
    bind: str
    port: int
    public_port: int
    public_base_url: str
    public_site_url: str
    web_workers: int
    sms_gateways: Mapping[str, float]
    sms_rates: Mapping[str, float]
    sms_in_flight: int
    sms_rest: float
    twilio: TwilioSettings | None
    aliyun: AliyunSettings | None
    unknown_grace: float
    lease: float
    sweep_interval: float
    coalesce: float
    sms_part_fen: float
    lookup_limit: str
    embed_origins: frozenset[str]
    api_limit: str
    wrong_key_limit: str
    portal_folder: Path | None
    webhook_allow: tuple[IPv4Network | IPv6Network, ...]
    webhook_in_flight: int
    webhook_timeout: float
    receipt_secret: str | None
    retention_years: int
    trusted_proxies: int
    demo: bool
    secure_cookies: bool | None
    log_level: str

    @property
    def service_is_secure(self) -> bool:
        """Whether staff reach the service over TLS only: secure cookies, and HSTS."""
        return self._secure(self.public_base_url)

    @property
    def site_is_secure(self) -> bool:
        """Whether customers reach the public site over TLS only."""
        return self._secure(self.public_site_url)

    @property
    def approving_gateways(self) -> frozenset[str]:
        """The providers in use that send registered texts only, each once they have approved it."""
        return frozenset(self.sms_gateways) & _APPROVING

    def _secure(self, address: str) -> bool:
        return address.startswith("https://") if self.secure_cookies is None else self.secure_cookies


def load() -> Config:
    """Read the settings from the environment.

    Raises ConfigError naming every variable that is missing or malformed.
    """
    env = Env(eager=False)
    try:
        config = _read(env)
        env.seal()
    except EnvValidationError as error:
        problems = "; ".join(
            f"{name}: {' '.join(str(m) for m in messages)}" for name, messages in error.error_messages.items()
        )
        raise ConfigError(f"configuration: {problems}") from None
    return config


def _read(env: Env) -> Config:
    port = validate.Range(min=1, max=65535, error="must be a port between 1 and 65535")
    positive = validate.Range(min=0.05, max=86400, error="must be a number of seconds above 0")
    with env.prefixed("TRACKER_"):
        database_url = postgres(env, "DATABASE_URL")
        migration_database_url = postgres(env, "MIGRATION_DATABASE_URL")
        public_database_url = postgres(env, "PUBLIC_DATABASE_URL")
        redis_url = env.str("REDIS_URL", None, validate=lambda v: v is None or redis_address(v))
        data_dir = env.str("DATA_DIR", None)
        files_dir = env.str("FILES_DIR", None)
        dialled = validate.Regexp(r"(\+?[0-9]{5,16}[,;]+\{code\}#?)?$", error="as in 0763123,,{{code}}")
        call_line = env.str("CALL_LINE", "", validate=dialled)
        key_file = env.str("KEY_FILE", None)
        long = validate.Length(min=32, error="must have at least 32 characters")
        secret_key = env.str("SECRET_KEY", None, validate=long)
        bind = env.str("BIND", "127.0.0.1")
        http_port = env.int("PORT", 8000, validate=port)
        public_port = env.int("PUBLIC_PORT", 8001, validate=port)
        base = env.str("PUBLIC_BASE_URL", f"http://127.0.0.1:{http_port}", validate=web_address)
        site = env.str("PUBLIC_SITE_URL", f"http://127.0.0.1:{public_port}", validate=web_address)
        to_256 = validate.Range(1, 256, error="must be 1 to 256")
        web_workers = env.int("WEB_WORKERS", os.cpu_count() or 1, validate=to_256)
        named = env.str("SMS_GATEWAY", "recording", validate=lambda v: by_provider(v, 1))
        limited = env.str("SMS_RATE", "", validate=lambda v: by_provider(v, None))
        sms_in_flight = env.int(
            "SMS_IN_FLIGHT", 100, validate=validate.Range(1, 1000, error="must be 1 to 1000")
        )
        sms_rest = env.float("SMS_REST_SECONDS", 5.0, validate=positive)
        unknown_grace = env.float("UNKNOWN_GRACE_SECONDS", 120.0, validate=positive)
        lease = env.float("LEASE_SECONDS", 180.0, validate=positive)
        sweep_interval = env.float("SWEEP_INTERVAL_SECONDS", 60.0, validate=positive)
        coalesce = env.float(
            "COALESCE_SECONDS", 120.0, validate=validate.Range(0, 3600, error="must be 0 to 3600")
        )
        sms_part_fen = env.float(
            "SMS_PART_FEN", 5.0, validate=validate.Range(0, 1000, error="must be 0 to 1000")
        )
        webhook_allow = env.str("WEBHOOK_ALLOW", "", validate=networks)
        webhook_in_flight = env.int(
            "WEBHOOK_IN_FLIGHT", 20, validate=validate.Range(1, 200, error="must be 1 to 200")
        )
        webhook_timeout = env.float(
            "WEBHOOK_TIMEOUT_SECONDS", 10.0, validate=validate.Range(0.1, 60, error="must be 0.1 to 60")
        )
        embed_origins = env.str("EMBED_ORIGINS", "", validate=origins_in)
        lookup_limit = env.str("LOOKUP_LIMIT", "30 per minute", validate=one_limit)
        api_limit = env.str("API_LIMIT", "1200 per minute", validate=one_limit)
        wrong_key_limit = env.str("WRONG_KEY_LIMIT", "60 per minute", validate=one_limit)
        portal_folder = env.str("PORTAL_FOLDER", None)
        # Part of an address: nothing in it may have to be escaped.
        receipt_secret = env.str(
            "RECEIPT_SECRET",
            "",
            validate=validate.Regexp(
                r"([A-Za-z0-9_-]{24,128})?$", error="must be 24 to 128 letters, digits, - or _"
            ),
        )
        years = env.int("RETENTION_YEARS", 2, validate=validate.Range(1, 30, error="must be 1 to 30"))
        trusted_proxies = env.int("TRUSTED_PROXIES", 0, validate=validate.Range(0, 5, error="must be 0 to 5"))
        demo = flag(env, "DEMO") or False
        secure_cookies = flag(env, "SECURE_COOKIES")
        log_level = env.str(
            "LOG_LEVEL",
            "INFO",
            validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"], error="must be one of: {choices}"),
        )
    sms_gateways = by_provider(named, 1) if named else {}
    sms_rates = by_provider(limited, None) if limited else {}
    if named and (unused := set(sms_rates) - set(sms_gateways)):
        raise ConfigError(
            f"configuration: TRACKER_SMS_RATE: {min(unused)} is not named in TRACKER_SMS_GATEWAY"
        )
    twilio = read_twilio(env) if "twilio" in sms_gateways else None
    aliyun = read_aliyun(env) if "aliyun" in sms_gateways else None
    for name, provider in (("TWILIO", twilio), ("ALIYUN", aliyun)):
        if provider is not None and unknown_grace and unknown_grace < (provider.timeout_seconds or 0):
            # Asked sooner, the provider could deny a text that is still on its way to it.
            raise ConfigError(
                f"configuration: TRACKER_UNKNOWN_GRACE_SECONDS: must not be below {name}_TIMEOUT_SECONDS"
            )
    return Config(
        database_url=database_url,
        migration_database_url=migration_database_url,
        public_database_url=public_database_url,
        redis_url=redis_url,
        data_dir=Path(data_dir) if data_dir else None,
        files_dir=Path(files_dir) if files_dir else None,
        call_line=call_line or None,
        key_file=Path(key_file) if key_file else None,
        secret_key=secret_key,
        bind=bind,
        port=http_port,
        public_port=public_port,
        public_base_url=(base or "").rstrip("/"),
        public_site_url=(site or "").rstrip("/"),
        web_workers=web_workers,
        sms_gateways=sms_gateways,
        sms_rates=sms_rates,
        sms_in_flight=sms_in_flight,
        sms_rest=sms_rest,
        twilio=twilio,
        aliyun=aliyun,
        unknown_grace=unknown_grace,
        lease=lease,
        sweep_interval=sweep_interval,
        coalesce=coalesce,
        sms_part_fen=sms_part_fen,
        lookup_limit=lookup_limit,
        embed_origins=origins_in(embed_origins or ""),
        api_limit=api_limit,
        wrong_key_limit=wrong_key_limit,
        portal_folder=Path(portal_folder) if portal_folder else None,
        webhook_allow=networks(webhook_allow or ""),
        webhook_in_flight=webhook_in_flight,
        webhook_timeout=webhook_timeout,
        receipt_secret=receipt_secret or None,
        retention_years=years,
        trusted_proxies=trusted_proxies,
        demo=demo,
        secure_cookies=secure_cookies,
        log_level=log_level,
    )
