"""Every address of the service, as every role, with another operator's identifiers: it finds nothing (I6).

The first wall and the second together: what is asserted is what a person or a system would come by.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from neighbour import MARKS, OPERATOR, Neighbour, settle_next_door
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.serving import app_of
from tracker import clock
from tracker.api.examples import examples
from tracker.channels.create_key import create_key
from tracker.channels.rules import SCOPES
from tracker.embedded import Servers
from tracker.runtime import Runtime

ROLES = ("counter", "dispatcher", "installer", "manager", "regulator", "administrator")

# What parameters of addresses may be beside the neighbour's identifiers: parts of the address that name
# nothing of anybody's.
NAMELESS = {
    "kind": "json",
    "day": f"{clock.today():%Y-%m-%d}",
    "area_code": "441802006",
    "name": "base.css",
    "version": 2,
    "code": "dispatched",
    "secret": "x" * 30,
    "portal": "sample",
    "hold": 2,
    "step": "arrive",
    "form": "csv",
    "half": f"{clock.today():%Y}H1",
    "county": "441802",
}
# By the name of the parameter, whose row of the neighbour's it is.
NAMED = {
    "number": "number",
    "complaint_id": "complaint_id",
    "rating_id": "rating_id",
    "outage_id": "outage_id",
    "plan_id": "plan_id",
    "webhook_id": "webhook_id",
    "delivery_id": "delivery_id",
    "override_id": "override_id",
    "file_id": "file_id",
    "channel_id": "channel_id",
    "key_id": "key_id",
    "change_id": "change_id",
    "rule_id": "rule_id",
    "task": "task_id",
    "notice": "notice_id",
    "notice_id": "notice_id",
    "task_id": "task_id",
    "reference": "reference",
    "photo_id": "photo_id",
    "session": "session_id",
    "assignment_id": "assignment_id",
    "account_id": "account_id",
    "request_id": "return_id",
    "team_id": "team_id",
    "excuse_id": "excuse_id",
    "evidence_id": "evidence_id",
    "report_id": "report_id",
}
# An administrator looks after every operator's there.
OF_ADMINISTRATORS = {
    "staff.audit",
    "staff.audit_file",
    "staff.people",
    "staff.people_act",
    "staff.people_file",
    "staff.people_invite",
    "staff.people_one",
}
# Nothing of operators: the pictures of the pages, the description of the API, figures over all operators.
OF_NOBODY = {
    "design.static",
    "api_description",
    "api_docs.browse",
    "api_docs.problems",
    "health.healthz",
    "health.readyz",
    "metrics.metrics",
    "staff.sign_in_begin",
    "staff.sign_in_code",
    "staff.sign_in_enrol",
    "staff.sign_in_forgot",
    "staff.sign_in_page",
    "staff.sign_out",
    # Providers prove themselves to both operators' texts alike, or not at all.
    "callbacks.aliyun",
    "callbacks.twilio",
}


@pytest.fixture
def neighbour(runtime: Runtime, plans: None, changeable: None) -> Neighbour:
    made = settle_next_door(runtime)
    with runtime.db.reading() as connection:
        for name, table in (("rule_id", "promise_rules"), ("notice_id", "notices")):
            made.ids[name] = connection.scalar(
                text(f"SELECT min(id) FROM {table} WHERE operator_id = {OPERATOR}")
            )
    return made


@pytest.fixture
def unchanged(stores: Servers, neighbour: Neighbour) -> Iterator[None]:
    """What is the neighbour's is the same after the test, to the letter."""
    engine = create_engine(stores.owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        before = neighbour.rows(connection)
    yield
    with engine.connect() as connection:
        after = neighbour.rows(connection)
    engine.dispose()
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}


def addresses(app: Flask, neighbour: Neighbour) -> Iterator[tuple[Rule, str]]:
    """Every address with the neighbour's identifiers in it.

    Fails for a parameter that none is prepared for: a new kind of row gets one in tests/neighbour.py.
    """
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OF_NOBODY:
            continue
        unknown = rule.arguments - NAMED.keys() - NAMELESS.keys()
        assert not unknown, f"{rule.rule}: nothing of the neighbour's is prepared for {unknown}"
        given = {
            name: neighbour.ids[NAMED[name]] if name in NAMED else NAMELESS[name] for name in rule.arguments
        }
        yield rule, adapter.build(rule.endpoint, given)


