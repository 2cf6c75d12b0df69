"""What runs by the clock, declared as data: job, queue, period in seconds."""

from tracker.audit import check_trail
from tracker.config import Config
from tracker.customer_requests import asking
from tracker.figures import check_figures
from tracker.queueing import FILES, UPKEEP
from tracker.reports import ask_build
from tracker.webhooks import deliver as webhook_delivery

# A promise that was being given while a year was announced waits no longer than this to be recounted.
_RECOUNT_SECONDS = 600.0
# A day has room for many rounds: whoever subscribes is told within minutes of changes that they missed.
_WARN_SECONDS = 600.0
# Whatever a busy ten minutes left behind is gone in one round.
_FORGET_SECONDS = 600.0
# Whoever works for webhooks looks by itself while there are any; this finds that one is there, or gone.
_WEBHOOK_SECONDS = 2.0
_KEEP_SECONDS = 3600.0
# A withdrawal takes effect this long after its time at most; whatever is asked for rings by itself.
_APPLY_SECONDS = 15.0
_KEEP_FILES_SECONDS = 3600.0
# A step of escalation, or a digest, is late by no more than this.
_RISK_SECONDS = 60.0
_FIGURES_SECONDS = 86400.0
# What has not been read is counted at each question: the less, the quicker.
FIGURES_READ_SECONDS = 5.0
# Whoever was connected late is told of the compensation within minutes.
_COMPENSATION_SECONDS = 60.0
# Rounds of a night: each leaves the worker to others for most of this time.
_RETENTION_SECONDS = 120.0


def jobs(config: Config) -> dict[str, tuple[str, float]]:
    """Every scheduled job of the system."""
    return {
        "workers.jobs.sweep": (UPKEEP, config.sweep_interval),
        "workers.jobs.recount_promises": (UPKEEP, _RECOUNT_SECONDS),
        "workers.jobs.keep_tariff_changes": (UPKEEP, _WARN_SECONDS),
        "workers.jobs.forget_requests": (UPKEEP, _FORGET_SECONDS),
        asking.APPLY: (asking.QUEUE, _APPLY_SECONDS),
        "workers.jobs.keep_requests": (UPKEEP, _KEEP_SECONDS),
        "workers.jobs.keep_accounts": (UPKEEP, _KEEP_SECONDS),
        "workers.jobs.forget_tries": (UPKEEP, _FORGET_SECONDS),
        webhook_delivery.DELIVER: (webhook_delivery.QUEUE, _WEBHOOK_SECONDS),
        "workers.jobs.keep_webhooks": (UPKEEP, _KEEP_SECONDS),
        "workers.jobs.import_order_files": (FILES, config.sweep_interval),
        ask_build.BUILD: (ask_build.QUEUE, config.sweep_interval),
        "workers.jobs.keep_order_files": (UPKEEP, _KEEP_FILES_SECONDS),
        "workers.jobs.keep_visits": (UPKEEP, config.sweep_interval),
        "workers.jobs.watch_risks": (UPKEEP, _RISK_SECONDS),
        "workers.jobs.keep_figures": (UPKEEP, FIGURES_READ_SECONDS),
        "workers.jobs.publish_figures": (UPKEEP, _FIGURES_SECONDS),
        "workers.jobs.verify_figures": (UPKEEP, check_figures.EVERY.total_seconds()),
        "workers.jobs.keep_compensation": (UPKEEP, _COMPENSATION_SECONDS),
        "workers.jobs.check_audit_trail": (UPKEEP, check_trail.EVERY.total_seconds()),
        "workers.jobs.forget_persons": (UPKEEP, _RETENTION_SECONDS),
    }
