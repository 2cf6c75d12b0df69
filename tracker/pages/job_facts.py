"""A job as an installer is shown it: what he needs to find it and to do it, and no more of the customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from flask import g
from sqlalchemy import Row

from tracker import clock
from tracker.masks import mask_name
from tracker.orders.rules import Stage
from tracker.orders.standing import Mark, mark_of
from tracker.pages.access import acting, language, operator_of, runtime
from tracker.pages.slot_words import hours
from tracker.site_work.queries import job_of, jobs_of
from tracker.site_work.record_action import Installer
from tracker.site_work.rules import AT_WORK, Act, open_acts, shows_address
from tracker.site_work.see_customer import addresses_of, call_codes_of
from tracker.staff.sign_in import Person
from tracker.teams.installers import installer_of

# What the installers' pages may do beside any staff page: keep themselves for when there is no signal, send
# what was done without reloading, and show a photo before it is sent.
ALSO_ALLOWED = "; connect-src 'self'; worker-src 'self'; manifest-src 'self'"


@dataclass(frozen=True)
class Job:
    """One job: its row, and what of it is shown. `address` is empty where it is not needed yet."""

    row: Row[Any]
    is_mine: bool
    name: str
    place: str
    address: str
    mark: Mark | None
    visit_on: date | None
    window: str
    acts: tuple[Act, ...]
    call: str
    way: str
    map_page: str

    @property
    def may_be_come_to(self) -> bool:
        """Whether he may come today as far as holds and the agreed day go."""
        return self.row.held_until is None and (self.visit_on is None or self.visit_on <= clock.today())

    @property
    def is_for_today(self) -> bool:
        """Whether it is to be done today, or should have been done before."""
        return self.row.stage in AT_WORK or (self.visit_on is not None and self.visit_on <= clock.today())


def as_installer(person: Person) -> Installer:
    """The person as the one who does a job."""
    return Installer(person.id, acting(person))


def allow_app() -> None:
    """Let the page that is being made be kept and send by itself."""
    g.also_allowed = ALSO_ALLOWED


def jobs_shown(person: Person) -> list[Job]:
    """The person's open jobs, and those of his team that nobody has, most urgent first."""
    with runtime().db.reading() as connection:
        team = installer_of(connection, operator_of(person), person.id)
        rows = jobs_of(connection, operator_of(person), person.id, team and team.team_id, clock.now())
    return _shown(person, rows)


def job_shown(person: Person, number: str) -> Job | None:
    """One of them, or one of his that has ended; None for any other."""
    with runtime().db.reading() as connection:
        team = installer_of(connection, operator_of(person), person.id)
        row = job_of(connection, operator_of(person), person.id, team and team.team_id, number, clock.now())
    return None if row is None else _shown(person, [row])[0]


def _shown(person: Person, rows: Sequence[Row[Any]]) -> list[Job]:
    now, run = clock.now(), runtime()
    near = [
        row
        for row in rows
        if row.installer_id == person.id
        and shows_address(Stage(row.stage), _day(row.appointment_starts_at), clock.today())
    ]
    addresses = addresses_of(run, as_installer(person), near)
    mine = {row.id for row in rows if row.installer_id == person.id}
    codes = call_codes_of(run, operator_of(person), mine) if run.config.call_line else {}
    return [_job(person, row, addresses.get(row.id, ""), codes.get(row.id, ""), now) for row in rows]


def _job(person: Person, row: Row[Any], address: str, code: str, now: datetime) -> Job:
    division = runtime().reference.current().places[row.community_code]
    place = f"{division.county}{division.town}{division.name}"
    is_mine = row.installer_id == person.id
    stage = Stage(row.stage)
    visit_on = _day(row.appointment_starts_at)
    line = runtime().config.call_line
    name = runtime().keys.open(bytes(row.customer_name), "orders.customer_name")
    return Job(
        row=row,
        is_mine=is_mine,
        name=mask_name(name),
        place=place,
        address=address,
        mark=mark_of(stage, row.connected_at, row.deadline, now),
        visit_on=visit_on,
        window=hours(row.appointment_starts_at, row.appointment_ends_at, language()) if visit_on else "",
        acts=open_acts(stage) if is_mine else (Act.TAKE,),
        call=line.replace("{code}", code) if line and code else "",
        way=f"geo:0,0?q={quote(place + address)}",
        # An iPhone knows no geo: addresses; the page opens the map's app there.
        map_page=f"https://uri.amap.com/search?keyword={quote(place + address)}",
    )


def _day(at: datetime | None) -> date | None:
    return None if at is None else clock.local_date(at)
