"""Excuses and compensation at the console, and in the demonstration."""

from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tests.complaining import Desk
from tracker import clock
from tracker.cli import cli
from tracker.demo import sample_excuses, sample_figures
from tracker.orders.actor import Actor

DAY = timedelta(days=1)


@pytest.fixture
def late(book) -> str:
    number: str = book.order(accepted_at=(clock.now() - 6 * DAY).isoformat())
    return number


def run(*arguments: str):
    return CliRunner().invoke(cli, list(arguments))


def test_the_only_managers_request_is_approved_at_the_console(book, ask, late) -> None:
    Desk(book.runtime, book.channel.operator_id, book.place).hire("only")
    request = ask(late, "only")
    listed = run("excuses", "list", "--operator", "telecom")
    assert late in listed.stdout
    done = run("excuses", "approve", str(request), "--words", "电话核实")
    assert done.exit_code == 0, done.output
    event = book.events(late)[-1]
    assert (event.kind, event.actor, event.detail["asked_by"]) == (
        "excuse",
        "console:excuses",
        "staff:only",
    )
    assert run("excuses", "approve", str(request)).exit_code == 1


def test_where_another_manager_could_decide_the_console_does_not(book, office, ask, late) -> None:
    request = ask(late, "wang")
    refused = run("excuses", "approve", str(request))
    assert refused.exit_code == 1
    assert "Another manager" in refused.output
    assert len(book.events(late)) == 1


def test_a_refusal_and_what_is_not_there(book, ask, late) -> None:
    request = ask(late)
    assert run("excuses", "refuse", str(request)).exit_code == 2
    assert run("excuses", "refuse", str(request), "--words", "未盖章").exit_code == 0
    assert run("excuses", "approve", "999999").exit_code == 1
    assert run("excuses", "approve", "0").exit_code == 2
    assert run("excuses", "list", "--operator", "nobody").exit_code == 1


def test_compensation_is_told_kept_and_caught_up_with(book) -> None:
    for arguments in (("totals",), ("totals", "--first", "2026-01-01"), ("keep",)):
        done = run("compensation", *arguments)
        assert done.exit_code == 0, done.output
    assert run("compensation", "catch-up", "--since", "2026-01-01").exit_code == 0
    assert run("compensation", "catch-up").exit_code == 2
    assert run("compensation", "catch-up", "--since", "soon").exit_code == 2
    for command in ("excuses", "compensation"):
        assert run(command, "--help").exit_code == 0


def test_the_demonstration_has_excuses_and_compensation(runtime, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sample_figures, "ORDERS", {"hall": 24, "app": 12})
    said: list[str] = []
    sample_figures.fill(runtime, tmp_path, lambda _: None)
    sample_excuses.fill(runtime, said.append)
    sample_excuses.fill(runtime, said.append)
    told = [one for one in said if "清远电信" in one]
    assert len(told) == 1, "the one operator that has orders, and only once"
    assert "3 example excuses asked for" in told[0]
    with runtime.db.reading() as connection:
        states = dict(
            connection.execute(
                text("SELECT state, count(*) FROM excuse_requests WHERE asked_by LIKE 'staff:%' GROUP BY 1")
            ).all()
        )
        kinds = dict(
            connection.execute(text("SELECT kind, count(*) FROM compensation_entries GROUP BY 1")).all()
        )
    assert states["open"] >= 2
    assert states["refused"] >= 1
    assert kinds["fixed"] > kinds["paid"] > 0
    assert isinstance(sample_excuses.decider_of(runtime, 1), Actor)
