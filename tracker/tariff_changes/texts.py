"""The texts of a change, one for each group of subscribers."""

from collections.abc import Mapping
from dataclasses import dataclass

from tracker.config import Config
from tracker.reference import Reference
from tracker.tariff_changes.affected import Group
from tracker.tariff_changes.read_change import Change
from tracker.tariffs import wording
from tracker.templates.rules import Template


@dataclass(frozen=True)
class Words:
    """A text as it is sent: its template, the values of its parameters, and the body."""

    template: Template
    values: Mapping[str, str]
    body: str


def warning(reference: Reference, config: Config, change: Change, group: Group) -> Words:
    """What tells a group of the change."""
    kind, english = change.scope.kind, group.language == "en"
    values = wording.change_values(
        kind,
        _plan(change, group),
        group.language,
        effective_on=change.scope.begins_on(group.agreed_until),
        old_fen=group.old_fen,
        new_fen=change.new_fen(group),
        summary=change.row.summary_en if english else change.row.summary,
        agreed_until=group.agreed_until,
    )
    return _words(reference, config, change, group, wording.TEMPLATES[kind], values)


def correction(reference: Reference, config: Config, change: Change, group: Group) -> Words:
    """What tells a group that the change will not come."""
    values = {
        "plan": _plan(change, group),
        "effective": wording.day_words(change.scope.begins_on(group.agreed_until), group.language),
    }
    return _words(reference, config, change, group, wording.WITHDRAWN, values)


def _plan(change: Change, group: Group) -> str:
    version = next(one for one in change.line.versions if one.id == group.plan_id)
    name = version.name_en if group.language == "en" else version.name
    return wording.plan_words(name or version.name, version.filing_number, group.language)


def _words(
    reference: Reference, config: Config, change: Change, group: Group, code: str, values: dict[str, str]
) -> Words:
    operator = reference.operators[change.row.operator_id]
    template = reference.templates.current(operator.id, code, config.approving_gateways)
    values |= {"hotline": operator.hotline, "signature": operator.signature}
    return Words(template, values, template.render(group.language, values))
