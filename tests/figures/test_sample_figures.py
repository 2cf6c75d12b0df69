"""The demonstration's last weeks: orders through several channels, told to their ends, harmless to repeat."""

from datetime import timedelta
from pathlib import Path

import pytest

from tracker import clock
from tracker.demo import sample_figures
from tracker.figures.measure_rules import Measures
from tracker.figures.measures import measures
from tracker.figures.on_time import Asked, Stretch, on_time_figures
from tracker.figures.rules import total
from tracker.runtime import Runtime


def test_the_board_has_something_to_tell(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_figures, "ORDERS", {"hall": 24, "app": 12})
    said: list[str] = []
    sample_figures.fill(runtime, tmp_path, said.append)
    now = clock.now()
    today = clock.local_date(now)
    days = Stretch(today - timedelta(days=70), today)
    only = {"operator_id": 1}
    with runtime.db.reading() as connection:
        by_channel = on_time_figures(connection, Asked(days, "channel_id", only), now)
        by_dealer = on_time_figures(connection, Asked(days, "dealer", only), now)
        measured = measures(connection, Asked(days, only=only), now).get("", Measures())
    whole = total(by_channel.values())
    assert whole.due == 36
    assert 0.6 < whole.on_time / whole.due < 1
    assert len(by_channel) == 2
    assert len(by_dealer) > 2
    assert measured.visits_due > 20
    assert measured.open_now == 0
    said.clear()
    sample_figures.fill(runtime, tmp_path, said.append)
    assert said == []
