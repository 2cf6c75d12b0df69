"""Announced changes in every state, made through the real use cases on days that lie behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select, text
from subscribing import City, in_city

from tracker import clock
from tracker.tariff_changes.upkeep import keep_change
from tracker.tariff_changes.withdraw_change import withdraw_change
from tracker.tariffs.models import Plan

OTHER_PLAN = "24GD100003"


@contextmanager
def on(*when: int) -> Iterator[datetime]:
    """What happens inside happens then, by the city's clocks."""
    moment = in_city(*when)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        yield moment


def telling(city: City, count: int = 25, **request: Any) -> int:
    """The fee rises from 129 to 139 yuan on 1 January; texts leave since 17 November, some have arrived.

    Of `count` subscribers two wish to be called, and all texts but five were delivered on the 18th.
    """
    texted = city.subscribe(count - 2)
    city.subscribe(2, takes_texts=False)
    with on(2026, 11, 10, 9):
        change = city.announce(**request)
    with on(2026, 11, 17, 9):
        keep_change(city.run, change)
    notices = city.rows(
        "SELECT notice_id FROM tariff_warnings WHERE change_id = :change AND subscriber_id = ANY(:texted)"
        " ORDER BY subscriber_id",
        change=change,
        texted=texted[:-5],
    )
    for row in notices:
        city.arrive(row.notice_id, in_city(2026, 11, 18, 10, 30))
    with city.run.db.transaction() as connection:
        connection.execute(
            text("UPDATE notices SET provider_reference = 'SM' || md5(id::text) WHERE delivered_at > :never"),
            {"never": in_city(2000, 1, 1)},
        )
    return change


def in_effect(city: City) -> int:
    """A change of another plan on 20 November that reached three in time, one late, and one not at all."""
    with city.run.db.reading() as connection:
        other = connection.execute(select(Plan.__table__).where(Plan.filing_number == OTHER_PLAN)).one()
    told = city.subscribe(5, plan_id=other.id, monthly_fen=other.monthly_fen)
    with on(2026, 10, 1, 9):
        change = city.announce(
            filing_number=OTHER_PLAN, effective_on="2026-11-20", monthly_fen=other.monthly_fen + 500
        )
    with on(2026, 10, 6, 9):
        keep_change(city.run, change)
    arrivals = [in_city(2026, 10, 7, 10)] * 3 + [in_city(2026, 11, 2, 10)]
    for subscriber, at in zip(told[:4], arrivals, strict=True):
        (row,) = city.rows(
            "SELECT notice_id FROM tariff_warnings WHERE change_id = :change AND subscriber_id = :subscriber",
            change=change,
            subscriber=subscriber,
        )
        city.arrive(row.notice_id, at)
    return change


def withdrawn(city: City) -> int:
    """Announced on the 12th, four of its subscribers told on the 21st, and withdrawn on the 22nd."""
    with on(2026, 11, 12, 9):
        change = city.announce(effective_on="2027-01-05", monthly_fen=14900, reason="暂缓")
    with on(2026, 11, 21, 9):
        keep_change(city.run, change)
    rows = city.rows(
        "SELECT notice_id FROM tariff_warnings WHERE change_id = :change ORDER BY 1 LIMIT 4", change=change
    )
    for row in rows:
        city.arrive(row.notice_id, in_city(2026, 11, 21, 10))
    with on(2026, 11, 22, 9):
        withdraw_change(city.run, city.operator_id, change, "总部通知暂缓", "staff:wang.min")
        keep_change(city.run, change)
    return change


def awaiting(city: City) -> int:
    """Other terms from 10 February, of which warnings do not leave yet."""
    with on(2026, 11, 20, 9):
        return city.announce(
            kind="terms",
            effective_on="2027-02-10",
            fields={"cancellation": "营业厅或电话办理，次月生效"},
            summary="退订改为次月生效",
            summary_en="cancelling takes effect next month",
            reason="粤电信〔2026〕88号",
        )


def ending(city: City, count: int = 12, until: date = date(2027, 1, 15)) -> list[int]:
    """Subscribers whose discount ends, which nobody has announced."""
    return city.subscribe(count, monthly_fen=9900, agreed_until=until, agreement="discount")
