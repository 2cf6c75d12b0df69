"""`tracker staff` at a terminal."""

import pytest
from house import PASSWORD, enter, post

from tracker.cli import main


@pytest.fixture
def command(runtime, capsys, time):
    """Runs it; returns the exit code, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["staff", *arguments])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


ADD = (
    "add",
    "li.jun",
    "--operator",
    "telecom",
    "--role",
    "installer",
    "--name",
    "李军",
    "--password",
    PASSWORD,
)


def test_an_account_lives_at_the_terminal(command, house) -> None:
    more = ("--phone", "13800001234", "--title", "李师傅", "--staff-number", "0321")
    assert command(*ADD, *more) == (0, "", "li.jun can sign in\n")
    row = house.account("li.jun")
    assert (row.title, row.staff_number) == ("李师傅", "0321")
    assert b"13800001234" not in bytes(row.phone)
    client = house.client()
    assert enter(client, "li.jun").status_code == 302
    assert command("sign-out", "li.jun")[0] == 0
    assert client.get("/account").status_code == 302
    for _ in range(5):
        enter(house.client(), "li.jun", "wrong one")
    assert "locked until 08:55" in command("list", "--state", "locked")[1]
    assert command("unlock", "li.jun")[0] == 0
    assert enter(house.client(), "li.jun").status_code == 302
    assert command("disable", "li.jun")[0] == 0
    assert "disabled" in command("list", "--operator", "telecom")[1]
    assert command("reset", "li.jun")[0] == 1
    assert command("enable", "li.jun")[0] == 0
    code, out, err = command("reset", "li.jun")
    assert code == 0
    assert out.strip().isdecimal()
    assert out.strip() not in err
    new = "four unrelated words here"
    answer = post(
        house.client(), "/sign-in/begin", username="li.jun", code=out.strip(), password=new, again=new
    )
    assert answer.status_code == 302
    assert command("reset-second-factor", "li.jun")[0] == 0
    actors = {actor for _, actor, _, fields in house.trail() if fields != ["password"]}
    assert actors == {"console:staff"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*ADD[:-1], "short"), "At least 10"),
        ((*ADD, "--operator", "nobody"), "no operator has the code nobody"),
        ((*ADD, "--role", "administrator"), "has no operator"),
        ((*ADD, "--phone", "12"), "phone"),
        (("add", "LI JUN", *ADD[2:]), "Small letters"),
        (("disable", "nobody.here"), "nobody has the name nobody.here"),
    ],
)
def test_what_cannot_be_done_is_said_and_exits_with_one(command, house, arguments, said) -> None:
    code, out, err = command(*arguments)
    assert (code, out) == (1, "")
    assert said in err


def test_a_name_and_a_number_are_given_once(command, house) -> None:
    assert command(*ADD, "--staff-number", "0321")[0] == 0
    assert "the name is taken" in command(*ADD)[2]
    other = ("add", "li.other", *ADD[2:], "--staff-number", "0321")
    assert "the staff number is taken" in command(*other)[2]


@pytest.mark.parametrize(
    "name", ["add", "list", "disable", "enable", "unlock", "sign-out", "reset", "reset-second-factor"]
)
def test_every_command_has_an_example(command, name) -> None:
    code, out, _ = command(name, "--help")
    assert code == 0
    assert f"tracker staff {name}" in out
