"""Every setting there is, read from the environment once, at the start.

A missing or malformed value stops the start with one clear line (invariant I8): `load` raises
`ConfigError`, whose text names each variable at fault and never repeats a secret's value.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env, EnvValidationError
from limits import parse_many
from marshmallow import validate

from tracker.origins import origins_in

_FLAGS = {"": None, "1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_APPROVING = frozenset({"aliyun"})
GATEWAYS = ("recording", "twilio", "aliyun")


class ConfigError(Exception):
    """The environment does not describe a system that can be started."""


@dataclass(frozen=True)
class TwilioSettings:
    """Account and sender at Twilio; `api_base_url` points the client at another server, as tests do."""

    account_sid: str
    auth_token: str
    sender: str
    messaging_service_sid: str
    api_base_url: str | None
    timeout_seconds: float


@dataclass(frozen=True)
class AliyunSettings:
    """Account at Alibaba Cloud, and the code of each registered template by our own code and language.

    `sign_name` is the signature of texts that bring none; `api_base_url` is as Twilio's.
    """

    access_key_id: str
    access_key_secret: str
    sign_name: str
    templates: Mapping[tuple[str, str], str]
    api_base_url: str | None
    timeout_seconds: float


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


def _scheme(value: str) -> str:
    """The scheme of an address whose parts, the port among them, can be told apart; else empty."""
    try:
        parts = urlsplit(value)
        return parts.scheme if parts.port is None or parts.port > 0 else ""
    except ValueError:
        return ""


def _one_limit(value: str) -> None:
    wanted = validate.ValidationError("must be one limit above 0 like '1200 per minute'")
    try:
        found = parse_many(value)
    except ValueError:
        raise wanted from None
    if len(found) != 1 or found[0].amount < 1:
        raise wanted


def _networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks by commas: "127.0.0.0/8,10.0.0.0/8". Raises ValidationError."""
    words = filter(None, (part.strip() for part in value.split(",")))
    try:
        return tuple(ip_network(word) for word in words)
    except ValueError:
        raise validate.ValidationError("must be networks like 10.0.0.0/8, separated by commas") from None


def _by_provider(value: str | None, unnamed: float | None) -> dict[str, float]:
    """Numbers by provider: "twilio:3,aliyun:1"; a name alone stands for `unnamed`, if that is allowed.

    Raises ValidationError.
    """
    numbers: dict[str, float] = {}
    for word in filter(None, (part.strip() for part in (value or "").split(","))):
        name, colon, number = word.partition(":")
        if name not in GATEWAYS:
            raise validate.ValidationError(f"{name!r} must be one of: {', '.join(GATEWAYS)}")
        if name in numbers:
            raise validate.ValidationError(f"{name} is named twice")
        if not colon and unnamed is None:
            raise validate.ValidationError(f"{name} needs a number, as in {name}:80")
        try:
            numbers[name] = float(number) if colon else unnamed or 0.0
        except ValueError:
            numbers[name] = 0.0
        if not 0 < numbers[name] <= 100_000:
            raise validate.ValidationError(f"{number!r} of {name} must be a number above 0")
    if unnamed is not None and not numbers:
        raise validate.ValidationError("names no provider")
    return numbers


def _web_address(value: str) -> None:
    if _scheme(value) not in ("http", "https") or not urlsplit(value).hostname:
        raise validate.ValidationError("must be an http(s) address")


def _postgres_address(value: str) -> None:
    if _scheme(value) not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise validate.ValidationError("must begin with postgresql://")


