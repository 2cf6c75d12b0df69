"""The parameters that a text may have, each with an example of the usual length.

There is none for a name of a customer, an address or an ID number, so that no text can carry one (I5).
`installer` and `contact` are staff as customers are told of them: "李师傅（工号0321）", "王敏".
"""

EXAMPLES = {
    "number": "QY261108K7M4QZX",
    "numbers": "QY261108K7M4QZX",
    "deadline": "11月12日18时",
    "day": "11月20日",
    "slot": "11月10日9-11时",
    "hours": "9-11时",
    "installer": "李师傅（工号0321）",
    "reason": "小区工程未竣工",
    "finding": "需先建设线路",
    "contact": "王敏",
    "phone": "10000转8",
    "count": "12",
    "hotline": "10000",
    "signature": "清远电信",
    "plan": "千兆家庭129元套餐（24GD100001）",
    "effective": "2027年1月1日",
    "old_fee": "129元",
    "new_fee": "139元",
    "summary": "宽带上行速率由50M调为30M",
    "until": "2026年12月31日",
    "window": "11月20日0时至6时",
    "area": "清城区东城街道部分",
    "duration": "6小时",
    "code": "384921",
    "complaint": "TS261124480715",
    "result": "已补装并致歉",
    "amount": "3元",
}

EXAMPLES_EN = EXAMPLES | {
    "deadline": "12 Nov 18:00",
    "day": "20 Nov",
    "slot": "10 Nov 9:00-11:00",
    "hours": "9:00-11:00",
    "installer": "No. 0321",
    "reason": "the estate is still being built",
    "finding": "a line must be built first",
    "contact": "Wang Min",
    "phone": "10000 ext. 8",
    "plan": "Gigabit home (24GD100001)",
    "effective": "1 Jan 2027",
    "old_fee": "129 yuan",
    "new_fee": "139 yuan",
    "summary": "upload speed 30 instead of 50 Mbit/s",
    "until": "31 Dec 2026",
    "window": "20 Nov 0:00-6:00",
    "area": "Dongcheng, Qingcheng",
    "duration": "6 hours",
    "result": "installed, with apologies",
    "amount": "3 yuan",
}
