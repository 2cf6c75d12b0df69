"""The API under Schemathesis: every operation, all checks, every phase, links followed from order to order.

It runs against the real service behind a socket, on real stores, with a key that may do everything. Seed
and clock are fixed, so that a failure comes again.
"""

import itertools
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from werkzeug.serving import WSGIRequestHandler, make_server

from tracker import clock, create_app
from tracker import config as configuration
from tracker.api.common import IDEMPOTENCY
from tracker.clock import CITY_ZONE
from tracker.runtime import Runtime, start

# The Tuesday that the examples of the description speak of.
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=CITY_ZONE)
_EXAMPLES = 3
_STEPS = 5

# The formats of our own.
_VISIBLE = st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Zs", "Mn", "Cn", "Co"))
schemathesis.openapi.format("line", st.text(_VISIBLE, min_size=1, max_size=10))
schemathesis.openapi.format("phone", st.sampled_from(["13800001234", "+8613912345678", "0763-3368888"]))
schemathesis.openapi.format("cursor", st.just(""))

_KEY = re.compile(IDEMPOTENCY["schema"]["pattern"])
_keys = itertools.count(1)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """A request of its own, where a whole key is sent: else all would be repeats of the first."""
    given = (case.headers or {}).get("Idempotency-Key")
    if isinstance(given, str) and _KEY.fullmatch(given):
        case.headers["Idempotency-Key"] = f"fuzz-{next(_keys)}"


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Valid data may be refused for what no schema can say: a plan that is not there, a day that has gone
    by. A fault of shape in it is a failure all the same.
    """
    if type(failure).__name__ != "RejectedPositiveData" or response.status_code not in (412, 422):
        return True
    return any(one["rule"].startswith(("field.", "request.", "phone.")) for one in response.json()["errors"])


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        """The service logs its requests itself."""


@pytest.fixture
def service(
    settings: dict[str, str], plans: None, changeable: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of the service, on the morning of the examples."""
    monkeypatch.setenv("TRACKER_LOG_LEVEL", "ERROR")
    monkeypatch.setattr(clock, "now", lambda: NOW)
    run = start(configuration.load())
    server = make_server("127.0.0.1", 0, create_app(run), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    run.close()


def test_whatever_is_sent_is_answered_as_described(service: str, api_key: str, runtime: Runtime) -> None:
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
    failures: dict[tuple[str, str, str], str] = {}
    errors: list[str] = []
    phases: set[str] = set()
    answers: dict[str, set[int]] = defaultdict(set)
    for event in from_schema(schema).execute():
        if isinstance(event, events.PhaseFinished):
            phases.add(event.phase.name.name)
        elif isinstance(event, events.ScenarioFinished):
            _keep(event.recorder, failures, answers)
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


def _keep(recorder: Any, failures: dict[tuple[str, str, str], str], answers: dict[str, set[int]]) -> None:
    for case_id, interaction in recorder.interactions.items():
        if interaction.response is not None:
            answers[recorder.cases[case_id].value.operation.label].add(interaction.response.status_code)
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                operation = recorder.cases[case_id].value.operation.label
                kind = type(check.failure_info.failure).__name__
                told = f"{check.failure_info.failure.message}\n{check.failure_info.code_sample}"
                failures.setdefault((check.name, operation, kind), told)
