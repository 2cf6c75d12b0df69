"""Bringing orders in as a file at the desk, and taking the list of orders out."""

import csv
import io
import re

import openpyxl
import pytest
from desk_forms import send
from order_file_samples import csv_file, rows_of, xlsx_file
from sqlalchemy import func, select, text

from tests.staff_sessions import sign_in
from tracker.files import giving, scratch
from tracker.order_files import store_upload
from tracker.order_files.models import OrderFile
from tracker.order_files.take_in import take_in_due
from tracker.orders import export_orders
from tracker.orders.models import Order, OrderEvent
from tracker.pages import order_files


@pytest.fixture
def hall(runtime, channel) -> str:
    facts = runtime.reference.current()
    return str(
        next(
            c.id for c in facts.channels.values() if c.operator_id == channel.operator_id and c.code == "hall"
        )
    )


def form(content: bytes, name: str, typed: dict[str, str]) -> dict[str, object]:
    """What a browser sends: put together here, since the test client leaves files of its own open."""
    fields = [f'name="{key}"\r\n\r\n{value}'.encode() for key, value in typed.items()]
    fields.append(f'name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'.encode() + content)
    disposed = b"".join(b"--trk\r\nContent-Disposition: form-data; " + one + b"\r\n" for one in fields)
    return {"data": disposed + b"--trk--\r\n", "content_type": "multipart/form-data; boundary=trk"}


@pytest.fixture
def bring(hall):
    """Sends the form as a browser does."""

    def act(client, content: bytes, name: str = "工单.csv", **typed: str):
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/order-files").text)
        told = {"csrf_token": token[1] if token else "", "channel": hall, "how": "real", **typed}
        return client.post("/order-files", **form(content, name, told))

    return act


@pytest.fixture
def count(runtime):
    def of(table) -> int:
        with runtime.db.reading() as connection:
            return connection.scalar(select(func.count()).select_from(table))

    return of


@pytest.mark.parametrize("make", [csv_file, xlsx_file])
def test_a_file_is_sent_watched_and_mended(as_, bring, runtime, count, make) -> None:
    desk = as_("counter")
    answer = bring(desk, make(rows_of({}, {"联系电话": "12", "客户姓名": "=1"}, {})))
    assert answer.status_code == 302
    address = answer.location
    waiting = desk.get(address)
    assert waiting.headers["Refresh"] == "3"
    assert "排队中" in waiting.text
    assert "Refresh" not in desk.get(f"{address}?still=1").headers
    assert count(Order) == 0
    take_in_due(runtime)
    done = desk.get(address)
    assert "Refresh" not in done.headers
    assert "第 3 行" in done.text
    assert "不是有效的电话号码" in done.text
    assert "张三" not in done.text
    failed = desk.get(f"{address}/failed-rows.csv")
    assert failed.headers["Cache-Control"] == "no-store"
    rows = list(csv.reader(failed.data.decode("utf-8-sig").splitlines()))
    assert (rows[1][0], rows[1][4]) == ("3", "'=1")
    mended = failed.data.replace(b",12,", b",13800001234,")
    again = bring(desk, mended, "失败行.csv")
    take_in_due(runtime)
    assert "全部行已保存为工单" in desk.get(again.location).text
    assert count(Order) == 3
    listed = desk.get("/order-files").text
    assert listed.index("失败行.csv") < listed.index("工单.csv")
    assert "已完成，有失败行" in listed


def test_checking_is_what_the_form_begins_with(desk, bring, runtime, count) -> None:
    assert 'value="dry" checked' in desk.get("/order-files").text
    answer = bring(desk, csv_file(rows_of({})), how="")
    take_in_due(runtime)
    page = desk.get(answer.location).text
    assert "全部通过" in page
    assert "可新增工单" in page
    assert count(Order) == 0


def test_who_sent_it_is_on_record(desk, bring, runtime) -> None:
    bring(desk, csv_file(rows_of({})))
    with runtime.db.reading() as connection:
        assert connection.scalar(select(OrderFile.actor)) == "staff:manager"


