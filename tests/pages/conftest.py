"""People of two operators who sign in at the desk."""

from collections.abc import Callable

import pytest
from desk_forms import PASSWORD
from flask.testing import FlaskClient
from sqlalchemy import select
from subscribing import PLAN, City

from tests.serving import app_of
from tests.staff_sessions import sign_in
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account
from tracker.tariffs.models import Plan

PEOPLE = (
    ("manager", "manager", 1),
    ("counter", "counter", 1),
    ("dispatcher", "dispatcher", 1),
    ("installer", "installer", 1),
    ("stranger", "manager", 2),
    ("regulator", "regulator", None),
    ("administrator", "administrator", None),
)


@pytest.fixture
def as_(runtime: Runtime) -> Callable[[str], FlaskClient]:
    """A client that has signed in as one of PEOPLE, by name; a stranger is another operator's manager.

    It is let in by a session, not by the form: managers would have to show a code besides.
    """
    for username, role, operator_id in PEOPLE:
        create_account(
            runtime.db,
            username=username,
            password=PASSWORD,
            role=role,
            display_name=username,
            operator_id=operator_id,
        )
    app = app_of(runtime)

    def enter(username: str) -> FlaskClient:
        client = app.test_client()
        sign_in(client, runtime, username)
        return client

    return enter


@pytest.fixture
def desk(as_: Callable[[str], FlaskClient]) -> FlaskClient:
    return as_("manager")


@pytest.fixture
def city(plans: None, runtime: Runtime) -> City:
    """A plan of 清远电信's, and its subscribers."""
    with runtime.db.reading() as connection:
        plan = connection.execute(select(Plan.id, Plan.operator_id).where(Plan.filing_number == PLAN)).one()
    return City(runtime, plan.operator_id, plan.id)
