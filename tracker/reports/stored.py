"""A report's content as it was stored, proved by its digest whenever it is opened."""

import json
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Row

from tracker.problems import Fault, Refusal
from tracker.reports.rules import digest_of

log = structlog.get_logger(__name__)

# How the content of a report is opened for whoever reads it.
Reading = Callable[[Row[Any]], dict[str, Any]]


def stored(row: Row[Any]) -> dict[str, Any]:
    """The content of a report that is built.

    Raises Refusal, report.altered, where it is not what its digest was reckoned from: somebody changed it
    past the service, and nothing of it may be shown or handed on.
    """
    if digest_of(row.content) != row.digest:
        log.error("report_altered", report=row.id)
        raise Refusal(Fault("report.altered"))
    content: dict[str, Any] = json.loads(row.content)
    return content
