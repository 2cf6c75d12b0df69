"""The demonstration's reports: one of each operator and of the city was submitted, and a draft waits."""

import json
from pathlib import Path

from sqlalchemy import select

from tests.reporting import Office
from tracker.demo import sample_history, sample_reports
from tracker.reports.models import HalfYearReport
from tracker.reports.rules import State
from tracker.runtime import Runtime


def test_reports_are_there_and_none_are_added_by_a_second_start(
    office: Office, runtime: Runtime, tmp_path: Path
) -> None:
    said: list[str] = []
    sample_history.fill(runtime, tmp_path, said.append)
    sample_reports.fill(runtime, said.append)
    with runtime.db.reading() as connection:
        rows = connection.execute(select(HalfYearReport.__table__)).all()
    assert sorted(row.state for row in rows) == [State.DRAFT] * 3 + [State.SUBMITTED] * 4
    assert {row.operator_id for row in rows if row.state == State.SUBMITTED} == {None, 1, 2, 3}
    for row in rows:
        content = json.loads(row.content)
        assert content["self_checks_missing"] == (0 if row.state == State.SUBMITTED else 5)
        if row.state == State.SUBMITTED:
            on_time = next(one for one in content["sections"] if one["code"] == "on_time")
            due = on_time["tables"][0]["rows"][0][1]
            assert due >= 30
    said.clear()
    sample_reports.fill(runtime, said.append)
    assert said == []
