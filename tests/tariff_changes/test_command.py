"""`tracker tariffs`: what is announced, who was told, and what was announced too late."""

from datetime import date

import pytest
from subscribing import City, in_city

from tracker.cli import main


@pytest.fixture
def command(city: City, frozen, capsys):
    """Runs it on 2026-11-20; returns the exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        frozen.move_to(in_city(2026, 11, 20, 9))
        with pytest.raises(SystemExit) as ended:
            main(["tariffs", *(str(one) for one in arguments)])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def test_changes_are_listed_and_what_nobody_announced(command, city: City, frozen) -> None:
    city.subscribe(2, monthly_fen=9900, agreed_until=date(2027, 1, 4), agreement="discount")
    change = city.announce()
    code, out, err = command("changes", "--operator", "telecom")
    assert code == 0
    assert f"{change}" in out
    assert "24GD100001" in out
    assert "2027-01-01" in out
    assert "2 agreed prices end from 2027-01-04 through 2027-01-04" in err
    assert "the first must be told by 2026-12-04" in err


def test_warnings_are_written_and_proofs_exported(command, city: City, frozen, tmp_path) -> None:
    city.subscribe(3)
    change = city.announce()
    assert command("warn", change)[2].endswith("3 texts are new\n")
    path = tmp_path / "proofs.csv"
    code, out, err = command("coverage", change, "--csv", path)
    assert code == 0
    assert "waiting" in out
    assert "3 lines in" in err
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["KD00000001", "KD00000002", "KD00000003"]
    command("coverage", change, "--csv", path, "--told", "late")
    assert len(path.read_text(encoding="utf-8-sig").splitlines()) == 1


def test_overrides_are_listed_by_their_days(command, city: City, frozen) -> None:
    city.announce(effective_on="2026-12-01", override={"manager": "王敏", "reason": "监管要求"})
    days = ("--from", "2026-07-01", "--to")
    code, out, _ = command("overrides", "--operator", "telecom", *days, "2026-12-31")
    assert code == 0
    assert "王敏" in out
    assert "监管要求" in out
    assert "王敏" not in command("overrides", "--operator", "telecom", *days, "2026-11-09")[1]


@pytest.mark.parametrize("arguments", [("coverage", 999), ("warn", 999), ("changes", "--operator", "nobody")])
def test_what_is_not_there_is_told(command, arguments) -> None:
    code, _, err = command(*arguments)
    assert code == 1
    assert "no " in err
