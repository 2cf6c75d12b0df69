"""What runs by the clock, declared as data: job, queue, period in seconds."""

from tracker.config import Config
from tracker.queueing import UPKEEP

# A promise that was being given while a year was announced waits no longer than this to be recounted.
_RECOUNT_SECONDS = 600.0
# A day has room for many rounds: whoever subscribes is told within minutes of changes that they missed.
_WARN_SECONDS = 600.0
# Whatever a busy ten minutes left behind is gone in one round.
_FORGET_SECONDS = 600.0


def jobs(config: Config) -> dict[str, tuple[str, float]]:
    """Every scheduled job of the system."""
    return {
        "workers.jobs.sweep": (UPKEEP, config.sweep_interval),
        "workers.jobs.recount_promises": (UPKEEP, _RECOUNT_SECONDS),
        "workers.jobs.keep_tariff_changes": (UPKEEP, _WARN_SECONDS),
        "workers.jobs.forget_requests": (UPKEEP, _FORGET_SECONDS),
    }
