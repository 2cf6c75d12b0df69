"""`tracker keys`: keys made, listed, rotated and revoked at a terminal."""

import pytest
from click.testing import CliRunner

from tracker.channels.create_key import create_key
from tracker.cli import cli, main

ORDERS = "/api/v1/orders"


@pytest.fixture
def command(runtime, capsys):
    """Runs it; returns the exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["keys", *(str(one) for one in arguments)])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def status(client, secret: str) -> int:
    return client.get(ORDERS, headers={"Authorization": f"Bearer {secret.strip()}"}).status_code


def test_a_key_is_made_listed_rotated_and_revoked(command, client) -> None:
    code, first, _ = command("channel", "telecom", "app", "--label", "主站", "--scope", "orders")
    assert (code, status(client, first)) == (0, 200)
    code, second, err = command("rotate-channel", 1)
    assert (code, status(client, first), status(client, second)) == (0, 200, 200)
    assert "its follower is key 2" in err
    code, out, _ = command("list", "--operator", "telecom")
    assert code == 0
    assert out.count("主站") == 2
    assert first[:12] in out
    assert "ending" in out
    assert "telecom app" in out
    assert first.strip() not in out, "a secret is shown once"
    assert command("revoke", 1, "--yes") == (0, "", "key 1 is revoked\n")
    assert (status(client, first), status(client, second)) == (401, 200)
    assert first[:12] not in command("list")[1]
    assert "revoked" in command("list", "--ended")[1]


def test_without_an_overlap_the_old_key_is_over(command, client) -> None:
    first = command("channel", "telecom", "app")[1]
    second = command("rotate-channel", 1, "--overlap-days", 0)[1]
    assert (status(client, first), status(client, second)) == (401, 200)


def test_a_key_that_signs_is_told_with_its_app_id(command, signing_key, signed, send) -> None:
    from tracker.channels.create_key import NewKey

    app_id, secret = command("channel", "telecom", "app", "--signed", "--days", 30)[1].split()
    assert send(signed(key=NewKey(1, secret, app_id))).status_code == 200
    again, other = command("rotate-channel", 2)[1].split()
    assert (again, other != secret) == (app_id, True)
    assert app_id in command("list")[1]


def test_a_limit_and_an_end_are_kept(command, client) -> None:
    secret = command("channel", "telecom", "app", "--limit", "1 per minute", "--days", 1)[1]
    assert [status(client, secret) for _ in range(2)] == [200, 429]
    assert "ending" in command("list")[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("channel", "telecom", "nowhere"), "operator telecom has no channel nowhere"),
        (("channel", "nobody", "app"), "there is no operator nobody"),
        (("channel", "telecom", "app", "--limit", "often"), "must be written like"),
        (("channel", "telecom", "app", "--label", "x" * 61), "at most 60 characters"),
        (("channel", "telecom", "app", "--scope", "all"), "'all' is not one of"),
        (("rotate-channel", "99"), "there is no key 99"),
        (("rotate-channel", "1", "--overlap-days", "91"), "91 is not in the range"),
        (("revoke", "99", "--yes"), "there is no key 99"),
        (("list", "--operator", "nobody"), "there is no operator nobody"),
    ],
)
def test_what_cannot_be_done_is_told(command, runtime, channel, arguments, told) -> None:
    create_key(runtime.db, channel)
    code, _, err = command(*arguments)
    assert code in (1, 2)
    assert told in err


def test_a_key_is_rotated_once_and_revoked_once(command) -> None:
    command("channel", "telecom", "app")
    command("rotate-channel", 1)
    assert "rotated already" in command("rotate-channel", 1)[2]
    command("revoke", 1, "--yes")
    assert "was revoked" in command("revoke", 1, "--yes")[2]


def test_revoking_asks_first(runtime, channel, client) -> None:
    secret = create_key(runtime.db, channel)
    asked = CliRunner().invoke(cli, ["keys", "revoke", "1"], input="n\n")
    assert asked.exit_code == 1
    assert "cannot be undone" in asked.output
    assert status(client, secret) == 200


@pytest.mark.parametrize("name", ["channel", "list", "rotate-channel", "revoke"])
def test_help_shows_an_example(name: str) -> None:
    told = CliRunner().invoke(cli, ["keys", name, "--help"]).output
    assert f"tracker keys {name}" in told
    assert "Example" in told
