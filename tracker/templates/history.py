"""What was done to an operator's wordings of a text, for people to read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from tracker.templates.models import SavedTemplate, TemplateApproval, TemplateDraft


@dataclass(frozen=True)
class Deed:
    """One thing that was done: `kind` is saved, submitted, approved, refused, drafted or discarded."""

    kind: str
    at: datetime
    actor: str
    why: str
    version: int | None = None
    provider: str = ""


def history_of(connection: Connection, operator_id: int, code: str, *, limit: int = 50) -> list[Deed]:
    """The newest first; what was saved for all operators is told too."""
    saved = connection.execute(
        select(SavedTemplate.__table__)
        .where(
            SavedTemplate.code == code,
            or_(SavedTemplate.operator_id == operator_id, SavedTemplate.operator_id.is_(None)),
        )
        .order_by(SavedTemplate.id.desc())
        .limit(limit)
    )
    deeds = [Deed("saved", row.created_at, row.actor, row.reason, row.version) for row in saved]
    approvals = connection.execute(
        select(TemplateApproval.__table__)
        .where(TemplateApproval.code == code, TemplateApproval.operator_id == operator_id)
        .order_by(TemplateApproval.id.desc())
        .limit(limit)
    )
    deeds += [
        Deed(row.state, row.at, row.actor, row.note or "", row.version, row.provider) for row in approvals
    ]
    drafts = connection.execute(
        select(TemplateDraft.__table__)
        .where(TemplateDraft.code == code, TemplateDraft.operator_id == operator_id)
        .order_by(TemplateDraft.id.desc())
        .limit(limit)
    )
    for row in drafts:
        deeds.append(Deed("drafted", row.created_at, row.actor, row.reason))
        if row.ended_at is not None and row.version is None:
            deeds.append(Deed("discarded", row.ended_at, row.ended_by, ""))
    return sorted(deeds, key=lambda one: one.at, reverse=True)[:limit]
