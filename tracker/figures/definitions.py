"""What each figure means, in words: the sheet of definitions that goes with every table of figures."""

from dataclasses import dataclass
from enum import StrEnum

from tracker.figures.rules import LEAST_SAMPLE


class Source(StrEnum):
    """Where a definition comes from. Only what is law may be shown as a citation."""

    LAW = "law"
    PRACTICE = "practice"
    OURS = "ours"


@dataclass(frozen=True)
class Definition:
    """A figure by its code: its name and what it counts, in Chinese and English."""

    code: str
    source: Source
    zh: str
    en: str
    zh_meaning: str
    en_meaning: str

    def name(self, language: str) -> str:
        """Its name in "zh" or "en"."""
        return self.en if language == "en" else self.zh

    def meaning(self, language: str) -> str:
        """What it counts, a sentence or two, in "zh" or "en"."""
        return self.en_meaning if language == "en" else self.zh_meaning


DEFINITIONS = {
    one.code: one
    for one in (
        Definition(
            "on_time_gross",
            Source.OURS,
            "按时率（毛）",
            "on-time rate, gross",
            "首次承诺时限落在统计期内的工单中，在该时限前装通的占比；不剔除任何工单，未装通的一律计为超时。",
            "Of the orders whose first promise fell due in the period, the share connected by it. Nothing "
            "is left out; whatever was not connected by then is late, finished or not.",
        ),
        Definition(
            "on_time_net",
            Source.OURS,
            "按时率（净）",
            "on-time rate, net",
            "现行承诺时限（计入缓装与经资源核查的重新承诺；另行告知客户的日期不计入）落在统计期内的工单中，"
            "在该时限前装通的占比；剔除客户在时限前撤单的，以及时限前开始、经登记免责的延误造成超时的。"
            "剔除数与净按时率同时列出。",
            "Of the orders whose promise as it stands, after holds and what the check of resources led to, "
            "fell due in the period, the share connected by it; a later date that the customer was told "
            "moves nothing. Left out are those that the customer withdrew by then, and those late by a "
            "delay that began before it and was recorded as not the operator's doing; how many is always "
            "shown beside it.",
        ),
        Definition(
            "duration",
            Source.OURS,
            "装机时长",
            "time to connection",
            "统计期内装通的工单，从受理到首次装通的时长（自然小时）。给出平均值、中位数与九成位（P90）；"
            "后两者取最近秩，12小时以内按一刻钟、以上按一小时向上取整。",
            "From acceptance to the first connection, in natural hours, of orders connected in the "
            "period: mean, median and P90. The latter two are nearest ranks, rounded up to a quarter of "
            "an hour within the first 12 hours and to the hour beyond.",
        ),
        Definition(
            "first_response",
            Source.OURS,
            "首次响应时长",
            "first response",
            "统计期内首次约定上门的工单，从受理到首次约定的时长（自然小时），取法与装机时长相同。",
            "From acceptance to the first time a visit was agreed, of orders for which that was in the "
            "period; told as the time to connection is.",
        ),
        Definition(
            "visits_kept",
            Source.PRACTICE,
            "履约率",
            "appointments kept",
            "约定时段在统计期内结束且届时仍然有效的上门中，装维人员在约定之后、时段结束之前到场的占比。"
            "时段结束前已改约、改派、撤单、退单或缓装的不计；到场后另约再次上门的，前一次计为履约。",
            "Of the visits whose time ended in the period and that stood then, the share for which "
            "somebody was on site after it was agreed and before it ended. Visits replaced, given up with "
            "their installers, withdrawn, returned or on hold before their end do not count; once "
            "somebody came, a visit is kept.",
        ),
        Definition(
            "first_visit",
            Source.PRACTICE,
            "一次成功率",
            "first-visit success",
            "统计期内装通的工单中，只上门一次的占比。",
            "Of the orders connected in the period, the share that took exactly one visit on site.",
        ),
        Definition(
            "returns",
            Source.PRACTICE,
            "退单率",
            "return rate",
            "统计期内退单的工单，占同期装通与退单合计的比例，按退单原因的责任归属分列。客户撤单不计入。",
            "Orders returned in the period, of all that were connected or returned in it, by whose doing "
            "the reason is. What customers withdrew is not among them.",
        ),
        Definition(
            "backlog",
            Source.PRACTICE,
            "压单比",
            "backlog ratio",
            "当前在途工单（未装通、未撤单、未退单）除以统计期内日均竣工数，即按此速度需要多少天办完。",
            "Orders open now (not connected, withdrawn or returned) by the mean number completed a day in "
            "the period: how many days of such work they are.",
        ),
        Definition(
            "sample",
            Source.OURS,
            "样本数",
            "sample",
            f"比率的分母。少于{LEAST_SAMPLE}时标明样本不足，对外不公布该比率。",
            f"What a rate is of. Below {LEAST_SAMPLE} it is marked as small, and the rate is not shown to the"
            " public.",
        ),
    )
}
