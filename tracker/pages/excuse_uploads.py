"""Where evidence is sent to, which may be larger than any other request."""

from typing import Any

from flask import request
from flask_login import current_user

from tracker.excuses.rules import LARGEST_REQUEST, MOST_FILES
from tracker.pages.signing_in import blueprint

EVIDENCE_UPLOADS = frozenset({"staff.order_excuse"})


@blueprint.url_value_preprocessor
def allow_evidence(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Let somebody who has signed in send some; said before the form's token is looked for in it."""
    if endpoint in EVIDENCE_UPLOADS and request.method == "POST" and current_user.is_authenticated:
        request.max_content_length = LARGEST_REQUEST


def evidence_sent() -> list[bytes]:
    """The files of the request, one more than may be at most; their names are not looked at."""
    return [sent.read() for sent in request.files.getlist("files")[: MOST_FILES + 1] if sent.filename]
