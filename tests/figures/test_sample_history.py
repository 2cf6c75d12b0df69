"""The demonstration's past month: enough orders, ended, and published."""

from pathlib import Path

from sqlalchemy import func, select

from tracker.demo import sample_history
from tracker.figures.models import PublishedFigure
from tracker.figures.rules import suffices
from tracker.notices.models import Notice
from tracker.orders.models import Order
from tracker.runtime import Runtime


def test_each_operator_has_rates_to_show(runtime: Runtime, tmp_path: Path) -> None:
    said: list[str] = []
    sample_history.fill(runtime, tmp_path, said.append)
    with runtime.db.reading() as connection:
        figures = connection.execute(
            select(PublishedFigure).where(PublishedFigure.kind == "month").order_by(PublishedFigure.starts_on)
        ).all()
        stages = set(connection.scalars(select(Order.stage).distinct()))
        told = connection.scalar(select(func.count()).select_from(Notice))
    assert len({row.operator_id for row in figures}) == 3
    rich = [row for row in figures if suffices(row.due)]
    # Of the last month, and of the half-year that was reported on.
    assert len(rich) == 6
    for row in rich:
        assert 0.7 < row.on_time / row.due <= 1
        assert row.net_on_time / row.net_due >= row.on_time / row.due
    assert {"completed", "withdrawn"} <= stages <= {"completed", "withdrawn", "returned"}
    assert told == 0, "nobody is told of what was months ago"
    said.clear()
    sample_history.fill(runtime, tmp_path, said.append)
    assert said == [], "harmless to repeat"
