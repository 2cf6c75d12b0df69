"""The measures of a split as columns of a workbook: each group with its sample, and what to mind of it."""

from flask_babel import gettext

from tracker.figures.measure_rules import Measures
from tracker.files.books import DECIMAL, PLAIN, SHARE
from tracker.pages import figure_words, wording
from tracker.pages.figure_values import remark

Cells = tuple[str | int | float | None, ...]

WIDTHS = (8, 14, 14, 14, 12, 10, 10, 14, 12, 10, 10, 10, 8, 12, 10, 10, 8, 8, 12, 10)
FORMATS = (
    *(PLAIN, DECIMAL, DECIMAL, DECIMAL, SHARE, PLAIN),
    *(PLAIN, DECIMAL, PLAIN),
    *(PLAIN, SHARE, PLAIN),
    *(PLAIN, PLAIN, SHARE, PLAIN),
    *(PLAIN, PLAIN, DECIMAL, PLAIN),
)


def measure_head() -> tuple[str, ...]:
    """The heads: a sample stands before what is of it, the remark behind."""
    return (
        gettext("装通"),
        gettext("装机时长平均（小时）"),
        gettext("装机时长中位数（小时）"),
        gettext("装机时长P90（小时）"),
        gettext("一次成功率"),
        gettext("装通：备注"),
        gettext("首次响应"),
        gettext("首次响应中位数（小时）"),
        gettext("首次响应：备注"),
        gettext("到时上门"),
        gettext("履约率"),
        gettext("履约：备注"),
        gettext("退单"),
        gettext("装通或退单"),
        gettext("退单率"),
        gettext("退单：备注"),
        gettext("在途"),
        gettext("竣工"),
        gettext("压单比（天）"),
        gettext("压单：备注"),
    )


def measure_cells(one: Measures) -> Cells:
    """The cells below them."""
    returned = sum(one.returned.values())
    return (
        one.connected,
        _hours(one.durations.mean_hours),
        _hours(one.durations.median_hours),
        _hours(one.durations.p90_hours),
        share(one.connected_first_visit, one.connected),
        remark(one.connected),
        one.first_response.count,
        _hours(one.first_response.median_hours),
        remark(one.first_response.count),
        one.visits_due,
        share(one.visits_kept, one.visits_due),
        remark(one.visits_due),
        returned,
        one.ended,
        share(returned, one.ended),
        remark(one.ended),
        one.open_now,
        one.completed,
        None if one.backlog_ratio is None else round(one.backlog_ratio, 1),
        remark(one.completed),
    )


def share(part: int, whole: int) -> float | None:
    """A rate as the page shows it, for a cell that shows it in per cent."""
    return wording.hundredths(part, whole) / 100 if whole else None


def _hours(hours: float | None) -> float | None:
    return None if hours is None else figure_words.hours_told(hours)
