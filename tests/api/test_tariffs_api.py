"""Plans over HTTP: drafted, published, taken off sale, put back; what is wrong is refused."""

import json

import pytest
import time_machine
from plan_samples import MORNING, plan_json

from tracker.channels.create_key import create_key

PLANS = "/api/v1/tariffs"

pytestmark = pytest.mark.usefixtures("plans")


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def put(client, api_key):
    def send(path, body, **headers):
        return client.put(
            path,
            data=json.dumps(body),
            content_type=headers.pop("content_type", "application/json"),
            headers={
                "Authorization": f"Bearer {api_key}",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )

    return send


@pytest.fixture
def as_reader(client, runtime, channel):
    """GET and POST with a key that may take orders only."""
    key = create_key(runtime.db, channel, scopes=("orders",))

    def ask(path, body=None, method="GET"):
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "reader-1", "If-Match": "*"}
        return client.open(path, method=method, json=body, headers=headers)

    return ask


def problems(answer):
    return [(one["rule"], one["pointer"]) for one in answer.json["errors"]]


def test_a_plan_from_its_draft_to_the_end_of_its_sale(post, get, put) -> None:
    made = post(PLANS, plan_json(reason="2027年新套餐"))
    assert made.status_code == 201
    path = made.headers["Location"]
    assert get(path).json == made.json
    assert (made.json["state"], made.json["version"], made.json["revision"]) == ("draft", 1, 1)
    assert made.json["events"][0] | {"at": ""} == {
        "kind": "drafted",
        "detail": {"revision": 1},
        "reason": "2027年新套餐",
        "actor": "channel:app",
        "at": "",
    }
    tag = get(path).headers["ETag"]
    assert tag == made.headers["ETag"] == '"1"'
    edited = put(path, plan_json(monthly_fen=15900), If_Match=tag)
    assert (edited.status_code, edited.json["monthly_fen"], edited.headers["ETag"]) == (200, 15900, '"2"')
    preview = get(f"{path}/preview").json
    assert preview == {
        "refusals": [],
        "warnings": [],
        "follows": None,
        "in_force_from": "2026-11-26",
        "in_force_through": None,
    }
    published = post(f"{path}/publish", {"reason": "上线"}, If_Match='"2"')
    assert (published.status_code, published.json["standing"]) == (200, "upcoming")
    assert published.json["published_at"] == "2026-11-25T01:00:00Z"
    gone = post(f"{path}/withdraw", {"reason": "停售", "last_day": "2026-12-31"}, If_Match='"3"')
    assert (gone.status_code, gone.json["sold_until"], gone.json["state"]) == (200, "2026-12-31", "withdrawn")
    back = post(f"{path}/resume", {"reason": "误操作"}, If_Match=gone.headers["ETag"])
    assert (back.status_code, back.json["on_sale_to"], back.json["state"]) == (200, None, "published")
    copy = post(f"{path}/copy", {"on_sale_from": "2027-03-01"})
    assert (copy.status_code, copy.json["version"], copy.json["on_sale_from"]) == (201, 2, "2027-03-01")
    assert [one["version"] for one in copy.json["versions"]] == [1, 2]
    follows = get(f"{copy.headers['Location']}/preview").json["follows"]
    assert follows["version"] == 1


def test_the_list_is_paged_and_filtered(post, get) -> None:
    for number in range(3):
        post(PLANS, plan_json(filing_number=f"26GD90001{number}"))
    first = get(f"{PLANS}?state=draft&limit=2").json
    assert [one["filing_number"] for one in first["plans"]] == ["26GD900010", "26GD900011"]
    second = get(f"{PLANS}?state=draft&limit=2&after={first['next']}").json
    assert ([one["filing_number"] for one in second["plans"]], second["next"]) == (["26GD900012"], None)
    assert len(get(f"{PLANS}?standing=on_sale").json["plans"]) == 5
    assert len(get(f"{PLANS}?audience=enterprise").json["plans"]) == 2
    assert len(get(f"{PLANS}?q=900011").json["plans"]) == 1
    assert len(get(f"{PLANS}?filing_number=24GD100001").json["plans"]) == 1


