"""Each figure of the board as a value with its unit and sample, in words: the rows of exported files."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from tracker.figures.definitions import DEFINITIONS
from tracker.figures.measure_rules import Measures, Spread
from tracker.figures.rules import Counts, suffices
from tracker.pages import figure_words, wording
from tracker.pages.access import language
from tracker.pages.job_words import CAUSE_WORDS


@dataclass(frozen=True)
class Value:
    """A figure as the board shows it, to its last digit; rates in per cent.

    `code` is that of its definition, `detail` what of it. `value` is None where there is nothing to tell it
    from, `sample` where it has none.
    """

    code: str
    detail: str
    value: float | None
    unit: str
    sample: int | None

    @property
    def name(self) -> str:
        """Its name, in the language of the page."""
        name = DEFINITIONS[self.code].name(language())
        return f"{name} · {self.detail}" if self.detail else name

    @property
    def meaning(self) -> str:
        """What it counts."""
        return DEFINITIONS[self.code].meaning(language())

    @property
    def remark(self) -> str:
        """What to mind when reading it: that there is no data, or little."""
        if self.value is None:
            return gettext("无数据")
        return "" if self.sample is None else remark(self.sample)


def remark(sample: int) -> str:
    """What to mind of a sample: that there is none, or little."""
    if not sample:
        return gettext("无数据")
    return "" if suffices(sample) else gettext("样本不足")


def values_of(counts: Counts, measures: Measures) -> list[Value]:
    """All figures of some orders."""
    count = gettext("单")
    found = [
        _rate("on_time_gross", counts.on_time, counts.due),
        Value("on_time_gross", gettext("超时"), counts.due - counts.on_time, count, counts.due),
        _rate("on_time_net", counts.net_on_time, counts.net_due),
        Value("on_time_net", gettext("超时"), counts.net_due - counts.net_on_time, count, counts.net_due),
        Value("on_time_net", gettext("不计入"), sum(counts.removed.values()), count, None),
    ]
    found += [
        Value(
            "on_time_net",
            f"{gettext('不计入')}：{figure_words.reason_word(code, language())}",
            number,
            count,
            None,
        )
        for code, number in sorted(counts.removed.items())
    ]
    for code, spread in (("duration", measures.durations), ("first_response", measures.first_response)):
        found += _times(code, spread)
    found += [
        _rate("visits_kept", measures.visits_kept, measures.visits_due),
        _rate("first_visit", measures.connected_first_visit, measures.connected),
        _rate("returns", sum(measures.returned.values()), measures.ended),
    ]
    found += [
        _rate("returns", measures.returned[cause], measures.ended, gettext(CAUSE_WORDS[cause]))
        for cause in CAUSE_WORDS
        if measures.returned.get(cause)
    ]
    ratio = measures.backlog_ratio
    found += [
        Value("backlog", "", None if ratio is None else round(ratio, 1), gettext("天"), measures.completed),
        Value("backlog", gettext("在途"), measures.open_now, count, None),
    ]
    return found


def _rate(code: str, part: int, whole: int, detail: str = "") -> Value:
    return Value(code, detail, wording.hundredths(part, whole) if whole else None, "%", whole)


def _times(code: str, spread: Spread) -> Sequence[Value]:
    told = (
        (gettext("平均"), spread.mean_hours),
        (gettext("中位数"), spread.median_hours),
        ("P90", spread.p90_hours),
    )
    return [
        Value(
            code,
            name,
            None if hours is None else figure_words.hours_told(hours),
            gettext("小时"),
            spread.count,
        )
        for name, hours in told
    ]
