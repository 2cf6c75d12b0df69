"""Save another wording of a text, and write down what a provider says of it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, text

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.templates.extremes import values_of
from tracker.templates.models import SavedTemplate, TemplateApproval
from tracker.templates.queries import read_registry
from tracker.templates.registry import of_seed
from tracker.templates.required import required_of
from tracker.templates.rules import MOST_PARTS, Template, faults_of, preview
from tracker.templates.seed import SEED

# Held until the commit: two that are saved at once get versions of their own.
LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('templates', 0))")


def checked(code: str, request: Mapping[str, Any], operator_id: int | None, version: int = 0) -> Template:
    """The wording that a request makes. Raises Refusal with every rule broken."""
    if code not in SEED:
        raise Refusal(Fault("template.not_found"))
    template = of_seed(code, version, request["params"], request["zh"], request["en"], operator_id)
    faults = faults_of(template, SEED[code].params)
    # What is filled in is decided by what the text is planned with.
    faults += [
        Fault("template.not_given", "/params", {"name": name})
        for name in template.params
        if name not in SEED[code].params
    ]
    faults += [
        Fault("template.required_parameter", "/params", {"name": name})
        for name in required_of(code)
        if name not in template.params
    ]
    if not faults:
        faults = [
            Fault("template.too_long", f"/{language}", {"parts": MOST_PARTS})
            for language in ("zh", "en")
            if preview(template, language, values_of("longest", language)).parts > MOST_PARTS
        ]
    if faults:
        raise Refusal(*faults)
    return template


def save_template(
    db: Database, code: str, request: Mapping[str, Any], actor: str, *, operator_id: int | None
) -> int:
    """Save a wording, loaded by TemplateRequestSchema; returns its version.

    It is in force at once where no provider has to approve texts, else once each has. Raises Refusal:
    template.not_found, or every rule broken.
    """
    with db.transaction() as connection:
        connection.execute(LOCK)
        return store_wording(connection, code, request, actor, operator_id=operator_id)


def store_wording(
    connection: Connection,
    code: str,
    request: Mapping[str, Any],
    actor: str,
    *,
    operator_id: int | None,
) -> int:
    """The same inside a transaction that holds LOCK."""
    version = read_registry(connection).newest(operator_id, code) + 1 if code in SEED else 0
    template = checked(code, request, operator_id, version)
    connection.execute(
        insert(SavedTemplate).values(
            operator_id=operator_id,
            code=code,
            version=version,
            params=list(template.params),
            zh=template.zh,
            en=template.en,
            reason=request["reason"],
            actor=actor,
            created_at=clock.now(),
        )
    )
    return version


def record_approval(
    db: Database,
    code: str,
    version: int,
    request: Mapping[str, Any],
    actor: str,
    *,
    operator_id: int | None,
) -> None:
    """Write down what a provider says of a version, loaded by ApprovalRequestSchema.

    Raises Refusal template.not_found for a wording that is not the operator's.
    """
    with db.transaction() as connection:
        connection.execute(LOCK)
        registry = read_registry(connection)
        known = code in SEED and any(
            (one.operator_id, one.version) == (operator_id, version)
            for one in registry.saved
            if one.code == code
        )
        if not known:
            raise Refusal(Fault("template.not_found"))
        connection.execute(
            insert(TemplateApproval).values(
                operator_id=operator_id, code=code, version=version, actor=actor, at=clock.now(), **request
            )
        )
