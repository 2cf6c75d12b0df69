"""The API under Schemathesis: every operation, all checks, every phase, links followed from order to order.

It runs against the real service behind a socket, on real stores, with a key that may do everything; no worker
runs, so nothing is sent to anybody. Seed and clock are fixed, so that a failure comes again.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from signing import Signed, milliseconds

from tests.serving import served
from tracker import clock, create_app
from tracker import config as configuration
from tracker.api.common import IDEMPOTENCY
from tracker.channels.create_key import NewKey, create_signed_key
from tracker.clock import CITY_ZONE
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime, start

# The Tuesday that the examples of the description speak of.
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=CITY_ZONE)
_EXAMPLES = 3
_STEPS = 5

# Of many scripts, and what other languages than this one read something into.
_VISIBLE = "清遠路号aZ0é–Ωعא한😀<>&\"'`%\\;:/?#=,.+*|{}[]()$@~_^!"

# The formats of our own; that of a line is made from what the description says of lengths.
schemathesis.openapi.format("phone", st.sampled_from(["13800001234", "+8613912345678", "0763-3368888"]))
schemathesis.openapi.format("credit-code", st.sampled_from(["91350100M000100Y43", "91440300708461136t"]))
schemathesis.openapi.format("cursor", st.just(""))


@schemathesis.serializer("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def send_as_it_is(_: Any, value: Any) -> bytes:
    """A file's content, whatever was made for one."""
    return value if isinstance(value, bytes) else str(value).encode()


_PORTAL = re.compile(r"/api/v1/portals/[^/]+/(orders|progress|withdrawals)")
_KEY = re.compile(IDEMPOTENCY["schema"]["pattern"])
_keys = itertools.count(1)
_portals = itertools.count(1)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """A request of its own, where a whole key is sent: else all would be repeats of the first. Most of what
    is sent to a portal is sent to the one that there is.
    """
    if "portal" in (case.path_parameters or {}) and next(_portals) % 4:
        case.path_parameters["portal"] = "sample"
    given = (case.headers or {}).get("Idempotency-Key")
    if isinstance(given, str) and _KEY.fullmatch(given):
        case.headers["Idempotency-Key"] = f"fuzz-{next(_keys)}"


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Valid data may be refused for what no schema can say: a plan that is not there, a day that has gone
    by. A fault of shape in it is a failure all the same.

    A portal is answered 200 whatever it sends, and told in the envelope what is wrong with that. A file is
    kept whatever it holds, and a worker finds out.
    """
    if type(failure).__name__ == "AcceptedNegativeData":
        if _PORTAL.search(case.formatted_path):
            return bool(response.json()["code"] == "0000")
        return not (case.path.endswith("/order-files") and "in body" in failure.message)
    if type(failure).__name__ != "RejectedPositiveData" or response.status_code not in (412, 422):
        return True
    shapes = ("field.", "request.", "phone.", "credit_code.malformed", "credit_code.check_character")
    return any(one["rule"].startswith(shapes) for one in response.json()["errors"])


@pytest.fixture
def service(
    as_in_examples: None, plans: None, changeable: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of the service, on the morning of the examples."""
    monkeypatch.setenv("TRACKER_LOG_LEVEL", "ERROR")
    for limit in ("TRACKER_API_LIMIT", "TRACKER_WRONG_KEY_LIMIT"):
        monkeypatch.setenv(limit, "1000000 per minute")
    monkeypatch.setattr(clock, "now", lambda: NOW)
    run = start(configuration.load())
    with served(create_app(run), keeps_alive=True) as address:
        yield address
    run.close()


