"""What the customer is told before an order is saved: the promise and why, the fees, the terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import Connection

from tracker import clock
from tracker.orders.fee_sums import FeeSum, fees_as_sold
from tracker.orders.fee_words import FEE_WORDS
from tracker.orders.take_at_counter import Offer, offer, plan_of, plans_for_sale
from tracker.pages import plan_words, wording
from tracker.pages.access import runtime
from tracker.pages.counter_form import whole
from tracker.problems import Fault, Refusal
from tracker.promises.wording import explain
from tracker.reference import ChangeFacts, ChannelFacts, Place, PlanFacts, Reference
from tracker.tariffs.terms import Terms, read_terms


@dataclass(frozen=True)
class Choice:
    """A plan that the form offers, and the channels that sell it.

    `region`: the county that it is for, empty for the city.
    """

    plan: PlanFacts
    terms: Terms
    channels: tuple[int, ...]
    region: str

    @property
    def letters(self) -> str:
        """What somebody may look for it by, in small letters."""
        said = (
            self.plan.name,
            self.plan.name_en,
            self.plan.filing_number,
            f"{self.terms.download_mbps}m",
            f"{self.plan.monthly_fen // 100}",
        )
        return " ".join(said).lower()


@dataclass(frozen=True)
class Panel:
    """What can be told so far: of a plan alone its fees, what is announced of it, and its terms;
    with a place the promise too.
    """

    plan: PlanFacts | None = None
    terms: Terms | None = None
    changes: Sequence[ChangeFacts] = ()
    offer: Offer | None = None
    faults: Sequence[Fault] = ()

    @property
    def why(self) -> dict[str, str]:
        """The sentence that explains the promise, in both languages."""
        return dict(explain(self.offer.deadline)) if self.offer else {}

    @property
    def fees(self) -> list[FeeSum]:
        """What is asked for once, as the order will store it."""
        if self.plan is None:
            return []
        return fees_as_sold(
            {
                "installation_fen": self.plan.installation_fen,
                "commissioning_fen": self.plan.commissioning_fen,
            }
        )

    @property
    def fee_words(self) -> Mapping[Any, str]:
        """The names of fees."""
        return FEE_WORDS

    @property
    def due_fen(self) -> int:
        """What is to be paid at once."""
        return sum(fee.open_fen for fee in self.fees)

    def fault_words(self, language: str) -> list[str]:
        """Why there can be no such order, in words."""
        return [fault.words(language) for fault in self.faults]

    @property
    def labels(self) -> dict[str, str]:
        """What each of the terms is called."""
        return {name: plan_words.FIELDS[name].label for name in (self.terms.told if self.terms else ())}

    def said(self, language: str) -> str:
        """The promise, or why there is none, for those who do not see the panel change."""
        if self.offer is not None:
            at = wording.deadline(self.offer.deadline.at, language, clock.today())
            return gettext("承诺 %(deadline)s 前装通", deadline=at)
        return " ".join(self.fault_words(language))


def choices(
    connection: Connection, facts: Reference, channels: Sequence[ChannelFacts]
) -> dict[str, list[Choice]]:
    """Every plan that any of these channels may sell today, by the kind of customer that it is for."""
    sold: dict[int, Choice] = {}
    for channel in channels:
        for plan, terms in plans_for_sale(connection, facts, channel):
            known = sold[plan.id].channels if plan.id in sold else ()
            region = facts.counties.get(plan.region, "")
            sold[plan.id] = Choice(plan, terms, (*known, channel.id), region)
    return {
        audience: [choice for choice in sold.values() if choice.plan.audience == audience]
        for audience in plan_words.AUDIENCE_WORDS
    }


def panel_of(
    facts: Reference, channel: ChannelFacts | None, typed: Mapping[str, str], place: Place | None
) -> Panel:
    """What can be told of the order that is being typed."""
    if typed["plan"] == "" or channel is None:
        return Panel()
    try:
        plan = plan_of(facts, channel, whole(typed["plan"]))
    except Refusal as refusal:
        return Panel(faults=refusal.faults)
    with runtime().db.reading() as connection:
        terms = read_terms(connection, [plan.id])[plan.id]
        changes = facts.changes_ahead(plan, clock.today())
        if plan.audience != typed["kind"]:
            return Panel(plan, terms, changes, faults=[Fault("order.plan_audience", "/plan")])
        if place is None:
            return Panel(plan, terms, changes)
        try:
            found = offer(connection, facts, channel, plan.id, place.code, typed["resource"])
        except Refusal as refusal:
            return Panel(plan, terms, changes, faults=refusal.faults)
    return Panel(plan, terms, found.changes, found)
