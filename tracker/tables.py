"""Every table of the system, for migrations."""

from importlib import import_module

from sqlalchemy import MetaData

from tracker.db import Base

_MODULES = (
    "tracker.at_risk.models",
    "tracker.audit.models",
    "tracker.channels.models",
    "tracker.compensation.models",
    "tracker.complaints.models",
    "tracker.contacts.models",
    "tracker.customer_requests.models",
    "tracker.excuses.models",
    "tracker.figures.models",
    "tracker.notices.call_models",
    "tracker.notices.models",
    "tracker.notices.watch_models",
    "tracker.order_files.models",
    "tracker.orders.models",
    "tracker.orders.return_models",
    "tracker.outages.models",
    "tracker.places.models",
    "tracker.promises.models",
    "tracker.real_name.models",
    "tracker.reference",
    "tracker.reports.models",
    "tracker.site_work.models",
    "tracker.sms.models",
    "tracker.staff.models",
    "tracker.subscribers.models",
    "tracker.tariff_changes.models",
    "tracker.tariffs.models",
    "tracker.teams.models",
    "tracker.templates.models",
    "tracker.tries.models",
    "tracker.visits.models",
    "tracker.webhooks.models",
)


def metadata() -> MetaData:
    """The metadata of all features' models."""
    for module in _MODULES:
        import_module(module)
    return Base.metadata
