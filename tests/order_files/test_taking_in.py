"""Uploaded files: kept sealed, taken in once, told of truly, and deleted."""

import threading
import time
from datetime import timedelta

import pytest
from order_file_samples import BY, blocks_of, csv_file, rows_of, xlsx_file
from sqlalchemy import select, text

from tracker import clock
from tracker.health import examine
from tracker.notices.models import Notice
from tracker.order_files import take_in
from tracker.order_files.cancel_file import cancel_file
from tracker.order_files.keep_files import keep_files
from tracker.order_files.models import FAILED, UPLOAD, OrderFilePart
from tracker.order_files.parts import PART, Upload
from tracker.order_files.queries import failed_rows_of, files_shown
from tracker.order_files.rules import MOST_STALLS, State
from tracker.order_files.store_upload import Wish, store_upload
from tracker.order_files.take_in import take_in_due
from tracker.orders import file_batches
from tracker.problems import Refusal
from tracker.queueing import STOPPING


def told(shown) -> tuple[int, int, int]:
    return shown.stored, shown.repeated, shown.bad_rows


@pytest.fixture
def parts(runtime):
    def of(kind: str) -> list[bytes]:
        wanted = select(OrderFilePart.sealed).where(OrderFilePart.kind == kind)
        with runtime.db.reading() as connection:
            return [bytes(one) for one in connection.scalars(wanted.order_by(OrderFilePart.number))]

    return of


@pytest.fixture
def small_batches(monkeypatch) -> None:
    monkeypatch.setattr(file_batches, "BATCH", 10)


@pytest.fixture
def run_out(runtime):
    """Lets every lease run out."""

    def act() -> None:
        # Not in the transaction of whoever calls this in the middle of its work.
        with runtime.db.engine.begin() as connection:
            connection.execute(
                text("UPDATE order_files SET lease_until = now() - interval '1 s' WHERE state = 'running'")
            )

    return act


@pytest.mark.parametrize("make", [csv_file, xlsx_file])
def test_a_file_is_taken_in_by_a_worker(bring, count, make, runtime) -> None:
    shown = bring(make(rows_of({}, {"联系电话": "12"}, {})))
    assert (shown.state, told(shown), shown.percent) == (State.DONE, (2, 0, 1), 100)
    assert [(bad.line, bad.column.split(" ")[-1], bad.fault.rule) for bad in shown.faults] == [
        (3, "联系电话", "phone.invalid")
    ]
    assert (shown.rows_total, shown.rows_done, shown.name, shown.actor) == (3, 3, "工单.csv", BY)
    assert (count(), count(Notice)) == (2, 2)
    with runtime.db.reading() as connection:
        assert set(connection.scalars(text("SELECT actor FROM order_events"))) == {BY}


