"""`/metrics`: what Prometheus asks for, in its text format. Numbers only, nothing about a person.

Every process answers the same, because the figures stand in the database.
"""

from collections.abc import Iterator, Mapping

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from tracker import clock, walls
from tracker.complaints.queries import pressing
from tracker.notices import tallies
from tracker.notices.figures import Figures, figures
from tracker.notices.rules import State
from tracker.runtime import Runtime
from tracker.webhooks.figures import WebhookFigures, webhook_figures
from tracker.webhooks.record import ATTEMPTS as WEBHOOK_ATTEMPTS

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Queues, states, attempts, waits, calls, complaints and the sweep."""
    runtime: Runtime = current_app.extensions["tracker"]
    with walls.everywhere(), runtime.db.reading() as connection:
        now = figures(connection, clock.now())
        webhooks = webhook_figures(connection, clock.now())
        complaints = pressing(connection, clock.today())
    registry = CollectorRegistry()
    registry.register(_Collected(now, webhooks, complaints))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Collected:
    def __init__(self, now: Figures, webhooks: WebhookFigures, complaints: Mapping[str, int]) -> None:
        self._now, self._webhooks, self._complaints = now, webhooks, complaints

    def collect(self) -> Iterator[Metric]:
        """The figures as Prometheus's families."""
        now = self._now
        yield _gauge("tracker_queue_due", "Texts that are due, up to 100,000 a queue.", "queue", now.due)
        yield _gauge(
            "tracker_queue_oldest_due_seconds",
            "How long the oldest due text has waited.",
            "queue",
            now.oldest_due,
        )
        yield _gauge(
            "tracker_notices", "Notices that have come to no end, up to 100,000.", "state", now.waiting
        )
        yield _gauge("tracker_call_tasks", "Calls that people have to make.", "state", now.calls)
        if now.sweep_age is not None:
            yield GaugeMetricFamily(
                "tracker_sweep_age_seconds", "Time since a sweep last came to its end.", value=now.sweep_age
            )
        yield _counter(
            "tracker_notices_reached", "Notices that came to a state.", "state", self._totals(tallies.REACHED)
        )
        yield _counter(
            "tracker_attempts",
            "Requests to the provider of texts, by what came of them.",
            "outcome",
            self._totals(tallies.ATTEMPTS),
        )
        yield _histogram(
            "tracker_accepted_after_seconds",
            "From when a text may leave until the provider has it.",
            self._totals(State.ACCEPTED),
        )
        yield _histogram(
            "tracker_delivered_after_seconds",
            "From when a text may leave until it is known to have arrived.",
            self._totals(State.DELIVERED),
        )

        yield _gauge(
            "tracker_complaints", "Complaints that are open, by their due day.", "state", self._complaints
        )
        yield _gauge("tracker_webhooks", "Webhooks, by how they do.", "state", self._webhooks.webhooks)
        yield GaugeMetricFamily(
            "tracker_webhook_oldest_due_seconds",
            "How long the oldest due delivery to a webhook that answers has waited.",
            value=self._webhooks.oldest_due,
        )
        yield _counter(
            "tracker_webhook_attempts",
            "Requests to webhooks, by what came of them.",
            "outcome",
            self._totals(WEBHOOK_ATTEMPTS),
        )

    def _totals(self, name: str) -> Mapping[str, float]:
        return self._now.totals.get(name, {})


def _gauge(name: str, says: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for word, value in sorted(values.items()):
        family.add_metric([word], value)
    return family


def _counter(name: str, says: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, says, labels=[label])
    for word, value in sorted(values.items()):
        family.add_metric([word], value)
    return family


def _histogram(name: str, says: str, totals: Mapping[str, float]) -> Metric:
    """Prometheus wants each bucket with all below it."""
    buckets, below = [], 0.0
    for bound in (*(str(bound) for bound in tallies.BOUNDS), tallies.ENDLESS):
        below += totals.get(bound, 0.0)
        buckets.append((bound, below))
    return HistogramMetricFamily(name, says, buckets=buckets, sum_value=totals.get(tallies.SUM, 0.0))
