"""Real-name checks over HTTP: recorded once, shown, wanted before an order is verified."""

import pytest

from tracker.real_name.require_checks import require_checks

PASSED = {"check": "id_document", "result": "passed", "reference": "RZ20261124-000871"}


@pytest.fixture
def path(post, order_body) -> str:
    return f"/api/v1/orders/{post('/api/v1/orders', order_body()).json['number']}"


@pytest.fixture
def required(runtime, channel) -> None:
    checks = ["id_document", "face_match"]
    require_checks(runtime.db, channel.operator_id, checks, "主管部门要求", "staff:manager")


@pytest.mark.usefixtures("required")
def test_checks_open_the_way(post, get, path) -> None:
    asked = get(f"{path}/real-name-checks")
    assert asked.json["required"] == ["face_match", "id_document"]
    assert asked.json["missing"] == ["id_document", "face_match"]
    refused = post(f"{path}/progress", {"stage": "verified"}, If_Match="*")
    assert refused.status_code == 409
    assert refused.json["rule"] == "real_name.missing"
    assert refused.json["errors"][0]["pointer"] == "/stage"
    recorded = post(f"{path}/real-name-checks", PASSED, If_Match='"1"')
    assert (recorded.status_code, recorded.headers["ETag"]) == (201, '"2"')
    assert recorded.json["missing"] == ["face_match"]
    failed = {"check": "face_match", "result": "failed", "reason_code": "face_differs"}
    assert post(f"{path}/real-name-checks", failed, If_Match="*").json["missing"] == ["face_match"]
    passed = PASSED | {"check": "face_match"}
    assert post(f"{path}/real-name-checks", passed, If_Match="*").json["missing"] == []
    assert post(f"{path}/progress", {"stage": "verified"}, If_Match="*").status_code == 200
    shown = {one["check"]: one["result"] for one in get(path).json["real_name_checks"]}
    assert shown == {"id_document": "passed", "face_match": "passed"}


@pytest.mark.parametrize(
    ("changes", "status", "rule"),
    [
        ({"result": "waived", "reason_text": "老人"}, 403, "real_name.waiver"),
        ({"reference": "441802199001011234"}, 422, "real_name.reference_personal"),
        ({"reference": None}, 422, "real_name.reference_required"),
        ({"check": "blood"}, 422, "field.choice"),
        ({"id_number": "441802199001011234"}, 422, "field.unknown"),
        ({"picture": "data:image/png;base64,AA"}, 422, "field.unknown"),
    ],
)
def test_what_a_channel_may_not_say(post, get, path, changes, status, rule) -> None:
    answer = post(f"{path}/real-name-checks", PASSED | changes, If_Match="*")
    assert answer.status_code == status
    assert answer.json["rule"] == rule
    assert get(path).json["real_name_checks"] == []


def test_a_repeat_is_one_record_and_a_stale_one_is_refused(post, path) -> None:
    first = post(f"{path}/real-name-checks", PASSED, key="k1", If_Match='"1"')
    again = post(f"{path}/real-name-checks", PASSED, key="k1", If_Match='"1"')
    assert first.json == again.json
    stale = post(f"{path}/real-name-checks", PASSED, If_Match='"1"')
    assert stale.status_code == 412
    assert post("/api/v1/orders/QY1/real-name-checks", PASSED, If_Match="*").status_code == 404


def test_the_feed_tells_that_a_check_was_recorded_and_not_what(post, get, path) -> None:
    post(f"{path}/real-name-checks", PASSED, If_Match="*")
    event = get("/api/v1/events").json["events"][-1]
    assert (event["type"], event["version"]) == ("order.real_name", 2)
    assert "RZ20261124" not in str(event)
