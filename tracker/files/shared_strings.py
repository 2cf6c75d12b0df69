"""The texts of a workbook, which its cells name by number: as many as there are cells, in constant memory.

They are put aside in sealed blocks. Spreadsheets number texts as they first come up, so the cells of a
row find theirs in the few blocks that were read last.
"""

import json
import re
from collections import OrderedDict
from typing import BinaryIO

from tracker.files.scratch import Scratch
from tracker.files.xml import feed, local, parser

# No cell of a spreadsheet holds more characters.
LONGEST_TEXT = 32_767
_BLOCK = 1 << 10
_KEPT_BLOCKS = 128
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """A text with the characters that XML has no place for, which a workbook writes like `_x000D_`."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class SharedStrings:
    """Texts by number. Raises MalformedError while it reads them."""

    def __init__(self, part: BinaryIO | None) -> None:
        self._scratch = Scratch()
        self._kept: OrderedDict[int, list[str]] = OrderedDict()
        self._last, self._last_number = [""], -1
        if part is not None:
            self._read(part)

    def __getitem__(self, number: int) -> str:
        """Raises IndexError for a number that no text has."""
        block, place = divmod(number, _BLOCK)
        if block != self._last_number:
            self._last, self._last_number = self._block(block), block
        return self._last[place]

    def close(self) -> None:
        """Give the space back."""
        self._scratch.close()

    def _block(self, number: int) -> list[str]:
        kept = self._kept.get(number)
        if kept is not None:
            self._kept.move_to_end(number)
            return kept
        if not 0 <= number < len(self._scratch):
            raise IndexError
        texts: list[str] = json.loads(self._scratch.get(number))
        self._kept[number] = texts
        if len(self._kept) > _KEPT_BLOCKS:
            self._kept.popitem(last=False)
        return texts

    def _read(self, part: BinaryIO) -> None:
        texts: list[str] = []
        pieces: list[str] = []
        length = reading = aside = 0

        def start(name: str, _: dict[str, str]) -> None:
            nonlocal reading, aside
            match local(name):
                case "t":
                    reading = not aside
                # How the text is pronounced is none of it.
                case "rPh":
                    aside = 1

        def end(name: str) -> None:
            nonlocal reading, aside, length
            match local(name):
                case "t":
                    reading = 0
                case "rPh":
                    aside = 0
                case "si":
                    texts.append(unescaped("".join(pieces)))
                    pieces.clear()
                    length = 0

        def text(data: str) -> None:
            nonlocal length
            if reading and length <= LONGEST_TEXT:
                pieces.append(data)
                length += len(data)

        made = parser()
        made.StartElementHandler, made.EndElementHandler, made.CharacterDataHandler = start, end, text
        for _ in feed(made, part):
            while len(texts) >= _BLOCK:
                self._put(texts[:_BLOCK])
                del texts[:_BLOCK]
        if texts:
            self._put(texts)

    def _put(self, texts: list[str]) -> None:
        self._scratch.put(json.dumps(texts).encode())
