"""The shortest and the longest values that parameters come with, for a look at a text before it is sent.

A name that the operator chooses (a plan's, a reason's) is as long as its field allows in practice; what the
program writes, a date say, is as long as it can be.
"""

from collections.abc import Mapping

from tracker.templates.vocabulary import EXAMPLES, EXAMPLES_EN

_SHORTEST = {
    "deadline": "1月1日18时",
    "day": "1月1日",
    "slot": "1月1日9-11时",
    "hours": "9-11时",
    "installer": "装维员",
    "reason": "天气",
    "contact": "王敏",
    "phone": "10000",
    "count": "2",
    "plan": "宽带（24GD100001）",
    "effective": "2027年1月1日",
    "old_fee": "9元",
    "new_fee": "8元",
    "summary": "停用",
    "until": "2027年1月1日",
    "window": "1月1日0时至6时",
    "area": "东城街道",
    "duration": "1小时",
    "result": "已办",
    "risks": "未派人1",
    "amount": "1元",
}
_LONGEST = {
    "numbers": "、".join([EXAMPLES["number"]] * 5),
    "deadline": "12月28日23:59",
    "day": "12月28日",
    "slot": "12月28日10:30-12:30",
    "hours": "10:30-12:30",
    "installer": "欧阳师傅（工号TX-00321）",
    "reason": "小区工程未竣工，待建设单位验收",
    "finding": "需先建设线路",
    "contact": "欧阳娜娜",
    "phone": "10000转123456",
    "count": "100",
    "hotline": "0763-3366666",
    "signature": "中国电信清远分公司",
    "plan": "千兆全屋光宽带融合套餐199元档（24GD100001）",
    "effective": "2027年12月28日",
    "old_fee": "1299.90元",
    "new_fee": "1399.90元",
    "summary": "宽带上行速率由50M调为30M，赠送的互联网电视基础包到期后按月收费",
    "until": "2027年12月28日",
    "window": "12月28日22:30至12月29日6:30",
    "area": "连山壮族瑶族自治县太保镇等12个乡镇部分",
    "duration": "72小时",
    "result": "已补装并致歉，退还当月月费",
    "risks": "已超时100、上门晚于期限100、期限前无时段100、联系不上客户100",
    "amount": "1299.90元",
}
_SHORTEST_EN = {
    "deadline": "1 Jan 18:00",
    "day": "1 Jan",
    "slot": "1 Jan 9:00-11:00",
    "installer": "No. 1",
    "reason": "weather",
    "contact": "Li",
    "phone": "10000",
    "count": "2",
    "plan": "Home (24GD100001)",
    "effective": "1 Jan 2027",
    "old_fee": "9 yuan",
    "new_fee": "8 yuan",
    "summary": "ends",
    "until": "1 Jan 2027",
    "window": "1 Jan 0:00-6:00",
    "area": "Dongcheng",
    "duration": "1 hour",
    "result": "done",
    "risks": "1 overdue",
    "amount": "1 yuan",
}
_LONGEST_EN = {
    "numbers": ", ".join([EXAMPLES["number"]] * 5),
    "deadline": "28 Dec 23:59",
    "day": "28 Dec",
    "slot": "28 Dec 10:30-12:30",
    "hours": "10:30-12:30",
    "installer": "No. TX-00321",
    "reason": "the estate is still being built and has to be accepted first",
    "finding": "a line must be built first",
    "contact": "Ouyang Nana",
    "phone": "10000 ext. 123456",
    "count": "100",
    "hotline": "0763-3366666",
    "signature": "中国电信清远分公司",
    "plan": "Gigabit fibre bundle 199 (24GD100001)",
    "effective": "28 Dec 2027",
    "old_fee": "1299.90 yuan",
    "new_fee": "1399.90 yuan",
    "summary": "upload speed 30 instead of 50 Mbit/s, TV is charged for",
    "until": "28 Dec 2027",
    "window": "28 Dec 22:30-29 Dec 6:30",
    "area": "Taibao and 11 more towns of Lianshan county",
    "duration": "72 hours",
    "result": "installed with apologies, the month's fee returned",
    "risks": "100 overdue, 100 visits too late, 100 without a slot, 100 out of reach",
    "amount": "1299.90 yuan",
}

LENGTHS = ("shortest", "usual", "longest")


def values_of(length: str, language: str) -> Mapping[str, str]:
    """The value of each parameter at this length, one of LENGTHS, in zh or en."""
    english = language == "en"
    usual = EXAMPLES_EN if english else EXAMPLES
    if length == "usual":
        return usual
    if length == "shortest":
        return usual | (_SHORTEST_EN if english else _SHORTEST)
    return usual | (_LONGEST_EN if english else _LONGEST)
