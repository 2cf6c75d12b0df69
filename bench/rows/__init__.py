"""The measured rows, in the order in which they run."""

from collections.abc import Callable

from bench.figures import Plan, Row
from bench.rows import (
    bulk,
    fees,
    growth,
    intake,
    lookup,
    on_time,
    promises,
    status,
    subscribers,
    texts,
    warnings,
)
from bench.system import System, Web

Step = Callable[[str], None]
Measure = Callable[[System, Plan, Web, Step], list[Row]]

# Each gets the system, the plan, the server of the ceilings and a word for the progress bar.
ROWS: dict[str, Measure] = {
    "intake": intake.measure,
    "lookup": lookup.measure,
    "status": status.measure,
    "fees": fees.measure,
    "texts": texts.measure,
    "bulk": bulk.measure,
    "promises": promises.measure,
    "subscribers": subscribers.measure,
    "warnings": warnings.measure,
    "figures": on_time.measure,
    "growth": growth.measure,
}
