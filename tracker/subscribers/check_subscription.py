"""What is said of a subscription, against the plans and the calendar, before anything is stored."""

from datetime import date
from typing import Any, NamedTuple

from tracker.problems import Fault
from tracker.subscribers.book import Book, PlanVersion
from tracker.subscribers.rules import (
    END_AHEAD,
    USUAL_LANGUAGE,
    is_agreed_in_full,
    tells_phone,
)


class Request(NamedTuple):
    """What somebody says of a subscription, each field read; None is what they do not say.

    `plan` is a filing number, `region` a division's code or name, `monthly_fen` in fen, `phone` E.164.
    """

    reference: str
    plan: str
    region: str | None
    monthly_fen: int | None
    phone: str
    began_on: date
    language: str | None
    agreed_until: date | None
    agreement: str | None
    ended_on: date | None


class Checked(NamedTuple):
    """A request that passed every check, with the version of the plan that was in force."""

    request: Request
    plan: PlanVersion

    @property
    def monthly_fen(self) -> int:
        """The price, the plan's own where none is said."""
        said = self.request.monthly_fen
        return self.plan.monthly_fen if said is None else said

    @property
    def language(self) -> str:
        """The language of the customer's texts, Chinese where none is said."""
        return self.request.language or USUAL_LANGUAGE

    def said(self, contact_digest: bytes) -> dict[str, Any]:
        """The stored columns that the request speaks of, with their values."""
        request = self.request
        told = {
            "plan_id": self.plan.id,
            "monthly_fen": request.monthly_fen,
            "contact_digest": contact_digest,
            "began_on": request.began_on,
            "language": request.language,
            "agreed_until": request.agreed_until,
            "agreement": request.agreement,
            "ended_on": request.ended_on,
        }
        return {column: value for column, value in told.items() if value is not None}


def check(book: Book, request: Request, today: date) -> Checked | list[Fault]:
    """The version of the plan, or every fault found.

    Faults: those of `Book.version_for`, subscriber.begins_ahead, .days_reversed, .ends_too_far_ahead,
    .agreed_before_start, .agreed_in_part, .reference_tells_phone.
    """
    plan = book.version_for(request.plan, request.region, request.began_on)
    faults = [] if isinstance(plan, PlanVersion) else [plan]
    if request.began_on > today:
        faults.append(Fault("subscriber.begins_ahead", "/began_on"))
    if request.ended_on is not None:
        faults += faults_of_end(request.began_on, request.ended_on, today)
    faults += faults_of_term(request.began_on, request.agreed_until, request.agreement)
    if tells_phone(request.reference, request.phone):
        faults.append(Fault("subscriber.reference_tells_phone", "/reference"))
    return faults or Checked(request, plan)  # type: ignore[arg-type]


def faults_of_end(began_on: date, ended_on: date, today: date) -> list[Fault]:
    """What is wrong with a last day."""
    if ended_on < began_on:
        return [Fault("subscriber.days_reversed", "/ended_on")]
    if ended_on > today + END_AHEAD:
        return [Fault("subscriber.ends_too_far_ahead", "/ended_on", {"days": END_AHEAD.days})]
    return []


def faults_of_term(began_on: date, agreed_until: date | None, agreement: str | None) -> list[Fault]:
    """What is wrong with an agreed term."""
    if not is_agreed_in_full(agreed_until, agreement):
        missing = "/agreed_until" if agreed_until is None else "/agreement"
        return [Fault("subscriber.agreed_in_part", missing)]
    if agreed_until is not None and agreed_until < began_on:
        return [Fault("subscriber.agreed_before_start", "/agreed_until")]
    return []
