"""Histories name people as their colleagues know them, and the console as such, on every page alike."""

from datetime import timedelta

import pytest
from desk_forms import PASSWORD

from tests.announced_outages import outage_json
from tests.visiting_slots import COUNTY, TOWN, Diary
from tracker import clock
from tracker.outages.announce_outage import announce_outage
from tracker.outages.schemas import OutageSchema
from tracker.staff.create_account import create_account
from tracker.teams.save_team import make_team
from tracker.visits.change_slots import change_capacity


def outage(runtime, operator_id: int, actor: str) -> str:
    begin = clock.now() + timedelta(days=4)
    planned = outage_json(starts_at=begin, ends_at=begin + timedelta(hours=6))
    return f"/outages/{announce_outage(runtime.db, operator_id, OutageSchema().load(planned), actor)}"


def slot(runtime, operator_id: int, actor: str) -> str:
    diary = Diary(runtime, operator_id)
    one = diary.slot()
    change_capacity(runtime.db, operator_id, [one], 3, actor)
    return f"/slots/{TOWN}/{clock.local_date(diary.row(one).starts_at)}"


def team(runtime, operator_id: int, actor: str) -> str:
    return f"/teams/{make_team(runtime.db, operator_id, '东城班', COUNTY, actor)}"


@pytest.mark.parametrize("done", [outage, slot, team])
@pytest.mark.parametrize(
    ("actor", "shown", "hidden"),
    [("console:demo", "· 控制台", "demo"), ("staff:wang.min", "· 王敏", "wang.min")],
)
def test_whoever_did_it_is_named_as_everywhere(
    desk, runtime, channel, done, actor: str, shown: str, hidden: str
) -> None:
    create_account(
        runtime.db,
        username="wang.min",
        password=PASSWORD,
        role="manager",
        display_name="王敏",
        operator_id=channel.operator_id,
    )
    page = desk.get(done(runtime, channel.operator_id, actor)).text
    main = page[page.index("<main") : page.index("</main")]
    assert shown in main
    assert hidden not in main