@pytest.mark.parametrize(
    ("query", "rule", "pointer"),
    [
        ("after=x", "cursor.malformed", "/after"),
        ("limit=0", "field.invalid", "/limit"),
        ("state=sold", "field.choice", "/state"),
        ("standing=x", "field.choice", "/standing"),
        ("audience=all", "field.choice", "/audience"),
    ],
)
def test_a_wrong_question_is_refused(get, query, rule, pointer) -> None:
    answer = get(f"{PLANS}?{query}")
    assert answer.status_code == 422
    found = [(one["rule"], one["pointer"].removeprefix("/query")) for one in answer.json["errors"]]
    assert found == [(rule, pointer)]


@pytest.mark.parametrize(
    ("changes", "rule", "pointer"),
    [
        ({"monthly_fen": -1}, "field.range", "/monthly_fen"),
        ({"monthly_fen": 129.5}, "field.type", "/monthly_fen"),
        ({"monthly_fen": "12900"}, "field.type", "/monthly_fen"),
        ({"monthly_fen": True}, "field.type", "/monthly_fen"),
        ({"monthly_fen": None}, "field.null", "/monthly_fen"),
        ({"monthly_fen": 10**12}, "field.range", "/monthly_fen"),
        ({"installation_fen": 100_000_001}, "field.range", "/installation_fen"),
        ({"commissioning_fen": -5}, "field.range", "/commissioning_fen"),
        ({"download_mbps": -1}, "field.range", "/download_mbps"),
        ({"upload_mbps": 2.5}, "field.type", "/upload_mbps"),
        ({"filing_number": ""}, "field.empty", "/filing_number"),
        ({"filing_number": "x" * 31}, "field.too_long", "/filing_number"),
        ({"name": "x" * 81}, "field.too_long", "/name"),
        ({"name": "a\u202eb"}, "field.control_characters", "/name"),
        ({"name": "a\0b"}, "field.control_characters", "/name"),
        ({"services": "x" * 1001}, "field.too_long", "/services"),
        ({"liability": 5}, "field.type", "/liability"),
        ({"region": "清远市"}, "field.invalid", "/region"),
        ({"region": "440100"}, "plan.unknown_region", "/region"),
        ({"audience": "all"}, "field.choice", "/audience"),
        ({"kind": "礼包"}, "field.choice", "/kind"),
        ({"product": "Broad Band"}, "field.invalid", "/product"),
        ({"on_sale_from": "2026-11-31"}, "field.date", "/on_sale_from"),
        ({"on_sale_from": "25/11/2026"}, "field.date", "/on_sale_from"),
        ({"on_sale_to": 20261231}, "field.date", "/on_sale_to"),
        ({"state": "published"}, "field.unknown", "/state"),
        ({"revision": 7}, "field.unknown", "/revision"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_stored(post, get, changes, rule, pointer) -> None:
    answer = post(PLANS, plan_json(**changes))
    assert (answer.status_code, problems(answer)) == (422, [(rule, pointer)])
    assert get(f"{PLANS}?state=draft").json["plans"] == []


def test_a_draft_needs_little_and_all_that_is_missing_is_told_at_once(post, get) -> None:
    missing = problems(post(PLANS, {}))
    assert {pointer for rule, pointer in missing if rule == "field.required"} == {
        f"/{name}"
        for name in (
            "filing_number",
            "region",
            "audience",
            "kind",
            "name",
            "monthly_fen",
            "installation_fen",
            "commissioning_fen",
            "on_sale_from",
        )
    }
    bare = {pointer.strip("/"): plan_json()[pointer.strip("/")] for _, pointer in missing}
    made = post(PLANS, bare)
    assert made.status_code == 201
    refused = post(f"{made.headers['Location']}/publish", {"reason": "x"}, If_Match="*")
    assert problems(refused) == [
        ("plan.services_required", "/services"),
        ("plan.restrictions_required", "/restrictions"),
    ]
    assert [one["rule"] for one in get(f"{made.headers['Location']}/preview").json["refusals"]] == [
        "plan.services_required",
        "plan.restrictions_required",
    ]


def test_lines_become_clauses(post) -> None:
    made = post(
        PLANS, plan_json(restrictions="合约期24个月；\r\n 提前拆机须补偿\n\n", restrictions_en="a\nb")
    )
    assert (made.json["restrictions"], made.json["restrictions_en"]) == (
        "合约期24个月；提前拆机须补偿",
        "a; b",
    )


def test_a_change_names_the_revision_that_it_saw(post, put) -> None:
    path = post(PLANS, plan_json()).headers["Location"]
    assert put(path, plan_json(name="甲")).json["rule"] == "version.required"
    assert put(path, plan_json(name="甲"), If_Match='"1"').status_code == 200
    stale = put(path, plan_json(name="乙"), If_Match='"1"')
    assert (stale.status_code, stale.json["rule"]) == (412, "version.stale")
    for act in ("publish", "withdraw", "resume"):
        assert post(f"{path}/{act}", {"reason": "x"}).status_code == 428
        assert post(f"{path}/{act}", {"reason": "x"}, If_Match='"1"').status_code == 412
        assert problems(post(f"{path}/{act}", {}, If_Match='"2"')) == [("field.required", "/reason")]
    assert put(path, {}, If_Match='"2"', content_type="text/plain").status_code == 415


def test_a_repeated_request_has_one_effect(post, get) -> None:
    first = post(PLANS, plan_json(), key="once")
    again = post(PLANS, plan_json(), key="once")
    assert (again.status_code, again.json, again.headers["Idempotency-Replayed"]) == (201, first.json, "true")
    path = first.headers["Location"]
    published = post(f"{path}/publish", {"reason": "x"}, key="twice", If_Match='"1"')
    repeated = post(f"{path}/publish", {"reason": "x"}, key="twice", If_Match='"1"')
    assert (repeated.status_code, repeated.json) == (200, published.json)
    assert len(get(f"{PLANS}?filing_number=26GD900001").json["plans"]) == 1


def test_an_overlap_names_the_version(post) -> None:
    for expected in (200, 409):
        path = post(PLANS, plan_json()).headers["Location"]
        answer = post(f"{path}/publish", {"reason": "x"}, If_Match="*")
        assert answer.status_code == expected
    assert "第 1 版" in answer.json["errors"][0]["detail"]


def test_without_the_scope_only_what_was_published_is_seen(post, as_reader) -> None:
    path = post(PLANS, plan_json()).headers["Location"]
    post(PLANS, plan_json())
    assert as_reader(path).status_code == 404
    assert as_reader(f"{PLANS}?filing_number=26GD900001").json["plans"] == []
    post(f"{path}/publish", {"reason": "x"}, If_Match="*")
    shown = as_reader(path).json
    assert ([one["version"] for one in shown["versions"]], shown["events"]) == ([1], [])
    assert len(as_reader(f"{PLANS}?filing_number=26GD900001").json["plans"]) == 1


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("", "POST", plan_json()),
        ("/1", "PUT", plan_json()),
        ("/1/preview", "GET", None),
        ("/1/publish", "POST", {"reason": "x"}),
        ("/1/withdraw", "POST", {"reason": "x"}),
        ("/1/resume", "POST", {"reason": "x"}),
        ("/1/copy", "POST", {}),
    ],
)
def test_changes_need_the_scope(as_reader, path, method, body) -> None:
    answer = as_reader(PLANS + path, body, method)
    assert (answer.status_code, answer.json["rule"]) == (403, "key.scope")


def test_another_operators_plan_is_not_there(post, get, put, runtime) -> None:
    facts = runtime.reference.current()
    mine = {plan.id for plans in facts.plans.values() for plan in plans if plan.operator_id == 1}
    other = next(plan.id for plans in facts.plans.values() for plan in plans if plan.operator_id == 2)
    path = f"{PLANS}/{other}"
    assert get(path).status_code == get(f"{path}/preview").status_code == 404
    assert put(path, plan_json(), If_Match="*").status_code == 404
    for act in ("publish", "withdraw", "resume", "copy"):
        body = {} if act == "copy" else {"reason": "x"}
        assert post(f"{path}/{act}", body, If_Match="*").status_code == 404
    assert {one["id"] for one in get(f"{PLANS}?limit=200").json["plans"]} == mine
    assert get(f"{PLANS}/{2**31}").status_code == get(f"{PLANS}/99999999999999999999").status_code == 404
