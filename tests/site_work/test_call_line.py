"""Calls through the operator's line: a code of the order's own in place of the customer's number."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.on_site import PASSWORD, Crew
from tests.pages.desk_forms import send
from tests.serving import app_of
from tracker import config as configuration
from tracker.audit.models import AuditEntry
from tracker.cli import main
from tracker.runtime import Runtime
from tracker.setting_kinds import ConfigError
from tracker.site_work.models import CallLineCode
from tracker.site_work.record_action import Installer
from tracker.site_work.see_customer import call_codes_of


@pytest.fixture
def line(runtime: Runtime, crew: Crew, li: Installer) -> FlaskClient:
    """李师傅's phone where the operator has a line."""
    with_line = replace(runtime, config=replace(runtime.config, call_line="076312345678,,{code}"))
    client = app_of(with_line).test_client()
    send(client, "/sign-in", {"username": "li.shifu", "password": PASSWORD})
    return client


def test_the_phone_dials_a_code_and_the_line_finds_the_customer_by_it(
    crew: Crew, li: Installer, line: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    number = crew.job(li)
    page = line.get(f"/jobs/{number}").text
    assert line.get(f"/jobs/{number}").text.count("tel:076312345678,,") == 1
    with crew.runtime.db.reading() as connection:
        code = connection.scalar(select(CallLineCode.code))
    assert f'href="tel:076312345678,,{code}"' in page
    assert "13800001234" not in page
    with pytest.raises(SystemExit) as ended:
        main(["call-line", str(code)])
    assert (ended.value.code or 0, capsys.readouterr().out) == (0, "+8613800001234\n")
    with crew.runtime.db.reading() as connection:
        last = connection.execute(
            select(AuditEntry.actor, AuditEntry.fields).order_by(AuditEntry.id.desc()).limit(1)
        ).one()
    assert last == ("console:call-line", ["contact_phone"])


def test_no_code_leads_to_the_customer_of_an_order_that_has_ended(
    crew: Crew, li: Installer, capsys: pytest.CaptureFixture[str]
) -> None:
    number = crew.at_stage(li, "arrive", "test", "activate", "complete")
    order = crew.order(number)
    code = call_codes_of(crew.runtime, order.operator_id, [order.id])[order.id]
    for given in (code, "00000000", "x"):
        with pytest.raises(SystemExit) as ended:
            main(["call-line", given])
        assert ended.value.code == 1
        assert capsys.readouterr().out == ""


def test_every_order_has_a_code_of_its_own_and_keeps_it(crew: Crew, li: Installer) -> None:
    ids = [crew.order(crew.job(li)).id for _ in range(3)]
    first = call_codes_of(crew.runtime, li.actor.operator_id, ids[:2])
    then = call_codes_of(crew.runtime, li.actor.operator_id, ids)
    assert {one: then[one] for one in ids[:2]} == first
    assert len(set(then.values())) == 3


@pytest.mark.parametrize(
    "value", ["076312345678", "{code}", "076312345678,,{code}{code}", "tel:0763,{code}", "0763 123,{code}"]
)
def test_a_line_that_could_not_be_dialled_stops_the_start(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TRACKER_CALL_LINE", value)
    with pytest.raises(ConfigError, match="TRACKER_CALL_LINE"):
        configuration.load()
