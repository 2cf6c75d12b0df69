"""Read the mapping files of portals. A wrong one stops the start, with all that is wrong in one line (I8)."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any, Protocol

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from tracker.api.portals.mapping import Envelope, Form, Portal
from tracker.api.portals.requests import SCHEMAS, nested, paths_of
from tracker.channels.signatures import PLACES, UNITS, Naming
from tracker.config import Config
from tracker.fields import Choice
from tracker.orders.rules import Stage
from tracker.problems import RULES, faults_in
from tracker.setting_kinds import ConfigError

SAMPLE = "portal-sample.toml"

# What may be told of an order, and what has to be.
TOLD = (
    "number",
    "external_reference",
    "stage",
    "stage_name",
    "accepted_at",
    "deadline",
    "first_deadline",
    "provisional",
    "explanation",
)
_MUST_BE_TOLD = ("number", "stage")

_A_MOMENT = datetime(2026, 11, 25, 9, 30)  # noqa: DTZ001 - a portal's times bear no zone


class _File(Protocol):
    """A mapping file, of a folder or of the package."""

    @property
    def name(self) -> str: ...

    def read_text(self, encoding: str) -> str: ...


def load(config: Config) -> dict[str, Portal]:
    """Every portal by its name: those of TRACKER_PORTAL_FOLDER, and in the demonstration the sample.

    Raises ConfigError.
    """
    found: list[_File] = []
    folder = config.portal_folder
    if folder is not None:
        found += sorted(folder.glob("*.toml"))
        if not found:
            raise ConfigError(f"configuration: TRACKER_PORTAL_FOLDER: {folder} holds no .toml file")
    if config.demo:
        found.append(sample())
    portals: dict[str, Portal] = {}
    for file in found:
        try:
            portal = parse(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise _error(file, f"cannot be read: {type(error).__name__}") from None
        except MappingError as error:
            raise _error(file, str(error)) from None
        if portal.name in portals:
            raise _error(file, f"name: another file is called {portal.name!r} too")
        portals[portal.name] = portal
    return portals


def sample() -> _File:
    """The packaged sample."""
    return files("tracker") / "data" / SAMPLE


def _error(file: _File, told: str) -> ConfigError:
    return ConfigError(f"configuration: TRACKER_PORTAL_FOLDER: {file.name}: {told}")


class MappingError(ValueError):
    """A mapping file is wrong; the message names everything that is."""


class _Strict(Schema):
    class Meta:
        unknown = RAISE


def _word(**kwargs: Any) -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, 200), **kwargs)


def _words(**kwargs: Any) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=_word(), required=True, **kwargs)


def _lists(**kwargs: Any) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(), values=fields.List(_word(), validate=validate.Length(1)), **kwargs
    )


class _SignatureSchema(_Strict):
    place = fields.String(required=True, validate=validate.OneOf(PLACES))
    app_id, timestamp, nonce, signature = _word(), _word(), _word(), _word()
    timestamp_unit = fields.String(load_default=UNITS[0], validate=validate.OneOf(UNITS))


class _EnvelopeSchema(_Strict):
    code, message, data, errors, field = _word(), _word(), _word(), _word(), _word()


class _TimesSchema(_Strict):
    format = _word()


class _FormSchema(_Strict):
    mapped = _words(data_key="fields")
    values = fields.Dict(keys=fields.String(), values=_lists(), load_default=dict)
    constants = fields.Dict(keys=fields.String(), values=_word(), load_default=dict)
    ignored = fields.List(_word(), load_default=list)


class _AnswerSchema(_Strict):
    mapped = _words(data_key="fields")
    stages = _words()


class _CodesSchema(_Strict):
    ok, other = _word(), _word()
    rules = _lists(required=True)


class _MappingSchema(_Strict):
    name = fields.String(
        required=True, validate=validate.Regexp(r"[a-z0-9-]{1,40}\Z", error="must be a-z, 0-9 and -")
    )
    title = _word()
    signature = fields.Nested(_SignatureSchema, required=True)
    envelope = fields.Nested(_EnvelopeSchema, required=True)
    times = fields.Nested(_TimesSchema, load_default=None)
    orders = fields.Nested(_FormSchema, required=True)
    progress = fields.Nested(_FormSchema, required=True)
    withdrawals = fields.Nested(_FormSchema, required=True)
    answer = fields.Nested(_AnswerSchema, required=True)
    codes = fields.Nested(_CodesSchema, required=True)


def parse(content: str) -> Portal:
    """The mapping that a file's text describes. Raises MappingError."""
    try:
        said = _MappingSchema().load(tomllib.loads(content))
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"not TOML: {error}") from None
    except ValidationError as error:
        raise MappingError("; ".join(_flat(error.messages))) from None
    wrong = [
        *_wrong_names("signature", [said["signature"][part] for part in Naming.PARTS]),
        *_wrong_names("envelope", [said["envelope"][part] for part in ("code", "message", "data")]),
        *_wrong_names("envelope", [said["envelope"][part] for part in ("code", "message", "errors")]),
        *_wrong_names("envelope", [said["envelope"][part] for part in ("code", "message", "field")]),
        *_wrong_times(said["times"]),
        *(told for kind in SCHEMAS for told in _wrong_form(kind, said[kind])),
        *_wrong_answer(said["answer"]),
        *_wrong_codes(said["codes"]),
    ]
    if wrong:
        raise MappingError("; ".join(dict.fromkeys(wrong)))
    return Portal(
        name=said["name"],
        title=said["title"],
        naming=Naming(**said["signature"]),
        envelope=Envelope(**said["envelope"]),
        time_format=said["times"] and said["times"]["format"],
        forms={kind: _form(said[kind]) for kind in SCHEMAS},
        answer=said["answer"]["mapped"],
        stages=said["answer"]["stages"],
        ok=said["codes"]["ok"],
        other=said["codes"]["other"],
        codes={rule: code for code, rules in said["codes"]["rules"].items() for rule in rules},
    )


