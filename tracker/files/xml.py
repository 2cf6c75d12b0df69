"""Parts of a workbook, element by element, in bounded memory whatever they hold."""

from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.parsers.expat import ExpatError, ParserCreate, XMLParserType

_CHUNK = 1 << 16
# How much of a part may go by without an element's end: more is no table of anybody's.
_LONGEST_TOKEN = 1 << 20
_SEPARATOR = "}"


class MalformedError(Exception):
    """A part that is no XML, or none that a workbook may hold."""


def parser() -> XMLParserType:
    """A parser that knows UTF-8 only and no document types, by which entities would grow without bound."""
    made = ParserCreate("utf-8", _SEPARATOR)
    made.buffer_text = True
    made.StartDoctypeDeclHandler = _refuse
    return made


def local(name: str) -> str:
    """The name of an element or attribute without its namespace, of which there are two editions."""
    return name.rpartition(_SEPARATOR)[2]


def chunks(made: XMLParserType, part: BinaryIO) -> Iterator[bytes]:
    """Parse a part; each chunk of it once it was parsed. Raises MalformedError."""
    read = 0
    try:
        while chunk := part.read(_CHUNK):
            made.Parse(chunk, False)
            read += len(chunk)
            if read - made.CurrentByteIndex > _LONGEST_TOKEN:
                raise MalformedError
            yield chunk
        made.Parse(b"", True)
    except ExpatError:
        raise MalformedError from None


def feed(made: XMLParserType, part: BinaryIO) -> Iterator[int]:
    """The same; after each chunk, how many bytes have been read."""
    read = 0
    for chunk in chunks(made, part):
        read += len(chunk)
        yield read


def each_element(part: BinaryIO, see: Callable[[str, dict[str, str]], None]) -> None:
    """Call `see` with the local name and the attributes of every element. Raises MalformedError."""
    made = parser()
    made.StartElementHandler = lambda name, attributes: see(local(name), attributes)
    for _ in feed(made, part):
        pass


def _refuse(*_: object) -> None:
    raise MalformedError
