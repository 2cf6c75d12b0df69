"""附录: how everything was counted, and what the net rate leaves out by which rule."""

from tracker.figures.definitions import DEFINITIONS
from tracker.figures.rules import LEAST_SAMPLE, SETTLES_AFTER
from tracker.orders.hold_rules import EXCUSES
from tracker.orders.rules import REASONS, Cause
from tracker.reports.cause_words import CAUSE_WORDS
from tracker.reports.document import Section, Table, Words, text_column, words
from tracker.reports.section_on_time import WITHDRAWN_WORDS

_RATES = {
    "on_time_gross": words("毛按时率", "gross on-time rate"),
    "on_time_net": words("净按时率", "net on-time rate"),
}


def _of_board(code: str) -> tuple[Words, Words]:
    """What the board of figures tells too, in its words."""
    one = DEFINITIONS[code]
    return _RATES.get(code, words(one.zh, one.en)), words(one.zh_meaning, one.en_meaning)


_DEFINED: tuple[tuple[Words, Words], ...] = (
    (
        words("受理量", "orders taken in"),
        words(
            "受理时间在报告期内的工单，不论渠道、是否已撤单或退单。",
            "Orders accepted in the period, whatever became of them.",
        ),
    ),
    (
        words("渠道", "channels"),
        words(
            "政务平台指广东省政务服务平台，服务中心指行政服务中心，电话等指电话、上门及其他。",
            "The portal is the province's; a service centre is one of the administration.",
        ),
    ),
    *map(
        _of_board,
        (
            "on_time_gross",
            "on_time_net",
            "duration",
            "first_response",
            "visits_kept",
            "first_visit",
            "returns",
        ),
    ),
    (
        words("压单比", "backlog ratio"),
        words(
            "数据截止时的在途工单，除以报告期内日均竣工量。",
            "Orders open at the report's moment, by the mean number completed a day.",
        ),
    ),
    (
        words("按时告知率", "told in time"),
        words(
            "资费变动生效前满一个月已收到告知的用户，占本人生效日在报告期内且已到的用户的比例"
            "（《民法典》第一百三十七条、第二百零二条）。",
            "Customers whom the notice reached a full month before the change (Civil Code, Art. 137 and 202),"
            " of those whose own day of the change lies in the period and has come.",
        ),
    ),
    (
        words("补偿的费用基数", "fee that compensation is of"),
        words(
            "收取的安装、调测费用，减去减免，不论是否已付；月费、押金、设备费和其他费用不计。免费装机为零，照样列入。",
            "Installation and commissioning fees charged, less what was waived, paid or not; monthly fees,"
            " deposits, equipment and all else are left out. A free installation comes to nothing and is"
            " counted all the same.",
        ),
    ),
    (
        words("样本不足", "small sample"),
        words(
            f"样本不足 {LEAST_SAMPLE} 的，不列比率，只列数量；没有数据的，写“无数据”。",
            f'Of fewer than {LEAST_SAMPLE} no rate is told, only the count; "no data" where there is none.',
        ),
    ),
    (
        words("冻结", "freezing"),
        words(
            f"报告期结束满 {SETTLES_AFTER.days} 天后方可报送。报送后内容冻结，"
            "此后工单的变化不改变本报告；更正另出新版次，原版次保留。",
            f"A report is submitted {SETTLES_AFTER.days} days after the period at the earliest. It is frozen"
            " then: whatever becomes of orders does not alter it; a correction is a revision beside it.",
        ),
    ),
)


def appendix() -> Section:
    """The same for every report of its time."""
    return Section(
        "appendix",
        words("统计口径与免责说明", "Method and exemptions"),
        said=[
            words(
                "本报告由工单、承诺台账和告知记录自动统计；各项时间只增不改。统计期即报告期。",
                "Counted from orders, the ledger of promises and notices, whose times are only added to; the"
                " period is the report's.",
            )
        ],
        tables=[
            Table(
                "definitions",
                words("指标定义", "Definitions"),
                [text_column("term", "指标", "figure"), text_column("meaning", "口径", "how it is counted")],
                [[term, meaning] for term, meaning in _DEFINED],
            ),
            Table(
                "exemptions",
                words("净按时率可剔除的情形", "What the net rate may leave out"),
                [
                    text_column("case", "情形", "case"),
                    text_column("cause", "责任归属", "whose doing"),
                    text_column("rule", "条件", "on what condition"),
                ],
                [
                    [
                        WITHDRAWN_WORDS,
                        CAUSE_WORDS[Cause.CUSTOMER],
                        words("在现行期限之前撤单。", "Withdrawn by the promise as it stood."),
                    ],
                    *(
                        [words(reason.zh, reason.en), CAUSE_WORDS[reason.cause], _EXCUSED]
                        for reason in REASONS.values()
                        if reason.cause in EXCUSES
                    ),
                ],
                note=words(
                    "因用户原因或不可抗力的缓装不剔除工单，而是顺延现行期限；另行告知用户的日期不顺延。毛按时率不受影响。",
                    "A hold for a customer's reason or force majeure leaves no order out: it moves the"
                    " present promise, which a later date that was told does not, and never the gross rate.",
                ),
            ),
        ],
        is_appendix=True,
    )


_EXCUSED = words(
    "超过现行期限，且免责延误在期限前开始，已登记原因、起止时间和依据。",
    "Late by the present promise, and the delay began before it and stands in the ledger with reason, times"
    " and evidence.",
)