def test_an_upload_is_sealed_at_rest_and_deleted_when_done(runtime, upload, parts, shown) -> None:
    content = csv_file(rows_of(*({} for _ in range(9000))))
    file_id = upload(content, name="张三.csv")
    kept = parts(UPLOAD)
    assert len(kept) == -(-len(content) // PART) > 1
    assert not any(word in part for part in kept for word in ("张三".encode(), b"13800001234"))
    with runtime.db.reading() as connection:
        row = str(connection.execute(text("SELECT * FROM order_files")).one())
    assert "张三" not in row
    with Upload(runtime.db, runtime.keys, file_id, len(content)).open("rb") as file:
        file.seek(PART - 7)
        assert file.read(20) == content[PART - 7 : PART + 13]
        assert (file.seek(-5, 2), file.read()) == (len(content) - 5, content[-5:])
    cancel_file(runtime.db, 1, file_id)
    assert parts(UPLOAD) == []


def test_a_part_opens_at_its_own_place_only(runtime, upload) -> None:
    content = csv_file(rows_of(*({} for _ in range(9000))))
    file_id = upload(content)
    with runtime.db.reading() as connection:
        connection.execute(text("DELETE FROM order_file_parts WHERE number = 0"))
        sealed = connection.scalar(text("SELECT sealed FROM order_file_parts WHERE number = 1"))
        connection.execute(
            text(
                "INSERT INTO order_file_parts (file_id, kind, number, operator_id, sealed)"
                " VALUES (:file, 'upload', 0, 1, :sealed)"
            ),
            {"file": file_id, "sealed": sealed},
        )
    with pytest.raises(Exception, match="altered"):
        Upload(runtime.db, runtime.keys, file_id, len(content)).open("rb").read(10)


def test_a_dry_run_stores_nothing_and_says_what_would_be(bring, count, parts) -> None:
    rows = rows_of(
        {}, {"社区代码": "441802006999"}, {}, {"外部单号": "R0"}, {"外部单号": "R0", "客户姓名": "李四"}
    )
    shown = bring(csv_file(rows), dry_run=True)
    assert (shown.state, told(shown)) == (State.DONE, (2, 1, 2))
    assert [(bad.line, bad.fault.rule) for bad in shown.faults] == [
        (3, "order.unknown_community"),
        (6, "order.duplicate_reference"),
    ]
    assert (count(), count(Notice), parts(UPLOAD)) == (0, 0, [])
    assert told(bring(csv_file(rows))) == (2, 1, 2)
    again = bring(csv_file(rows), dry_run=True)
    assert told(again) == (0, 3, 2)


def test_the_same_file_twice_stores_it_once(bring, count) -> None:
    content = csv_file(rows_of({}, {}))
    assert told(bring(content)) == (2, 0, 0)
    assert told(bring(content)) == (0, 2, 0)
    assert (count(), count(Notice)) == (2, 2)


def test_failed_rows_are_kept_sealed_for_a_week(runtime, bring, parts, monkeypatch) -> None:
    shown = bring(csv_file(rows_of({"联系电话": "12"}, {})))
    (sealed,) = parts(FAILED)
    assert "张三".encode() not in sealed
    assert shown.failed_until == shown.finished_at + timedelta(days=7)
    content = b"".join(failed_rows_of(runtime, 1, BY, shown)).decode("utf-8-sig")
    assert content.splitlines()[1].startswith("2,联系电话 phone.invalid 不是有效的电话号码,R0,家庭,张三,12,")
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=6, hours=23))
    assert keep_files(runtime) == 0
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=7, minutes=1))
    assert keep_files(runtime) == 1
    assert parts(FAILED) == []
    with pytest.raises(Refusal, match="no_failed_rows"):
        failed_rows_of(runtime, 1, BY, shown)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"name,phone\n1,2\n", "file.missing_column"),
        (b"%PDF-1.7\n\0\0", "file.not_a_table"),
        (b"PK\x03\x04 broken", "file.not_a_table"),
        (csv_file(rows_of({})).splitlines()[0], "file.no_rows"),
    ],
)
def test_a_file_that_is_no_table_of_orders_is_refused_whole(bring, count, parts, content, rule) -> None:
    shown = bring(content)
    assert (shown.state, shown.refusal[0].rule) == (State.REFUSED, rule)
    assert (count(), parts(UPLOAD)) == (0, [])


def test_nothing_is_kept_of_an_empty_or_too_large_upload(runtime, channel, count) -> None:
    wish = Wish(channel=channel, name="x", actor=BY, dry_run=True)
    for blocks, size, rule in (([], 0, "order_file.empty"), ([b"x"], 60_000_001, "order_file.too_large")):
        with pytest.raises(Refusal, match=rule):
            store_upload(runtime, wish, blocks, size)
    assert files_shown(runtime, channel.operator_id, before_id=None, limit=9) == ([], None)


def test_only_the_first_faults_are_shown_and_all_rows_kept(
    runtime, bring, monkeypatch, small_batches
) -> None:
    monkeypatch.setattr(take_in, "SHOWN_FAULTS", 15)
    shown = bring(csv_file(rows_of(*({"联系电话": "12", "方案编号": ""} for _ in range(33)))))
    assert (shown.bad_rows, shown.fault_count, len(shown.faults)) == (33, 66, 15)
    content = b"".join(failed_rows_of(runtime, 1, BY, shown)).decode("utf-8-sig").splitlines()
    assert len(content) == 34
    assert [line.split(",")[0] for line in content[1:]] == [str(line) for line in range(2, 35)]


class Dies(Exception):
    """The worker is gone."""


def die_at(monkeypatch, batch: int) -> None:
    """The next worker dies once it has stored `batch - 1` batches, in the middle of the next."""
    taken, real = [], file_batches.place_orders

    def place(*args, **kwargs):
        taken.append(1)
        results = real(*args, **kwargs)
        if len(taken) == batch:
            raise Dies
        return results

    monkeypatch.setattr(file_batches, "place_orders", place)


@pytest.mark.parametrize("make", [csv_file, xlsx_file])
def test_another_worker_goes_on_behind_the_last_batch(
    runtime, upload, shown, count, monkeypatch, small_batches, run_out, make
) -> None:
    rows = rows_of(*({"联系电话": "12"} if number % 10 == 3 else {} for number in range(45)))
    file_id = upload(make(rows))
    with monkeypatch.context() as patch:
        die_at(patch, 3)
        with pytest.raises(Dies):
            take_in_due(runtime)
    half = shown(file_id)
    assert (half.state, half.rows_done, told(half), count()) == (State.RUNNING, 20, (18, 0, 2), 18)
    take_in_due(runtime)
    assert shown(file_id).rows_done == 20, "the lease still runs"
    run_out()
    take_in_due(runtime)
    done = shown(file_id)
    assert (done.state, done.rows_done, told(done), count(), count(Notice)) == (
        State.DONE,
        45,
        (40, 0, 5),
        40,
        40,
    )
    assert [bad.line for bad in done.faults] == [5, 15, 25, 35, 45]
    content = b"".join(failed_rows_of(runtime, 1, BY, done)).decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in content] == ["行号", "5", "15", "25", "35", "45"]


