"""A city's reference data, from a file."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tracker.cli import main
from tracker.embedded import Servers
from tracker.setting_up import SetUpError, example, set_up


def test_the_example_can_be_loaded_again_and_again(database, runtime) -> None:
    before = runtime.reference.current()
    set_up(database, example())
    after = runtime.reference.current()
    assert after.plans == before.plans
    assert after.channels == before.channels


@pytest.fixture
def another_operator(stores: Servers) -> Iterator[str]:
    """The text of a file with one more operator, which is gone after the test."""
    yield """
        rules = []
        plans = []
        in_force_from = 2024-01-01
        region = "441800"
        [[operators]]
        code = "broadnet"
        name = "清远广电"
        name_en = "Qingyuan Broadnet"
        signature = "清远广电"
        hotline = "10099"
        [[channels]]
        code = "app"
        name = "官方APP"
        kind = "app"
    """
    owner = create_engine(stores.owner_url, poolclass=NullPool)
    with owner.begin() as connection:
        channels = "DELETE FROM channels USING operators o WHERE operator_id = o.id AND o.code = 'broadnet'"
        connection.execute(text(channels))
        connection.execute(text("DELETE FROM operators WHERE code = 'broadnet'"))
    owner.dispose()


def test_another_operator_is_added(runtime, settings, tmp_path, another_operator) -> None:
    path = tmp_path / "city.toml"
    path.write_text(another_operator, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["setup", str(path)])
    assert ended.value.code == 0
    assert "broadnet" in {operator.code for operator in runtime.reference.current().operators.values()}


@pytest.mark.parametrize(
    ("content", "told"), [("operators = [", "not TOML"), ("remark = 'x'", "operators is missing")]
)
def test_a_wrong_file_is_told_and_stores_nothing(database, content: str, told: str) -> None:
    with pytest.raises(SetUpError, match=told):
        set_up(database, content)
