"""What stands in a report: the numbers of plain counts, every county, every dealer, and words as they are."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from tests.announced_outages import Announcer
from tests.complaining import Desk
from tests.reporting import DEALERS, FIRST_HALF, NOW, REGULATOR, SECOND_HALF, Office
from tracker import clock
from tracker.clock import CITY_ZONE
from tracker.complaints.rules import Source
from tracker.excuses.removed import removed_by_approver
from tracker.figures.judged_orders import count_orders
from tracker.figures.on_time import Stretch
from tracker.figures.rules import Counts, total
from tracker.orders.models import Order
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.reports.about import scope_of
from tracker.reports.overview import overview
from tracker.reports.pdf import pdf_of
from tracker.reports.workbook import workbook_of
from tracker.runtime import Runtime


@pytest.fixture
def filled(office: Office, place: Callable[..., Placed]) -> Office:
    """Orders of two operators, in two counties, of four dealers and of none."""
    pattern = place().number
    for seed, dealer in enumerate((None, *DEALERS[:3]), start=1):
        office.orders(pattern, 20, seed=seed, dealer=dealer)
    office.orders(pattern, 12, seed=8, community_code="441881001001", needs_assistance=True)
    office.orders(pattern, 35, seed=9, operator_id=2, dealer="移动代理")
    # Of a dealer that had its only order the year before.
    office.orders(pattern, 1, seed=10, dealer=DEALERS[3])
    office.execute(
        "UPDATE orders SET accepted_at = '2025-11-02T01:00:00Z' WHERE dealer = :dealer", dealer=DEALERS[3]
    )
    office.execute(
        "UPDATE promises SET deadline = '2025-11-04T01:00:00Z' WHERE order_id IN"
        " (SELECT id FROM orders WHERE dealer = :dealer)",
        dealer=DEALERS[3],
    )
    office.execute(
        "UPDATE orders SET stage = e.stage FROM order_events e WHERE e.order_id = orders.id"
        " AND e.order_version = (SELECT max(order_version) FROM order_events"
        " WHERE order_id = orders.id AND kind = 'stage')"
    )
    return office


def plain(runtime: Runtime, operator_id: int | None) -> Counts:
    """Counted order by order."""
    with runtime.db.reading() as connection:
        found = count_orders(connection, *FIRST_HALF.bounds)
    return total(counts for operator, counts in found.items() if operator_id in (None, operator))


def accepted(runtime: Runtime, *conditions: Any) -> int:
    begins, ends = FIRST_HALF.bounds
    with runtime.db.reading() as connection:
        return connection.execute(
            select(func.count()).where(Order.accepted_at >= begins, Order.accepted_at < ends, *conditions)
        ).scalar_one()


def test_on_time_figures_are_the_plain_counts(filled: Office, runtime: Runtime) -> None:
    report_id = filled.built()
    counts = plain(runtime, 1)
    assert counts.due > 90
    assert counts.removed
    now, before = filled.table(report_id, "on_time", "overall")
    assert now["due"] == counts.due
    assert now["gross"] == [counts.on_time, counts.due]
    assert now["net"] == [counts.net_on_time, counts.net_due]
    assert now["removed"] == sum(counts.removed.values())
    assert before["due"] == 1
    *counties, whole = filled.table(report_id, "on_time", "counties")
    assert len(counties) == 8
    for name in ("due", "on_time", "net_due", "net_on_time", "removed"):
        assert sum(row[name] for row in counties) == whole[name] == now[name]
    *reasons, left_out = filled.table(report_id, "on_time", "removed")
    assert sorted(row["removed"] for row in reasons) == sorted(counts.removed.values())
    assert left_out["removed"] == now["removed"]


def test_excuses_by_approver_add_up_to_what_net_leaves_out(filled: Office, runtime: Runtime) -> None:
    report_id = filled.built()
    counts = plain(runtime, 1)
    by_reason: Counter[str] = Counter()
    with runtime.db.reading() as connection:
        for one in removed_by_approver(connection, 1, Stretch(FIRST_HALF.starts_on, FIRST_HALF.ends_on), NOW):
            by_reason[one.reason_code] += one.orders
    assert by_reason == {code: count for code, count in counts.removed.items() if code != "withdrawn"}
    *lines, whole = filled.table(report_id, "on_time", "excused")
    assert {row["approver"]["zh"] for row in lines} == {"系统"}
    assert whole["orders"] == by_reason.total()
    filled.execute("UPDATE promise_entries SET actor = 'staff:li.hua' WHERE kind = 'excuse'")
    filled.rebuilt(report_id)
    *lines, _ = filled.table(report_id, "on_time", "excused")
    assert {row["approver"]["zh"] for row in lines} == {"li.hua"}, "by account"


def test_who_approved_is_named_as_what_it_is(filled: Office, runtime: Runtime, channel: ChannelFacts) -> None:
    report_id = filled.built()
    kinds = ["console:excuses", "console:demo", f"channel:{channel.code}", "system"]
    filled.execute(
        "UPDATE promise_entries SET actor = (CAST(:kinds AS text[]))[1 + order_id % 4] WHERE kind = 'excuse'",
        kinds=kinds,
    )
    filled.rebuilt(report_id)
    *lines, _ = filled.table(report_id, "on_time", "excused")
    told = [(row["reason"]["zh"], row["approver"]["zh"]) for row in lines]
    assert {who for _, who in told} == {"管理员（控制台）", f"渠道：{channel.name}", "系统"}
    assert len(set(told)) == len(told), "the console has one line for a reason"


def test_orders_are_counted_by_county_kind_and_channel(filled: Office, runtime: Runtime) -> None:
    report_id = filled.built()
    *rows, whole = filled.table(report_id, "orders", "by_county")
    assert len(rows) == 8 * 2, "every county with both kinds of customers"
    assert whole["orders"] == whole["app"] == accepted(runtime, Order.operator_id == 1)
    yingde = [row for row in rows if row["county"]["zh"] == "英德市"]
    assert [row["orders"] for row in yingde] == [12, 0]
    assert sum(row["orders"] for row in rows) == whole["orders"]
    assisted = filled.table(report_id, "assisted", "by_county")[-1]
    assert assisted["assisted"] == 12


def test_every_dealer_appears_also_those_without_an_order(filled: Office, runtime: Runtime) -> None:
    report_id = filled.built()
    rows = {row["dealer"]["zh"]: row for row in filled.table(report_id, "dealers", "dealers")}
    assert set(rows) == {"直营（无代理商）", *DEALERS}, "and nobody else's"
    assert rows[DEALERS[3]]["orders"] == rows[DEALERS[3]]["due"] == 0
    for dealer in DEALERS[:3]:
        assert rows[dealer]["orders"] == accepted(runtime, Order.dealer == dealer)
    assert sum(row["orders"] for row in rows.values()) == accepted(runtime, Order.operator_id == 1)
    assert sum(row["gross"][0] for row in rows.values()) == plain(runtime, 1).on_time


def test_durations_visits_and_returns_are_there(filled: Office, runtime: Runtime) -> None:
    report_id = filled.built()
    overall, *counties = filled.table(report_id, "durations", "times")
    assert len(counties) == 8
    assert overall["connected"] == sum(row["connected"] for row in counties) > 50
    assert overall["duration_median"] <= overall["duration_p90"]
    assert [row["duration_mean"] for row in counties if not row["connected"]] == [None] * 6
    *causes, whole = filled.table(report_id, "returns", "by_cause")
    with runtime.db.reading() as connection:
        returned = connection.scalar(
            text(
                "SELECT count(*) FROM order_events e JOIN orders o ON o.id = e.order_id"
                " WHERE e.stage = 'returned' AND o.operator_id = 1"
                " AND e.occurred_at >= :a AND e.occurred_at < :b"
            ),
            dict(zip("ab", FIRST_HALF.bounds, strict=True)),
        )
    assert whole["returned"] == sum(row["returned"] for row in causes) == returned


def test_the_citys_report_is_all_operators_together(filled: Office, runtime: Runtime) -> None:
    city = filled.built(REGULATOR)
    assert filled.table(city, "on_time", "overall")[0]["due"] == plain(runtime, None).due
    *operators, whole = filled.table(city, "on_time", "operators")
    assert [row["due"] for row in operators] == [plain(runtime, 1).due, plain(runtime, 2).due, 0]
    assert whole["due"] == plain(runtime, None).due
    assert len(filled.table(city, "orders", "by_county")) == 8 * 3 * 2 + 1
    dealers = [row["dealer"]["zh"] for row in filled.table(city, "dealers", "dealers")]
    assert set(dealers) >= {*DEALERS, "移动代理"}
    assert dealers.count("直营（无代理商）") == 3
    assert "approver" not in filled.table(city, "on_time", "excused")[0], "nobody is named to the regulator"


def test_a_countys_small_sample_is_not_told_by_the_other_operators_beside_it(
    office: Office, runtime: Runtime, place: Callable[..., Placed]
) -> None:
    pattern, yingde = place().number, "441881001001"
    for seed, (operator, community, count) in enumerate(
        ((1, None, 60), (1, yingde, 7), (2, None, 45), (2, yingde, 35)), start=1
    ):
        where = {} if community is None else {"community_code": community}
        office.orders(pattern, count, seed=seed, operator_id=operator, **where)
    with runtime.db.reading() as connection:
        scope = scope_of(connection, runtime.reference.current(), None, FIRST_HALF, NOW)
        counties = overview(connection, scope).counties
    told = {
        (key, county): counties[key][county].gross for key in (1, 2, None) for county in ("441802", "441881")
    }
    assert told[1, "441881"] is None
    # The city's and the other operator's together would tell it.
    assert [told[2, "441881"], told[1, "441802"], told[2, "441802"]] == [None] * 3
    assert (told[None, "441881"] or (0, 0))[1] == 42
    assert (told[None, "441802"] or (0, 0))[1] == 105
    assert counties[2]["441881"].gross_sample == 35, "samples are always told"


def test_the_half_begins_and_ends_at_midnight_in_the_city(
    office: Office, place: Callable[..., Placed]
) -> None:
    pattern = place().number
    # When each was accepted and when it was due, whether it was taken in, whether it fell due.
    borders = {
        "before": ("2025-12-31T23:59:59", "2026-01-01T00:00:00", 0, 0),
        "first": ("2026-01-01T00:00:00", "2026-01-01T00:00:01", 1, 1),
        # A day's 24:00 belongs to the day that ends.
        "last": ("2026-06-30T23:59:59", "2026-07-01T00:00:00", 1, 1),
        "after": ("2026-07-01T00:00:00", "2026-07-01T00:00:01", 0, 0),
    }
    for seed, (dealer, (accepted_at, due_at, _, _)) in enumerate(borders.items()):
        office.orders(pattern, 1, seed=seed, dealer=dealer)
        moments = {"dealer": dealer, "accepted": f"{accepted_at}+08:00", "due": f"{due_at}+08:00"}
        office.execute("UPDATE orders SET accepted_at = :accepted WHERE dealer = :dealer", **moments)
        office.execute(
            "UPDATE promises SET deadline = :due"
            " WHERE order_id = (SELECT id FROM orders WHERE dealer = :dealer)",
            **moments,
        )
    rows = {row["dealer"]["zh"]: row for row in office.table(office.built(), "dealers", "dealers")}
    assert {dealer: (rows[dealer]["orders"], rows[dealer]["due"]) for dealer in borders} == {
        dealer: (taken, due) for dealer, (_, _, taken, due) in borders.items()
    }


def test_an_empty_half_says_so_and_breaks_nothing(office: Office) -> None:
    report_id = office.built()
    content = json.loads(office.row(report_id).content)
    assert office.table(report_id, "on_time", "overall")[0]["gross"] == [0, 0]
    assert len(office.table(report_id, "self_checks", "self_checks")) == 8
    assert {row["findings"]["zh"] for row in office.table(report_id, "self_checks", "self_checks")} == {
        "未填报"
    }
    assert content["self_checks_missing"] == 8
    (own,) = office.table(report_id, "dealers", "dealers")
    assert (own["dealer"]["zh"], own["orders"], own["net"]) == ("直营（无代理商）", 0, [0, 0])
    for language in ("zh", "en"):
        assert pdf_of(office.row(report_id), language).startswith(b"%PDF-")
        assert workbook_of(office.row(report_id), language).startswith(b"PK")


def test_complaints_are_counted_by_source_and_by_whether_they_were_late(
    office: Office, runtime: Runtime, place: Callable[..., Placed], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(runtime, 1, place)
    desk.hire("wang.min")
    filed_at = datetime(2026, 8, 3, 10, tzinfo=CITY_ZONE)
    monkeypatch.setattr(clock, "now", lambda: filed_at)
    number = place().number
    late = desk.file(number, source=Source.CITY_LINE)
    in_time = desk.file(None, source=Source.HOTLINE, topic="fees")
    desk.close(in_time)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    report_id = office.built(half=SECOND_HALF)
    rows = {row["source"]["en"]: row for row in office.table(report_id, "complaints", "by_source")}
    assert late != in_time
    assert (rows["12345"]["received"], rows["12345"]["overdue"], rows["12345"]["closed"]) == (1, 1, 0)
    assert (rows["hotline"]["received"], rows["hotline"]["overdue"], rows["hotline"]["closed"]) == (1, 0, 1)
    assert rows["total"]["received"] == 2
    city = office.built(REGULATOR, SECOND_HALF)
    operators = office.table(city, "complaints", "by_operator")
    assert [(row["received"], row["overdue"]) for row in operators] == [(2, 1), (0, 0), (0, 0), (2, 1)]


def test_outages_that_were_announced_in_time_are_told(office: Office, runtime: Runtime) -> None:
    announcer = Announcer(runtime.db, 1)
    announcer.announce()
    announcer.announce(
        starts_at=NOW + timedelta(hours=30),
        ends_at=NOW + timedelta(hours=33),
        area=["441803"],
        override_reason="主干光缆有断裂危险",
    )
    report_id = office.built(half=SECOND_HALF)
    (row,) = office.table(report_id, "outages", "notice")
    assert (row["planned"], row["told"], row["share"], row["faults"]) == (2, 1, [1, 2], 0)


_LEDGER_LINE = """
INSERT INTO compensation_entries (operator_id, order_id, number, kind, connected_at, days, fee_fen,
  amount_fen, paid_fen, method, reference, paid_on, working, reason, actor, recorded_at)