def test_a_dry_run_that_was_cut_off_begins_anew(
    runtime, upload, shown, monkeypatch, small_batches, run_out, parts
) -> None:
    rows = rows_of(*({"联系电话": "12"} if number == 3 else {} for number in range(25)))
    rows[20]["外部单号"] = "R0"
    file_id = upload(csv_file(rows), dry_run=True)
    with monkeypatch.context() as patch:
        real, calls = take_in.take, []

        def take(*args):
            calls.append(1)
            if len(calls) == 2:
                raise Dies
            return real(*args)

        patch.setattr(take_in, "take", take)
        with pytest.raises(Dies):
            take_in_due(runtime)
    assert shown(file_id).rows_done == 10
    run_out()
    take_in_due(runtime)
    done = shown(file_id)
    assert (done.state, done.rows_done, told(done), len(done.faults)) == (State.DONE, 25, (23, 1, 1), 1)
    assert len(parts(FAILED)) == 1


def test_a_worker_that_was_thought_dead_stores_nothing_more(
    runtime, upload, shown, count, monkeypatch, small_batches, run_out
) -> None:
    file_id = upload(csv_file(rows_of(*({} for _ in range(45)))))
    real, calls = file_batches.place_orders, []

    def place(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            # It stands still for so long that another takes the file up and finishes it.
            run_out()
            other = threading.Thread(target=take_in_due, args=(runtime,))
            other.start()
            other.join(30)
            assert shown(file_id).state == State.DONE
        return real(*args, **kwargs)

    monkeypatch.setattr(file_batches, "place_orders", place)
    take_in_due(runtime)
    done = shown(file_id)
    assert (done.state, told(done), done.rows_done) == (State.DONE, (45, 0, 0), 45)
    assert (count(), count(Notice)) == (45, 45)


def test_two_workers_share_the_files_and_no_file(runtime, upload, shown, count, small_batches) -> None:
    contents = [csv_file(rows_of(*({"外部单号": f"F{n}-{row}"} for row in range(40)))) for n in range(4)]
    ids = [upload(content) for content in contents]
    workers = [threading.Thread(target=take_in_due, args=(runtime,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [(shown(one).state, told(shown(one))) for one in ids] == [(State.DONE, (40, 0, 0))] * 4
    assert (count(), count(Notice)) == (160, 160)


def test_files_that_bring_the_same_orders_in_another_sequence(runtime, upload, shown, count) -> None:
    rows = rows_of(*({} for _ in range(900)))
    ids = [upload(csv_file(some)) for some in (rows, rows[::-1])]
    workers = [threading.Thread(target=take_in_due, args=(runtime,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    found = [shown(one) for one in ids]
    assert [one.state for one in found] == [State.DONE] * 2
    assert (sum(one.stored for one in found), sum(one.repeated for one in found), count()) == (900, 900, 900)


def test_a_cancelled_file_is_left_where_it_is(
    runtime, upload, shown, count, monkeypatch, small_batches, parts
) -> None:
    file_id = upload(csv_file(rows_of(*({} for _ in range(95)))))
    real, calls = file_batches.place_orders, []

    def place(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            cancel = threading.Thread(target=cancel_file, args=(runtime.db, 1, file_id))
            cancel.start()
            cancel.join(30)
        return real(*args, **kwargs)

    monkeypatch.setattr(file_batches, "place_orders", place)
    take_in_due(runtime)
    left = shown(file_id)
    assert (left.state, left.rows_done, told(left), count()) == (State.CANCELLED, 20, (20, 0, 0), 20)
    assert parts(UPLOAD) == []
    take_in_due(runtime)
    assert count() == 20
    with pytest.raises(Refusal, match="not_running"):
        cancel_file(runtime.db, 1, file_id)
    with pytest.raises(Refusal, match="not_found"):
        cancel_file(runtime.db, 2, file_id)


def test_a_worker_that_is_to_stop_puts_the_file_back(
    runtime, upload, shown, count, monkeypatch, small_batches
) -> None:
    file_id = upload(csv_file(rows_of(*({} for _ in range(95)))))
    real = file_batches.place_orders

    def place(*args, **kwargs):
        STOPPING.set()
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(file_batches, "place_orders", place)
        try:
            take_in_due(runtime)
        finally:
            STOPPING.clear()
    half = shown(file_id)
    assert half.state == State.WAITING
    assert 0 < half.rows_done < 95
    assert half.rows_done == count() == half.stored
    take_in_due(runtime)
    assert told(shown(file_id)) == (95, 0, 0)


def test_a_file_that_takes_long_is_gone_on_with_by_the_next_job(
    runtime, upload, shown, monkeypatch, small_batches
) -> None:
    file_id = upload(csv_file(rows_of(*({} for _ in range(95)))))
    monkeypatch.setattr(take_in, "_LONGEST_SECONDS", 0.05)
    rounds = 0
    while shown(file_id).is_open:
        before = shown(file_id).rows_done
        take_in_due(runtime)
        rounds += 1
        assert shown(file_id).rows_done > before or not shown(file_id).is_open
    assert told(shown(file_id)) == (95, 0, 0)


def test_a_file_over_which_every_worker_dies_is_given_up(
    runtime, upload, shown, monkeypatch, run_out, parts
) -> None:
    file_id = upload(csv_file(rows_of({})))
    die_at(monkeypatch, 1)
    for _ in range(MOST_STALLS):
        monkeypatch.undo()
        die_at(monkeypatch, 1)
        with pytest.raises(Dies):
            take_in_due(runtime)
        run_out()
    take_in_due(runtime)
    broken = shown(file_id)
    assert (broken.state, broken.refusal[0].rule) == (State.BROKEN, "order_file.interrupted")
    assert parts(UPLOAD) == []


def test_a_dry_run_that_never_comes_to_its_end_is_given_up(
    runtime, upload, shown, monkeypatch, small_batches, run_out
) -> None:
    file_id = upload(csv_file(rows_of(*({} for _ in range(25)))), dry_run=True)
    real = take_in.take

    def take(file, batch, taking):
        if batch.last_line > 20:
            raise Dies
        return real(file, batch, taking)

    monkeypatch.setattr(take_in, "take", take)
    for _ in range(MOST_STALLS):
        with pytest.raises(Dies):
            take_in_due(runtime)
        run_out()
    take_in_due(runtime)
    assert shown(file_id).state == State.BROKEN


def test_a_file_without_a_worker_is_noticed(runtime, upload, run_out, monkeypatch) -> None:
    assert examine(runtime)["files"] == "ok"
    upload(csv_file(rows_of({})))
    assert examine(runtime)["files"] == "ok"
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=400))
    assert examine(runtime)["files"].startswith("warning: a file of orders has waited 4")
    take_in_due(runtime)
    assert examine(runtime)["files"] == "ok"


def test_old_orders_are_told_of_where_asked(bring, count) -> None:
    long_ago = f"{clock.local(clock.now() - timedelta(days=3)):%Y-%m-%d %H:%M}"
    assert told(bring(csv_file(rows_of({"受理时间": long_ago})))) == (1, 0, 0)
    assert count(Notice) == 0
    bring(csv_file(rows_of({"外部单号": "X", "受理时间": long_ago})), notify_old=True)
    assert count(Notice) == 1


def test_an_upload_that_breaks_off_leaves_nothing(runtime, channel, count) -> None:
    def blocks():
        yield b"x" * PART
        raise Dies

    with pytest.raises(Dies):
        store_upload(runtime, Wish(channel=channel, name="x", actor=BY, dry_run=True), blocks(), PART + 1)
    assert files_shown(runtime, channel.operator_id, before_id=None, limit=9) == ([], None)
    assert count(OrderFilePart) == 0


def test_files_are_listed_newest_first(runtime, channel, upload) -> None:
    ids = [upload(b"x") for _ in range(3)]
    first, below = files_shown(runtime, channel.operator_id, before_id=None, limit=2)
    assert ([one.id for one in first], below) == ([ids[2], ids[1]], ids[1])
    rest, end = files_shown(runtime, channel.operator_id, before_id=below, limit=2)
    assert ([one.id for one in rest], end) == ([ids[0]], None)
    assert files_shown(runtime, 2, before_id=None, limit=2) == ([], None)


def test_the_worker_keeps_its_lease_with_every_batch(runtime, upload, monkeypatch, small_batches) -> None:
    upload(csv_file(rows_of(*({} for _ in range(30)))))
    leases = []
    real = file_batches.place_orders

    def place(*args, **kwargs):
        with runtime.db.engine.connect() as other:
            leases.append(other.scalar(text("SELECT lease_until FROM order_files")))
        time.sleep(0.01)
        return real(*args, **kwargs)

    monkeypatch.setattr(file_batches, "place_orders", place)
    take_in_due(runtime)
    assert leases == sorted(set(leases))
    assert len(leases) == 3


def test_blocks_are_as_parts_are_stored() -> None:
    assert [len(block) for block in blocks_of(b"x" * (PART + 1))] == [PART, 1]
