"""An operator's base from a file: good rows stored, bad ones named, nothing changed by a second run."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from tracker import clock
from tracker.problems import Refusal
from tracker.subscribers import import_subscribers as importing
from tracker.subscribers.file_rows import COLUMNS, EXAMPLE


def told(report) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.column, bad.fault.rule) for bad in report.faults]


def counts(report) -> tuple[int, int, int, int]:
    return report.stored, report.updated, report.repeated, report.bad_rows


def days_from_now(days: int) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


@pytest.fixture
def small_batches(monkeypatch) -> None:
    monkeypatch.setattr(importing, "_BATCH", 3)


FULL = {
    "region": "清远市",
    "monthly_fee": "99.5",
    "phone": "0763-3368888",
    "language": "en",
    "agreed_until": "2027-06-30",
    "agreement": "contract",
    "ended_on": "2026-01-31",
}


def test_rows_are_stored_as_they_say(bring, write, stored, channel) -> None:
    report = bring(write([{}, FULL]))
    assert counts(report) == (2, 0, 0, 0)
    plain, full = stored().values()
    assert (plain.reference, plain.monthly_fen, plain.language) == ("R0", 12900, "zh")
    assert (plain.agreed_until, plain.agreement, plain.ended_on) == (None, None, None)
    assert (plain.began_on, plain.takes_texts, plain.source) == (date(2024, 3, 15), True, "import")
    assert (plain.operator_id, plain.version, plain.order_id) == (channel.operator_id, 1, None)
    assert plain.plan_id == full.plan_id
    assert (full.monthly_fen, full.language, full.takes_texts) == (9950, "en", False)
    assert (full.agreed_until, full.agreement) == (date(2027, 6, 30), "contract")
    assert full.ended_on == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("row", "column", "rule"),
    [
        ({"reference": ""}, "reference", "field.required"),
        ({"reference": "清远1"}, "reference", "field.invalid"),
        ({"reference": "R" * 65}, "reference", "field.too_long"),
        ({"reference": "../R"}, "reference", "field.invalid"),
        ({"reference": "KD-138-0000-1234"}, "reference", "subscriber.reference_tells_phone"),
        ({"reference": "07633368888", "phone": "0763-3368888"}, "reference",
         "subscriber.reference_tells_phone"),
        ({"plan": ""}, "plan", "field.required"),
        ({"plan": "24GD999999"}, "plan", "subscriber.unknown_plan"),
        ({"plan": "24GD200001"}, "plan", "subscriber.unknown_plan"),  # another operator's
        ({"region": "清城区"}, "region", "subscriber.unknown_plan"),
        ({"region": "Atlantis"}, "region", "subscriber.unknown_plan"),
        ({"monthly_fee": "-1"}, "monthly_fee", "subscriber.monthly_fee"),
        ({"monthly_fee": "1.005"}, "monthly_fee", "subscriber.monthly_fee"),
        ({"monthly_fee": "1e3"}, "monthly_fee", "subscriber.monthly_fee"),
        ({"monthly_fee": "NaN"}, "monthly_fee", "subscriber.monthly_fee"),
        ({"monthly_fee": "１２９"}, "monthly_fee", "subscriber.monthly_fee"),
        ({"monthly_fee": "1000000.01"}, "monthly_fee", "subscriber.monthly_fee"),
        ({"phone": ""}, "phone", "field.required"),
        ({"phone": "12"}, "phone", "phone.invalid"),
        ({"phone": "15400001234"}, "phone", "phone.invalid"),  # given to nobody
        ({"phone": "13800001234 ext 5"}, "phone", "phone.invalid"),
        ({"began_on": ""}, "began_on", "field.required"),
        ({"began_on": "2024-02-30"}, "began_on", "field.date"),
        ({"began_on": "2024/03/15"}, "began_on", "field.date"),
        ({"began_on": "2023-12-31"}, "began_on", "subscriber.plan_not_in_force"),
        ({"language": "fr"}, "language", "field.choice"),
        ({"agreed_until": "soon", "agreement": "discount"}, "agreed_until", "field.date"),
        ({"agreed_until": "2027-01-01"}, "agreement", "subscriber.agreed_in_part"),
        ({"agreement": "discount"}, "agreed_until", "subscriber.agreed_in_part"),
        ({"agreed_until": "2024-03-14", "agreement": "discount"}, "agreed_until",
         "subscriber.agreed_before_start"),
        ({"agreed_until": "2027-01-01", "agreement": "gift"}, "agreement", "field.choice"),
        ({"ended_on": "2024-03-14"}, "ended_on", "subscriber.days_reversed"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_and_the_others_are_stored(bring, write, stored, row, column, rule) -> None:
    report = bring(write([{}, row, {}]))
    assert told(report) == [(3, column, rule)]
    assert counts(report) == (2, 0, 0, 1)
    assert list(stored()) == ["R0", "R2"]


def test_days_that_have_not_come(bring, write, stored) -> None:
    rows = [
        {"began_on": days_from_now(0)},
        {"began_on": days_from_now(1)},
        {"ended_on": days_from_now(0)},
        {"ended_on": days_from_now(366)},
        {"ended_on": days_from_now(367)},
    ]
    assert told(bring(write(rows))) == [
        (3, "began_on", "subscriber.begins_ahead"),
        (6, "ended_on", "subscriber.ends_too_far_ahead"),
    ]
    assert list(stored()) == ["R0", "R2", "R3"]


def test_all_faults_of_a_row_are_told_and_it_counts_once(bring, write) -> None:
    row = {"phone": "12", "monthly_fee": "x", "language": "fr"}
    report = bring(write([row]))
    assert Counter(told(report)) == Counter(
        [
            (2, "monthly_fee", "subscriber.monthly_fee"),
            (2, "phone", "phone.invalid"),
            (2, "language", "field.choice"),
        ]
    )
    assert report.bad_rows == 1


def test_the_version_in_force_on_the_first_day_is_meant(bring, write, stored, add_plan) -> None:
    second = add_plan(version=2, on_sale_from="2025-01-01", monthly_fen=13900)
    add_plan(version=3, on_sale_from="2025-06-01", monthly_fen=1, published_at=None, state="draft")
    rows = [{"began_on": day} for day in ("2024-12-31", "2025-01-01", "2026-01-01")]
    assert counts(bring(write(rows))) == (3, 0, 0, 0)
    first, *later = stored().values()
    assert first.monthly_fen == 12900
    assert [(one.plan_id, one.monthly_fen) for one in later] == [(second, 13900)] * 2


def test_a_plan_that_was_taken_off_sale_keeps_those_who_took_it_before(bring, write, add_plan) -> None:
    gone = {"filing_number": "23GD100009", "state": "withdrawn", "on_sale_to": "2024-06-30"}
    add_plan(**gone)
    rows = [{"plan": "23GD100009", "began_on": day} for day in ("2024-06-30", "2024-07-01")]
    report = bring(write(rows))
    assert told(report) == [(3, "began_on", "subscriber.plan_not_in_force")]


def test_a_plan_of_several_regions_needs_one_named(bring, write, stored, add_plan) -> None:
    there = add_plan(region="441802", monthly_fen=9900)
    rows = [{"region": region} for region in ("", "441802", "清城区", "清远市", "清新区")]
    report = bring(write(rows))
    assert told(report) == [
        (2, "region", "subscriber.region_required"),
        (6, "region", "subscriber.unknown_plan"),
    ]
    assert [one.plan_id == there for one in stored().values()] == [True, True, False]


def test_a_second_run_changes_nothing_and_a_mended_file_adds_the_rest(bring, write, stored, events) -> None:
    rows = [{}, {"phone": "12"}, FULL]
    bring(write(rows))
    before = stored()
    again = bring(write(rows), update=True)
    assert counts(again) == (0, 0, 2, 1)
    assert (stored(), events()) == (before, [])
    assert counts(bring(write([{}, {}, FULL]))) == (1, 0, 2, 0)


def test_a_reference_counts_once_in_a_file_wherever_it_comes_again(
    bring, write, stored, small_batches
) -> None:
    rows = [{}, {"reference": "R0"}, {}, {}, {}, {"reference": "R0", "phone": "13800009999"}, {}]
    again = [
        (3, "reference", "subscriber.repeated_reference"),
        (7, "reference", "subscriber.repeated_reference"),
    ]
    first = bring(write(rows))
    assert (counts(first), told(first)) == ((5, 0, 0, 2), again)
    before = stored()
    for update in (False, True):
        repeated = bring(write(rows), update=update)
        assert (counts(repeated), told(repeated)) == ((0, 0, 5, 2), again)
    assert stored() == before


def test_a_row_that_was_refused_leaves_its_reference_to_the_next(bring, write, stored) -> None:
    report = bring(write([{"reference": "A", "phone": "12"}, {"reference": "A"}]))
    assert told(report) == [(2, "phone", "phone.invalid")]
    assert list(stored()) == ["A"]


OTHERWISE = [
    ({"phone": "13800009999"}, "phone"),
    ({"language": "en"}, "language"),
    ({"agreed_until": "2027-01-01", "agreement": "discount"}, "agreed_until"),
    ({"ended_on": "2025-01-31"}, "ended_on"),
    ({"began_on": "2024-03-16"}, "began_on"),
    ({"plan": "24GD100003"}, "plan"),
    ({"monthly_fee": "128"}, "monthly_fee"),
]


@pytest.mark.parametrize(("row", "column"), OTHERWISE)
def test_another_one_under_a_known_reference_is_refused(bring, write, stored, row, column) -> None:
    bring(write([{}]))
    before = stored()
    report = bring(write([row]))
    assert told(report) == [(2, column, "subscriber.differs")]
    assert column in report.faults[0].fault.words("en")
    assert stored() == before


def test_an_update_brings_what_may_change_up_to_date_with_its_history(
    bring, write, stored, events, keys
) -> None:
    bring(write([{}, {}, {}]))
    rows = [
        {"phone": "0763-3368888", "language": "en"},
        {},
        {"agreed_until": "2027-01-01", "agreement": "discount", "ended_on": "2025-01-31"},
    ]
    report = bring(write(rows), update=True)
    assert counts(report) == (0, 2, 1, 0)
    first, second, third = stored().values()
    assert keys.open(bytes(first.contact), "notices.recipient") == "+867633368888"
    assert bytes(first.contact_digest) == keys.digest_of("notices.recipient", "+867633368888")
    assert (first.takes_texts, first.language, first.version) == (False, "en", 2)
    assert (second.version, second.language) == (1, "zh")
    assert (third.agreed_until, third.agreement) == (date(2027, 1, 1), "discount")
    assert (third.ended_on, third.version, third.monthly_fen) == (date(2025, 1, 31), 2, 12900)
    assert [(one.subscriber_id, one.kind, one.actor) for one in events()] == [
        (first.id, "updated", "console:test"),
        (third.id, "updated", "console:test"),
    ]
    assert events()[0].reason == "import of base.csv"
    assert events()[0].detail == {"phone": {}, "language": {"from": "zh", "to": "en"}}
    assert events()[1].detail["ended_on"] == {"from": None, "to": "2025-01-31"}
    assert counts(bring(write(rows), update=True)) == (0, 0, 3, 0)


@pytest.mark.parametrize(
    ("row", "column", "rule"),
    [
        ({"monthly_fee": "128", "phone": "13800009999"}, "monthly_fee", "subscriber.price_differs"),
        ({"plan": "24GD100003"}, "plan", "subscriber.price_differs"),
        ({"began_on": "2024-03-16", "phone": "13800009999"}, "began_on", "subscriber.differs"),
    ],
)
def test_no_update_changes_plan_price_or_first_day(bring, write, stored, events, row, column, rule) -> None:
    bring(write([{}]))
    before = stored()
    report = bring(write([row]), update=True)
    assert (counts(report), told(report)) == ((0, 0, 0, 1), [(2, column, rule)])
    assert (stored(), events()) == (before, [])


def test_an_empty_cell_says_nothing(bring, write, stored) -> None:
    bring(write([FULL]))
    before = stored()
    silent = {"phone": FULL["phone"]}
    assert counts(bring(write([silent]), update=True)) == (0, 0, 1, 0)
    needed = ("reference", "plan", "phone", "began_on")
    assert counts(bring(write([silent], columns=needed), update=True)) == (0, 0, 1, 0)
    assert stored() == before


def test_two_operators_may_have_the_same_reference(bring, write, runtime, stored) -> None:
    bring(write([{}]))
    facts = runtime.reference.current()
    (mobile,) = [one for one in facts.operators.values() if one.code == "mobile"]
    path = write([{"plan": "24GD200001"}])
    report = importing.import_subscribers(runtime.db, runtime.keys, mobile.id, path, actor="console:test")
    assert counts(report) == (1, 0, 0, 0)


def test_columns_in_another_order_spreadsheets_marks_quotes_and_broken_lines(
    bring, write, stored, tmp_path: Path
) -> None:
    path = write([{}, {}, {}, {}], "utf-8-sig", columns=reversed(COLUMNS))
    lines = path.read_bytes().splitlines(keepends=True)
    assert lines[1].endswith(b"R0\r\n")
    lines[1] = lines[1].replace(b"2024-03-15", b'"2024-03-15"')
    lines[2] = lines[2].replace(b"2024", b'"2024')
    lines[3] = lines[3].replace(b"138", b"\xff")
    path.write_bytes(b"".join(lines) + b"\r\n1,2\r\n")
    report = bring(path)
    assert told(report) == [(3, "", "file.row_width"), (4, "", "file.encoding"), (7, "", "file.row_width")]
    assert list(stored()) == ["R0", "R3"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encoding_is_told_from_the_file(bring, write, stored, encoding) -> None:
    assert counts(bring(write([{"region": "清远市"}] * 1, encoding))) == (1, 0, 0, 0)


def test_the_encoding_may_be_given(bring, write) -> None:
    path = write([{"region": "清远市"}], "gb18030")
    assert told(bring(path, encoding="utf-8")) == [(2, "", "file.encoding")]
    assert counts(bring(path, encoding="gb18030")) == (1, 0, 0, 0)


@pytest.mark.parametrize("content", ["", "\n", "name,phone\n张三,13800001234\n"])
def test_what_is_no_file_of_subscriptions_is_refused_whole(bring, write, stored, content) -> None:
    path = write([])
    path.write_text(content)
    with pytest.raises(Refusal, match=r"file\.missing_column"):
        bring(path)
    assert stored() == {}


def test_progress_and_faults_are_told_on_the_way(bring, write, small_batches) -> None:
    path = write([{} if number % 4 else {"phone": "12"} for number in range(10)])
    positions, lines = [], []
    bring(path, on_bytes=positions.append, on_fault=lambda bad: lines.append(bad.line))
    assert positions == sorted(positions)
    assert (len(positions), positions[-1]) == (5, path.stat().st_size)
    assert lines == [2, 6, 10]


def test_no_more_than_three_batches_are_in_memory(bring, write, small_batches, monkeypatch) -> None:
    """One that is stored, one that waits for it, and the one that is read."""
    read, held = [], []
    real = importing.read_cells

    def counted(*args):
        names, rows = real(*args)
        return names, (read.append(row[0]) or row for row in rows)

    monkeypatch.setattr(importing, "read_cells", counted)
    told = []

    def hear(position: int) -> None:
        told.append(position)
        held.append(len(read) - 3 * len(told))

    bring(write([{} for _ in range(60)]), on_bytes=hear)
    assert len(read) == 60
    assert max(held) <= 2 * 3


def test_every_sign_of_a_reference_is_kept(bring, write, stored, runtime) -> None:
    name = "0Aa._:@-" + "x" * 56
    bring(write([{"reference": name}]))
    assert list(stored()) == [name]


def test_two_imports_of_the_same_file_at_once_store_it_once(
    bring, write, stored, small_batches, runtime
) -> None:
    path = write([{} for _ in range(40)])
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: bring(path), range(2)))
    assert sum(report.stored for report in reports) == len(stored()) == 40
    assert sum(report.repeated for report in reports) == 40
    assert [report.faults for report in reports] == [[], []]


def test_a_batch_that_fails_fails_the_import(bring, write, stored, small_batches, runtime) -> None:
    """I8: what was stored before stays, and a repeat adds the rest."""
    commits = []

    def fail(connection) -> None:
        commits.append(connection)
        if len(commits) == 2:
            raise RuntimeError("the disk is full")

    path = write([{} for _ in range(9)])
    event.listen(runtime.db.engine, "commit", fail)
    with pytest.raises(RuntimeError):
        bring(path)
    event.remove(runtime.db.engine, "commit", fail)
    assert len(stored()) in (3, 6)
    report = bring(path)
    assert report.stored + report.repeated == len(stored()) == 9


def test_the_example_can_be_imported(bring, stored, write) -> None:
    path = write([])
    path.write_text("\n".join([",".join(COLUMNS), *EXAMPLE]))
    assert counts(bring(path)) == (2, 0, 0, 0)
