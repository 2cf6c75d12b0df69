"""Whether two kinds of request take the same time, judged by neighbours in time.

The signed-rank test of Wilcoxon: it asks whether one of a pair is slower more often than chance has it, and
neither a machine that is busy now and then nor a few very slow answers mislead it. It takes each pair for one
of its own, so whatever is tried may be tried once only: forty numbers tried again and again are forty
measurements, and look like thousands.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

log = logging.getLogger(__name__)

# Two-sided, one false alarm in two thousand runs.
SURE = 3.5
# How much slower one kind would have to be to be noticed for sure.
NOTICED = 0.01
_WARM_UP = 200

Calls = Sequence[Callable[[], object]]


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def rows_of(calls: Calls, number: int) -> np.ndarray:
    """So many rows with the times of one call of each kind; which of a row goes first is drawn."""
    drawn = random.Random(number)
    taken = np.empty((number, len(calls)))
    order = list(range(len(calls)))
    for row in taken:
        drawn.shuffle(order)
        for which in order:
            row[which] = seconds(calls[which])
    return taken


def signed_rank(first: np.ndarray, second: np.ndarray) -> float:
    """How many standard deviations the first is slower than the second, in all its pairs."""
    difference = first - second
    ranks = np.abs(difference).argsort().argsort() + 1.0
    number = len(difference)
    expected = number * (number + 1) / 4
    deviation = (number * (number + 1) * (2 * number + 1) / 24) ** 0.5
    return float((ranks[difference > 0].sum() - expected) / deviation)


def assert_same_time(
    fresh: Callable[[int], tuple[Iterator[str], Iterator[str], Iterator[str]]],
    attempt: Callable[[str], object],
    *,
    rows: int = 5_000,
    most: int = 20_000,
) -> None:
    """No difference between known and unknown can be seen in so many pairs, or as many as show one per cent.

    `fresh` makes so many known ones, and twice as many unknown ones; `attempt` tries one. The two kinds of
    unknown ones are the measure of the measurement: where even they seem to differ, it says nothing.
    """
    taken = np.empty((0, 3))
    while not (notices := len(taken) > 0 and _notices(taken)) and len(taken) < most:
        number = rows + (0 if len(taken) else _WARM_UP)
        supplies = fresh(number)
        calls = [lambda supply=supply: attempt(next(supply)) for supply in supplies]
        taken = np.concatenate([taken, rows_of(calls, number)[number - rows :]])
    known, unknown, other = taken.T
    found, by_chance = signed_rank(known, unknown), signed_rank(other, unknown)
    medians = (np.median(taken, axis=0) * 1e6).round()
    log.info(
        "%d rows, medians %s µs, known/unknown %+.2f, unknown/unknown %+.2f standard deviations",
        len(taken),
        medians,
        found,
        by_chance,
    )
    assert abs(by_chance) < SURE, f"the measurement is not fair: {by_chance:+.2f} standard deviations"
    assert abs(found) < SURE, f"{found:+.2f} standard deviations"
    assert notices, f"this machine is too unquiet to notice {NOTICED:.0%} in {len(taken)} rows"


def _notices(taken: np.ndarray) -> bool:
    """Whether these rows are enough to see the difference, either way."""
    first, second, _ = taken.T
    slower, quicker = signed_rank(first * (1 + NOTICED), second), signed_rank(first, second * (1 + NOTICED))
    return slower > SURE and quicker < -SURE
