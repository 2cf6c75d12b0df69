"""Whether two kinds of request take the same time, judged by pairs of neighbours in time.

The signed-rank test of Wilcoxon: it asks whether one of a pair is slower more often than chance has it, and
neither a machine that is busy now and then nor a few very slow answers mislead it.
"""

import logging
import random
import time
from collections.abc import Callable

import numpy as np

log = logging.getLogger(__name__)

# Two-sided, one false alarm in two thousand runs.
SURE = 3.5
# How much slower one kind would have to be to be noticed for sure.
NOTICED = 0.01


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def pairs_of(one: Callable[[], object], other: Callable[[], object], number: int) -> np.ndarray:
    """So many times of both, row by row; which of a pair goes first is drawn."""
    drawn = random.Random(number)
    taken = np.empty((number, 2))
    for row in taken:
        for which in drawn.sample((0, 1), 2):
            row[which] = seconds((one, other)[which])
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
    one: Callable[[], object], other: Callable[[], object], *, pairs: int = 5_000, most: int = 40_000
) -> None:
    """No difference can be seen in so many pairs, or in as many as it takes to see one per cent."""
    pairs_of(one, other, 200)
    taken = pairs_of(one, other, pairs)
    while not (notices := _notices(taken)) and len(taken) < most:
        taken = np.concatenate([taken, pairs_of(one, other, pairs)])
    found = signed_rank(*taken.T)
    medians = (np.median(taken, axis=0) * 1e6).round()
    log.info("%d pairs, medians %s µs, %+.2f standard deviations", len(taken), medians, found)
    assert abs(found) < SURE, f"{found:+.2f} standard deviations"
    assert notices, f"this machine is too unquiet to notice {NOTICED:.0%} in {len(taken)} pairs"


def _notices(taken: np.ndarray) -> bool:
    """Whether these pairs are enough to see the difference, either way."""
    first, second = taken.T
    slower, quicker = signed_rank(first * (1 + NOTICED), second), signed_rank(first, second * (1 + NOTICED))
    return slower > SURE and quicker < -SURE
