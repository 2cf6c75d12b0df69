"""The audit trail at the desk: what is noted, who may read it, in which words."""

import ast
import csv
import io
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from complaining import Desk
from desk_forms import send
from flask.testing import FlaskClient
from order_file_samples import blocks_of, csv_file, rows_of
from sqlalchemy import select, text

from tracker import clock
from tracker.audit.append import append
from tracker.audit.models import AuditEntry
from tracker.audit.rules import Action
from tracker.audit.verify import verify
from tracker.files import giving
from tracker.order_files.store_upload import Wish, store_upload
from tracker.order_files.take_in import take_in_due
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def people(as_: Callable[[str], FlaskClient], runtime: Runtime, place: Callable[..., Placed]) -> Desk:
    return Desk(runtime, 1, place)


def entries(runtime: Runtime) -> list[tuple[str, str, str, tuple[str, ...]]]:
    with runtime.db.reading() as connection:
        rows = connection.execute(select(AuditEntry.__table__).order_by(AuditEntry.id)).all()
    return [(row.actor, row.action, row.subject, tuple(row.fields)) for row in rows]


def note(runtime: Runtime, subject: str = "order:1", **more: Any) -> None:
    said = {"operator_id": 1, "actor": "staff:manager", "fields": ("contact_phone",), "why": "致电客户"}
    with runtime.db.transaction() as connection:
        append(connection, more.pop("action", Action.SAW), subject=subject, **(said | more))


def lines(page: str) -> list[str]:
    """The rows of the list, as they are read."""
    rows = re.findall(r'<tr role="row">\n<td(.*?)</tr>', page, re.S)
    return [" ".join(unescape(re.sub(r"<[^>]*>", " ", "<td" + row)).split()) for row in rows]


def order_id(runtime: Runtime, number: str) -> int:
    with runtime.db.reading() as connection:
        found = connection.scalar(text("SELECT id FROM orders WHERE number = :number"), {"number": number})
    assert isinstance(found, int)
    return found


def test_an_entry_reads_as_a_sentence(desk: FlaskClient, runtime: Runtime, people: Desk) -> None:
    number = people.order()
    note(runtime, f"order:{order_id(runtime, number)}", fields=("contact_phone", "customer_name"))
    (line,) = lines(desk.get("/audit").text)
    assert line.endswith(f"manager 看了 订单 {number} ：联系电话、客户姓名 致电客户")
    (line,) = lines(desk.get("/audit?lang=en").text)
    assert line.endswith(f"manager Saw Order {number} : Contact phone, customer's name Call the customer")
    assert f'href="/orders/{number}"' in desk.get("/audit").text


def test_what_customers_wrote_is_seen_on_record_and_once_a_day(
    as_: Callable[[str], FlaskClient], runtime: Runtime, people: Desk
) -> None:
    manager = as_("manager")
    number = people.order()
    complaint = people.file(number)
    rated = people.completed(at=clock.now())
    people.rate(rated, 2, "来得太晚")
    silent = people.completed(at=clock.now())
    people.rate(silent, 5)
    for _ in range(2):
        assert manager.get(f"/complaints/{complaint}").status_code == 200
        assert manager.get("/ratings").status_code == 200
        assert manager.get(f"/orders/{rated}").status_code == 200
        assert manager.get(f"/orders/{silent}").status_code == 200
        assert manager.get("/complaints").status_code == 200
    assert entries(runtime) == [
        ("staff:manager", "saw", f"complaint:{complaint}", ("text",)),
        ("staff:manager", "saw", f"order:{order_id(runtime, rated)}", ("comment",)),
    ]
    people.follow(complaint, clock.now())
    manager.get(f"/complaints/{complaint}")
    assert entries(runtime)[2:] == [("staff:manager", "saw", f"complaint:{complaint}", ("text", "notes"))]
    # Whoever is refused has seen nothing.
    as_("stranger").get(f"/complaints/{complaint}")
    as_("counter").get(f"/complaints/{complaint}")
    as_("counter").get(f"/orders/{rated}")
    assert len(entries(runtime)) == 3
    assert verify(runtime.db, [1])[0].broken is None


@pytest.mark.parametrize("by", ["manager", "key"])
def test_fetching_failed_rows_is_on_record(
    as_: Callable[[str], FlaskClient], runtime: Runtime, channel: ChannelFacts, api_key: str, by: str
) -> None:
    content = csv_file(rows_of({"联系电话": "not a phone"}))
    actor = "channel:app" if by == "key" else "staff:manager"
    wish = Wish(channel=channel, name="工单.csv", actor=actor, dry_run=False)
    file_id = store_upload(runtime, wish, blocks_of(content), len(content)).id
    take_in_due(runtime)
    client = as_("manager")
    if by == "key":
        address = f"/api/v1/order-files/{file_id}/failed-rows"
        answer = client.get(address, headers={"Authorization": f"Bearer {api_key}"})
    else:
        answer = client.get(f"/order-files/{file_id}/failed-rows.csv")
    assert "not a phone" in answer.text
    assert entries(runtime) == [(actor, "saw", f"order_file:{file_id}", ("failed_rows",))]


