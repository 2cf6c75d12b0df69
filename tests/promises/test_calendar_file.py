"""A file that announces a year: read whole, or refused with every fault in it."""

from datetime import date
from pathlib import Path

import pytest

from tracker.problems import Refusal
from tracker.promises.calendar import SpecialDay
from tracker.promises.read_calendar_file import read_calendar_file

FIXED = [f"2027-{day},休,假日,holiday" for day in ("01-01", "05-01", "05-02", "10-01", "10-02", "10-03")]
HEADER = "day,working,name,name_en"


def written(folder: Path, *lines: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path = folder / "2027.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding=encoding)
    return path


def test_days_are_read_in_their_order_with_their_names(tmp_path: Path) -> None:
    path = written(tmp_path, *FIXED, "2026-12-26,班,,", "", "2027-02-06,rest,春节,", encoding="utf-8-sig")
    days = read_calendar_file(path, 2027)
    assert len(days) == 8
    assert days[0] == SpecialDay(date(2026, 12, 26), True, "调休上班", "调休上班")
    assert days[2] == SpecialDay(date(2027, 2, 6), False, "春节", "春节")
    assert days[1] == SpecialDay(date(2027, 1, 1), False, "假日", "holiday")


@pytest.mark.parametrize(
    ("line", "rule", "pointer"),
    [
        ("2027-02-30,休,x,", "calendar.impossible_day", "/8/day"),
        ("soon,休,x,", "calendar.impossible_day", "/8/day"),
        ("2027-05-01,休,x,", "calendar.duplicate_day", "/8/day"),
        ("2028-01-01,休,x,", "calendar.day_outside_year", "/8/day"),
        ("2026-11-30,休,x,", "calendar.day_outside_year", "/8/day"),
        ("2027-06-09,maybe,x,", "calendar.working_word", "/8/working"),
        ("2027-06-09,休," + "节" * 41 + ",", "field.too_long", "/8/name"),
        ("2027-06-09,休", "file.row_width", "/8"),
    ],
)
def test_a_bad_line_is_named_by_line_column_and_rule(
    tmp_path: Path, line: str, rule: str, pointer: str
) -> None:
    with pytest.raises(Refusal) as refused:
        read_calendar_file(written(tmp_path, *FIXED, line), 2027)
    assert [(fault.rule, fault.pointer) for fault in refused.value.faults] == [(rule, pointer)]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        read_calendar_file(written(tmp_path, "2027-13-01,x,y,", "2027-01-01,休,a,", "2027-01-01,班,b,"), 2027)
    assert [(fault.rule, fault.pointer) for fault in refused.value.faults] == [
        ("calendar.impossible_day", "/2/day"),
        ("calendar.working_word", "/2/working"),
        ("calendar.duplicate_day", "/4/day"),
    ]


def test_a_year_without_its_statutory_days_is_not_whole(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        read_calendar_file(written(tmp_path, *FIXED[1:], "2027-01-01,班,x,"), 2027)
    (fault,) = refused.value.faults
    assert (fault.rule, fault.words("en")) == (
        "calendar.statutory_day_missing",
        "The statutory day off 2027-01-01 is missing.",
    )


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ("day,working", "file.missing_column"),
        ("day,working,name,colour", "file.unknown_column"),
        ("day,working,name,name", "file.repeated_column"),
        ("", "file.missing_column"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path: Path, header: str, rule: str) -> None:
    with pytest.raises(Refusal, match=rule):
        read_calendar_file(written(tmp_path, *FIXED, header=header), 2027)


def test_another_file_altogether_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refusal, match=r"file\.encoding"):
        read_calendar_file(path, 2027)
    path.write_bytes(b"x" * 300_000)
    with pytest.raises(Refusal, match="too_large"):
        read_calendar_file(path, 2027)
