"""`tracker import`: the kind of a file told from its header, and subscribers brought in."""

import pytest

from tracker.cli import main


@pytest.fixture
def command(settings, runtime, capsys):
    """Runs it; returns the exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["import", *(str(one) for one in arguments)])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


TELECOM = ("--operator", "telecom", "--lang", "en")


def test_a_base_is_told_from_its_header_and_stored(command, write, stored) -> None:
    code, out, err = command(write([{}, {"phone": "12"}, {}]), *TELECOM)
    assert (code, len(stored())) == (1, 2)
    assert out == "base.csv: line 3, phone: phone.invalid: This is not a valid telephone number.\n"
    assert err.endswith("2 stored, 0 stored before, 1 bad\n")
    code, out, err = command(write([{}, {}, {}]), *TELECOM)
    assert (code, out) == (0, "")
    assert err.endswith("1 stored, 2 stored before, 0 bad\n")


def test_an_update_is_asked_for(command, write, stored, events) -> None:
    path = write([{}, {}])
    command(path, *TELECOM)
    path = write([{"language": "en"}, {}])
    code, out, _ = command(path, *TELECOM)
    assert (code, out.split(": ")[2]) == (1, "subscriber.differs")
    code, _, err = command(path, *TELECOM, "--update")
    assert code == 0
    assert err.endswith("0 stored, 1 updated, 1 stored before, 0 bad\n")
    assert stored()["R0"].language == "en"
    assert [one.actor for one in events()] == ["console:import"]


def test_an_encoding_may_be_named(command, write) -> None:
    path = write([{"region": "清远市"}], "gb18030")
    assert command(path, *TELECOM, "--encoding", "utf-8")[0] == 1
    assert command(path, *TELECOM)[0] == 0


def test_orders_need_their_channel(command, tmp_path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("external_reference,customer_kind\nR1,home\n")
    code, _, err = command(path, *TELECOM)
    assert code == 2
    assert "--channel" in err
    code, _, err = command(path, *TELECOM, "--channel", "nowhere")
    assert (code, "no channel nowhere" in err) == (1, True)


def test_a_kind_may_be_forced(command, write, stored) -> None:
    code, _, err = command(write([{}]), *TELECOM, "--what", "orders", "--channel", "hall")
    assert code == 1
    assert "file.missing_column" in err
    assert stored() == {}


def test_an_unknown_operator_and_no_table_at_all(command, write, tmp_path) -> None:
    code, _, err = command(write([{}]), "--operator", "nobody")
    assert (code, "there is no operator nobody" in err) == (1, True)
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\x89PNG\xff\xfe\n\xff")
    code, _, err = command(picture, *TELECOM)
    assert (code, "file.encoding" in err) == (1, True)


@pytest.mark.parametrize("what", ["orders", "subscribers"])
def test_an_example_to_begin_from(command, tmp_path, what, stored) -> None:
    code, example, _ = command("--example", what)
    assert code == 0
    path = tmp_path / "example.csv"
    path.write_text(example, encoding="utf-8")
    code, out, err = command(path, *TELECOM, "--channel", "hall")
    assert (code, out, " 0 bad" in err) == (0, "", True)


def test_help_names_every_column(command) -> None:
    from tracker.cli.imports import KINDS

    code, out, _ = command("--help")
    assert code == 0
    assert [name for kind in KINDS.values() for name in kind.columns if name not in out] == []


def test_plans_are_told_by_their_columns_in_either_language(command, tmp_path, plans) -> None:
    code, example, _ = command("--example", "plans")
    assert code == 0
    header, row = example.splitlines()
    assert header.startswith("方案编号,适用地区,")
    path = tmp_path / "plans.csv"
    path.write_text(f"{header}\n{row.replace('24GD100001', '26GD900001')}\n", encoding="gb18030")
    code, out, err = command(path, *TELECOM)
    assert (code, out) == (0, "")
    assert err.endswith("1 drafted, 0 changed, 0 stored before, 0 bad\n")
    code, _, err = command(path, *TELECOM, "--publish")
    assert err.endswith("0 published, 1 changed, 0 stored before, 0 bad\n")
    english = tmp_path / "more.csv"
    english.write_text(
        "filing_number,region,audience,kind,name,monthly_fee,installation_fee,commissioning_fee,on_sale_from\n"
        "26GD900002,441800,home,套餐,x,-1,0,0,2026-01-01\n"
    )
    code, out, _ = command(english, *TELECOM)
    assert code == 1
    assert out.startswith("more.csv: line 2, F monthly_fee: plan.fee: ")


def test_a_file_that_only_calls_itself_a_spreadsheet_is_read_as_what_it_is(command, tmp_path) -> None:
    path = tmp_path / "plans.xlsx"
    path.write_text("方案编号,资费名称\n")
    code, _, err = command(path, *TELECOM)
    assert (code, "file.missing_column" in err) == (1, True)