def marks_in(page: str) -> list[str]:
    # What a page draws by chance, a form's token say, may spell anything.
    said = re.sub(r'value="[\w.=-]{32,}"', "", page)
    return [mark for mark in MARKS if mark in said]


def pages_of_rows(app: Flask, neighbour: Neighbour) -> Iterator[tuple[Rule, str, tuple[str, ...]]]:
    """Staff pages of one row of the neighbour's, and the roles that they are open to."""
    for rule, address in addresses(app, neighbour):
        if rule.endpoint.startswith("staff.") and rule.arguments & NAMED.keys() and "GET" in rule.methods:
            yield rule, address, app.view_functions[rule.endpoint].open_to


def assert_nothing_found(answer: TestResponse, what: str) -> None:
    """Neither a word of the neighbour's, nor a failure of ours."""
    assert answer.status_code < 500, what
    # A workbook is no text; what is packed in it is looked at where it is filled.
    assert marks_in(answer.data.decode("utf-8", "replace")) == [], what
    location = answer.headers.get("Location", "")
    assert marks_in(location) == [], what


def form_of(neighbour: Neighbour) -> dict[str, Any]:
    """Whatever a form may ask for: sound words, and the neighbour's rows wherever a row can be named."""
    ids = neighbour.ids
    return {
        "reason": "试着改别家的",
        "note": "试着改别家的",
        "owner": str(ids["account_id"]),
        "account": str(ids["account_id"]),
        "slot": str(ids["slot_id"]),
        "slot_id": str(ids["slot_id"]),
        "capacity": "9",
        "version": "1",
        "revision": "1",
        "number": ids["number"],
        "order": ids["number"],
        "topic": "overdue",
        "source": "hotline",
        "text": "试着改别家的",
        "next_on": f"{clock.today():%Y-%m-%d}",
        "result": "试着改别家的",
        "settled_at_outlet": "1",
        "satisfaction": "satisfied",
        "label": "ours",
        "scopes": "orders",
        "url": "https://93.184.216.34/ours",
        "channel": str(ids["channel_id"]),
        "channel_id": str(ids["channel_id"]),
        "last_day": f"{clock.today():%Y-%m-%d}",
        "restored_at": f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}",
        "reference": ids["reference"],
        "team": str(ids["team_id"]),
        "installer": str(ids["account_id"]),
    }


# A form does something different for each of its buttons.
STEPS = (
    *("", "capacity", "close", "reopen", "preview", "announce", "save", "publish", "book", "free"),
    *("do", "use"),
)


def test_every_page_finds_nothing_of_another_operators(
    as_: Callable[[str], FlaskClient], neighbour: Neighbour, unchanged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0
    for role in ROLES:
        app = as_(role).application
        monkeypatch.setitem(app.config, "WTF_CSRF_METHODS", set())
        for rule, address in addresses(app, neighbour):
            if not rule.endpoint.startswith("staff."):
                continue
            if role == "administrator" and rule.endpoint in OF_ADMINISTRATORS:
                continue
            # Some pages sign out whoever is there.
            client = as_(role)
            # Whom a page is not open to is turned away before a form is read.
            let_in = role in getattr(app.view_functions[rule.endpoint], "open_to", ROLES)
            if "GET" in (rule.methods or ()):
                tried += 1
                assert_nothing_found(client.get(address), f"GET {address} as {role}")
            if "POST" in (rule.methods or ()):
                for step in STEPS if rule.arguments and let_in else STEPS[:1]:
                    tried += 1
                    sent = form_of(neighbour) | {"step": step}
                    assert_nothing_found(client.post(address, data=sent), f"POST {address} as {role}, {step}")
    assert tried > 300


def test_pages_of_one_row_say_that_there_is_none(
    as_: Callable[[str], FlaskClient], neighbour: Neighbour, unchanged: None
) -> None:
    """Whoever may open such a page of the own operator's: so what is refused is the row."""
    clients = {role: as_(role) for role in ("manager", "installer", "regulator")}
    for _, address, open_to in pages_of_rows(clients["manager"].application, neighbour):
        client = next(client for role, client in clients.items() if role in open_to)
        assert client.get(address).status_code == 404, address


def test_the_neighbours_own_manager_finds_it_all(
    as_: Callable[[str], FlaskClient], neighbour: Neighbour
) -> None:
    """Else the identifiers are no good, and what the others did not find proves nothing."""
    client = as_("stranger")
    shown = set()
    for rule, address, open_to in pages_of_rows(client.application, neighbour):
        # The pictures are rows without their files.
        if "manager" in open_to and rule.endpoint not in ("staff.site_photo", "staff.excuse_file"):
            answer = client.get(address)
            assert answer.status_code in (200, 302), address
            if marks_in(answer.text):
                shown.add(rule.endpoint)
    assert shown >= {"staff.order", "staff.complaint", "staff.outage", "staff.plan", "staff.webhook"}


def body_of(document: dict[str, Any], method: str, rule: Rule) -> Any:
    """The example that the API's own description gives for a request; None where it takes no body."""
    path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule.rule)
    operation = document["paths"][path].get(method.lower(), {})
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "schema" not in media:
        return None
    for one in media.get("examples", {}).values():
        return examples()[one["$ref"].rpartition("/")[2]]
    raise AssertionError(f"{method} {path} has no example")


