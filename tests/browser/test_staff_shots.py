"""Pictures of the staff pages for the documentation, with the data of the demonstration."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from test_shots import _DESKTOP, _ENGLISH, _PHONE, _take
from visiting import Clerk

from tracker import clock
from tracker.demo import sample, sample_complaints, sample_desk, sample_staff, sample_teams, sample_visits
from tracker.orders.actor import Actor
from tracker.orders.see_customer import see_customer
from tracker.runtime import Runtime
from tracker.staff.second_factor import new_secret

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif("TRACKER_SCREENSHOTS" not in os.environ, reason="only on demand: make screenshots"),
]

_DARK: dict[str, Any] = {"dark": True}
# Whose page it is; how it is opened; the page, with the number of an order in the place of "*"; how much of
# it is shown.
_SHOTS: dict[str, tuple[str, dict[str, Any], str, int]] = {
    "counter-desktop-zh": ("counter", _DESKTOP, "/counter", 1180),
    "counter-phone-en": ("counter", _PHONE | _ENGLISH, "/counter", 1130),
    "receipt-desktop-zh": ("counter", _DESKTOP, "/orders/*/receipt", 1000),
    "orders-desktop-zh": ("manager", _DESKTOP, "/", 1000),
    "orders-phone-zh": ("manager", _PHONE, "/", 1130),
    "order-desktop-zh": ("counter", _DESKTOP, "/orders/*", 1180),
    "order-phone-en-dark": ("counter", _PHONE | _ENGLISH | _DARK, "/orders/*", 1130),
    "order-hold-desktop-zh": ("counter", _DESKTOP, "/orders/*/hold", 860),
    "order-history-desktop-en": ("manager", _DESKTOP | _ENGLISH, "/orders/*/history", 900),
    "returns-desktop-zh": ("manager", _DESKTOP, "/orders/returns", 860),
    "real-name-desktop-zh": ("manager", _DESKTOP, "/real-name", 860),
    "dispatch-desktop-zh": ("dispatcher", _DESKTOP, "/dispatch", 1280),
    "dispatch-phone-zh": ("dispatcher", _PHONE, "/dispatch", 1130),
    "dispatch-installers-desktop-en-dark": (
        "dispatcher",
        _DESKTOP | _ENGLISH | _DARK,
        "/dispatch/installers",
        860,
    ),
    "teams-desktop-zh": ("dispatcher", _DESKTOP, "/teams", 860),
    "jobs-phone-zh": ("installer1", _PHONE, "/jobs", 1130),
    "job-phone-zh": ("installer1", _PHONE, "/jobs/*", 1130),
    "job-phone-en-dark": ("installer1", _PHONE | _ENGLISH | _DARK, "/jobs/*", 1130),
    "people-desktop-zh": ("manager", _DESKTOP, "/staff", 860),
    "account-phone-zh": ("manager", _PHONE, "/account", 1130),
    "audit-desktop-zh": ("manager", _DESKTOP, "/audit", 860),
}


def test_staff_shots(clerk: Clerk, runtime: Runtime, tmp_path: Path, channel: Any) -> None:
    def quietly(words: str) -> None:
        """The demonstration tells what it does."""

    sample_staff.fill(runtime, Clerk.password, new_secret())
    sample.fill(runtime, tmp_path, quietly)
    for part in (sample_visits, sample_complaints, sample_teams, sample_desk):
        part.fill(runtime, quietly)
    operator = runtime.reference.current().operators[channel.operator_id].code
    with runtime.db.reading() as connection:
        number, of_installer = (
            connection.scalar(text(f"SELECT max(o.number) FROM orders o {wanted}"), {"who": operator})
            for wanted in (
                "JOIN operators p ON p.id = o.operator_id WHERE p.code = :who AND o.stage = 'appointed'",
                "JOIN accounts a ON a.id = o.installer_id WHERE a.username = :who || '.installer1'"
                " AND o.closed_at IS NULL",
            )
        )
    see_customer(runtime, Actor(channel.operator_id, f"staff:{operator}.counter"), number, "致电客户")
    for name, (role, how, path, height) in _SHOTS.items():
        if "*" in path:
            path = path.replace("*", of_installer if "/jobs/" in path else number)
        page = clerk.enter(path, username=f"{operator}.{role}", **how)
        if path in ("/staff", "/account"):
            _as_if_signed_in_today(runtime)
            page.reload()
        _take(page, name, how, height)
        page.context.close()
    clerk.contexts.clear()


def _as_if_signed_in_today(runtime: Runtime) -> None:
    """The sessions of tests have no end; pages tell when they were used."""
    ends = {"now": clock.now(), "ends": clock.now() + timedelta(hours=8)}
    with runtime.db.transaction() as connection:
        connection.execute(
            text(
                "UPDATE staff_sessions SET begun_at = :now, seen_at = :now, expires_at = :ends,"
                " device = 'Chrome · Windows'"
            ),
            ends,
        )