def test_a_file_that_is_no_table_is_told_why(desk, bring, runtime) -> None:
    answer = bring(desk, "姓名,电话\n".encode(), "名单.csv")
    take_in_due(runtime)
    page = desk.get(answer.location).text
    assert "文件未被接受" in page
    assert "缺少列：外部单号" in page


def test_a_form_that_lacks_something_is_shown_again(desk, bring, count) -> None:
    page = send(desk, "/order-files", {"channel": "", "how": "real"})
    assert page.status_code == 422
    assert "请选择受理渠道" in page.text
    assert "请选择文件" in page.text
    assert 'value="real" checked' in page.text
    for channel in ("0", "x", "99999999999", "12"):
        assert "请选择受理渠道" in bring(desk, b"x", channel=channel).text
    assert "文件是空的" in bring(desk, b"").text
    assert count(OrderFile) == 0


def test_a_file_that_is_too_large(desk, bring, monkeypatch, count) -> None:
    monkeypatch.setattr(store_upload, "MOST_BYTES", 1000)
    assert "文件过大" in bring(desk, b"x" * 1001).text
    monkeypatch.setattr(order_files, "_LARGEST_REQUEST", 2000)
    assert bring(desk, b"x" * 3000).status_code == 413
    assert count(OrderFile) == 0


def test_more_than_any_other_request_may_hold_is_let_in_for_a_file_only(desk, bring, count) -> None:
    content = b"x" * 2_000_000
    assert bring(desk, content).status_code == 302
    assert count(OrderFile) == 1
    nobody = desk.application.test_client()
    assert nobody.post("/order-files", **form(content, "x.csv", {})).status_code in (302, 400, 413)
    assert count(OrderFile) == 1


def test_an_upload_is_never_on_disk_in_plain(desk, bring, monkeypatch) -> None:
    files = []
    made = scratch.tempfile.TemporaryFile

    def spy(*args, **kwargs):
        files.append(made(*args, **kwargs))
        return files[-1]

    monkeypatch.setattr(scratch.tempfile, "TemporaryFile", spy)
    seen = []
    monkeypatch.setattr(
        order_files,
        "store_upload",
        lambda run, wish, blocks, size: seen.append((files[-1].seek(0), files[-1].read())) or NOTHING,
    )
    bring(desk, csv_file(rows_of(*({} for _ in range(9000)))))
    assert len(seen[0][1]) > 500_000
    assert not any(b"13800001234" in content for _, content in seen)


class NOTHING:
    id = 0


def test_a_file_can_be_cancelled(desk, bring, runtime, count) -> None:
    answer = bring(desk, csv_file(rows_of({})))
    page = desk.get(answer.location).text
    assert "确认取消" in page
    cancelled = send(desk, f"{answer.location}/cancel", page=answer.location)
    assert cancelled.status_code == 302
    take_in_due(runtime)
    page = desk.get(answer.location).text
    assert "已取消。此前已导入的工单保留。" in page
    assert "确认取消" not in page
    assert count(Order) == 0
    form = {"csrf_token": ""}
    assert desk.post(f"{answer.location}/cancel", data=form).status_code == 400


@pytest.mark.parametrize("who", ["dispatcher", "regulator", "administrator"])
def test_only_counters_and_managers_bring_files(as_, who) -> None:
    client = as_(who)
    for address in ("/order-files", "/order-files/1", "/order-files/template.csv"):
        assert client.get(address).status_code == 403
    assert "/order-files" not in client.get("/").text


def test_another_operators_files_are_not_there(as_, bring, runtime) -> None:
    desk = as_("manager")
    answer = bring(desk, csv_file(rows_of({"联系电话": "12"})))
    take_in_due(runtime)
    stranger = desk.application.test_client()
    sign_in(stranger, runtime, "stranger")
    assert "工单.csv" not in stranger.get("/order-files").text
    for address in (answer.location, f"{answer.location}/failed-rows.csv"):
        assert stranger.get(address).status_code == 404
    assert send(stranger, f"{answer.location}/cancel", page="/order-files").status_code == 404
    assert desk.get(f"/order-files/{10**30}").status_code == 404


