"""What a measurement says."""

from collections.abc import Sequence
from dataclasses import dataclass, field


class BenchError(Exception):
    """A measurement that would not mean anything; the message says why in one line."""


@dataclass(frozen=True)
class Figure:
    """One speed. `rate` is per second; latencies are milliseconds, None where there is no request.

    `drift` is the spread of its slices over their mean: how unquiet the machine was. `cpu` is the
    processor time of the serving processes, in milliseconds each, without the database's.
    """

    what: str
    rate: float
    p50: float | None = None
    p99: float | None = None
    drift: float | None = None
    cpu: float | None = None


@dataclass(frozen=True)
class Beside:
    """A ceiling, and the share of it that is wanted, if anything is."""

    figure: Figure
    target: float | None = None


@dataclass(frozen=True)
class Row:
    """One measured speed beside its ceilings.

    `generator` is the share of one core that the load generator used while it drove the first ceiling.
    """

    name: str
    measured: Figure
    beside: Sequence[Beside]
    remark: str = ""
    generator: float | None = None


@dataclass(frozen=True)
class Plan:
    """How much is measured. Seconds are those of one slice; each round has one slice of everything."""

    rounds: int = 4
    measured_seconds: float = 3.0
    ceiling_seconds: float = 1.2
    warm_seconds: float = 0.7
    connections: int = 8
    orders: int = 2000
    texts: int = 5000
    bulk_texts: int = 60_000
    subscribers: int = 200_000
    imported: int = 20_000
    grown: int = 200_000
    facts: int = 1_000_000
    alone_seconds: float = 3.0

    @property
    def slices(self) -> int:
        """Warm-up, first ceilings, measured and last ceilings, for two ceilings."""
        return 1 + self.rounds * 5


QUICK = Plan(
    rounds=1,
    measured_seconds=1.5,
    ceiling_seconds=0.6,
    warm_seconds=0.4,
    orders=500,
    texts=1000,
    bulk_texts=10_000,
    subscribers=50_000,
    imported=4_000,
    grown=40_000,
    facts=200_000,
    alone_seconds=1.0,
)
# What `--full` takes of texts and of subscribers.
FULL = 1_000_000
# And of orders for figures.
FULL_FACTS = 10_000_000


@dataclass
class Slices:
    """Slices of one speed, added up."""

    what: str
    counts: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    cpu_seconds: float | None = None

    def figure(self) -> Figure:
        """All slices as one figure."""
        rates = [count / second for count, second in zip(self.counts, self.seconds, strict=True)]
        mean = sum(self.counts) / sum(self.seconds)
        ordered = sorted(self.latencies)
        return Figure(
            self.what,
            mean,
            percentile(ordered, 0.50),
            percentile(ordered, 0.99),
            (max(rates) - min(rates)) / mean if len(rates) > 1 else None,
            None if self.cpu_seconds is None else self.cpu_seconds / sum(self.counts) * 1000,
        )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value below which `share` of the ascending seconds lie, in milliseconds; None of none."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 if ordered else None
