"""What installers recorded at the customer, for staff: photos, and a part of an order's page."""

from dataclasses import dataclass
from typing import Any

from flask import Response
from sqlalchemy import Connection, Row
from werkzeug.exceptions import NotFound

from tracker.pages.access import OF_OPERATOR, language, note_shown, open_to, operator_of, runtime
from tracker.pages.job_words import KIND_WORDS
from tracker.pages.signing_in import blueprint, signed_in
from tracker.site_work.do_act import WARNING_WORDS
from tracker.site_work.photo_files import photo_files
from tracker.site_work.queries import photo_of, photos_of, tests_of, visits_of


@dataclass(frozen=True)
class SiteWork:
    """What was recorded at the customer of one order, the latest first, for `staff/order_site_work.html`."""

    visits: tuple[Row[Any], ...]
    tests: tuple[Row[Any], ...]
    photos: tuple[Row[Any], ...]

    @property
    def is_empty(self) -> bool:
        """Whether nobody has recorded anything yet."""
        return not (self.visits or self.tests or self.photos)

    def kind_word(self, photo: Row[Any]) -> str:
        """What a photo shows, to be translated."""
        return KIND_WORDS[photo.kind]

    def warnings(self, test: Row[Any]) -> list[str]:
        """What was amiss with a tested line, in words."""
        return [WARNING_WORDS[code][language() == "en"] for code in test.warnings]


def site_work_of(connection: Connection, operator_id: int, order_id: int) -> SiteWork:
    """What installers recorded of an operator's order."""
    return SiteWork(
        tuple(visits_of(connection, operator_id, order_id)),
        tuple(tests_of(connection, operator_id, order_id)),
        tuple(photos_of(connection, operator_id, order_id)),
    )


@blueprint.get("/site-photos/<int:photo_id>")
@open_to(*OF_OPERATOR)
def site_photo(photo_id: int) -> Response:
    """One photo, to the operator's own staff; to an installer those of his own jobs. That it was seen is
    noted before it is given out: it shows somebody's home.
    """
    person = signed_in()
    with runtime().db.reading() as connection:
        row = photo_of(
            connection,
            operator_of(person),
            photo_id if photo_id < 2**63 else 0,
            installer_id=person.id if person.role == "installer" else None,
        )
    picture = row and photo_files(runtime()).get(row.name)
    if row is None or not picture:
        raise NotFound
    note_shown(person, [f"order:{row.order_id}"], ("site_photo",), "photo shown")
    answer = Response(picture, content_type="image/jpeg")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Content-Disposition"] = 'inline; filename="photo.jpg"'
    return answer