@pytest.mark.parametrize("role", ["counter", "dispatcher", "installer", "regulator"])
def test_others_do_not_read_it(as_: Callable[[str], FlaskClient], role: str) -> None:
    client = as_(role)
    assert client.get("/audit").status_code == 403
    assert client.get("/audit.csv").status_code == 403


def test_a_manager_reads_the_own_operators_alone_and_an_administrator_everybodys(
    as_: Callable[[str], FlaskClient], runtime: Runtime
) -> None:
    note(runtime, why="ours")
    note(runtime, operator_id=2, actor="staff:stranger", why="theirs")
    note(runtime, operator_id=None, actor="console:root", subject="account:1", fields=(), why="nobody's")
    assert [line.split()[-1] for line in lines(as_("manager").get("/audit").text)] == ["ours"]
    assert [line.split()[-1] for line in lines(as_("stranger").get("/audit").text)] == ["theirs"]
    seen = as_("administrator").get("/audit").text
    assert [line.split()[-1] for line in lines(seen)] == ["nobody's", "theirs", "ours"]
    assert "清远移动" in seen
    assert "theirs" in as_("administrator").get("/audit.csv").text
    assert "theirs" not in as_("manager").get("/audit.csv").text


def test_filters_stand_in_the_address(desk: FlaskClient, runtime: Runtime, people: Desk) -> None:
    number = people.order()
    complaint = people.file(number)
    note(runtime, f"order:{order_id(runtime, number)}", why="one")
    note(runtime, f"complaint:{complaint}", actor="staff:counter", why="two")
    note(runtime, "account:1", action=Action.GRANTED, actor="console:root", why="three")

    def found(query: str) -> list[str]:
        return [line.split()[-1] for line in lines(desk.get(f"/audit?{query}").text)]

    assert found("") == ["three", "two", "one"]
    assert found(f"number={number}") == ["one"]
    assert found(f"number={number.lower()}") == ["one"]
    assert found(f"number={people.row(complaint).number}") == ["two"]
    assert found("number=QY000000000000A") == []
    assert found("who=counter") == ["two"]
    assert found("who=console:root") == ["three"]
    assert found("who=nobody") == []
    assert found("action=granted") == ["three"]
    today = clock.today()
    assert found(f"day={today}") == ["three", "two", "one"]
    assert found("day=2020-01-01") == []
    # What is no filter narrows nothing; nothing that is typed breaks the page.
    for odd in ("action=looked", "day=soon", "day=99999-01-01", "before=x", "before=" + "9" * 30, "who=%00"):
        assert found(odd) == ["three", "two", "one"], odd
    page = desk.get("/audit?who=nobody").text
    assert "没有符合条件的记录" in page
    assert 'value="nobody"' in page


def test_before_anything_is_noted_the_page_says_what_will_be(desk: FlaskClient) -> None:
    assert "还没有记录" in desk.get("/audit").text


def test_twenty_a_page(desk: FlaskClient, runtime: Runtime) -> None:
    for number in range(45):
        note(runtime, why=f"n{number}")
    page, seen = desk.get("/audit").text, []
    while True:
        seen.append([line.split()[-1] for line in lines(page)])
        older = re.search(r'href="(/audit\?before=\d+)"', page)
        if older is None:
            break
        page = desk.get(older[1]).text
        assert "回到最新" in page
    assert [len(one) for one in seen] == [20, 20, 5]
    assert [one for some in seen for one in some] == [f"n{number}" for number in reversed(range(45))]


def test_a_day_is_read_by_the_time_also_where_ids_ran_otherwise(desk: FlaskClient, runtime: Runtime) -> None:
    with runtime.db.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_entries (operator_id, action, actor, subject, fields, why, at)"
                " SELECT 1, 'saw', 'staff:manager', 'order:1', '{contact_phone}', 'n' || n,"
                " TIMESTAMPTZ '2026-03-02 23:59:30+08' - n / 2 * interval '1 minute'"
                " FROM generate_series(0, 44) AS n"
            )
        )
    for _ in range(3):
        note(runtime, why="of another day")
    page, seen = desk.get("/audit?day=2026-03-02").text, []
    while True:
        seen += [line.split()[-1] for line in lines(page)]
        older = re.search(r'href="(/audit\?before=[^"]+)"', page)
        if older is None:
            break
        page = desk.get(unescape(older[1])).text
    # Two of one moment each: the later id first.
    assert seen == [f"n{n}" for pair in range(0, 46, 2) for n in (pair + 1, pair) if n < 45]
    rows = csv.reader(io.StringIO(desk.get("/audit.csv?day=2026-03-02").text))
    assert [row[-1] for row in rows][1:] == seen