def _redis_address(value: str) -> None:
    if _scheme(value) not in ("redis", "rediss", "unix"):
        raise validate.ValidationError("must begin with redis://, rediss:// or unix://")


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
        database_url = _postgres(env, "DATABASE_URL")
        migration_database_url = _postgres(env, "MIGRATION_DATABASE_URL")
        public_database_url = _postgres(env, "PUBLIC_DATABASE_URL")
        redis_url = env.str("REDIS_URL", None, validate=lambda v: v is None or _redis_address(v))
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
        base = env.str("PUBLIC_BASE_URL", f"http://127.0.0.1:{http_port}", validate=_web_address)
        site = env.str("PUBLIC_SITE_URL", f"http://127.0.0.1:{public_port}", validate=_web_address)
        to_256 = validate.Range(1, 256, error="must be 1 to 256")
        web_workers = env.int("WEB_WORKERS", os.cpu_count() or 1, validate=to_256)
        named = env.str("SMS_GATEWAY", "recording", validate=lambda v: _by_provider(v, 1))
        limited = env.str("SMS_RATE", "", validate=lambda v: _by_provider(v, None))
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
        webhook_allow = env.str("WEBHOOK_ALLOW", "", validate=_networks)
        webhook_in_flight = env.int(
            "WEBHOOK_IN_FLIGHT", 20, validate=validate.Range(1, 200, error="must be 1 to 200")
        )
        webhook_timeout = env.float(
            "WEBHOOK_TIMEOUT_SECONDS", 10.0, validate=validate.Range(0.1, 60, error="must be 0.1 to 60")
        )
        embed_origins = env.str("EMBED_ORIGINS", "", validate=origins_in)
        lookup_limit = env.str("LOOKUP_LIMIT", "30 per minute", validate=_one_limit)
        api_limit = env.str("API_LIMIT", "1200 per minute", validate=_one_limit)
        wrong_key_limit = env.str("WRONG_KEY_LIMIT", "60 per minute", validate=_one_limit)
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
        demo = _flag(env, "DEMO") or False
        secure_cookies = _flag(env, "SECURE_COOKIES")
        log_level = env.str(
            "LOG_LEVEL",
            "INFO",
            validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"], error="must be one of: {choices}"),
        )
    sms_gateways = _by_provider(named, 1) if named else {}
    sms_rates = _by_provider(limited, None) if limited else {}
    if named and (unused := set(sms_rates) - set(sms_gateways)):
        raise ConfigError(
            f"configuration: TRACKER_SMS_RATE: {min(unused)} is not named in TRACKER_SMS_GATEWAY"
        )
    twilio = _twilio(env) if "twilio" in sms_gateways else None
    aliyun = _aliyun(env) if "aliyun" in sms_gateways else None
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
        webhook_allow=_networks(webhook_allow or ""),
        webhook_in_flight=webhook_in_flight,
        webhook_timeout=webhook_timeout,
        receipt_secret=receipt_secret or None,
        retention_years=years,
        trusted_proxies=trusted_proxies,
        demo=demo,
        secure_cookies=secure_cookies,
        log_level=log_level,
    )


def _flag(env: Env, name: str) -> bool | None:
    """True, false, or None for one that is not set or set to nothing, as files of settings write it."""
    value = env.str(name, "", validate=validate.OneOf(_FLAGS, error="must be true or false"))
    return _FLAGS.get(value or "")


def _postgres(env: Env, name: str) -> str | None:
    """A PostgreSQL address in SQLAlchemy's spelling, whichever of the usual ones was given."""
    value = env.str(name, None, validate=lambda v: v is None or _postgres_address(v))
    if not value:
        return None
    _, _, rest = value.partition("://")
    return f"postgresql+psycopg://{rest}"


def _twilio(env: Env) -> TwilioSettings:
    with env.prefixed("TWILIO_"):
        sid = env.str(
            "ACCOUNT_SID",
            validate=validate.Regexp(r"AC[0-9a-fA-F]{32}$", error="must be AC and 32 hexadecimal digits"),
        )
        token = env.str("AUTH_TOKEN", validate=validate.Length(min=16, error="is too short"))
        sender = env.str("FROM", "")
        service = env.str("MESSAGING_SERVICE_SID", "")
        base = env.str("API_BASE_URL", None, validate=lambda v: v is None or _web_address(v))
        timeout = env.float(
            "TIMEOUT_SECONDS", 10.0, validate=validate.Range(0.1, 60, error="must be 0.1 to 60")
        )
    if sid and token and not sender and not service:
        raise ConfigError("configuration: TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID: one of them is needed")
    return TwilioSettings(sid, token, sender or "", service or "", base, timeout)


def _aliyun(env: Env) -> AliyunSettings:
    if find_spec("alibabacloud_dysmsapi20170525") is None:
        raise ConfigError(
            "configuration: TRACKER_SMS_GATEWAY: aliyun needs requirements-aliyun.lock installed"
        )
    with env.prefixed("ALIYUN_"):
        key_id = env.str("ACCESS_KEY_ID", validate=validate.Length(min=8, error="is too short"))
        secret = env.str("ACCESS_KEY_SECRET", validate=validate.Length(min=16, error="is too short"))
        sign_name = env.str("SIGN_NAME", validate=validate.Length(min=2, error="is too short"))
        template_file = env.str("TEMPLATE_FILE", validate=lambda path: _templates(path))
        base = env.str("API_BASE_URL", None, validate=lambda v: v is None or _web_address(v))
        timeout = env.float(
            "TIMEOUT_SECONDS", 10.0, validate=validate.Range(0.1, 60, error="must be 0.1 to 60")
        )
    templates = _templates(template_file) if template_file else {}
    return AliyunSettings(key_id, secret, sign_name, templates, base, timeout)


def _templates(path: str) -> dict[tuple[str, str], str]:
    """Codes of a TOML file with a table for each template: [order_accepted] zh = "SMS_154950909".

    Raises ValidationError.
    """
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        codes = {(name, language): code for name, table in tables.items() for language, code in table.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise validate.ValidationError(f"cannot be read: {type(error).__name__}") from None
    if not codes or not all(isinstance(code, str) and code for code in codes.values()):
        raise validate.ValidationError("names no template, or one without a code")
    return codes
