"""Drafts of wordings: saved to be looked at, discarded, put in force; and going back to a former wording."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.templates.models import SavedTemplate, TemplateApproval, TemplateDraft
from tracker.templates.queries import read_registry
from tracker.templates.registry import Registry
from tracker.templates.rules import Template
from tracker.templates.save_template import LOCK, checked, store_wording
from tracker.templates.seed import SEED


def open_draft(connection: Connection, operator_id: int, code: str) -> Row[Any] | None:
    """The operator's draft of a text that somebody is working on."""
    return connection.execute(
        select(TemplateDraft.__table__).where(
            TemplateDraft.operator_id == operator_id,
            TemplateDraft.code == code,
            TemplateDraft.ended_at.is_(None),
        )
    ).one_or_none()


def state_of(connection: Connection, operator_id: int, code: str) -> str:
    """A mark that differs once anything was done to the operator's wordings of a text."""
    drafts = connection.execute(
        select(func.max(TemplateDraft.id), func.count(TemplateDraft.ended_at)).where(
            TemplateDraft.operator_id == operator_id, TemplateDraft.code == code
        )
    ).one()
    saved = connection.scalar(
        select(func.max(SavedTemplate.id)).where(
            SavedTemplate.operator_id == operator_id, SavedTemplate.code == code
        )
    )
    return f"{saved or 0}-{drafts[0] or 0}-{drafts[1]}"


def save_draft(
    db: Database,
    operator_id: int,
    code: str,
    request: Mapping[str, Any],
    actor: str,
    *,
    seen: str | None = None,
) -> int:
    """Save a wording, loaded by TemplateRequestSchema, as the draft of the text; returns its id.

    It takes the place of the draft before it. `seen`: the mark of what whoever asks knew of. Raises
    Refusal: template.stale, template.not_found, or every rule that the wording breaks.
    """
    with db.transaction() as connection:
        connection.execute(LOCK)
        _require_seen(connection, operator_id, code, seen)
        wording = checked(code, request, operator_id)
        before = open_draft(connection, operator_id, code)
        if before is not None:
            _end(connection, before.id, actor)
        draft_id: int = connection.execute(
            insert(TemplateDraft)
            .values(
                operator_id=operator_id,
                code=code,
                params=list(wording.params),
                zh=wording.zh,
                en=wording.en,
                reason=request["reason"],
                actor=actor,
                created_at=clock.now(),
            )
            .returning(TemplateDraft.id)
        ).scalar_one()
        return draft_id


def discard_draft(db: Database, operator_id: int, code: str, actor: str, *, seen: str | None = None) -> None:
    """End a draft; the history keeps it. Raises Refusal: template.stale or template.no_draft."""
    with db.transaction() as connection:
        connection.execute(LOCK)
        _require_seen(connection, operator_id, code, seen)
        _end(connection, _draft(connection, operator_id, code).id, actor)


def put_in_force(db: Database, operator_id: int, code: str, actor: str, *, seen: str | None = None) -> int:
    """Make the draft the operator's next wording; returns its version.

    Where a provider has to approve texts, the wording before it stands until each has. Raises Refusal:
    template.stale, template.no_draft, or every rule that the wording breaks by now.
    """
    with db.transaction() as connection:
        connection.execute(LOCK)
        _require_seen(connection, operator_id, code, seen)
        draft = _draft(connection, operator_id, code)
        request = {"params": draft.params, "zh": draft.zh, "en": draft.en, "reason": draft.reason}
        version = store_wording(connection, code, request, actor, operator_id=operator_id)
        _end(connection, draft.id, actor, version)
        return version


def go_back(
    db: Database,
    operator_id: int,
    code: str,
    version: int,
    reason: str,
    actor: str,
    *,
    approving: Collection[str] = (),
    seen: str | None = None,
) -> int:
    """Make a former wording the operator's next one; returns the new version.

    What providers have approved of it they have approved of the same text again: it is in force at once.
    `approving`: providers that send approved texts only; they know the product's own wording. Raises
    Refusal: template.stale, template.not_found, template.in_force_already, or what the wording breaks by
    today's rules.
    """
    with db.transaction() as connection:
        connection.execute(LOCK)
        _require_seen(connection, operator_id, code, seen)
        registry = read_registry(connection)
        former = wording_of(registry, operator_id, code, version)
        if former is None:
            raise Refusal(Fault("template.not_found"))
        if former == registry.current(operator_id, code, approving):
            raise Refusal(Fault("template.in_force_already"))
        request = {"params": list(former.params), "zh": former.zh, "en": former.en, "reason": reason}
        made = store_wording(connection, code, request, actor, operator_id=operator_id)
        for provider, provider_code in _approved(registry, former, approving):
            connection.execute(
                insert(TemplateApproval).values(
                    operator_id=operator_id,
                    code=code,
                    version=made,
                    provider=provider,
                    state="approved",
                    provider_code=provider_code,
                    note=f"as version {version}",
                    actor=actor,
                    at=clock.now(),
                )
            )
        return made


def wording_of(registry: Registry, operator_id: int, code: str, version: int) -> Template | None:
    """The operator's wording of this version, else that for all, else the product's own."""
    if code not in SEED:
        return None
    known = [one for one in registry.saved if one.code == code and one.version == version]
    for owner in (operator_id, None):
        found = next((one for one in known if one.operator_id == owner), None)
        if found is not None:
            return found
    return SEED[code] if SEED[code].version == version else None


def _approved(
    registry: Registry, former: Template, approving: Collection[str]
) -> list[tuple[str, str | None]]:
    if former is SEED[former.code]:
        return [(provider, None) for provider in sorted(approving)]
    said = registry.approvals.get((former.operator_id, former.code, former.version), ())
    return [(one.provider, one.provider_code) for one in said if one.state == "approved"]


def _require_seen(connection: Connection, operator_id: int, code: str, seen: str | None) -> None:
    if seen is not None and seen != state_of(connection, operator_id, code):
        raise Refusal(Fault("template.stale"))


def _draft(connection: Connection, operator_id: int, code: str) -> Row[Any]:
    draft = open_draft(connection, operator_id, code)
    if draft is None:
        raise Refusal(Fault("template.no_draft"))
    return draft


def _end(connection: Connection, draft_id: int, actor: str, version: int | None = None) -> None:
    connection.execute(
        update(TemplateDraft)
        .where(TemplateDraft.id == draft_id)
        .values(ended_at=clock.now(), ended_by=actor, version=version)
    )
