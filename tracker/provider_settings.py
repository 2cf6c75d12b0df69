"""Settings of the providers of texts, each read only where one is used."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from environs import Env
from marshmallow import validate

from tracker.setting_kinds import ConfigError, web_address

GATEWAYS = ("recording", "twilio", "aliyun")


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


def by_provider(value: str | None, unnamed: float | None) -> dict[str, float]:
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


def read_twilio(env: Env) -> TwilioSettings:
    with env.prefixed("TWILIO_"):
        sid = env.str(
            "ACCOUNT_SID",
            validate=validate.Regexp(r"AC[0-9a-fA-F]{32}$", error="must be AC and 32 hexadecimal digits"),
        )
        token = env.str("AUTH_TOKEN", validate=validate.Length(min=16, error="is too short"))
        sender = env.str("FROM", "")
        service = env.str("MESSAGING_SERVICE_SID", "")
        base = env.str("API_BASE_URL", None, validate=lambda v: v is None or web_address(v))
        timeout = env.float(
            "TIMEOUT_SECONDS", 10.0, validate=validate.Range(0.1, 60, error="must be 0.1 to 60")
        )
    if sid and token and not sender and not service:
        raise ConfigError("configuration: TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID: one of them is needed")
    return TwilioSettings(sid, token, sender or "", service or "", base, timeout)


def read_aliyun(env: Env) -> AliyunSettings:
    if find_spec("alibabacloud_dysmsapi20170525") is None:
        raise ConfigError(
            "configuration: TRACKER_SMS_GATEWAY: aliyun needs requirements-aliyun.lock installed"
        )
    with env.prefixed("ALIYUN_"):
        key_id = env.str("ACCESS_KEY_ID", validate=validate.Length(min=8, error="is too short"))
        secret = env.str("ACCESS_KEY_SECRET", validate=validate.Length(min=16, error="is too short"))
        sign_name = env.str("SIGN_NAME", validate=validate.Length(min=2, error="is too short"))
        template_file = env.str("TEMPLATE_FILE", validate=lambda path: _templates(path))
        base = env.str("API_BASE_URL", None, validate=lambda v: v is None or web_address(v))
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
