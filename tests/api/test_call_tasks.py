"""Calls over HTTP: the operator's own, no number whole, one effect a request, stale writes refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from doubles import use_gateway
from sqlalchemy import text

from tracker import clock
from tracker.channels.create_key import create_key
from tracker.notices.deliver import deliver
from tracker.sms.recording import RecordingGateway

TASKS = "/api/v1/call-tasks"
LANDLINE = "0763-3368888"


@pytest.fixture
def tasks(runtime, place) -> Callable[[], list[int]]:
    """Three customers whom no text reaches; reads the ids of their tasks."""
    for _ in range(3):
        place(customer__phone=LANDLINE)

    def ids() -> list[int]:
        with runtime.db.reading() as connection:
            return list(connection.scalars(text("SELECT id FROM call_tasks ORDER BY id")))

    return ids


@pytest.fixture
def at_noon():
    """Tuesday, 24 November 2026, 12:00 in Qingyuan."""
    with time_machine.travel(datetime(2026, 11, 24, 4, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def of_another(client, runtime) -> Callable:
    """GET or POST as a channel of another operator."""
    channels = runtime.reference.current().channels.values()
    other = next(c for c in channels if c.operator_id != next(iter(channels)).operator_id)
    key = create_key(runtime.db, other)

    def send(path: str, method: str = "GET", **more):
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "theirs", "If-Match": "*"}
        return client.open(path, method=method, headers=headers, **more)

    return send


def test_a_list_says_what_to_say_and_shows_no_number(tasks, get, runtime) -> None:
    answer = get(TASKS)
    assert answer.status_code == 200
    shown = answer.json["tasks"]
    assert [task["id"] for task in shown] == tasks()
    first = shown[0]
    assert (first["reason"], first["template"]) == ("landline", "order_accepted")
    assert first["order"] in first["text"]
    assert first["recipient_masked"] == "0763****8888"
    assert "3368888" not in answer.text
    assert "33688" not in answer.text


def test_pages_follow_each_other(tasks, get) -> None:
    seen, after = [], ""
    while after is not None:
        page = get(f"{TASKS}?limit=2&after={after}").json
        seen += [task["id"] for task in page["tasks"]]
        after = page["next"]
    assert seen == tasks()


@pytest.mark.parametrize("query", ["after=x", "after=-1", "limit=0", "limit=999", "which=mine"])
def test_a_wrong_question_is_told(tasks, get, query) -> None:
    assert get(f"{TASKS}?{query}").status_code == 422


def test_who_does_not_answer_is_due_later(at_noon, tasks, get, post) -> None:
    def due() -> list[int]:
        return [task["id"] for task in get(f"{TASKS}?which=due").json["tasks"]]

    first, *others = tasks()
    assert due() == [first, *others]
    answer = post(f"{TASKS}/{first}/attempts", {"outcome": "no_answer"}, If_Match='"1"')
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"2"')
    assert (answer.json["attempts"], answer.json["outcome"]) == (1, "no_answer")
    assert answer.json["next_attempt_at"] == "2026-11-24T06:00:00Z"
    assert "recipient_masked" not in answer.json, "what is kept for a repeat holds no part of a number"
    assert due() == others
    at_noon.shift(timedelta(hours=2))
    assert due() == [first, *others]


def test_reached_ends_it(tasks, get, post) -> None:
    first, *others = tasks()
    answer = post(f"{TASKS}/{first}/attempts", {"outcome": "reached"}, If_Match='"1"')
    assert answer.json["closed_at"] is not None
    assert [t["id"] for t in get(TASKS).json["tasks"]] == others
    assert [t["id"] for t in get(f"{TASKS}?which=all").json["tasks"]] == tasks()
    again = post(f"{TASKS}/{first}/attempts", {"outcome": "reached"}, If_Match='"2"')
    assert (again.status_code, again.json["rule"]) == (409, "call.closed")


def test_the_customers_time_is_kept(tasks, post, get) -> None:
    first = tasks()[0]
    at = (clock.now() + timedelta(days=1)).replace(microsecond=0)
    answer = post(
        f"{TASKS}/{first}/attempts",
        {"outcome": "call_back", "call_back_at": at.isoformat()},
        If_Match='"1"',
    )
    assert answer.json["next_attempt_at"] == at.isoformat().replace("+00:00", "Z")
    read = get(f"{TASKS}/{first}")
    assert (read.headers["ETag"], read.json["next_attempt_at"]) == ('"2"', answer.json["next_attempt_at"])


def test_who_called_when_is_kept(tasks, post, runtime) -> None:
    first = tasks()[0]
    for version, outcome in enumerate(("no_answer", "wrong_number"), start=1):
        post(f"{TASKS}/{first}/attempts", {"outcome": outcome}, If_Match=f'"{version}"')
    with runtime.db.reading() as connection:
        made = connection.execute(text("SELECT outcome, actor FROM call_attempts ORDER BY id")).all()
    assert made == [("no_answer", "channel:app"), ("wrong_number", "channel:app")]


def in_days(days: float) -> str:
    return (clock.now() + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("body", "rule", "pointer"),
    [
        ({}, "field.required", "/outcome"),
        ({"outcome": "told_by_text"}, "field.choice", "/outcome"),
        ({"outcome": "reached", "note": "张三"}, "field.unknown", "/note"),
        ({"outcome": "call_back"}, "call.time_required", "/call_back_at"),
        ({"outcome": "reached", "call_back_at": in_days(1)}, "call.time_not_expected", "/call_back_at"),
        ({"outcome": "call_back", "call_back_at": in_days(-1)}, "call.time", "/call_back_at"),
        ({"outcome": "call_back", "call_back_at": in_days(31)}, "call.time", "/call_back_at"),
        ({"outcome": "reached", "called_at": in_days(1)}, "call.in_the_future", "/called_at"),
        ({"outcome": "reached", "called_at": in_days(-1)}, "call.before_the_task", "/called_at"),
        ({"outcome": "reached", "called_at": "today"}, "field.timestamp", "/called_at"),
    ],
)
def test_a_wrong_call_names_its_rule_and_stores_nothing(tasks, post, get, body, rule, pointer) -> None:
    first = tasks()[0]
    answer = post(f"{TASKS}/{first}/attempts", body, If_Match='"1"')
    assert (answer.status_code, answer.json["rule"]) == (422, rule)
    assert answer.json["errors"][0]["pointer"] == pointer
    assert get(f"{TASKS}/{first}").json["version"] == 1


def test_a_stale_call_is_refused_and_a_repeated_one_answered(tasks, post, get) -> None:
    first = tasks()[0]
    path, body = f"{TASKS}/{first}/attempts", {"outcome": "no_answer"}
    assert post(path, body).json["rule"] == "version.required"
    made = post(path, body, key="call", If_Match='"1"')
    again = post(path, body, key="call", If_Match='"1"')
    assert (again.json, again.headers["Idempotency-Replayed"]) == (made.json, "true")
    stale = post(path, body, If_Match='"1"')
    assert (stale.status_code, stale.json["rule"]) == (412, "version.stale")
    assert get(f"{TASKS}/{first}").json["attempts"] == 1


@pytest.mark.parametrize("task", ["0", "999999", "x", "9" * 30, "١"])
def test_no_such_task(tasks, get, post, task) -> None:
    assert get(f"{TASKS}/{task}").json["rule"] == "call.not_found"
    answer = post(f"{TASKS}/{task}/attempts", {"outcome": "reached"}, If_Match="*")
    assert answer.json["rule"] == "call.not_found"


def test_another_operators_tasks_do_not_exist(tasks, of_another) -> None:
    """I6."""
    first = tasks()[0]
    assert of_another(f"{TASKS}?which=all").json["tasks"] == []
    assert of_another(f"{TASKS}/{first}").status_code == 404
    tried = of_another(f"{TASKS}/{first}/attempts", "POST", json={"outcome": "reached"})
    assert tried.status_code == 404
    assert of_another("/api/v1/notices/stuck").json == {"notices": [], "more": False}


def test_a_key_for_other_work_records_no_call(tasks, client, runtime, channel) -> None:
    key = create_key(runtime.db, channel, scopes=("calendar",))
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "x", "If-Match": "*"}
    answer = client.post(f"{TASKS}/{tasks()[0]}/attempts", json={"outcome": "reached"}, headers=headers)
    assert (answer.status_code, answer.json["rule"]) == (403, "key.scope")


def test_without_a_key_there_is_nothing(client) -> None:
    for path in (TASKS, f"{TASKS}/1", "/api/v1/notices/stuck"):
        assert client.get(path).status_code == 401


def test_a_number_that_cannot_be_opened_hides_no_task(tasks, get, runtime) -> None:
    with runtime.db.transaction() as connection:
        connection.execute(text("UPDATE notices SET recipient = 'damaged'"))
    assert [t["recipient_masked"] for t in get(TASKS).json["tasks"]] == [None] * 3


class TestStuck:
    @pytest.fixture(autouse=True)
    def every_kind(self, runtime, place):
        """One of each kind of stuck, and three that are not: waiting, sent, called in time."""
        use_gateway(runtime, RecordingGateway(runtime.db, runtime.keys))
        for _ in range(2):
            place(customer__phone=LANDLINE)
        place()
        deliver(runtime, "progress")
        for _ in range(4):
            place()
        changes = (
            (4, "next_at = now() - interval '6 minutes'"),
            (5, "state = 'sending', attempts = 1, lease_until = now() - interval '7 minutes'"),
            (6, "state = 'unknown', reason = 'reset', sending_at = now() - interval '8 minutes'"),
        )
        with runtime.db.transaction() as connection:
            connection.execute(
                text("UPDATE call_tasks SET due_at = now() - interval '9 minutes' WHERE id = 1")
            )
            for notice, change in changes:
                connection.execute(text(f"UPDATE notices SET {change} WHERE id = {notice}"))

    def test_each_says_why_and_since_when(self, get) -> None:
        answer = get("/api/v1/notices/stuck").json
        assert [(one["notice"], one["why"]) for one in answer["notices"]] == [
            (1, "call_overdue"),
            (6, "unknown"),
            (5, "sending_past_its_lease"),
            (4, "due_not_sent"),
        ]
        assert not answer["more"]
        assert answer["notices"][1]["detail"] == "reset"
        assert answer["notices"][1]["order"].startswith("QY")

    def test_more_than_are_shown(self, get) -> None:
        answer = get("/api/v1/notices/stuck?limit=2").json
        assert ([one["notice"] for one in answer["notices"]], answer["more"]) == ([1, 6], True)

    def test_the_command_lists_them(self, settings, capsys) -> None:
        from tracker.cli import main

        with pytest.raises(SystemExit) as ended:
            main(["notices", "stuck", "--operator", "telecom"])
        assert ended.value.code == 1
        lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
        assert [line[3] for line in lines] == [
            "call_overdue",
            "unknown",
            "sending_past_its_lease",
            "due_not_sent",
        ]
        with pytest.raises(SystemExit) as ended:
            main(["notices", "stuck", "--operator", "mobile"])
        assert (ended.value.code, capsys.readouterr().out) == (0, "")


def test_the_document_shows_the_new_addresses(client) -> None:
    paths = client.get("/api/v1/openapi.json").json["paths"]
    assert paths["/api/v1/callbacks/twilio/{notice}"]["post"]["security"] == []
    assert {"get"} <= set(paths["/api/v1/call-tasks"])
    parameters = paths["/api/v1/call-tasks/{task}/attempts"]["post"]["parameters"]
    assert {"Idempotency-Key", "If-Match"} <= {
        p["name"] for p in parameters if isinstance(p, dict) and "name" in p
    }
    assert "/api/v1/notices/stuck" in paths
