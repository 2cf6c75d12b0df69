"""Rows read at a glance: the same verdict as the fields of the API give, on any row."""

import os
import string
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.contacts.recipients import chinese_mobile, takes_texts
from tracker.fields import Phone, ValidationError
from tracker.files.rows import detect_encoding
from tracker.subscribers.book import Book, PlanVersion
from tracker.subscribers.check_subscription import Request
from tracker.subscribers.file_rows import COLUMNS, RowReader, closely
from tracker.subscribers.rules import HIGHEST_FEN, fen_of
from tracker.subscribers.store_batch import Met
from tracker.tariffs.rules import yuan

EXAMPLES = int(os.environ.get("TRACKER_EXAMPLES", "600"))
many = settings(max_examples=EXAMPLES, deadline=None)

BOOK = Book(
    [
        PlanVersion(1, "24GD100001", "441800", 1, 12900, date(2024, 1, 1), None),
        PlanVersion(2, "24GD100001", "441802", 1, 9900, date(2024, 1, 1), None),
    ],
    {"清远市": "441800", "清城区": "441802"},
)
READER = RowReader(COLUMNS, BOOK)
PHONE = Phone()


def by_the_field(written: str) -> str | None:
    try:
        return PHONE.deserialize(written)
    except ValidationError:
        return None


digits = st.text(string.digits, min_size=9, max_size=12)
national = st.one_of(
    st.from_regex(r"1[0-9]{10}", fullmatch=True),
    st.from_regex(r"1(79|1[0-9]|2[0-9]|4[0-9]|5[0-9]|6[0-9]|7[0-9])[0-9]{8}", fullmatch=True),
    digits,
)
prefix = st.sampled_from(["", "+86", "86", "0", "+", "0086", "+852", " ", "１"])
written_numbers = st.builds(lambda before, number, after: before + number + after, prefix, national,
                            st.sampled_from(["", " ", "-1", "\n", "x5", "٣"]))  # fmt: skip


@many
@given(written_numbers)
def test_a_number_known_at_a_glance_is_the_fields(written: str) -> None:
    glance = chinese_mobile(written)
    if glance is not None:
        assert by_the_field(written) == glance
        assert takes_texts(glance)


@many
@given(st.from_regex(r"1[0-9]{10}", fullmatch=True))
def test_every_mobile_is_known_at_a_glance(number: str) -> None:
    assert chinese_mobile(number) == by_the_field(number)
    assert chinese_mobile(f"+86{number}") == by_the_field(f"+86{number}")


plain = {
    "reference": st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._:@-]{0,63}", fullmatch=True),
    "plan": st.sampled_from(["24GD100001", "24GD999999"]),
    "region": st.sampled_from(["", "441800", "清远市", "441802", "清新区"]),
    "monthly_fee": st.sampled_from(["", "0", "129", "129.5", "129.05", "0129", "1000000", "-1"]),
    "phone": st.from_regex(r"(\+86)?1[3-9][0-9]{9}", fullmatch=True),
    "began_on": st.dates(date(2000, 1, 1), date(2040, 1, 1)).map(str),
    "language": st.sampled_from(["", "zh", "en"]),
    "agreed_until": st.one_of(st.just(""), st.dates().map(str)),
    "agreement": st.sampled_from(["", "discount", "contract"]),
    "ended_on": st.one_of(st.just(""), st.dates().map(str)),
}  # fmt: skip
odd = {
    "reference": st.sampled_from(["", " R1", "R1 ", "R" * 65, "Ｒ1", "R\u200b", "R\t1", "-R", "R/1"]),
    "plan": st.sampled_from(["", " 24GD100001", "24GD100001 ", "x" * 31, "24gd100001", "24GD100001\u200b"]),
    "region": st.sampled_from([" 清远市", "清远市 ", "x" * 41, "\u200e441800"]),
    "monthly_fee": st.sampled_from([" 129", "1,5", "1e3", "nan", "１２９", "129.", ".5", "1.005", "٣", "+1"]),
    "phone": st.one_of(written_numbers, st.sampled_from(["", "0763-3368888", "138 0000 1234"])),
    "began_on": st.sampled_from(["", "20240315", "2024-W11-5", "2024-02-30", " 2024-03-15", "２024-03-15"]),
    "language": st.sampled_from([" zh", "ZH", "fr"]),
    "agreed_until": st.sampled_from(["2024-13-01", "soon", " ", "20270101"]),
    "agreement": st.sampled_from(["Discount", " discount", "gift"]),
    "ended_on": st.sampled_from(["never", "\u00a0", "2024-00-00"]),
}  # fmt: skip
plain_rows = st.tuples(*(plain[name] for name in COLUMNS))
any_rows = st.tuples(*(st.one_of(plain[name], plain[name], plain[name], odd[name]) for name in COLUMNS))


@many
@given(st.one_of(plain_rows, any_rows))
def test_a_row_read_at_a_glance_is_the_fields(row: tuple[str, ...]) -> None:
    glance = READER.at_a_glance(row)
    if glance is not None:
        assert glance == closely(row)


@many
@given(any_rows)
def test_no_row_breaks_the_reader(row: tuple[str, ...]) -> None:
    read = READER.read(list(row))
    assert isinstance(read, Request) or {fault.pointer.strip("/") for fault in read} <= set(COLUMNS)


def test_plain_rows_are_read_at_a_glance() -> None:
    """Or the fast way would be none."""
    row = ("KD1", "24GD100001", "清城区", "129.00", "13800001234", "2024-03-15", "zh", "2027-01-01",
           "discount", "2026-01-01")  # fmt: skip
    assert READER.at_a_glance(row) is not None
    least = ("KD1", "24GD100001", "", "", "+8613800001234", "2024-03-15", "", "", "", "")
    assert READER.at_a_glance(least) is not None


@given(st.integers(0, HIGHEST_FEN))
def test_an_amount_as_people_write_it_comes_back(fen: int) -> None:
    assert fen_of(yuan(fen)) == fen
    assert fen_of(f"{fen // 100}.{fen % 100:02d}") == fen


@given(st.lists(st.integers(0, 5000)))
def test_what_was_met_is_known_exactly(ids: list[int]) -> None:
    met, truth = Met(), set()
    for one in ids:
        assert met.again(one) is (one in truth)
        truth.add(one)


CITY = "R{},24GD100001,清远市\r\n"


@pytest.mark.parametrize(
    ("lines", "encoding"),
    [
        ([b""], "utf-8"),
        ([b"reference,plan\r\n", b"R1,24GD100001\r\n"], "utf-8"),
        ([CITY.encode()] * 3, "utf-8"),
        ([CITY.encode("gb18030")] * 3, "gb18030"),
        # A few damaged lines make no other encoding of a file, whichever it is.
        ([CITY.encode()] * 3 + [CITY.encode("gb18030")] * 2, "utf-8"),
        # 小学 in GB18030 is well-formed UTF-8.
        (["小学\r\n".encode("gb18030")] * 2 + [CITY.encode("gb18030")] * 3, "gb18030"),
        ([b"R1,\xff\xff\r\n"] * 3, "utf-8"),
        ([b"\xef\xbb\xbfreference\r\n"] + [CITY.encode("gb18030")] * 3, "utf-8"),
    ],
)
def test_how_an_encoding_is_told(tmp_path, lines: list[bytes], encoding: str) -> None:
    assert "小学".encode("gb18030").decode("utf-8") != "小学"
    path = tmp_path / "base.csv"
    path.write_bytes(b"".join(lines))
    assert detect_encoding(path) == encoding
