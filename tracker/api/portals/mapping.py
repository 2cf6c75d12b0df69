"""How one portal speaks: its field names, codes, signature and envelope."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tracker import clock
from tracker.channels.signatures import Naming


@dataclass(frozen=True)
class Envelope:
    """Names in every answer; `errors` and `field` stand in the data of one that refuses."""

    code: str
    message: str
    data: str
    errors: str
    field: str


@dataclass(frozen=True)
class Form:
    """One kind of request: the portal's fields, and what stands in ours whatever it sends.

    `fields` leads from the portal's name to our path, `values` from our path and the portal's code to our
    word. `ignored` fields are taken and not kept.
    """

    fields: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Portal:
    """A portal's mapping, as its file was read and found sound.

    `forms` are by the kind of request (orders, progress, withdrawals); `answer` leads from our name of what
    is told to the portal's; `stages` and `codes` from a stage and from a rule id to the portal's code.
    """

    name: str
    title: str
    naming: Naming
    envelope: Envelope
    time_format: str | None
    forms: Mapping[str, Form]
    answer: Mapping[str, str]
    stages: Mapping[str, str]
    ok: str
    other: str
    codes: Mapping[str, str]

    def code_of(self, rule: str) -> str:
        """The portal's code of a breach."""
        return self.codes.get(rule, self.other)

    def write_time(self, at: datetime) -> str:
        """An instant as the portal writes it."""
        if self.time_format is None:
            return at.isoformat(timespec="seconds").replace("+00:00", "Z")
        return clock.local(at).strftime(self.time_format)

    def read_time(self, text: str) -> str:
        """A time of the portal's as ISO 8601 with a zone; what is none stays as it is, to be refused."""
        if self.time_format is None:
            return text
        try:
            there = datetime.strptime(text, self.time_format)  # noqa: DTZ007 - the zone follows
        except ValueError:
            return f"not {self.time_format}"
        return there.replace(tzinfo=clock.CITY_ZONE).isoformat()
