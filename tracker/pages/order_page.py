"""One order at the desk: how it stands, what was told, and what its customer asked for and thinks of it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.calls.queries import open_calls_of
from tracker.complaints import queries as complaint_queries
from tracker.complaints import rating_queries
from tracker.complaints.persons import names
from tracker.complaints.rate import COMMENT
from tracker.complaints.rules import standing_of
from tracker.customer_requests.of_order import requests_of_order
from tracker.customer_requests.rules import State as Asked
from tracker.excuses.queries import EXCUSES
from tracker.masks import holds_number, mask_address
from tracker.notices.of_order import notices_of_order
from tracker.notices.rules import State as Told
from tracker.orders.approval_rules import State as Approval
from tracker.orders.desk_history import last_event
from tracker.orders.desk_view import DeskView, desk_view
from tracker.orders.fee_queries import fees_of
from tracker.orders.head import Head
from tracker.orders.return_queries import RETURNS
from tracker.orders.rules import CLOSED, PATH, REASONS, Stage
from tracker.orders.see_customer import see_customer
from tracker.orders.standing import N_, STAGE_WORDS
from tracker.orders.undo_hold import undoable_until
from tracker.orders.wording import slot
from tracker.pages import compensation_words, complaint_words, request_words, wording
from tracker.pages.access import AT_DESK, acting, language, note_shown, open_to, operator_of, runtime
from tracker.pages.call_words import REASON_WORDS
from tracker.pages.complaints import names_of_channels
from tracker.pages.order_compensation import compensation_of_order
from tracker.pages.order_doings import doings
from tracker.pages.order_frame import head, render
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.site_photos import site_work_of
from tracker.problems import Fault
from tracker.real_name.queries import latest_results
from tracker.real_name.rules import CHECKS, missing
from tracker.staff.sign_in import Person
from tracker.templates.rules import Category
from tracker.templates.seed import SEED

_MOST_REQUESTS = 50
_MOST_NOTICES = 50
_LONGEST_WHY = 100

# Why somebody sees a customer's data in clear; the trail keeps it in these words.
WHY_CLEAR = {
    "call": N_("致电客户"),
    "identity": N_("核对身份"),
    "visit": N_("上门"),
    "complaint": N_("投诉处理"),
    "other": N_("其他"),
}

NOTICE_WORDS = {
    Told.CREATED: N_("待发送"),
    Told.SENDING: N_("发送中"),
    Told.ACCEPTED: N_("已发送"),
    Told.UNKNOWN: N_("待确认"),
    Told.CALL: N_("改由人工致电"),
    Told.UNDELIVERED: N_("未送达"),
    Told.DELIVERED: N_("已送达"),
    Told.CANCELLED: N_("已取消"),
}


@blueprint.get("/orders/<number>")
@open_to(*AT_DESK)
def order(number: str) -> str:
    """Everything about one order; personal data behind masks."""
    person = signed_in()
    return _page(person, head(person, number))


@blueprint.post("/orders/<number>")
@open_to(*AT_DESK)
def order_in_clear(number: str) -> tuple[str, int]:
    """The same page with name, phone and address in clear, this once, for a reason that the trail keeps."""
    person = signed_in()
    found = head(person, number)
    why, more = request.form.get("why", ""), request.form.get("why_text", "").replace("\0", "").strip()
    fault = None
    if why not in WHY_CLEAR:
        fault = Fault("desk.reason_required")
    elif why == "other" and not more:
        fault = Fault("order.reason_text_required")
    elif holds_number(more):
        fault = Fault("contact.reason_personal")
    if fault is not None:
        return _page(person, found, why=why, why_fault=fault.words(language())), 422
    said = f"{WHY_CLEAR[why]}：{more[:_LONGEST_WHY]}" if more else WHY_CLEAR[why]
    clear = see_customer(runtime(), acting(person), found.number, said)
    return _page(person, found, clear=clear), 200


def _page(
    person: Person,
    found: Head,
    *,
    clear: Mapping[str, str] | None = None,
    why: str = "",
    why_fault: str = "",
) -> str:
    now = clock.now()
    operator_id = operator_of(person)
    reference = runtime().reference.current()
    with runtime().db.reading() as connection:
        view = desk_view(connection, runtime().keys, operator_id, found.number)
        if view is None:
            raise NotFound
        row = view.order
        fees = fees_of(connection, [row])[row.id]
        asked = requests_of_order(connection, operator_id, row.id, limit=_MOST_REQUESTS)
        notices = notices_of_order(connection, row.id, limit=_MOST_NOTICES)
        complaints = complaint_queries.complaints_of_order(connection, operator_id, row.id)
        ratings = rating_queries.ratings_of_order(connection, row.id)
        _, by_name = names(connection, operator_id)
        undo_until = undoable_until(last_event(connection, operator_id, row.id))
        returns = RETURNS.of_order(connection, operator_id, row.id)
        results = latest_results(connection, row.id)
        site_work = site_work_of(connection, operator_id, row.id)
        calls = open_calls_of(connection, operator_id, row.id)
        excuses = EXCUSES.of_order(connection, operator_id, row.id)
        compensation = compensation_of_order(connection, operator_id, found)
    if person.role == "manager" and any(one.comment is not None for one in ratings):
        note_shown(person, [f"order:{row.id}"], ("comment",), "order shown")
    place = reference.places[row.community_code]
    required = reference.required_checks.get(operator_id, frozenset())
    return render(
        "staff/order.html",
        person,
        found,
        "staff.order",
        view=view,
        row=row,
        place=mask_address(place.county, place.town, place.name),
        whole_place=f"{place.county}{place.town}{place.name}",
        clear=clear,
        why=why,
        why_fault=why_fault,
        whys=WHY_CLEAR,
        longest_why=_LONGEST_WHY,
        doings=doings(person, found),
        undo_until=undo_until if undo_until is not None and undo_until > now else None,
        return_waits=any(one.state == Approval.OPEN for one in returns),
        wanting=[CHECKS[one].said(language()) for one in missing(required, results)],
        checked=bool(required or results),
        channel=reference.channels[row.channel_id].name,
        steps=list(_steps(view, by_name)),
        appointment=_appointment(row),
        open_fen=sum(fee.open_fen for fee in fees),
        to_return_fen=sum(fee.to_return_fen for fee in fees),
        requests=[_request(one) for one in asked],
        waiting=[_waiting(one) for one in asked if one.state == Asked.WAITING and one.due_at],
        notices=[(one, _is_code(one.template)) for one in notices],
        notice_words=NOTICE_WORDS,
        complaints=[(one, _may_open(person, one)) for one in complaints],
        standing_on=standing_of,
        today=clock.local_date(now),
        ratings=[(one, _comment(person, one)) for one in ratings],
        words=complaint_words,
        site_work=site_work,
        calls=calls,
        call_reasons=REASON_WORDS,
        excuse_waits=any(one.state == Approval.OPEN for one in excuses),
        compensation=compensation,
        compensation_words=compensation_words.words_of(),
    )


def _steps(view: DeskView, by_name: dict[str, str]) -> Iterable[dict[str, Any]]:
    """The moves as they happened, and the stages that are still to come."""
    channels, last = names_of_channels(), len(view.moves) - 1
    for index, move in enumerate(view.moves):
        who, ours = complaint_words.who_did(move.actor, channels, by_name)
        reason = REASONS.get(move.reason_code or "")
        said = [gettext(who) if ours else who]
        if reason:
            said.append(reason.en if language() == "en" else reason.zh)
        if move.reason_text:
            said.append(move.reason_text)
        is_last = index == last
        ended = is_last and move.stage in CLOSED and move.stage != Stage.COMPLETED
        yield {
            "word": gettext(STAGE_WORDS[move.stage]),
            "state": "ended" if ended else "now" if is_last and view.order.closed_at is None else "done",
            "state_word": gettext("已完成"),
            "machine": clock.local(move.occurred_at).isoformat(timespec="minutes"),
            "time": wording.instant(move.occurred_at, language(), clock.today()),
            "note": " · ".join(said),
        }
    if view.order.closed_at is None:
        for stage in PATH[PATH.index(Stage(view.order.stage)) + 1 :]:
            word, later = gettext(STAGE_WORDS[stage]), gettext("未到")
            yield {"word": word, "state": "next", "state_word": later}


def _appointment(row: Any) -> str:
    """When somebody comes; empty where nothing is agreed."""
    if row.appointment_starts_at is None:
        return ""
    return slot(row.appointment_starts_at, row.appointment_ends_at, language())


def _request(row: Any) -> dict[str, Any]:
    return {
        "row": row,
        "word": request_words.KIND_WORDS[row.kind],
        "state": request_words.STATE_WORDS[row.state],
        "tone": request_words.STATE_TONES[row.state],
        "details": request_words.details(row, language(), gettext, _day),
    }


def _waiting(row: Any) -> str:
    return request_words.waiting(row, lambda at: f"{clock.local(at):%H:%M}", gettext)


def _day(on: date) -> str:
    return wording.day(on, language(), clock.today())


def _is_code(template: str) -> bool:
    """A one-time code is nobody's to read but its owner's."""
    return template in SEED and SEED[template].category is Category.CODE


def _may_open(person: Person, complaint: Any) -> bool:
    return person.role == "manager" or complaint.owner_id == person.id


def _comment(person: Person, rating: Any) -> str:
    """What the customer wrote, for a manager."""
    if person.role != "manager" or rating.comment is None:
        return ""
    return runtime().keys.open(bytes(rating.comment), COMMENT)
