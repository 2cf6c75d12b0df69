"""A plan as people write it, in a form or in a row of a file: yuan, words and dates, all of it text."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError

from tracker.problems import Fault, faults_in
from tracker.tariffs.rules import PLAN_KINDS, yuan
from tracker.tariffs.schemas import FIELDS, MOST_FEN, MOST_MBPS, PlanDraftSchema

# Fees bear another name where they are written in yuan.
FEES = {
    "monthly_fee": "monthly_fen",
    "installation_fee": "installation_fen",
    "commissioning_fee": "commissioning_fen",
}
_FEE_OF = {field: written for written, field in FEES.items()}
WRITTEN = tuple(_FEE_OF.get(name, name) for name in FIELDS)
WRITTEN_OF = dict(zip(FIELDS, WRITTEN, strict=True))
SPEEDS = ("download_mbps", "upload_mbps")

# The first word of each is the one that is shown.
_AUDIENCES = {
    "home": ("家庭", "个人", "公众"),
    "enterprise": ("企业", "政企", "商企"),
}
AUDIENCE_WORDS = {code: words[0] for code, words in _AUDIENCES.items()}
_PRODUCTS = {"宽带": "broadband", "专线": "dedicated_line"}
_WHOLE_CITY = "全市"
_NO_END = ("长期", "长期有效", "未定", "无", "—", "-")

_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2}0*)?")
_SPEED = re.compile(r"([0-9]{1,9})(\.0+)?(M|Mbps|Mbit/s|兆)?", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?( 00:00(:00)?)?")

_schema = PlanDraftSchema()


def read_written(texts: Mapping[str, str], regions: Mapping[str, str]) -> dict[str, Any] | list[Fault]:
    """The plan, as PlanDraftSchema loads it, or every fault in how it is written.

    `texts` are by the names of WRITTEN, `regions` are codes with their names, the city's first. A fault
    points at the field, as in /monthly_fen.
    """
    request: dict[str, Any] = {}
    faults: list[Fault] = []
    for written in WRITTEN:
        text = texts.get(written, "").strip()
        name = FEES.get(written, written)
        if not text:
            continue
        value = _read(name, text, regions)
        if isinstance(value, Fault):
            faults.append(Fault(value.rule, f"/{name}", value.params))
        elif value is not None:
            request[name] = value
    try:
        loaded: dict[str, Any] = _schema.load(request)
    except ValidationError as error:
        told = {fault.pointer for fault in faults}
        faults += [fault for fault in faults_in(error.messages) if fault.pointer not in told]
    # In the order of the fields, as a person goes through them.
    faults.sort(key=lambda fault: FIELDS.index(fault.pointer.strip("/")))
    return faults or loaded


def write(plan: Mapping[str, Any]) -> dict[str, str]:
    """A plan as a person would have written it: the inverse of `read_written`, regions by code."""
    texts = {}
    for name in FIELDS:
        value = plan[name]
        if name in _FEE_OF:
            texts[_FEE_OF[name]] = yuan(value)
        else:
            texts[name] = "" if value is None else str(value)
    return texts


def _read(name: str, text: str, regions: Mapping[str, str]) -> Any:
    """One field's value for the schema, None for one that is not given, or the fault in it."""
    if name in _FEE_OF:
        return _fen(text)
    if name in SPEEDS:
        found = _SPEED.fullmatch(text.replace(",", ""))
        if found is None or int(found[1]) > MOST_MBPS:
            return Fault("plan.speed", "", {"high": f"{MOST_MBPS:,}"})
        return int(found[1])
    if name == "audience":
        return _audience(text)
    if name == "kind" and text not in PLAN_KINDS:
        return Fault("field.choice", "", {"choices": "、".join(PLAN_KINDS)})
    if name == "region":
        return _region(text, regions)
    if name == "product":
        return _PRODUCTS.get(text, text)
    if name in ("on_sale_from", "on_sale_to"):
        return None if name == "on_sale_to" and text in _NO_END else _day(text)
    return text


def _fen(text: str) -> int | Fault:
    amount = (
        text.replace(",", "")
        .replace("，", "")
        .removeprefix("¥")
        .removesuffix("/月")
        .removesuffix("元")
        .strip()
    )
    fen = int(Decimal(amount) * 100) if _AMOUNT.fullmatch(amount) else None
    if fen is None or fen > MOST_FEN:
        return Fault("plan.fee", "", {"high": f"{MOST_FEN // 100:,}"})
    return fen


def _audience(text: str) -> str | Fault:
    for code, words in _AUDIENCES.items():
        if text == code or text.removesuffix("客户") in words:
            return code
    return Fault("field.choice", "", {"choices": "、".join(AUDIENCE_WORDS.values())})


def _region(text: str, regions: Mapping[str, str]) -> str | Fault:
    if text in regions:
        return text
    if text == _WHOLE_CITY and regions:
        return next(iter(regions))
    for code, name in regions.items():
        if text == name:
            return code
    return Fault("plan.unknown_region")


def _day(text: str) -> str:
    """As the schema reads days; what is none is left for it to refuse."""
    found = _DATE.fullmatch(text)
    return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}" if found else text
