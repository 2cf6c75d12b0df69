"""What lies after the connection, and what looks like a document."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.excuses.rules import lies_after, looks_like_pdf

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("connected_at", "is_after"),
    [(None, False), (NOON + HOUR, False), (NOON, True), (NOON - HOUR, True)],
)
def test_a_delay_that_began_when_the_line_was_connected_made_nothing_late(
    connected_at: datetime | None, is_after: bool
) -> None:
    assert lies_after(NOON, connected_at) is is_after


@pytest.mark.parametrize(
    ("content", "is_pdf"),
    [
        (b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n", True),
        (b"%PDF-1.7\n1 0 obj", False),
        (b"<html>%PDF-1.7 %%EOF", False),
        (b"%PDF-1.4 %%EOF" + b" " * 5000, False),
        (b"", False),
    ],
)
def test_a_document_is_known_by_what_is_in_it(content: bytes, is_pdf: bool) -> None:
    assert looks_like_pdf(content) is is_pdf
