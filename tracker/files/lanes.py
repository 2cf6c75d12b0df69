"""A long file worked off in two lanes: while one batch is stored, the next is read."""

import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_GARBAGE_EVERY = 50_000


def slices(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of so many items each, the last of fewer."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def in_two_lanes(batches: Iterable[T], store: Callable[[T], R]) -> Iterator[R]:
    """What `store` says of each batch, in their order; it runs in a thread of its own, one at a time.

    Closing it waits for the batch that is being stored, and begins no other.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="store") as pool:
        storing: Future[R] | None = None
        for batch in batches:
            stored = None if storing is None else storing.result()
            storing = pool.submit(store, batch)
            if stored is not None:
                yield stored
        if storing is not None:
            yield storing.result()


@contextmanager
def little_garbage() -> Iterator[None]:
    """Look for garbage rarely: a batch is thousands of objects that hold no circle, and looking at them
    again and again takes a fifth of an import.
    """
    before = gc.get_threshold()
    gc.set_threshold(_GARBAGE_EVERY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