@pytest.fixture
def signing(runtime: Runtime, channel: ChannelFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs whatever is sent to a portal, as the last thing before it goes out."""
    key, send = create_signed_key(runtime.db, runtime.keys, channel), requests.Session.send

    def sign_and_send(session: requests.Session, request: requests.PreparedRequest, **how: Any) -> Any:
        _sign(key, request)
        return send(session, request, **how)

    monkeypatch.setattr(requests.Session, "send", sign_and_send)


def _sign(key: NewKey, request: requests.PreparedRequest) -> None:
    address = urlsplit(request.url or "")
    if request.method == "POST" and _PORTAL.fullmatch(address.path):
        body = request.body or b""
        sent = body.encode() if isinstance(body, str) else body
        signed = Signed(
            key,
            "POST",
            unquote(address.path),
            parse_qsl(address.query, keep_blank_values=True),
            sent,
            milliseconds(),
        )
        request.headers.update(signed.of_the_sample)


def test_whatever_is_sent_is_answered_as_described(service: str, api_key: str, signing: None) -> None:
    config = SchemathesisConfig.from_dict(
        {
            "seed": 20261124,
            "auth": {"openapi": {"channel_key": {"bearer": api_key}}},
            "generation": {"deterministic": True, "max-examples": _EXAMPLES, "database": "none"},
            "phases": {
                "coverage": {"unexpected-methods": ["delete", "patch", "put", "trace"]},
                "stateful": {"max-steps": _STEPS},
            },
            # A condition that is missing is answered 428 (RFC 6585), one that names nothing 412.
            "checks": {
                "missing_required_header": {"expected-statuses": [400, 401, 403, 422, 428]},
                "negative_data_rejection": {
                    "expected-statuses": [400, 401, 403, 404, 405, 409, 412, 415, 422, 428]
                },
            },
        }
    )
    schema = schemathesis.openapi.from_url(f"{service}/api/v1/openapi.json", config=config)
    schemathesis.openapi.format("line", _lines(schema.raw_schema))
    failures: dict[tuple[str, str, str], str] = {}
    errors: list[str] = []
    phases: set[str] = set()
    answers: dict[str, set[int]] = defaultdict(set)
    codes: dict[str, set[str]] = defaultdict(set)
    for event in from_schema(schema).execute():
        if isinstance(event, events.PhaseFinished):
            phases.add(event.phase.name.name)
        elif isinstance(event, events.ScenarioFinished):
            _keep(event.recorder, failures, answers, codes)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            errors.append(str(event))
    assert not failures, "\n\n".join(failures.values())
    assert not errors, errors
    assert phases >= {"EXAMPLES", "COVERAGE", "FUZZING", "STATEFUL_TESTING"}
    described = {operation.ok().label for operation in schema.get_all_operations()}
    assert set(answers) == described
    # Enough is granted for the answers to be true ones, and for links to lead on.
    granted = {label for label, statuses in answers.items() if min(statuses) < 300}
    assert len(granted) > len(described) * 2 / 3, described - granted
    # What a portal signed was believed, and done at least once.
    assert len(codes) == 3
    assert all("0000" in of_one for of_one in codes.values()), codes


def _lines(document: Any) -> st.SearchStrategy[str]:
    """Short lines, and lines as long as some field may be, and by one shorter and longer.

    A strategy cannot be told a length: it is drawn from until the length is met, and what cannot be met is
    looked for a thousand times.
    """
    longest = {one["maxLength"] for one in _objects_in(document) if one.get("format") == "line"}
    lengths = sorted({length + by for length in longest for by in (-1, 0, 1)})
    short = st.text(_VISIBLE, min_size=1, max_size=10)
    return short | st.sampled_from([(_VISIBLE * length)[:length] for length in lengths])


def _objects_in(value: Any) -> Iterator[dict[str, Any]]:
    inner = value if isinstance(value, list) else []
    if isinstance(value, dict):
        yield value
        inner = value.values()
    for one in inner:
        yield from _objects_in(one)


def _keep(
    recorder: Any,
    failures: dict[tuple[str, str, str], str],
    answers: dict[str, set[int]],
    codes: dict[str, set[str]],
) -> None:
    for case_id, interaction in recorder.interactions.items():
        answer, label = interaction.response, recorder.cases[case_id].value.operation.label
        if answer is not None:
            answers[label].add(answer.status_code)
            if "{portal}" in label and answer.status_code == 200:
                codes[label].add(answer.json()["code"])
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                operation = recorder.cases[case_id].value.operation.label
                kind = type(check.failure_info.failure).__name__
                told = f"{check.failure_info.failure.message}\n{check.failure_info.code_sample}"
                failures.setdefault((check.name, operation, kind), told)