def test_the_files_hold_what_the_list_shows(
    desk: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        note(runtime, why=f"n{number}", action=Action.CHANGED if number % 2 else Action.SAW)
    note(runtime, why="=1+1", actor="staff:counter")
    answer = desk.get("/audit.csv?action=changed&lang=en")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert rows[0][1:3] == ["Person", "Operator"]
    assert [row[-1] for row in rows[1:]] == [f"n{number}" for number in range(23, 0, -2)]
    assert answer.headers["Content-Disposition"].endswith("audit.csv")
    # No cell is a formula.
    whole = list(csv.reader(io.StringIO(desk.get("/audit.csv").text)))
    assert whole[1][-1] == "'=1+1"
    book = openpyxl.load_workbook(io.BytesIO(desk.get("/audit.xlsx?who=counter").data))
    assert [cell.value for cell in list(book.active.rows)[1]][1] == "counter"
    monkeypatch.setattr(giving, "MOST_ROWS", 3)
    refused = desk.get("/audit.xlsx")
    assert refused.headers["Location"] == "/audit"
    assert "超过 3 行" in desk.get("/audit").text


def test_every_kind_of_entry_has_words_in_both_languages(desk: FlaskClient, runtime: Runtime) -> None:
    for action in Action:
        note(runtime, action=action)
    shown = lines(desk.get("/audit").text)
    assert [line.split()[3] for line in shown] == ["收回了", "授予了", "查找了", "改了", "看了"]
    rows = list(csv.reader(io.StringIO(desk.get("/audit.csv?lang=en").text)))
    assert [row[3] for row in rows[1:]] == ["Revoked", "Granted", "Searched for", "Changed", "Saw"]
    assert lines(desk.get("/audit?action=sought").text) == shown[2:3]


def test_a_search_by_phone_that_found_nothing_reads_as_such(desk: FlaskClient, runtime: Runtime) -> None:
    send(desk, "/orders/find", {"number": "13900001111"}, page="/")
    (line,) = lines(desk.get("/audit").text)
    assert line.endswith("manager 查找了 没有对应的订单：联系电话 按电话查找")


@pytest.mark.parametrize(
    ("why", "zh", "en"),
    [
        ("invited as manager", "开通为经理", "Account given: Manager"),
        ("counter becomes manager", "由营业员改为经理", "From Counter clerk to Manager"),
        ("致电客户：改约", "致电客户：改约", "Call the customer: 改约"),
        ("上门施工", "上门施工", "Installer on site"),
        ("counter becomes king", "counter becomes king", "counter becomes king"),
    ],
)
def test_why_is_said_in_the_readers_language(
    desk: FlaskClient, runtime: Runtime, why: str, zh: str, en: str
) -> None:
    note(runtime, why=why)
    assert lines(desk.get("/audit").text)[0].endswith(zh)
    assert lines(desk.get("/audit?lang=en").text)[0].endswith(en)


def test_nothing_that_the_program_notes_lacks_words(desk: FlaskClient, runtime: Runtime) -> None:
    """Fields and reasons as they are written down wherever entries are made."""
    fields, whys = said_in_the_code()
    assert len(fields) > 10
    assert len(whys) > 15
    for field in fields:
        note(runtime, fields=(field,))
        (line, *_) = lines(desk.get("/audit").text)
        assert not re.search(r"：[a-z_]+ ", line), field
    for why in whys:
        note(runtime, why=why)
        (line, *_) = lines(desk.get("/audit").text)
        assert not re.search(r"[a-z]+$", line), why


def said_in_the_code() -> tuple[set[str], set[str]]:
    """The fields and reasons that stand as literals in calls which note something in the trail."""
    fields: set[str] = set()
    whys: set[str] = set()
    for path in Path("tracker").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "tracker.audit.append" not in source and "note_s" not in source:
            continue
        for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", "")
            literals = [one.value for one in ast.walk(call) if isinstance(one, ast.Constant)]
            texts = [one for one in literals if isinstance(one, str)]
            named = {one.arg: one.value for one in call.keywords}
            if name in ("append", "note_seen"):
                fields |= _literals(named.get("fields"))
                whys |= _literals(named.get("why"))
            elif name == "note_shown":
                whys.add(texts[-1])
                fields |= _literals(call.args[2])
            elif name in ("_note", "_do") and len(texts) > 1:
                *_, field, why = texts
                fields.add(field)
                whys.add(why)
    return fields, whys


def _literals(part: ast.expr | None) -> set[str]:
    if not isinstance(part, ast.Constant | ast.Tuple | ast.IfExp):
        return set()
    return {
        one.value for one in ast.walk(part) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def test_a_note_cannot_be_sent_away(desk: FlaskClient, runtime: Runtime) -> None:
    note(runtime)
    assert send(desk, "/audit", {}, page="/").status_code == 405
    assert len(entries(runtime)) == 1
