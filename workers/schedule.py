"""What runs by the clock, declared as data: job, queue, period in seconds."""

from tracker.config import Config
from tracker.queueing import UPKEEP


def jobs(config: Config) -> dict[str, tuple[str, float]]:
    """Every scheduled job of the system."""
    return {"workers.jobs.sweep": (UPKEEP, config.sweep_interval)}
