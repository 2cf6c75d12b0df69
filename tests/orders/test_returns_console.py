"""Returns at the console: decided there only where no other manager could."""

import pytest
from click.testing import CliRunner

from tests.complaining import Desk
from tests.desk_work import Book
from tracker.cli import cli
from tracker.demo import sample_desk
from tracker.orders.actor import Actor
from tracker.orders.ask_return import ask_return
from tracker.orders.rules import Stage
from tracker.problems import Refusal


@pytest.fixture
def book(runtime, channel, place):
    return Book(runtime, channel, place)


@pytest.fixture
def office(book):
    made = Desk(book.runtime, book.channel.operator_id, book.place)
    made.hire("only")
    return made


@pytest.fixture
def waiting(book, office) -> str:
    number = book.order()
    asked = {"reason_code": "line_too_long", "reason_text": None, "evidence": None}
    ask_return(book.runtime, Actor(book.channel.operator_id, "staff:only"), number, asked)
    return number


def run(*arguments: str):
    return CliRunner().invoke(cli, ["returns", *arguments])


def test_the_only_managers_request_is_approved_at_the_console(book, waiting) -> None:
    listed = run("list", "--operator", "telecom")
    assert waiting in listed.stdout
    done = run("approve", waiting, "--words", "电话核实")
    assert done.exit_code == 0, done.output
    event = book.events(waiting)[-1]
    assert (event.stage, event.actor, event.detail["asked_by"]) == (
        "returned",
        "console:returns",
        "staff:only",
    )
    assert run("approve", waiting).exit_code == 1


def test_where_another_manager_could_decide_the_console_does_not(book, office, waiting) -> None:
    office.hire("second")
    refused = run("approve", waiting)
    assert refused.exit_code == 1
    assert "Another manager" in refused.output
    assert book.row(waiting).stage == "accepted"


def test_a_refusal_and_what_is_not_there(book, waiting) -> None:
    assert run("refuse", waiting).exit_code == 2
    assert run("refuse", waiting, "--words", "先查备用纤芯").exit_code == 0
    assert book.row(waiting).stage == "accepted"
    assert run("approve", "QY1").exit_code == 1
    assert run("list", "--operator", "nobody").exit_code == 1


def test_the_demonstration_has_checks_and_returns(book) -> None:
    numbers = [book.order(stage) for stage in (Stage.ACCEPTED, Stage.VERIFIED, Stage.DISPATCHED)]
    said: list[str] = []
    sample_desk.fill(book.runtime, said.append)
    sample_desk.fill(book.runtime, said.append)
    assert said[0].endswith("4 example real-name checks, 2 returns asked for")
    assert len(said) == len(book.runtime.reference.current().operators)
    with pytest.raises(Refusal):
        book.move(numbers[0], Stage.VERIFIED)
    book.move(numbers[1], Stage.RESOURCE_CHECKED)
    states = book.ask("SELECT string_agg(state, ',' ORDER BY id) FROM return_requests")
    assert states == "open,refused"
