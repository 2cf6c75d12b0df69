"""Rows of files of orders: a glance and a close look say the same, and so do a dry run and an import."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from order_file_samples import TITLES, csv_file, rows_of
from sqlalchemy import func, select

from tracker.files.cells import as_meant, csv_line, harmless, kept
from tracker.orders import file_batches
from tracker.orders.file_columns import COLUMNS, FIELDS, HEADER
from tracker.orders.file_rows import RowReader, at_a_glance, closely
from tracker.orders.import_orders import import_orders
from tracker.orders.models import Order
from tracker.problems import Refusal

PLAIN = {
    "external_reference": "BOSS-1",
    "customer_kind": "家庭",
    "customer_name": "陈小明",
    "phone": "13800001234",
    "credit_code": "",
    "community_code": "441802006001",
    "address_detail": "北江路1号 2栋（东门）",
    "plan": "24GD100001",
    "resource": "",
    "accepted_at": "2026-11-08T09:30:00+08:00",
    "dealer": "",
    "language": "",
    "notify_by": "",
    "needs_assistance": "",
}


def row(**changes: str) -> tuple[str, ...]:
    return tuple({**PLAIN, **changes}.values())


def test_a_plain_row_is_read_at_a_glance() -> None:
    assert at_a_glance(row()) == {
        "external_reference": "BOSS-1",
        "customer": {"kind": "home", "name": "陈小明", "phone": "+8613800001234", "credit_code": None},
        "address": {"community_code": "441802006001", "detail": "北江路1号 2栋（东门）"},
        "plan": "24GD100001",
        "resource": "ready",
        "accepted_at": datetime(2026, 11, 8, 1, 30, tzinfo=UTC),
        "dealer": None,
        "language": "zh",
        "notify_by": "text",
        "needs_assistance": False,
    }


_odd = st.sampled_from(
    [
        "",
        " ",
        "x",
        "'",
        "'=x",
        "=x",
        "'+8613800001234",
        "+8613800001234",
        "138 0000 1234",
        "0763-3368888",
        "陈\u200b明",
        "é",
        "e\u0301",
        "\ufa0c",
        "\u3000陈",
        "陈\u3000",
        "x" * 30,
        "x" * 31,
        "x" * 60,
        "x" * 61,
        "x" * 64,
        "x" * 65,
        "陈" * 120,
        "陈" * 121,
        "\u202e",
        "a\tb",
        "home",
        "企业",
        " 家庭",
        "HOME",
        "需建设",
        "ready",
        "英文",
        "en",
        "电话",
        "call",
        "是",
        "true",
        "441802006001",
        "91350100M000100Y43",
        "91350100m000100y43",
        "'9111000071092841X0",
        "9135 0100 M000 100Y 43",
        "91350100M000100Y34",
        "９１350100M000100Y43",
        "91350100I000100Y43",
        "'441802006001",
        "４４１８０２００６００１",
        "2026-11-08 09:30",
        "2026/11/8 9:30:05",
        "2026-11-08T09:30:00Z",
        "2026-11-08T09:30:00",
        "2026-11-08T09:30:00+0800",
        "2026-11-08T09:30:00+08:00:30",
        "2026-11-08T25:30:00+08:00",
        "2026-11-08T09:30:60+08:00",
        "2026-02-30T09:30:00+08:00",
        "2026-11-08T09:::::+08:00",
        "2026-11-08T09:30:00+25:00",
        "2026-11-08T09:30:00-00:00",
        "0001-01-01T00:00:00+08:00",
        "2026-11-08",
        "🙂",
        "＝陈",
    ]
)
_cells = st.one_of(
    _odd,
    st.text(max_size=12),
    st.text("0123456789+-TZ: ", max_size=30),
    st.text("陈小明abc '（），。-", max_size=8),
)


@settings(max_examples=1500, deadline=None)
@given(st.dictionaries(st.sampled_from(list(COLUMNS)), _cells, max_size=4))
def test_a_glance_says_nothing_that_the_fields_do_not(changes: dict[str, str]) -> None:
    read = at_a_glance(row(**changes))
    assert read is None or read == closely(row(**changes))


@pytest.mark.parametrize(
    ("written", "meant"), [("是", True), (" 是 ", True), ("true", True), ("否", False), ("", False)]
)
def test_who_needs_assistance_is_said_by_yes_and_no(written: str, meant: bool) -> None:
    assert closely(row(needs_assistance=written))["needs_assistance"] is meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-08 09:30", datetime(2026, 11, 8, 1, 30, tzinfo=UTC)),
        ("2026/11/8 9:30", datetime(2026, 11, 8, 1, 30, tzinfo=UTC)),
        ("2026-11-08 00:05:09", datetime(2026, 11, 7, 16, 5, 9, tzinfo=UTC)),
        ("2026-11-08T09:30:00Z", datetime(2026, 11, 8, 9, 30, tzinfo=UTC)),
        (" 2026-11-08T09:30:00+08:00 ", datetime(2026, 11, 8, 1, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_people_write_them(written: str, meant: datetime) -> None:
    assert closely(row(accepted_at=written))["accepted_at"] == meant


@pytest.mark.parametrize(
    ("column", "written", "rule"),
    [
        ("accepted_at", "2026-11-08", "field.timestamp"),
        ("accepted_at", "昨天", "field.timestamp"),
        ("accepted_at", "2026/13/8 9:30", "field.timestamp"),
        ("customer_kind", "个人", "field.choice"),
        ("customer_kind", "", "field.required"),
        ("resource", "有", "field.choice"),
        ("language", "中", "field.choice"),
        ("notify_by", "微信", "field.choice"),
        ("needs_assistance", "也许", "field.type"),
        ("phone", "12", "phone.invalid"),
        ("phone", "1.38E+10", "phone.invalid"),
        ("credit_code", "9.13501E+17", "credit_code.malformed"),
        ("credit_code", "91350100M000100Y4", "credit_code.malformed"),
        ("credit_code", "91350100M000100Y34", "credit_code.check_character"),
        ("credit_code", "9" * 41, "field.too_long"),
        ("community_code", "4.41802E+11", "field.invalid"),
        ("community_code", "44180200600", "field.invalid"),
        ("customer_name", "陈\u202e明", "field.control_characters"),
        ("customer_name", "陈" * 61, "field.too_long"),
        ("address_detail", " ", "field.required"),
        ("external_reference", "x" * 65, "field.too_long"),
        ("plan", "", "field.required"),
        ("dealer", "店" * 61, "field.too_long"),
    ],
)
def test_a_wrong_cell_is_told_by_its_rule(column: str, written: str, rule: str) -> None:
    (fault,) = RowReader(list(COLUMNS)).read(list(row(**{column: written})))
    assert (fault.pointer, fault.rule) == (COLUMNS[column], rule)


def test_every_fault_of_a_row_is_told() -> None:
    faults = RowReader(list(COLUMNS)).read(list(row(phone="12", customer_name="", language="x")))
    assert {fault.pointer for fault in faults} == {"/customer/phone", "/customer/name", "/language"}


@pytest.mark.parametrize(
    "names",
    [
        TITLES,
        list(COLUMNS),
        [f"{title}*" for title in TITLES],
        [f" {title}（必填）" for title in TITLES],
        [name.upper() for name in COLUMNS],
    ],
)
def test_columns_are_known_by_our_names_and_by_their_titles(names: list[str]) -> None:
    HEADER.check(names)
    turned = names[::-1]
    assert RowReader(turned).read(list(row())[::-1]) == at_a_glance(row())


def test_a_header_tells_everything_that_is_wrong_with_it() -> None:
    names = [*TITLES[1:], "姓名", "颜色", "行号", "原因"]
    with pytest.raises(Refusal) as refused:
        HEADER.check(names)
    assert [(fault.rule, fault.params["column"]) for fault in refused.value.faults] == [
        ("file.missing_column", "外部单号"),
        ("file.unknown_column", "颜色"),
        ("file.repeated_column", "客户姓名"),
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+86138",
        "-5",
        "@x",
        "\tx",
        "＝x",
        "0763",
        "441802006001",
        "1E5",
        "2026-11",
        "1/2",
        "3-1",
        "2026/11/8 9:30",
    ],
)
def test_what_a_spreadsheet_would_compute_or_alter_is_kept_and_read_back(cell: str) -> None:
    assert kept(cell) == f"'{cell}"
    assert as_meant(kept(cell)) == cell


@given(st.text(max_size=20))
def test_a_cell_that_goes_out_and_comes_back_is_what_it_was(cell: str) -> None:
    assert as_meant(kept(cell)) == as_meant(cell)
    assert as_meant(harmless(cell)) == as_meant(cell)
    assert not kept(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_words_and_fields_are_those_of_the_api() -> None:
    for name, column in FIELDS.items():
        for word in column.words:
            assert isinstance(closely(row(**{name: word})), dict), (name, word)
    example = [column.example for column in FIELDS.values()]
    assert isinstance(closely(example), dict)
    assert csv_line(example).count("'") == 0


_mixed = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "外部单号": st.sampled_from(["A", "B", "C"]),
            "客户姓名": st.sampled_from(["张三", "李四", ""]),
            "联系电话": st.sampled_from(["13800001234", "12"]),
            "社区代码": st.sampled_from(["441802006001", "441802006999"]),
            "方案编号": st.sampled_from(["24GD100001", "nothing"]),
        },
    ),
    min_size=1,
    max_size=14,
)


def test_a_dry_run_foretells_what_an_import_does(runtime, channel, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(file_batches, "BATCH", 4)
    path = tmp_path / "orders.csv"
    rounds = iter(range(1000))

    @settings(max_examples=60, deadline=None)
    @given(_mixed)
    def holds(changes: list[dict[str, str]]) -> None:
        # Earlier examples have stored orders under some of these references.
        prefix = f"{next(rounds) // 2}-"
        rows = rows_of(*changes)
        for one in rows:
            one["外部单号"] = prefix + one["外部单号"]
        path.write_bytes(csv_file(rows))
        before = stored(runtime)
        tried = import_orders(runtime, channel, path, dry_run=True)
        assert stored(runtime) == before
        assert tried == import_orders(runtime, channel, path)

    holds()
    assert stored(runtime) > 20


def stored(runtime) -> int:
    with runtime.db.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(Order)) or 0)
