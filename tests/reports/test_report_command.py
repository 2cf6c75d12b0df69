"""`tracker report`: what the pages do, where nobody sits in front of them."""

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.complaining import PASSWORD
from tests.reporting import FIRST_HALF, LI, SECOND_HALF, WANG, Office
from tracker.cli import cli
from tracker.reports.author import Author
from tracker.reports.rules import State
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account

CONSOLE = Author(1, "console:reports")


@pytest.fixture
def run(office: Office, settings: dict[str, str]) -> Office:
    return office


def tracker(command: str, *arguments: str, half: str = "2026H1") -> Result:
    of = ("--operator", "telecom", "--half", half)
    return CliRunner().invoke(cli, ["report", command, *of, *arguments])


def test_a_report_is_built_and_taken_along(run: Office, tmp_path: Path) -> None:
    first = tracker("build")
    assert first.exit_code == 0, first.output
    again = tracker("build")
    assert again.exit_code == 0
    assert "revision 1: built" in again.output
    for kind in ("pdf", "xlsx", "json"):
        to = tmp_path / f"report.{kind}"
        assert tracker("export", "--format", kind, "--to", str(to)).exit_code == 0
        assert to.stat().st_size > 1000
    digest = hashlib.sha256((tmp_path / "report.json").read_bytes()).hexdigest()
    listed = CliRunner().invoke(cli, ["report", "list", "--operator", "telecom"])
    assert listed.exit_code == 0
    assert "2026H1" in listed.output
    assert digest in listed.output


def test_an_only_manager_has_it_approved_at_the_console(run: Office, runtime: Runtime) -> None:
    create_account(
        runtime.db, username="wang.min", password=PASSWORD, role="manager", display_name="王敏", operator_id=1
    )
    run.check_all()
    report_id = run.built()
    draft = tracker("submit")
    assert draft.exit_code == 1
    assert "not in a state" in draft.output
    run.offer(report_id)
    done = tracker("submit", "--remarks", "no second manager")
    assert done.exit_code == 0, done.output
    row = run.row(report_id)
    assert (row.state, row.reviewed_by) == (State.SUBMITTED, "console:reports")


def test_what_cannot_be_submitted_is_not_approved_either(run: Office) -> None:
    run.check_all(WANG, SECOND_HALF)
    report_id = run.built(WANG, SECOND_HALF)
    run.offer(report_id)
    told = tracker("submit", half="2026H2")
    assert told.exit_code == 1
    assert "from 2027-01-04 on" in told.output
    row = run.row(report_id)
    assert (row.state, row.reviewed_by) == (State.OFFERED, None)


def test_where_somebody_else_can_review_it_the_console_does_not(run: Office, runtime: Runtime) -> None:
    for username in ("wang.min", "li.hua"):
        create_account(
            runtime.db,
            username=username,
            password=PASSWORD,
            role="manager",
            display_name=username,
            operator_id=1,
        )
    run.check_all()
    report_id = run.built()
    run.offer(report_id)
    told = tracker("submit")
    assert told.exit_code == 1
    assert "somebody else can review it" in told.output
    run.review(report_id, LI)
    assert tracker("submit").exit_code == 0
    assert run.row(report_id).state == State.SUBMITTED


def test_what_the_console_offers_it_does_not_approve(run: Office) -> None:
    run.check_all(WANG, FIRST_HALF)
    report_id = run.built(CONSOLE)
    assert tracker("offer").exit_code == 0
    told = tracker("submit")
    assert told.exit_code == 1
    assert run.row(report_id).state == State.OFFERED


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["build", "--operator", "nobody", "--half", "2026H1"], "no operator has the code nobody"),
        (["build", "--operator", "telecom", "--half", "2026"], "is no half-year"),
        (["build", "--operator", "telecom", "--half", "2099H1"], "has not begun"),
        (["submit", "--operator", "city", "--half", "2026H1"], "there is no such report"),
    ],
)
def test_wrong_words_are_told(run: Office, arguments: list[str], told: str) -> None:
    answer = CliRunner().invoke(cli, ["report", *arguments])
    assert answer.exit_code == 1
    assert told in answer.output


@pytest.mark.parametrize("command", ["list", "build", "offer", "submit", "export"])
def test_each_command_shows_an_example(command: str) -> None:
    answer = CliRunner().invoke(cli, ["report", command, "--help"])
    assert answer.exit_code == 0
    assert f"tracker report {command}" in answer.output
