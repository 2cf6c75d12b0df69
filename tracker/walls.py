"""Whose rows the web service may reach at the moment: the second wall between operators (I6).

The first wall is that every question names an operator. The second is PostgreSQL's: the role of the
service reaches the rows of the operator that its connection was told, and of nobody where it was told
nothing. What is told follows from the wall that stands in the present context, so a question that forgets
its operator finds that operator's rows alone, and one asked before anybody is known finds nothing.

Workers and commands look after all operators and have no wall.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

# The values of PostgreSQL's setting, beside an operator's id; see migration 0026.
SETTING = "tracker.operator"
_NOTHING = ""
_NOBODYS = "none"
_EVERYTHING = "all"

_wall: ContextVar[str] = ContextVar("wall", default=_NOTHING)

_Piece = TypeVar("_Piece")


def present() -> str:
    """The wall that stands, as PostgreSQL is told of it."""
    return _wall.get()


def stand_by(operator_id: int | None) -> None:
    """Reach this operator's rows from here on; None: the rows that belong to no operator, and no others."""
    _wall.set(_named(operator_id))


def leave() -> None:
    """Reach nothing from here on, as at the beginning of a request."""
    _wall.set(_NOTHING)


@contextmanager
def within(operator_id: int | None) -> Iterator[None]:
    """For the length of the block, what `stand_by` says for good."""
    with _standing(_named(operator_id)):
        yield


@contextmanager
def everywhere() -> Iterator[None]:
    """Reach every operator's rows for the length of the block.

    For what has to look before it can know whose it is, or serves all operators alike. Every use is listed
    with its reason in tests/system/test_walls.py.
    """
    with _standing(_EVERYTHING):
        yield


def carried(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """The pieces of an answer that is made while it is sent, each within the wall that stands now."""
    return _carried(iter(pieces), present())


def _carried(pieces: Iterator[_Piece], wall: str) -> Iterator[_Piece]:
    try:
        while True:
            # Between two pieces the context belongs to whoever sends them.
            with _standing(wall):
                try:
                    piece = next(pieces)
                except StopIteration:
                    return
            yield piece
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


@contextmanager
def _standing(wall: str) -> Iterator[None]:
    before = _wall.get()
    _wall.set(wall)
    try:
        yield
    finally:
        _wall.set(before)


def _named(operator_id: int | None) -> str:
    return _NOBODYS if operator_id is None else str(operator_id)