@pytest.mark.parametrize("signed_in", [False, True], ids=["key", "key and session"])
def test_every_address_of_the_api_finds_nothing_of_another_operators(
    runtime: Runtime,
    api_key: str,
    as_: Callable[[str], FlaskClient],
    neighbour: Neighbour,
    unchanged: None,
    signed_in: bool,
) -> None:
    client = as_("manager") if signed_in else app_of(runtime).test_client()
    document = client.get("/api/v1/openapi.json").json
    numbers = itertools.count()
    found, missed = set(), set()
    for rule, address in addresses(client.application, neighbour):
        if not rule.rule.startswith("/api/v1/"):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            headers = {
                "Authorization": f"Bearer {api_key}",
                "Idempotency-Key": f"ours-{next(numbers)}",
                "If-Match": "*",
            }
            body = body_of(document, method, rule)
            answer = client.open(address, method=method, headers=headers, json=body)
            assert_nothing_found(answer, f"{method} {address}: {answer.text[:300]}")
            if rule.arguments & NAMED.keys():
                (missed if answer.status_code in (403, 404, 422, 401) else found).add(f"{method} {rule.rule}")
    assert found == set()
    assert len(missed) > 40


def test_the_api_of_the_neighbours_own_channel_finds_it(runtime: Runtime, neighbour: Neighbour) -> None:
    key = create_key(runtime.db, neighbour.channel, scopes=SCOPES)
    client = app_of(runtime).test_client()
    for rule, address in addresses(client.application, neighbour):
        if rule.rule.startswith("/api/v1/") and rule.arguments & NAMED.keys() and "GET" in rule.methods:
            answer = client.get(address, headers={"Authorization": f"Bearer {key}"})
            # The file was brought at a page: its rows are not a channel's to fetch.
            wanted = {404} if "file_id" in rule.arguments else {200}
            assert answer.status_code in wanted, f"{address}: {answer.text[:300]}"


def test_typed_identifiers_of_another_operators_find_nothing(
    as_: Callable[[str], FlaskClient], neighbour: Neighbour, unchanged: None
) -> None:
    """Where an identifier is typed into a field and not part of the address."""
    client = as_("manager")
    ids = neighbour.ids
    for address in (
        f"/orders/find?number={ids['number']}",
        f"/orders/find?number={ids['complaint_number']}",
        f"/subscribers/price?reference={ids['reference']}&on=2027-04-01",
        f"/audit?number={ids['number']}",
        f"/audit?number={ids['complaint_number']}",
        "/audit?who=neighbour.manager",
        "/calls?days=30",
        "/calls/history?period=last_30",
        "/notices?period=last_30",
        "/notices/list?period=last_30",
        f"/order-files?before={ids['file_id'] + 1}",
        f"/ratings?before={ids['rating_id'] + 1}",
    ):
        answer = client.get(address)
        echoed = re.sub(r'value="[^"]*"|<a [^>]*>|NB-S1', "", answer.text)
        assert answer.status_code in (200, 404, 422), address
        assert marks_in(echoed) == [], address
