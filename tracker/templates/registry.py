"""Which wording of a text is in force for an operator."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tracker.templates.rules import Template
from tracker.templates.seed import SEED

Wording = tuple[int | None, str, int]
"""Operator or None, code, version."""


@dataclass(frozen=True)
class Approval:
    """What a provider said last of a version."""

    provider: str
    state: str
    provider_code: str | None = None


@dataclass(frozen=True)
class Registry:
    """The product's own texts, the wordings that were saved since, and what providers say of them."""

    saved: tuple[Template, ...] = ()
    approvals: Mapping[Wording, tuple[Approval, ...]] = field(default_factory=dict)
    _found: dict[tuple[int, str, frozenset[str]], Template] = field(default_factory=dict, compare=False)

    def current(self, operator_id: int, code: str, needed: Collection[str] = ()) -> Template:
        """The wording in force: the operator's newest, else the newest for all, else the product's own.

        `needed`: providers that send approved texts only; a saved wording waits until each of them has
        approved it, and until then the one before it stands. Raises KeyError for a code that no text
        has.
        """
        key = (operator_id, code, frozenset(needed))
        found = self._found.get(key)
        if found is None:
            usable = [
                template
                for template in self.saved
                if template.code == code
                and template.operator_id in (None, operator_id)
                and all(self.is_approved(template, provider) for provider in needed)
            ]
            found = max(
                usable, key=lambda one: (one.operator_id is not None, one.version), default=SEED[code]
            )
            self._found[key] = found
        return found

    def is_approved(self, template: Template, provider: str) -> bool:
        """Whether a provider has approved this version of a saved wording."""
        wording = (template.operator_id, template.code, template.version)
        return any(
            approval.provider == provider and approval.state == "approved"
            for approval in self.approvals.get(wording, ())
        )

    def newest(self, operator_id: int | None, code: str) -> int:
        """The highest version of a wording of this operator, or for all; at least the product's own."""
        versions = [one.version for one in self.saved if (one.operator_id, one.code) == (operator_id, code)]
        return max([SEED[code].version, *versions])


def of_seed(
    code: str, version: int, params: Iterable[str], zh: str, en: str, operator_id: int | None
) -> Template:
    """A saved wording, with what its code decides about how it is sent."""
    seed = SEED[code]
    return Template(
        code=code,
        version=version,
        params=tuple(params),
        zh=zh,
        en=en,
        queue=seed.queue,
        category=seed.category,
        any_hour=seed.any_hour,
        coalesces=seed.coalesces,
        must_arrive=seed.must_arrive,
        always_new=seed.always_new,
        operator_id=operator_id,
    )
