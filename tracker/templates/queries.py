"""Reads of saved wordings and approvals."""

from typing import Any

from sqlalchemy import Connection, select

from tracker.templates.models import SavedTemplate, TemplateApproval
from tracker.templates.registry import Approval, Registry, Wording, of_seed
from tracker.templates.rules import Template
from tracker.templates.seed import SEED


def read_registry(connection: Connection) -> Registry:
    """All wordings that were saved, and the latest word of each provider on each."""
    saved = tuple(
        of_seed(row.code, row.version, row.params, row.zh, row.en, row.operator_id)
        for row in connection.execute(select(SavedTemplate.__table__).order_by(SavedTemplate.id))
        # A code that a later release no longer has is history.
        if row.code in SEED
    )
    latest: dict[Wording, dict[str, Approval]] = {}
    for row in connection.execute(select(TemplateApproval.__table__).order_by(TemplateApproval.id)):
        wording = (row.operator_id, row.code, row.version)
        latest.setdefault(wording, {})[row.provider] = Approval(row.provider, row.state, row.provider_code)
    return Registry(saved, {wording: tuple(each.values()) for wording, each in latest.items()})


def template_rows(registry: Registry, operator_id: int) -> list[dict[str, Any]]:
    """Every text of an operator as people read it: the wording in force and what providers say of it."""
    return [as_row(registry, registry.current(operator_id, code)) for code in SEED]


def versions_of(registry: Registry, operator_id: int, code: str) -> list[dict[str, Any]]:
    """Every wording of one text that the operator may see, the product's own first."""
    saved = [one for one in registry.saved if one.code == code and one.operator_id in (None, operator_id)]
    return [as_row(registry, one) for one in (SEED[code], *saved)]


def as_row(registry: Registry, template: Template) -> dict[str, Any]:
    """One wording with its approvals."""
    approvals = registry.approvals.get((template.operator_id, template.code, template.version), ())
    return {
        "code": template.code,
        "version": template.version,
        "own": template.operator_id is not None,
        "category": template.category.value,
        "params": list(template.params),
        "zh": template.zh,
        "en": template.en,
        "any_hour": template.any_hour,
        "must_arrive": template.must_arrive,
        "approvals": [
            {"provider": one.provider, "state": one.state, "provider_code": one.provider_code}
            for one in approvals
        ],
    }
