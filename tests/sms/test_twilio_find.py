"""I2: a text is sent again only after Twilio has answered that it has none."""

from datetime import UTC, datetime, timedelta

import pytest
from behaviours import LISTINGS
from hostile import HostileTwilio
from twilio_samples import SMS, just_now

from tracker.sms.port import Absent, CannotTell, Found
from tracker.sms.twilio import TwilioGateway

FORM = {"To": SMS.to, "From": "+15005550006", "Body": SMS.body}


@pytest.mark.parametrize("listing", [name for name in LISTINGS if name != "list"])
def test_a_list_that_failed_is_no_answer(server: HostileTwilio, gateway: TwilioGateway, listing: str) -> None:
    server.listing = listing
    assert isinstance(gateway.find(SMS, just_now()), CannotTell)
    assert len(server.requests) <= 5


def test_a_closed_port_is_no_answer(server: HostileTwilio, gateway: TwilioGateway) -> None:
    server.close()
    assert isinstance(gateway.find(SMS, just_now()), CannotTell)


def test_the_question_names_the_number_and_no_date(server: HostileTwilio, gateway: TwilioGateway) -> None:
    """A message that still waits in Twilio's queue has no date of sending to filter by."""
    gateway.find(SMS, just_now())
    assert server.requests[0].query == {"To": SMS.to, "PageSize": "200"}


@pytest.mark.parametrize("status", ["queued", "delivered", "undelivered", "canceled"])
def test_found_in_whatever_state(server: HostileTwilio, gateway: TwilioGateway, status: str) -> None:
    message = server.accept(FORM, status=status)
    assert gateway.find(SMS, just_now()) == Found(message["sid"], status)


def test_clocks_that_differ_a_little_do_not_hide_a_text(
    server: HostileTwilio, gateway: TwilioGateway
) -> None:
    server.accept(FORM, age=timedelta(seconds=60))
    assert isinstance(gateway.find(SMS, datetime.now(UTC)), Found)


@pytest.mark.parametrize(
    ("age", "changes"),
    [
        (timedelta(hours=1), {}),
        (timedelta(hours=1), {"body": ""}),
        (timedelta(), {"body": SMS.body + "。"}),
        (timedelta(), {"direction": "inbound"}),
    ],
    ids=["an earlier one", "an earlier one, redacted", "another text", "one that came in"],
)
def test_what_is_not_ours_is_not_found(
    server: HostileTwilio, gateway: TwilioGateway, age: timedelta, changes: dict[str, str]
) -> None:
    server.accept(FORM, age, **changes)
    assert gateway.find(SMS, just_now()) == Absent()


@pytest.mark.parametrize("changes", [{"body": ""}, {"date_created": None}, {"sid": None}])
def test_what_may_be_ours_leaves_it_open(
    server: HostileTwilio, gateway: TwilioGateway, changes: dict[str, object]
) -> None:
    server.accept(FORM, **changes)
    assert isinstance(gateway.find(SMS, just_now()), CannotTell)


def test_found_among_many_and_on_a_later_page(server: HostileTwilio, gateway: TwilioGateway) -> None:
    message = server.accept(FORM)
    for number in range(450):
        server.accept(FORM | {"Body": f"订单{number}【清远电信】"})
    assert gateway.find(SMS, just_now()) == Found(message["sid"], "queued")
    assert len(server.requests) == 3


@pytest.mark.parametrize(("others", "answer"), [(1000, Absent), (1001, CannotTell)])
def test_absent_only_when_everything_was_listed(
    server: HostileTwilio, gateway: TwilioGateway, others: int, answer: type
) -> None:
    for number in range(others):
        server.accept(FORM | {"Body": f"订单{number}【清远电信】"})
    assert isinstance(gateway.find(SMS, just_now()), answer)
    assert len(server.requests) == 5