def _form(said: dict[str, Any]) -> Form:
    values = {
        path: {code: word for word, codes in words.items() for code in codes}
        for path, words in said["values"].items()
    }
    return Form(said["mapped"], values, said["constants"], frozenset(said["ignored"]))


def _flat(messages: Any, path: str = "") -> Iterable[str]:
    """marshmallow's nested messages, each with its path."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            step = path if name in ("_schema", "value") else f"{path}.{name}".strip(".")
            yield from _flat(inner, step)
    else:
        for told in messages:
            yield f"{path}: {told[:1].lower()}{told[1:].rstrip('.')}"


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return sorted({name for name in names if name in seen or seen.add(name)})  # type: ignore[func-returns-value]


def _wrong_names(where: str, names: list[str]) -> list[str]:
    return [f"{where}: {name!r} stands for two things" for name in _twice(names)]


def _wrong_times(times: dict[str, str] | None) -> list[str]:
    """A format has to carry a date and a time to the minute, both ways."""
    if times is None:
        return []
    try:
        carried = datetime.strptime(_A_MOMENT.strftime(times["format"]), times["format"])  # noqa: DTZ007
    except ValueError:
        carried = None
    return [] if carried == _A_MOMENT else [f"times.format: {times['format']!r} does not carry date and time"]


def _wrong_form(kind: str, said: dict[str, Any]) -> list[str]:
    known = paths_of(SCHEMAS[kind])
    mapped = [*said["mapped"].values(), *said["constants"]]
    wrong = [f"{kind}: there is no field {path!r} of ours" for path in mapped if path not in known]
    wrong += [f"{kind}: our field {path!r} is mapped twice" for path in _twice(mapped)]
    wrong += [
        f"{kind}: {name!r} is both mapped and ignored" for name in {*said["mapped"]} & {*said["ignored"]}
    ]
    wrong += [
        f"{kind}: our field {path!r} is needed, and nothing is mapped to it"
        for path, field in known.items()
        if field.required and path not in mapped
    ]
    if kind != "orders" and not {"number", "external_reference"} & {*said["mapped"].values()}:
        wrong.append(f"{kind}: 'number' or 'external_reference' is needed, and nothing is mapped to either")
    for path, words in said["values"].items():
        wrong += _wrong_values(
            f"{kind}.values.{path}", known.get(path), words, path in said["mapped"].values()
        )
    return wrong + _wrong_constants(kind, said["constants"], known)


def _wrong_values(
    where: str, field: fields.Field | None, words: dict[str, list[str]], used: bool
) -> list[str]:
    if not isinstance(field, Choice):
        return [f"{where}: this is no field of ours that takes one of a few words"]
    wrong = [] if used else [f"{where}: no field is mapped to it"]
    wrong += [
        f"{where}: {word!r} is none of {', '.join(field.choices)}"
        for word in words
        if word not in field.choices
    ]
    codes = [code for listed in words.values() for code in listed]
    return wrong + [f"{where}: the code {code!r} is mapped twice" for code in _twice(codes)]


def _wrong_constants(kind: str, constants: dict[str, str], known: Mapping[str, fields.Field]) -> list[str]:
    values = nested({path: value for path, value in constants.items() if path in known})
    return [
        f"{kind}.constants{fault.pointer.replace('/', '.')}: {fault.words('en')}".rstrip(".")
        for fault in faults_in(SCHEMAS[kind].validate(values, partial=True))
        if fault.rule != "portal.reference_required"
    ]


def _wrong_answer(said: dict[str, dict[str, str]]) -> list[str]:
    stages = [stage.value for stage in Stage]
    return [
        *(f"answer.fields: there is no {name!r} to tell" for name in said["mapped"] if name not in TOLD),
        *(f"answer.fields: {name!r} has to be told" for name in _MUST_BE_TOLD if name not in said["mapped"]),
        *_wrong_names("answer.fields", list(said["mapped"].values())),
        *(f"answer.stages: there is no stage {name!r}" for name in said["stages"] if name not in stages),
        *(f"answer.stages: the stage {name!r} has no code" for name in stages if name not in said["stages"]),
    ]


def _wrong_codes(said: dict[str, Any]) -> list[str]:
    rules = [rule for listed in said["rules"].values() for rule in listed]
    wrong = [f"codes.rules: there is no rule {rule!r}" for rule in rules if rule not in RULES]
    wrong += [f"codes.rules: the rule {rule!r} is mapped twice" for rule in _twice(rules)]
    if said["ok"] in (said["other"], *said["rules"]):
        wrong.append(f"codes: {said['ok']!r} means success and something that is wrong")
    return wrong
