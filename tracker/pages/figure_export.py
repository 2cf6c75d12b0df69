"""The board of figures as a file: what the page tells, by every split, with what each figure means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Response, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy import Connection

from tracker import clock
from tracker.figures.definitions import DEFINITIONS, Source
from tracker.figures.measure_rules import Measures
from tracker.figures.measures import measures
from tracker.figures.periods import Stretch
from tracker.figures.rules import LEAST_SAMPLE, Counts
from tracker.files import giving
from tracker.files.books import DECIMAL, PLAIN, SHARE, Sheet, book
from tracker.orders.standing import N_
from tracker.pages import figure_columns, figure_words
from tracker.pages.access import language, open_to, operator_of, runtime
from tracker.pages.figure_columns import measure_cells, measure_head, share
from tracker.pages.figure_lines import Hands, Line, Point, lines, measured, narrowed_words, overall, trend
from tracker.pages.figure_request import SPLITS, Question
from tracker.pages.figure_values import Value, remark, values_of
from tracker.pages.figures import asked_of
from tracker.pages.signing_in import blueprint, signed_in

_SOURCE_WORDS = {Source.LAW: N_("法律法规"), Source.PRACTICE: N_("行业惯例"), Source.OURS: N_("本系统约定")}

_COUNT_WIDTHS = (22, 8, 8, 10, 10, 8, 8, 10, 10, 10, 40)
_COUNT_FORMATS = (PLAIN, PLAIN, PLAIN, SHARE, PLAIN, PLAIN, PLAIN, SHARE)
_PAST_WIDTHS = (24, 10, 10)
_PAST_FORMATS = (PLAIN, SHARE)


@dataclass(frozen=True)
class Told:
    """All that a file tells."""

    question: Question
    operator: str
    narrowed: str
    now: datetime
    counts: Counts
    before: Counts | None
    measures: Measures
    measures_before: Measures | None
    trend: list[Point]
    splits: Mapping[str, list[tuple[Line, Measures]]]


@blueprint.get("/figures.<any(csv, xlsx):form>")
@open_to("manager")
def figures_file(form: str) -> Any:
    """What the page at the same address tells; what makes no sense in it is told there."""
    person, now = signed_in(), clock.now()
    with runtime().db.reading() as connection:
        question, hands = asked_of(connection, person, now)
        if question.faults:
            return redirect(url_for("staff.figures", **request.args.to_dict()))
        operator = runtime().reference.current().operators[operator_of(person)]
        told = _told(
            connection, question, hands, operator.name_en if language() == "en" else operator.name, now
        )
    if form == "csv":
        response = Response("".join(giving.csv_lines(_csv_head(), _csv_pages(told))), mimetype="text/csv")
    else:
        response = Response(book(_sheets(told)), mimetype=giving.SHEET_TYPE)
    name = f"figures-{question.days.first_on}-{question.days.last_on}.{form}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _told(connection: Connection, question: Question, hands: Hands, operator: str, now: datetime) -> Told:
    reference = runtime().reference.current()
    counts, before = overall(connection, question, now)
    measured_now, measured_before = measured(connection, question, now)
    splits = {}
    for split in question.splits:
        found = measures(connection, question.asked(SPLITS[split]), now)
        splits[split] = [
            (line, found.get(line.key, Measures()))
            for line in lines(connection, question, split, reference, hands, now)
        ]
    return Told(
        question,
        operator,
        gettext("、").join(narrowed_words(question, reference, hands)) or gettext("全部"),
        now,
        counts,
        before,
        measured_now,
        measured_before,
        trend(connection, question, now),
        splits,
    )


def _sheets(told: Told) -> list[Sheet]:
    split_head = (*_count_head(), *measure_head())
    made = [
        _overview(told),
        Sheet(
            gettext("走势"),
            (gettext("时间"), *_count_head(), *_past_head()),
            [
                (_point(told, point.days, point.at), *_count_cells(point.counts), *_past_cells(point))
                for point in told.trend
            ],
            (*_COUNT_WIDTHS, *_PAST_WIDTHS),
            (*_COUNT_FORMATS, PLAIN, PLAIN, *_PAST_FORMATS),
        ),
    ]
    for split, found in told.splits.items():
        made.append(
            Sheet(
                gettext(figure_words.SPLIT_WORDS[split]),
                (gettext("项目"), *split_head),
                [(line.name, *_count_cells(line.counts), *measure_cells(one)) for line, one in found],
                (*_COUNT_WIDTHS, *figure_columns.WIDTHS),
                (*_COUNT_FORMATS, PLAIN, PLAIN, PLAIN, *figure_columns.FORMATS),
            )
        )
    return [*made, _definitions(told)]


def _overview(told: Told) -> Sheet:
    values = values_of(told.counts, told.measures)
    before = {one.name: one for one in _values_before(told)}
    rows = []
    for one in values:
        past = before.get(one.name)
        rows.append(
            (
                one.name,
                one.value,
                one.unit,
                one.sample,
                None if past is None else past.value,
                None if past is None else past.sample,
                one.remark,
            )
        )
    head = (
        gettext("指标"),
        gettext("值"),
        gettext("计量单位"),
        gettext("样本"),
        gettext("对比期"),
        gettext("对比期样本"),
        gettext("备注"),
    )
    return Sheet(gettext("总览"), head, rows, (34, 10, 8, 8, 10, 12, 14), (PLAIN, DECIMAL, "", "", DECIMAL))


def _values_before(told: Told) -> list[Value]:
    """Those of the period compared with; what is open now is none of it."""
    if told.before is None or told.measures_before is None:
        return []
    return [one for one in values_of(told.before, told.measures_before) if one.code != "backlog"]


def _past_head() -> tuple[str, ...]:
    return gettext("对比期"), gettext("对比期毛"), gettext("对比期样本")


def _past_cells(point: Point) -> tuple[str | int | float | None, ...]:
    if point.before is None or point.days_before is None:
        return None, None, None
    return _stretch(point.days_before), share(point.before.on_time, point.before.due), point.before.due


def _stretch(days: Stretch) -> str:
    return f"{days.first_on} – {days.last_on}"


def _count_head() -> tuple[str, ...]:
    return (
        gettext("毛：到期"),
        gettext("毛：按时"),
        gettext("毛按时率"),
        gettext("毛：备注"),
        gettext("净：到期"),
        gettext("净：按时"),
        gettext("净按时率"),
        gettext("净：备注"),
        gettext("净值不计入"),
        gettext("不计入的原因"),
    )


def _count_cells(counts: Counts) -> tuple[str | int | float | None, ...]:
    reasons = gettext("、").join(
        f"{figure_words.reason_word(code, language())} {count}"
        for code, count in sorted(counts.removed.items())
    )
    return (
        counts.due,
        counts.on_time,
        share(counts.on_time, counts.due),
        remark(counts.due),
        counts.net_due,
        counts.net_on_time,
        share(counts.net_on_time, counts.net_due),
        remark(counts.net_due),
        sum(counts.removed.values()),
        reasons,
    )


def _definitions(told: Told) -> Sheet:
    question = told.question
    compared = question.compared
    about = [
        (gettext("运营商"), told.operator, ""),
        (gettext("统计时期"), _stretch(question.days), ""),
        (
            gettext("对比期"),
            gettext("无") if compared is None else _stretch(compared),
            "",
        ),
        (gettext("筛选"), told.narrowed, ""),
        (gettext("截至"), _instant(told.now), ""),
        (
            gettext("样本规则"),
            gettext("样本不足 %(least)s 单的，比率偶然性大，注明样本不足。", least=LEAST_SAMPLE),
            gettext(_SOURCE_WORDS[Source.OURS]),
        ),
    ]
    defined = [
        (one.name(language()), one.meaning(language()), gettext(_SOURCE_WORDS[one.source]))
        for one in DEFINITIONS.values()
    ]
    head = (gettext("指标"), gettext("含义"), gettext("定义依据"))
    return Sheet(gettext("指标说明"), head, [*about, *defined], (22, 90, 14), wraps=True)


def _csv_head() -> tuple[str, ...]:
    return (
        gettext("运营商"),
        gettext("统计时期开始"),
        gettext("统计时期结束"),
        gettext("截至"),
        gettext("筛选"),
        gettext("分项"),
        gettext("项目"),
        gettext("指标"),
        gettext("值"),
        gettext("计量单位"),
        gettext("样本"),
        gettext("备注"),
        gettext("含义"),
        gettext("定义依据"),
    )


def _csv_pages(told: Told) -> Iterator[list[tuple[str | int | float, ...]]]:
    days = told.question.days
    all_of_it = ("", gettext("合计"))
    yield _csv_rows(told, days, all_of_it, values_of(told.counts, told.measures))
    past = gettext("对比期")
    if (compared := told.question.compared) is not None:
        yield _csv_rows(told, compared, ("", past), _values_before(told))
    grain = gettext(figure_words.GRAIN_WORDS[told.question.grain])
    for point in told.trend:
        at = (grain, _point(told, point.days, point.at))
        yield _csv_rows(told, point.days, at, _rates(point.counts))
        if point.before is not None and point.days_before is not None:
            at = (f"{past} · {grain}", _point(told, point.days_before, point.days_before.first_on))
            yield _csv_rows(told, point.days_before, at, _rates(point.before))
    for split, found in told.splits.items():
        for line, one in found:
            item = (gettext(figure_words.SPLIT_WORDS[split]), line.name)
            yield _csv_rows(told, days, item, values_of(line.counts, one))


def _csv_rows(
    told: Told, days: Stretch, item: tuple[str, str], values: list[Value]
) -> list[tuple[str | int | float, ...]]:
    about = (told.operator, f"{days.first_on}", f"{days.last_on}", _instant(told.now), told.narrowed, *item)
    return [
        (
            *about,
            one.name,
            "" if one.value is None else one.value,
            one.unit,
            "" if one.sample is None else one.sample,
            one.remark,
            one.meaning,
            gettext(_SOURCE_WORDS[DEFINITIONS[one.code].source]),
        )
        for one in values
    ]


def _rates(counts: Counts) -> list[Value]:
    return [one for one in values_of(counts, Measures()) if one.code.startswith("on_time")]


def _point(told: Told, days: Stretch, at: date) -> str:
    today = clock.local_date(told.now)
    return figure_words.point_word(at, days, told.question.grain, language(), today)


def _instant(at: datetime) -> str:
    return f"{clock.local(at):%Y-%m-%d %H:%M:%S}"
