"""QR codes: what a phone reads in them is the address."""

import re
from itertools import product
from urllib.parse import unquote

import pytest

from tracker.pages.qr import qr_picture

ADDRESS = "https://kd.qingyuan.example/"

# Of ISO/IEC 18004, by version and the two bits that name the level (00 M, 11 Q, 10 H): how many codewords of
# data there are, and how many blocks of the same length they are dealt out to.
_DATA = {
    (2, "00"): (28, 1), (2, "11"): (22, 1), (2, "10"): (16, 1),
    (3, "00"): (44, 1), (3, "11"): (34, 2), (3, "10"): (26, 2),
}  # fmt: skip
_MASKS = (
    lambda y, x: (y + x) % 2 == 0,
    lambda y, _: y % 2 == 0,
    lambda _, x: x % 3 == 0,
    lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0,
    lambda y, x: y * x % 2 + y * x % 3 == 0,
    lambda y, x: (y * x % 2 + y * x % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2 == 0,
)


def modules_in(picture: str) -> list[list[bool]]:
    """The picture's dark and light squares without its quiet zone, of the strokes that draw it."""
    drawing = unquote(picture.partition(",")[2])
    side = int(re.search(r"viewBox='0 0 (\d+) \1'", drawing)[1])  # type: ignore[index]
    grid = [[False] * side for _ in range(side)]
    x, y = 0, -1
    strokes = re.search(r"stroke='#000' d='([^']+)'", drawing)[1]  # type: ignore[index]
    for step, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", strokes):
        if step == "h":
            for place in range(x, x + int(first)):
                grid[y][place] = True
            x += int(first)
        elif step == "M":
            x, y = int(first), int(float(second))
        else:
            x, y = x + int(first), y + int(float(second))
    quiet = 4
    assert not any(grid[y][x] for y, x in product(range(side), repeat=2) if min(y, x) < quiet)
    return [row[quiet:-quiet] for row in grid[quiet:-quiet]]


def text_in(grid: list[list[bool]]) -> str:
    """What the code says in bytes, read without correcting errors: there is no error in a drawing."""
    side = len(grid)
    version = (side - 17) // 4
    bits = [grid[8][x] for x in (0, 1, 2, 3, 4)]
    fmt = [bit ^ (mask == "1") for bit, mask in zip(bits, "10101", strict=True)]
    codewords, blocks = _DATA[version, "".join(str(int(bit)) for bit in fmt[:2])]
    mask = _MASKS[fmt[2] * 4 + fmt[3] * 2 + fmt[4]]
    read = [
        grid[y][x] ^ mask(y, x) for y, x in _path(side) if not _is_pattern(y, x, side, alignment=side - 7)
    ]
    dealt = ["".join(str(int(bit)) for bit in read[at : at + 8]) for at in range(0, codewords * 8, 8)]
    stream = "".join(word for block in range(blocks) for word in dealt[block::blocks])
    assert stream[:4] == "0100", "bytes"
    length = int(stream[4:12], 2)
    data = stream[12 : 12 + 8 * length]
    return bytes(int(data[at : at + 8], 2) for at in range(0, len(data), 8)).decode()


def _path(side: int) -> list[tuple[int, int]]:
    """Two columns at a time from the right, up and down in turn, past the upright timing line."""
    found = []
    columns = [x for x in range(side - 1, 0, -1) if x != 6][::2]
    for turn, right in enumerate(columns):
        rows = range(side) if turn % 2 else range(side - 1, -1, -1)
        found += [(y, x) for y in rows for x in (right, right - 1)]
    return found


def _is_pattern(y: int, x: int, side: int, alignment: int) -> bool:
    corners = (y < 9 and x < 9) or (y < 9 and x >= side - 8) or (y >= side - 8 and x < 9)
    return corners or 6 in (y, x) or (abs(y - alignment) <= 2 and abs(x - alignment) <= 2)


@pytest.mark.parametrize("address", [ADDRESS, "http://127.0.0.1:8001/", "https://a.cn/"])
def test_a_phone_reads_the_address(address: str) -> None:
    assert text_in(modules_in(qr_picture(address.ljust(15, "x")))) == address.ljust(15, "x")


def test_it_may_stand_in_a_page_and_loads_nothing() -> None:
    picture = qr_picture(ADDRESS)
    assert picture.startswith("data:image/svg+xml")
    assert not set("\"<>' \n") & set(picture)
    drawing = unquote(picture)
    assert "href" not in drawing
    assert " width=" not in drawing, "its page gives the size"
