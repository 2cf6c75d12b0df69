"""The demonstration's texts that did not arrive."""

from sqlalchemy import text

from tracker.demo import sample_calls
from tracker.notices.sweep import sweep
from tracker.runtime import Runtime


def test_every_operator_has_texts_and_calls_of_every_kind(runtime: Runtime) -> None:
    said: list[str] = []
    sample_calls.fill(runtime, said.append)
    sample_calls.fill(runtime, said.append)
    operators = runtime.reference.current().operators
    assert len(said) == len(operators)
    # Whatever looks after texts leaves these as they are.
    sweep(runtime)
    with runtime.db.reading() as connection:
        states = connection.execute(
            text("SELECT DISTINCT operator_id, state FROM notices WHERE state <> 'created'")
        ).all()
        outcomes = connection.execute(text("SELECT DISTINCT operator_id, outcome FROM call_tasks")).all()
    for operator_id in operators:
        assert {row.state for row in states if row.operator_id == operator_id} == {
            "call",
            "undelivered",
            "unknown",
        }
        assert {row.outcome for row in outcomes if row.operator_id == operator_id} == {
            "reached",
            "no_answer",
            "call_back",
            None,
        }
