"""Waiting for something to become true, and never for a length of time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(
    what: str,
    look: Callable[[], T],
    *,
    within: float = 20.0,
    every: float = 0.05,
    else_say: Callable[[], str] = str,
) -> T:
    """The first truthy answer of `look`; an AssertionError with `else_say()` if there is none in time."""
    deadline = time.monotonic() + within
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}\n{else_say()}")
        time.sleep(every)
