"""Pictures of the staff pages for the documentation, with the data of the demonstration."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import text
from test_shots import _DESKTOP, _ENGLISH, _PHONE, _take
from visiting import Clerk

from tracker import clock
from tracker.demo import (
    sample,
    sample_calls,
    sample_complaints,
    sample_desk,
    sample_excuses,
    sample_figures,
    sample_history,
    sample_reports,
    sample_rules,
    sample_staff,
    sample_teams,
    sample_visits,
)
from tracker.notices.deliver import deliver
from tracker.notices.sweep import sweep
from tracker.orders.actor import Actor
from tracker.orders.see_customer import see_customer
from tracker.runtime import Runtime
from tracker.staff.rules import current_code
from tracker.staff.second_factor import new_secret

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif("TRACKER_SCREENSHOTS" not in os.environ, reason="only on demand: make screenshots"),
]

_DARK: dict[str, Any] = {"dark": True}
# Whose page it is, nobody's before signing in; how it is opened; the page, with what is found in the data of
# the demonstration in braces; how much of it is shown.
_SHOTS: dict[str, tuple[str, dict[str, Any], str, int]] = {
    "counter-desktop-zh": ("counter", _DESKTOP, "/counter", 1180),
    "counter-phone-en": ("counter", _PHONE | _ENGLISH, "/counter", 1130),
    "receipt-desktop-zh": ("counter", _DESKTOP, "/orders/{order}/receipt", 1000),
    "orders-desktop-zh": ("manager", _DESKTOP, "/", 1000),
    "orders-phone-zh": ("manager", _PHONE, "/", 1130),
    "order-desktop-zh": ("counter", _DESKTOP, "/orders/{order}", 1180),
    "order-phone-en-dark": ("counter", _PHONE | _ENGLISH | _DARK, "/orders/{order}", 1130),
    "order-hold-desktop-zh": ("counter", _DESKTOP, "/orders/{order}/hold", 860),
    "order-history-desktop-en": ("manager", _DESKTOP | _ENGLISH, "/orders/{order}/history", 900),
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
    "job-phone-zh": ("installer1", _PHONE, "/jobs/{job}", 1130),
    "job-phone-en-dark": ("installer1", _PHONE | _ENGLISH | _DARK, "/jobs/{job}", 1130),
    "people-desktop-zh": ("manager", _DESKTOP, "/staff", 860),
    "account-phone-zh": ("manager", _PHONE, "/account", 1130),
    "audit-desktop-zh": ("manager", _DESKTOP, "/audit", 860),
    "sign-in-phone-zh": ("", _PHONE, "/sign-in", 844),
    "begin-phone-zh": ("", _PHONE, "/sign-in/begin?sent", 844),
    "forgot-desktop-en": ("", _DESKTOP | _ENGLISH, "/sign-in/forgot", 620),
    "account-password-desktop-zh": ("counter", _DESKTOP, "/account/password", 760),
    "second-factor-phone-zh": ("counter", _PHONE, "/account/second-factor", 1130),
    "invitation-desktop-zh": ("manager", _DESKTOP, "/staff/invite", 1000),
    "person-desktop-zh": ("manager", _DESKTOP, "/staff/{person}", 1180),
    "find-phone-zh": ("counter", _PHONE, "/orders/find", 1000),
    "order-step-desktop-zh": ("counter", _DESKTOP, "/orders/{early}/step", 760),
    "order-checks-desktop-zh": ("counter", _DESKTOP, "/orders/{early}/real-name", 1000),
    "order-visit-phone-zh": ("dispatcher", _PHONE, "/orders/{order}/visit", 1300),
    "order-fees-desktop-zh": ("counter", _DESKTOP, "/orders/{order}/fees", 860),
    "order-contact-desktop-zh": ("counter", _DESKTOP, "/orders/{order}/contact", 960),
    "order-repromise-desktop-en": ("manager", _DESKTOP | _ENGLISH, "/orders/{order}/repromise", 1000),
    "order-withdraw-phone-zh": ("counter", _PHONE, "/orders/{order}/withdraw", 960),
    "order-resume-desktop-zh": ("counter", _DESKTOP, "/orders/{held}/resume", 700),
    "order-return-desktop-zh": ("counter", _DESKTOP, "/orders/{sent}/return", 960),
    "return-decision-desktop-zh": ("manager", _DESKTOP, "/orders/returns/{request}", 860),
    "team-desktop-zh": ("dispatcher", _DESKTOP, "/teams/{team}", 1280),
    "team-form-phone-zh": ("dispatcher", _PHONE, "/teams/{team}/edit", 844),
    "team-closing-desktop-en": ("dispatcher", _DESKTOP | _ENGLISH, "/teams/{team}/close", 760),
    "slot-form-desktop-zh": ("manager", _DESKTOP, "/slots/new", 1000),
    "dashboard-desktop-zh": ("manager", _DESKTOP, "/figures", 1560),
    "dashboard-phone-zh": ("manager", _PHONE, "/figures", 1560),
    "dashboard-desktop-en-dark": ("manager", _DESKTOP | _ENGLISH | _DARK, "/figures", 1560),
    "at-risk-desktop-zh": ("manager", _DESKTOP, "/at-risk", 1180),
    "at-risk-phone-en": ("manager", _PHONE | _ENGLISH, "/at-risk", 1300),
    "at-risk-steps-desktop-zh": ("manager", _DESKTOP, "/at-risk/steps", 1280),
    "excuses-desktop-zh": ("manager", _DESKTOP, "/excuses", 1000),
    "excuses-phone-zh": ("manager", _PHONE, "/excuses", 1300),
    "compensation-desktop-zh": ("manager", _DESKTOP, "/compensation", 1000),
    "compensation-phone-en-dark": ("manager", _PHONE | _ENGLISH | _DARK, "/compensation", 1300),
    "notices-desktop-zh": ("manager", _DESKTOP, "/notices", 1280),
    "notices-phone-zh": ("manager", _PHONE, "/notices", 1300),
    "calls-desktop-zh": ("manager", _DESKTOP, "/calls", 860),
    "calls-phone-zh": ("counter", _PHONE, "/calls", 1130),
    "reports-desktop-zh": ("manager", _DESKTOP, "/reports", 760),
    "reports-phone-en": ("manager", _PHONE | _ENGLISH, "/reports", 1130),
    "report-desktop-zh": ("manager", _DESKTOP, "/reports/{report}", 1560),
    "report-phone-zh": ("manager", _PHONE, "/reports/{report}", 1560),
    "regulator-desktop-zh": ("regulator", _DESKTOP, "/regulator", 1280),
    "regulator-phone-en": ("regulator", _PHONE | _ENGLISH, "/regulator", 1300),
    "promise-rules-desktop-zh": ("manager", _DESKTOP, "/promise-rules", 1000),
    "promise-rules-phone-zh": ("manager", _PHONE, "/promise-rules", 1300),
    "calendar-desktop-zh": ("manager", _DESKTOP, "/calendar", 1560),
    "calendar-phone-en-dark": ("manager", _PHONE | _ENGLISH | _DARK, "/calendar", 1300),
    "templates-desktop-zh": ("manager", _DESKTOP, "/templates", 1180),
    "templates-phone-zh": ("manager", _PHONE, "/templates", 1300),
}


def test_staff_shots(clerk: Clerk, runtime: Runtime, tmp_path: Path, channel: Any) -> None:
    def quietly(words: str) -> None:
        """The demonstration tells what it does."""

    sample_staff.fill(runtime, Clerk.password, new_secret())
    for part in (sample_history, sample_figures, sample):
        part.fill(runtime, tmp_path, quietly)
    for part in (
        sample_visits,
        sample_complaints,
        sample_teams,
        sample_calls,
        sample_excuses,
        sample_reports,
        sample_rules,
        sample_desk,
    ):
        part.fill(runtime, quietly)
    for queue in ("urgent", "progress", "bulk"):
        deliver(runtime, queue)
    sweep(runtime)
    operator = runtime.reference.current().operators[channel.operator_id].code
    found = _found(runtime, channel.operator_id, operator)
    see_customer(runtime, Actor(channel.operator_id, f"staff:{operator}.counter"), found["order"], "致电客户")
    for name, (role, how, path, height) in _SHOTS.items():
        address = path.format(**found)
        if not role:
            page = clerk.open(address, **how)
        else:
            username = role if role == "regulator" else f"{operator}.{role}"
            page = clerk.enter(address, username=username, **how)
        if path in ("/staff", "/account"):
            _as_if_signed_in_today(runtime)
            page.reload()
        if path == "/figures":
            # Charts take their time to rise.
            page.wait_for_timeout(600)
        _take(page, name, how, height)
        page.context.close()
    for name, (role, how, path, height) in _DONE_SHOTS.items():
        page = clerk.enter(path, username=f"{operator}.{role}", **how)
        _DOES[name](page)
        _take(page, name, how, height)
        page.context.close()
    clerk.contexts.clear()


# The same of pages that come of doing something on the page that is opened.
_DONE_SHOTS: dict[str, tuple[str, dict[str, Any], str, int]] = {
    "dispatched-desktop-zh": ("dispatcher", _DESKTOP, "/dispatch", 1180),
    "recovery-codes-phone-zh": ("counter", _PHONE, "/account/second-factor", 900),
}


def _assign(page: Page) -> None:
    """The first orders of the list to the first team."""
    for box in page.locator("input[name=order]").all()[:3]:
        box.check()
    page.locator("[name=target]").select_option(index=1)
    page.locator(".assign-bar button[type=submit]").click()
    page.wait_for_url("**done=*")


def _enrol(page: Page) -> None:
    """A phone that shows codes."""
    secret = "".join((page.locator(".secret code").text_content() or "").split())
    page.locator("#old").fill(Clerk.password)
    page.locator("#code").fill(current_code(secret, clock.now()))
    page.locator("main form button[type=submit]").click()


_DOES = {"dispatched-desktop-zh": _assign, "recovery-codes-phone-zh": _enrol}


def _found(runtime: Runtime, operator_id: int, code: str) -> dict[str, Any]:
    """What the addresses name: orders by how they stand, a team, a request for a return, a person."""
    orders = "SELECT max(o.number) FROM orders o WHERE o.operator_id = :operator AND o.closed_at IS NULL AND "
    asked = {
        "order": orders + "o.stage = 'appointed'",
        "early": orders + "o.stage IN ('accepted', 'verified')",
        "held": orders + "EXISTS (SELECT FROM promise_entries e WHERE e.order_id = o.id AND e.kind = 'hold'"
        " AND e.starts_at <= :now AND e.ends_at > :now)",
        "sent": orders + "o.stage = 'dispatched' AND NOT EXISTS"
        " (SELECT FROM return_requests r WHERE r.order_id = o.id)",
        "job": orders + "o.installer_id = (SELECT id FROM accounts WHERE username = :code || '.installer1')",
        "request": "SELECT max(id) FROM return_requests WHERE operator_id = :operator AND state = 'open'",
        "team": "SELECT min(t.id) FROM teams t JOIN team_members USING (operator_id)"
        " WHERE t.operator_id = :operator",
        "report": "SELECT max(id) FROM half_year_reports"
        " WHERE operator_id = :operator AND state = 'submitted'",
        "person": "SELECT id FROM accounts WHERE username = :code || '.installer1'",
    }
    named = {"operator": operator_id, "code": code, "now": clock.now()}
    with runtime.db.reading() as connection:
        return {name: connection.scalar(text(wanted), named) for name, wanted in asked.items()}


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
