"""Files that excuses rest on: what is taken, what is kept of it, where it lies, and when it goes."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tracker.excuses.evidence import check_files, excuse_files
from tracker.excuses.queries import files_of
from tracker.excuses.rules import LARGEST_FILE, MOST_FILES
from tracker.orders.rules import Stage
from tracker.problems import Refusal
from tracker.retention.files import remover
from tracker.retention.forget import forget

PDF = b"%PDF-1.7\n1 0 obj\n<< /Title (letter) >>\nendobj\ntrailer\n%%EOF\n"
PLACE = "N 23.68 E 113.05"


def photo(kind: str = "JPEG") -> bytes:
    """A picture that says where it was taken."""
    exif = Image.Exif()
    exif[0x010E] = PLACE
    exif.get_ifd(0x8825)[1] = "N"
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "#2a6").save(file, kind, exif=exif.tobytes())
    return file.getvalue()


def lying(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def folder(config) -> Path:
    assert config.files_dir is not None
    return Path(config.files_dir)


def rules(refusal) -> list[str]:
    return [fault.rule for fault in refusal.value.faults]


def test_photos_and_documents_are_sealed_and_say_nothing_of_where_they_were_made(
    book, office, ask, folder
) -> None:
    number = book.order()
    request = ask(number, uploads=(photo(), PDF, photo("PNG")), evidence=None, lasting=timedelta(seconds=1))
    with book.runtime.db.reading() as connection:
        rows = files_of(connection, book.channel.operator_id, request)
    assert [row.kind for row in rows] == ["photo", "pdf", "photo"]
    files = excuse_files(book.runtime)
    first, second, _ = (files.get(row.name) for row in rows)
    assert first is not None
    assert PLACE.encode() not in first
    with Image.open(io.BytesIO(first)) as kept:
        assert (kept.format, dict(kept.getexif())) == ("JPEG", {})
    assert second == PDF
    stored = lying(folder)
    assert len(stored) == 3
    for path in stored:
        content = path.read_bytes()
        assert b"%PDF" not in content
        assert b"JFIF" not in content
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("uploads", "rule"),
    [
        ([b""], "excuse.file_unreadable"),
        ([b"<svg onload=alert(1)>"], "excuse.file_unreadable"),
        ([b"%PDF-1.7 and no end"], "excuse.file_unreadable"),
        ([b"PK\x03\x04" + b"0" * 99], "excuse.file_unreadable"),
        ([photo()[:80]], "excuse.file_unreadable"),
        ([PDF + b" " * LARGEST_FILE], "excuse.file_too_large"),
        ([PDF] * (MOST_FILES + 1), "excuse.too_many_files"),
    ],
)
def test_what_is_neither_a_photo_nor_a_document_is_refused(book, office, ask, folder, uploads, rule) -> None:
    number = book.order()
    with pytest.raises(Refusal) as refusal:
        ask(number, uploads=tuple(uploads), lasting=timedelta(seconds=1))
    assert rules(refusal) == [rule]
    assert book.ask("SELECT count(*) FROM excuse_requests") == 0
    assert lying(folder) == []


def test_a_request_that_is_refused_leaves_no_file(book, office, ask, folder) -> None:
    number = book.order()
    with pytest.raises(Refusal) as refusal:
        ask(number, uploads=(PDF,), reason_code="supply_short", lasting=timedelta(seconds=1))
    assert rules(refusal) == ["excuse.cause"]
    assert lying(folder) == []


def test_as_many_as_may_be_are_taken() -> None:
    assert len(check_files([PDF] * MOST_FILES)) == MOST_FILES


def test_words_and_files_go_with_what_is_forgotten_of_the_order(book, office, ask, folder, stores) -> None:
    number = book.order()
    ask(number, uploads=(photo(), PDF), lasting=timedelta(seconds=1))
    book.move(number, Stage.WITHDRAWN, reason_code="no_longer_wanted")
    engine = create_engine(stores.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE notices SET state = 'delivered'"))
        connection.execute(text("UPDATE orders SET closed_at = now() - interval '3 years'"))
    engine.dispose()
    done = forget(book.runtime.db, 2, remover(book.runtime))
    assert (done.orders, done.evidence) == (1, 2)
    assert lying(folder) == []
    left = book.ask(
        "SELECT count(*) FROM excuse_requests WHERE reason_text IS NOT NULL OR evidence IS NOT NULL"
    )
    assert (left, book.ask("SELECT count(*) FROM excuse_files")) == (0, 0)
    assert book.ask("SELECT reason_code FROM excuse_requests") == "roadworks"