def test_failed_rows_that_are_gone_are_said_to_be(desk, bring, runtime) -> None:
    answer = bring(desk, csv_file(rows_of({})))
    take_in_due(runtime)
    gone = desk.get(f"{answer.location}/failed-rows.csv", follow_redirects=True)
    assert "没有失败行可下载" in gone.text


@pytest.mark.parametrize(("kind", "begins"), [("csv", "\ufeff外部单号,".encode()), ("xlsx", b"PK")])
def test_templates_to_begin_from(desk, kind, begins) -> None:
    answer = desk.get(f"/order-files/template.{kind}")
    assert answer.data.startswith(begins)
    assert f"orders.{kind}" in answer.headers["Content-Disposition"]


def exported(desk, address: str) -> list[list[str]]:
    answer = desk.get(address)
    assert answer.headers["Cache-Control"] == "no-store"
    if ".csv" in address:
        return list(csv.reader(answer.data.decode("utf-8-sig").splitlines()))
    (sheet,) = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_list_of_orders_as_a_file(desk, place, monkeypatch, kind) -> None:
    monkeypatch.setattr(export_orders, "_AT_ONCE", 2)
    placed = [place(customer__name="欧阳修", address__detail="滁州醉翁亭1号") for _ in range(5)]
    head, *rows = exported(desk, f"/orders.{kind}")
    assert head[:3] == ["订单号", "环节", "承诺期限"]
    assert [row[0] for row in rows] == [one.number for one in reversed(placed)]
    assert {(row[1], row[5], row[8], row[9]) for row in rows} == {("已受理", "清城区", "官方APP", "家庭")}
    whole = str(rows)
    assert not any(secret in whole for secret in ("欧阳修", "醉翁亭", "13800001234"))
    assert exported(desk, f"/orders.{kind}?stage=completed") == [head]
    assert len(exported(desk, f"/orders.{kind}?stage=accepted")) == 6
    assert exported(desk, f"/orders.{kind}?lang=en")[0][:2] == ["Order number", "Stage"]
    links = desk.get("/?stage=accepted").text
    assert f"/orders.{kind}?stage=accepted" in links


def test_no_cell_of_an_export_is_a_formula(desk, place, runtime, stores) -> None:
    place()
    with runtime.db.transaction() as connection:
        connection.execute(text("SELECT 1"))
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    owner = create_engine(stores.owner_url, poolclass=NullPool)

    def call(name: str) -> None:
        with owner.begin() as connection:
            connection.execute(text("UPDATE channels SET name = :name WHERE code = 'app'"), {"name": name})

    with owner.begin() as connection:
        names = dict(connection.execute(text("SELECT id, name FROM channels WHERE code = 'app'")).all())
    call("=HYPERLINK(1)")
    try:
        for kind in ("csv", "xlsx"):
            assert exported(desk, f"/orders.{kind}")[1][8] == "'=HYPERLINK(1)"
    finally:
        with owner.begin() as connection:
            for channel_id, name in names.items():
                connection.execute(
                    text("UPDATE channels SET name = :name WHERE id = :id"), {"name": name, "id": channel_id}
                )
        owner.dispose()


def test_a_workbook_of_too_many_orders_is_refused_with_advice(desk, place, monkeypatch) -> None:
    monkeypatch.setattr(giving, "MOST_ROWS", 1)
    place(), place()
    answer = desk.get("/orders.xlsx", follow_redirects=True)
    assert "请先筛选，或下载 CSV" in answer.text
    assert len(exported(desk, "/orders.csv")) == 3


def test_a_regulator_takes_no_list_out(as_) -> None:
    assert as_("regulator").get("/orders.csv").status_code == 403


def test_what_was_imported_has_its_events(desk, bring, runtime, count) -> None:
    bring(desk, csv_file(rows_of({}, {})))
    take_in_due(runtime)
    assert count(OrderEvent) == 2
