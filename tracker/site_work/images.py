"""Photos as they are kept: drawn anew, so that nothing that the camera wrote beside the picture is left."""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps

from tracker.problems import Fault, Refusal
from tracker.site_work.rules import LARGEST_KEPT, LARGEST_UPLOAD, LONGEST_SIDE

_FORMATS = ("JPEG", "PNG", "WEBP")
# How a file of an iPhone's own format begins (ISO 23008-12), behind the length of its first box. Its owner
# can be told what to do.
_HEIF = tuple(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"))
# A phone's camera has 12 to 50 million pixels; a small file of many more is made to fill the memory.
_MOST_PIXELS = 64_000_000
_QUALITIES = (85, 75, 65, 50, 35)


@dataclass(frozen=True)
class Picture:
    """A JPEG, upright, with nothing in it but the picture."""

    jpeg: bytes
    width: int
    height: int


def redraw(upload: bytes) -> Picture:
    """The photo of an upload, turned upright, its longest side 1600 at most, 500 KB at most.

    EXIF, GPS, comments and colour profiles stay behind. Raises Refusal photo.missing, photo.too_large,
    photo.heic, photo.unreadable.
    """
    if not upload:
        raise Refusal(Fault("photo.missing", "/photo"))
    if len(upload) > LARGEST_UPLOAD:
        raise Refusal(Fault("photo.too_large", "/photo", {"megabytes": LARGEST_UPLOAD // 1_000_000}))
    if upload[4:12].startswith(_HEIF):
        raise Refusal(Fault("photo.heic", "/photo"))
    try:
        with warnings.catch_warnings():
            # Whatever a file warns of while it is read is a reason not to keep it.
            warnings.simplefilter("error")
            drawn = _drawn(upload)
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, Image.DecompressionBombError, Warning):
        raise Refusal(Fault("photo.unreadable", "/photo")) from None
    return _fitted(drawn)


def _drawn(upload: bytes) -> Image.Image:
    with Image.open(io.BytesIO(upload), formats=_FORMATS) as opened:
        if opened.width * opened.height > _MOST_PIXELS:
            raise ValueError("too many pixels")
        # JPEG is decoded at the size that is wanted, which takes a fraction of the memory.
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(opened)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        fresh = Image.new("RGB", upright.size, "white")
        if "A" in upright.getbands() or "transparency" in upright.info:
            upright = upright.convert("RGBA")
            fresh.paste(upright, mask=upright.getchannel("A"))
        else:
            fresh.paste(upright.convert("RGB"))
        return fresh


def _fitted(picture: Image.Image) -> Picture:
    """As good as fits; a picture that fits at no quality, which is noise, is made smaller."""
    while True:
        for quality in _QUALITIES:
            file = io.BytesIO()
            picture.save(file, "JPEG", quality=quality, optimize=True)
            if file.tell() <= LARGEST_KEPT:
                return Picture(file.getvalue(), *picture.size)
        picture = picture.resize((max(picture.width // 2, 1), max(picture.height // 2, 1)))