SELECT operator_id, id, :number, CAST(:kind AS text), CAST(:connected_at AS timestamptz), :days, 10000,
  :days * 100, :paid,
  CASE CAST(:kind AS text) WHEN 'paid' THEN 'cash' END, CASE CAST(:kind AS text) WHEN 'paid' THEN 'A1' END,
  CASE CAST(:kind AS text) WHEN 'paid' THEN DATE '2026-07-01' END,
  jsonb_build_object('deadline', :connected_at, 'until', :connected_at, 'left_out', '[]'::jsonb,
    'fault_seconds', :days * 86400, 'rate', '0.01'), 'late', 'system', :connected_at
FROM orders WHERE operator_id = :operator ORDER BY id OFFSET :which LIMIT 1
"""


def test_compensation_is_what_the_ledger_comes_to(filled: Office) -> None:
    for operator, which, number, kind, month, days, paid in (
        (1, 0, 1, "fixed", 3, 5, 0),
        # What an excuse changed since, and what was paid of it.
        (1, 0, 2, "corrected", 3, 3, 0),
        (1, 0, 3, "paid", 3, 3, 300),
        (1, 1, 1, "fixed", 6, 2, 0),
        # Connected in the other half, or another operator's.
        (1, 2, 1, "fixed", 7, 9, 0),
        (2, 0, 1, "fixed", 4, 1, 0),
    ):
        connected_at = datetime(2026, month, 30, 23, tzinfo=CITY_ZONE)
        line = {"operator": operator, "which": which, "number": number, "kind": kind, "days": days}
        filled.execute(_LEDGER_LINE, **line, paid=paid, connected_at=connected_at)
    (row,) = filled.table(filled.built(), "compensation", "totals")
    assert (row["orders"], row["days"], row["owed"], row["paid"]) == (2, 5, 500, 300)
    content = json.loads(filled.row(filled.built()).content)
    parts = {part["code"]: part for part in content["sections"]}
    assert "收取的安装、调测费用（减去减免）的百分之一" in parts["compensation"]["said"][0]["zh"]
    defined = {row[0]["zh"]: row[1]["zh"] for row in parts["appendix"]["tables"][0]["rows"]}
    assert "不论是否已付" in defined["补偿的费用基数"]
    *_, whole = filled.table(filled.built(REGULATOR), "compensation", "totals")
    assert (whole["orders"], whole["days"], whole["owed"], whole["paid"]) == (3, 6, 600, 300)
