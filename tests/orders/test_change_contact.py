"""Another contact: what changes with it, what the history says of it, and who is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.desk_work import Book
from tests.holding import store_code
from tracker import clock
from tracker.customer_requests.correct_contact import correct_contact
from tracker.customer_requests.models import LookupCode
from tracker.notices.drafts import RECIPIENT
from tracker.orders.proofs import lookup_digest
from tracker.orders.rules import Stage
from tracker.problems import Refusal

OLD, NEW = "+8613800001234", "+8613900005678"


@pytest.fixture
def book(runtime, channel, place):
    return Book(runtime, channel, place)


@pytest.fixture
def correct(book):
    def make(number: str, reason: str = "客户到厅更正", if_version: int | None = None, **changes) -> int:
        return correct_contact(
            book.runtime, book.staff, number, {"reason": reason, **changes}, if_version=if_version
        )

    return make


def rules(refusal) -> list[str]:
    return [fault.rule for fault in refusal.value.faults]


def opened(book: Book, number: str, column: str) -> str:
    return book.runtime.keys.open(bytes(getattr(book.row(number), column)), f"orders.{column}")


def test_name_and_address_are_sealed_and_named_nowhere(book, correct) -> None:
    number = book.order()
    correct(number, name="欧阳娜娜", address_detail="新路9号")
    assert opened(book, number, "customer_name") == "欧阳娜娜"
    assert opened(book, number, "address_detail") == "新路9号"
    assert opened(book, number, "contact_phone") == OLD
    event = book.events(number)[-1]
    assert (event.kind, event.reason_text) == ("contact", "客户到厅更正")
    assert event.detail == {"fields": ["address_detail", "name"]}
    (entry,) = book.trail()
    assert (entry.action, entry.actor, entry.why) == ("changed", "staff:manager", "客户到厅更正")
    assert entry.subject == f"order:{book.row(number).id}"
    assert sorted(entry.fields) == ["address_detail", "customer_name"]
    assert book.texts("contact_changed") == []


def test_with_the_phone_change_search_and_lookup(book, correct) -> None:
    number = book.order()
    correct(number, phone=NEW)
    order, keys = book.row(number), book.runtime.keys
    assert bytes(order.phone_digest) == keys.digest_of("orders.phone", NEW)
    assert bytes(order.lookup_digest) == lookup_digest(keys, number, "5678")


def test_texts_to_come_go_to_the_new_number_and_the_former_is_told(book, correct) -> None:
    number = book.order(Stage.APPOINTED)
    keys = book.runtime.keys
    with book.runtime.db.transaction() as connection:
        # One that has gone out is not to be found at a number it was never sent to.
        connection.execute(
            text("UPDATE notices SET state = 'accepted', attempts = 1 WHERE template = 'order_accepted'")
        )
    correct(number, phone=NEW)
    recipients = {
        told.template: keys.open(bytes(told.recipient), RECIPIENT)
        for told in book.texts("order_accepted", "visit_reminder", "contact_changed")
    }
    assert recipients == {"order_accepted": OLD, "visit_reminder": NEW, "contact_changed": OLD}
    (told,) = book.texts("contact_changed")
    assert told.body == (
        f"订单{number}的联系电话已更改，今后通知发往新号码。如非本人要求请速拨10000。【清远电信】"
    )
    (reminder,) = book.texts("visit_reminder")
    assert bytes(reminder.recipient_digest) == keys.digest_of(RECIPIENT, NEW)


@pytest.mark.parametrize(("changes", "open_still"), [({"phone": NEW}, False), ({"notify_by": "call"}, True)])
def test_what_the_former_phone_had_opened_is_closed(book, correct, changes, open_still) -> None:
    number = book.order()
    store_code(book.runtime, number)
    later = clock.now() + timedelta(minutes=30)
    with book.runtime.db.transaction() as connection:
        connection.execute(
            text("UPDATE lookup_codes SET session_digest = 'x', session_ends_at = :later"), {"later": later}
        )
    correct(number, **changes)
    with book.runtime.db.reading() as connection:
        code = connection.execute(select(LookupCode.__table__)).one()
    now = clock.now()
    assert (code.session_ends_at > now) == open_still
    assert (code.expires_at > now) == open_still


def test_only_what_differs_is_a_change(book, correct) -> None:
    number = book.order()
    with pytest.raises(Refusal) as refusal:
        correct(number, name="张三", phone=OLD, language="zh", notify_by="text")
    assert rules(refusal) == ["contact.nothing_new"]
    correct(number, name="张三", language="en")
    assert book.events(number)[-1].detail == {"fields": ["language"]}
    # Neither is personal.
    assert book.trail() == []


def test_a_stale_page_an_ended_order_and_a_telling_reason_are_refused(book, correct) -> None:
    number = book.order()
    correct(number, name="李四")
    with pytest.raises(Refusal) as refusal:
        correct(number, name="王五", if_version=1)
    assert rules(refusal) == ["version.stale"]
    with pytest.raises(Refusal) as refusal:
        correct(number, name="王五", reason="改成 139 0000 5678")
    assert rules(refusal) == ["contact.reason_personal"]
    book.move(number, Stage.WITHDRAWN, reason_code="no_longer_wanted")
    with pytest.raises(Refusal) as refusal:
        correct(number, name="王五")
    assert rules(refusal) == ["contact.order_ended"]
    assert opened(book, number, "customer_name") == "李四"
