"""Photos of installers: nothing kept but the picture, sealed, and shown to the operator's own staff."""

import io
import os
import stat
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from tests.on_site import Crew, photo
from tracker import clock
from tracker.problems import Refusal
from tracker.site_work.forget_strays import forget_strays
from tracker.site_work.images import redraw
from tracker.site_work.models import SitePhoto
from tracker.site_work.photo_files import photo_files
from tracker.site_work.record_action import Installer, record_action
from tracker.site_work.rules import LARGEST_KEPT, LARGEST_UPLOAD, LONGEST_SIDE, Outcome


def with_gps() -> bytes:
    """A photo that says where it was taken, by what and with which words."""
    exif = Image.Exif()
    exif[0x010F] = "Secretphone"
    exif[0x0112] = 6  # to be turned by a quarter
    exif.get_ifd(0x8825).update({1: "N", 2: (23.0, 40.0, 54.3), 3: "E", 4: (113.0, 3.0, 3.3)})
    return photo((80, 40), exif=exif, comment=b"Secretwords", icc_profile=b"Secretprofile")


def test_where_and_by_what_it_was_taken_stays_behind() -> None:
    assert b"Secretphone" in with_gps()
    made = redraw(with_gps())
    for secret in (b"Secret", b"Exif", b"GPS", b"ICC"):
        assert secret not in made.jpeg
    opened = Image.open(io.BytesIO(made.jpeg))
    assert not opened.getexif()
    # Upright: what lay on its side stands.
    assert (made.width, made.height) == opened.size == (40, 80)


def test_a_large_photo_is_kept_small_and_stays_itself() -> None:
    noise = Image.effect_noise((3000, 2000), 90).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=80)
    assert len(file.getvalue()) < LARGEST_UPLOAD
    made = redraw(file.getvalue())
    assert len(made.jpeg) <= LARGEST_KEPT
    assert max(made.width, made.height) <= LONGEST_SIDE
    assert made.width / made.height == pytest.approx(1.5, abs=0.01)


def test_a_small_photo_is_not_made_larger() -> None:
    made = redraw(photo((64, 48)))
    assert (made.width, made.height) == (64, 48)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
def test_what_phones_write_can_be_read(form: str) -> None:
    made = redraw(photo(form=form))
    assert Image.open(io.BytesIO(made.jpeg)).format == "JPEG"


def test_what_is_seen_through_becomes_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(file, "PNG")
    pixel = Image.open(io.BytesIO(redraw(file.getvalue()).jpeg)).getpixel((10, 10))
    assert all(channel > 250 for channel in pixel)


# What an iPhone's own photo begins with.
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)


def bomb(side: int) -> bytes:
    """A PNG that says that it is so wide and high, of a few hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("upload", "rule"),
    [
        (b"", "photo.missing"),
        (b"not a picture", "photo.unreadable"),
        (photo()[:-200], "photo.unreadable"),
        (b"GIF89a" + bytes(100), "photo.unreadable"),
        (HEIC, "photo.heic"),
        (HEIC.replace(b"heic", b"mif1"), "photo.heic"),
        (HEIC.replace(b"heic", b"isom"), "photo.unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photo.unreadable"),
        (bomb(9_000), "photo.unreadable"),
        (bomb(60_000), "photo.unreadable"),
        (bytes(LARGEST_UPLOAD + 1), "photo.too_large"),
    ],
)
def test_what_is_no_photo_is_refused(upload: bytes, rule: str) -> None:
    with pytest.raises(Refusal) as refused:
        redraw(upload)
    assert [fault.rule for fault in refused.value.faults] == [rule]


def stored(crew: Crew) -> list[Path]:
    assert crew.runtime.config.files_dir is not None
    return [path for path in crew.runtime.config.files_dir.rglob("*") if path.is_file()]


def test_a_photo_lies_sealed_under_a_random_name(crew: Crew, li: Installer) -> None:
    number = crew.at_stage(li, "arrive")
    done = crew.do(li, number, "photo", {"kind": "equipment"}, photo=photo())
    assert done.outcome is Outcome.OK
    [path] = stored(crew)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert b"JFIF" not in path.read_bytes()
    assert number not in str(path)
    with crew.runtime.db.reading() as connection:
        row = connection.execute(select(SitePhoto.name, SitePhoto.kind, SitePhoto.width)).one()
    assert row == (path.name, "equipment", 64)


def test_a_file_that_no_row_names_is_deleted_once_it_is_a_day_old(crew: Crew, li: Installer) -> None:
    """The service was killed between the file and the commit."""
    number = crew.at_stage(li, "arrive")
    crew.do(li, number, "photo", {"kind": "site"}, photo=photo())
    [kept] = stored(crew)
    files = photo_files(crew.runtime)
    stray, young = (files.put(b"a picture") for _ in range(2))
    draft = kept.parent.parent / "aa" / "aacutoff.new"
    draft.parent.mkdir(exist_ok=True)
    draft.write_bytes(b"half a picture")
    yesterday = clock.now().timestamp() - 86_401
    for path in stored(crew):
        moment = clock.now().timestamp() if path.name == young else yesterday
        os.utime(path, (moment, moment))
    assert forget_strays(crew.runtime) == 2
    assert {path.name for path in stored(crew)} == {kept.name, young}
    assert forget_strays(crew.runtime) == 0
    assert files.get(stray) is None


def test_six_are_enough_and_one_sent_again_is_kept_once(crew: Crew, li: Installer) -> None:
    number = crew.at_stage(li, "arrive")
    first = crew.action(number, "photo", {"kind": "site"}, photo=photo())
    for _ in range(3):
        assert record_action(crew.runtime, li, first).outcome is Outcome.OK
    assert len(stored(crew)) == 1
    for _ in range(5):
        assert crew.do(li, number, "photo", {"kind": "site"}, photo=photo()).outcome is Outcome.OK
    seventh = crew.do(li, number, "photo", {"kind": "site"}, photo=photo())
    assert [fault.rule for fault in seventh.faults] == ["photo.too_many"]
    assert len(stored(crew)) == 6


def test_no_photo_is_kept_of_a_place_where_nobody_is(crew: Crew, li: Installer) -> None:
    number = crew.job(li)
    refused = crew.do(li, number, "photo", {"kind": "site"}, photo=photo())
    assert [fault.rule for fault in refused.faults] == ["job.not_on_site"]
    assert stored(crew) == []
