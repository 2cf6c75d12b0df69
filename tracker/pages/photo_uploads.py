"""Where photos are sent to, which may be larger than any other request."""

from typing import Any

from flask import request
from flask_login import current_user

from tracker.pages.signing_in import blueprint
from tracker.site_work.rules import LARGEST_UPLOAD

# A form and the installers' app.
PHOTO_UPLOADS = frozenset({"staff.job_photo", "staff.jobs_photo"})
# Beside the photo there are the form's own fields.
_LARGEST_REQUEST = LARGEST_UPLOAD + 100_000


@blueprint.url_value_preprocessor
def allow_a_photo(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Let somebody who has signed in send one; said before the form's token is looked for in it."""
    if endpoint in PHOTO_UPLOADS and request.method == "POST" and current_user.is_authenticated:
        request.max_content_length = _LARGEST_REQUEST


def photo_sent() -> bytes:
    """The photo of the request; empty where there is none."""
    sent = request.files.get("photo")
    return b"" if sent is None else sent.read()
