"""What every registered text looks like, and what a wording must not hold."""

from dataclasses import replace

import pytest

from tracker.templates.extremes import LENGTHS, values_of
from tracker.templates.length import parts, units
from tracker.templates.registry import Approval, Registry, of_seed
from tracker.templates.required import required_of
from tracker.templates.rules import MOST_PARTS, Category, Template, faults_of, preview
from tracker.templates.seed import SEED
from tracker.templates.vocabulary import EXAMPLES

# ruff: noqa: E501 - a text is easier read in one piece
# The texts of the field, with its example values: code, values, the text, its UTF-16 units.
REGISTERED = [
    ("order_accepted", {"deadline": "11月12日18时"},
     "您的宽带订单QY2611080123已受理，承诺11月12日18时前装通。进度可在官网或公众号查询，咨询10000。【清远电信】", 64),
    ("dispatched", {},
     "订单QY2611080123已派单，装维人员将在2小时内与您联系预约。咨询10000。【清远电信】", 49),
    ("appointed", {"slot": "11月10日9-11时", "installer": "李师傅（工号0321）"},
     "订单QY2611080123已约定11月10日9-11时上门，装维员李师傅（工号0321）。改约请拨10000。【清远电信】", 62),
    ("appointment_changed", {"slot": "11月10日9-11时", "installer": "李师傅（工号0321）"},
     "订单QY2611080123上门时间现定为11月10日9-11时，装维员李师傅（工号0321）。改约请拨10000。【清远电信】", 64),
    ("appointment_cancelled", {"slot": "11月10日9-11时"},
     "订单QY2611080123原定11月10日9-11时的上门已取消，装维人员将与您另约时间。咨询10000。【清远电信】", 60),
    ("visit_reminder", {"hours": "9-11时"},
     "提醒：订单QY2611080123装维员将于明日9-11时上门，请留人在家并备好有效证件。改约请拨10000。【清远电信】", 61),
    ("delayed", {"reason": "小区施工受阻", "deadline": "11月15日18时", "contact": "王敏", "phone": "10000转8"},
     "抱歉，订单QY2611080123因小区施工受阻顺延，新期限11月15日18时。跟进人王敏，电话10000转8。【清远电信】", 62),
    ("on_hold", {"day": "11月20日"},
     "订单QY2611080123已按您的要求缓装至11月20日，期间不计入承诺时限。恢复请拨10000。【清远电信】", 56),
    ("completed", {"day": "11月10日"},
     "订单QY2611080123已于11月10日竣工。问题请拨10000。我们不会索要您的验证码。【清远电信】", 53),
    ("cancelled", {"reason": "暂无资源"},
     "订单QY2611080123已退单，原因：暂无资源。预付款将在7个工作日内原路退回，咨询10000。【清远电信】", 56),
    ("tariff_change",
     {"plan": "千兆家庭129元套餐（24GD100001）", "effective": "2027年1月1日", "old_fee": "129元", "new_fee": "139元"},
     "您的千兆家庭129元套餐（24GD100001）自2027年1月1日起月费由129元调为139元。"
     "详情见营业厅或官网资费公示，不同意可于此前免费改退，咨询10000。【清远电信】", 89),
    ("outage_plan", {"window": "11月20日0时至6时", "area": "清城区东城街道部分", "duration": "6小时"},
     "因光缆割接，11月20日0时至6时清城区东城街道部分宽带将中断约6小时，敬请谅解，咨询10000。【清远电信】", 55),
    ("one_time_code", {"code": "384921"},
     "验证码384921，用于查询宽带进度，10分钟内有效，请勿告知他人。【清远电信】", 40),
    ("staff_code", {"code": "384921", "duration": "30分钟"},
     "验证码384921，用于设置工作台登录密码，30分钟内有效，请勿告知他人。【清远电信】", 43),
    ("complaint_received", {"day": "12月9日"},
     "您的投诉已受理，编号TS261124480715，专人跟进，最迟12月9日答复。咨询10000。【清远电信】", 54),
    ("complaint_retracted", {},
     "您的投诉TS261124480715已按您的要求撤回。需要帮助请拨10000。【清远电信】", 45),
    ("complaint_closed", {"result": "已补装并致歉"},
     "您的投诉TS261124480715已办结：已补装并致歉。不满意请拨10000，也可向12300申诉。【清远电信】", 57),
    ("rating_received", {},
     "您对订单QY2611080123的评价已收到，谢谢。需要帮助请拨10000。【清远电信】", 44),
    ("rating_retracted", {},
     "您对订单QY2611080123的评价已撤回，可重新评价。需要帮助请拨10000。【清远电信】", 47),
    ("order_numbers", {"numbers": "QY2611080123"},
     "您的在途宽带订单：QY2611080123。查询请用订单号和手机号后四位，咨询10000。【清远电信】", 51),
    ("risk_digest", {"count": "12", "risks": "已超时3、未派人2"},
     "超时预警12张：已超时3、未派人2。最急QY2611080123。请在工作台“超时预警”处理。【清远电信】", 53),
    ("escalation", {"level": "二级督办", "reason": "已超时", "deadline": "11月12日18时"},
     "二级督办：订单QY2611080123已超时，承诺11月12日18时。请在工作台“超时预警”处理。【清远电信】", 55),
    ("escalations", {"level": "二级督办", "count": "12"},
     "二级督办：12张工单，最急QY2611080123。请在工作台“超时预警”处理。【清远电信】", 46),
    ("request_refused", {"reason": "装维人员已上门施工"},
     "抱歉，订单QY2611080123未能按您的申请撤销：装维人员已上门施工。需要帮助请拨10000。【清远电信】", 55),
]  # fmt: skip


@pytest.mark.parametrize(("code", "values", "text", "length"), REGISTERED, ids=lambda value: str(value)[:20])
def test_the_fields_registered_texts(code: str, values: dict[str, str], text: str, length: int) -> None:
    common = {"number": "QY2611080123", "hotline": "10000", "signature": "清远电信"}
    looks = preview(SEED[code], "zh", {**common, **values})
    assert looks.body == text
    assert looks.units == length
    assert looks.parts == (2 if code == "tariff_change" else 1)


@pytest.mark.parametrize("template", SEED.values(), ids=lambda template: template.code)
def test_every_text_keeps_the_rules_and_the_length(template: Template) -> None:
    assert faults_of(template) == []
    looks = preview(template, "zh", part_cost_fen=5)
    assert looks.parts == (2 if template.category is Category.TARIFF else 1), looks.units
    assert looks.cost_fen == looks.parts * 5
    assert looks.body.endswith("【清远电信】")
    assert all(ord(char) < 128 or char in "【】清远电信" for char in preview(template, "en").body)


GOOD = replace(SEED["resumed"], version=2)


@pytest.mark.parametrize(
    ("zh", "rule"),
    [
        ("订单{number}恢复，{deadline}前装通，¥0，{hotline}。【{signature}】", "template.refused_character"),
        ("订单{number}恢复★{deadline}前装通，{hotline}。【{signature}】", "template.refused_character"),
        ("订单{number}恢复😀{deadline}前装通，{hotline}。【{signature}】", "template.refused_character"),
        ("订单{number}恢复\u200b{deadline}前装通，{hotline}。【{signature}】", "template.refused_character"),
        ("订单{number}恢复，{deadline}，见 https://t.example，{hotline}。【{signature}】", "template.link"),
        ("订单{number}恢复，{deadline}，见 www.x，{hotline}。【{signature}】", "template.link"),
        ("订单{number}恢复，{deadline}，登录gd10000.cn查询，{hotline}。【{signature}】", "template.link"),
        ("订单{number}恢复，{deadline}，限时优惠，{hotline}。【{signature}】", "template.advertising"),
        ("订单{number}恢复，{deadline}，参加抽奖，{hotline}。【{signature}】", "template.advertising"),
        ("订单{number}恢复，{deadline}前装通，{hotline}。", "template.signature"),
        ("【{signature}】订单{number}恢复，{deadline}，{hotline}。", "template.signature"),
        ("【电信】订单{number}恢复，{deadline}，{hotline}。【{signature}】", "template.signature"),
        ("订单{number}恢复，{hotline}。【{signature}】", "template.parameters_differ"),
        ("{slot}的订单{number}恢复，{deadline}，{hotline}。【{signature}】", "template.parameters_differ"),
        ("{name}的订单{number}恢复，{deadline}，{hotline}。【{signature}】", "template.unknown_parameter"),
        ("订单{number}{}恢复，{deadline}，{hotline}。【{signature}】", "template.braces"),
        ("订单{number}恢复，{deadline!r}，{hotline}。【{signature}】", "template.braces"),
        ("订单{number}恢复，{deadline:>400}，{hotline}。【{signature}】", "template.braces"),
        ("订单{number}恢复，{deadline，{hotline}。【{signature}】", "template.braces"),
        ("订单{number}恢复，{deadline}，" + "好" * 300 + "{hotline}。【{signature}】", "template.too_long"),
    ],
)  # fmt: skip
def test_what_no_carrier_or_rule_allows_is_named(zh: str, rule: str) -> None:
    found = [(fault.rule, fault.pointer) for fault in faults_of(replace(GOOD, zh=zh))]
    assert (rule, "/zh") in found
    assert faults_of(GOOD) == []


def test_a_parameter_must_be_known_and_stand_once() -> None:
    named = replace(GOOD, params=(*GOOD.params, "id_number"))
    assert "template.unknown_parameter" in [fault.rule for fault in faults_of(named)]
    twice = replace(GOOD, params=(*GOOD.params, "number"))
    assert "template.repeated_parameter" in [fault.rule for fault in faults_of(twice)]


def test_an_unknown_parameter_that_is_used_is_told_and_does_not_fail() -> None:
    named = replace(GOOD, params=(*GOOD.params, "name"), zh="{name}" + GOOD.zh, en="{name} " + GOOD.en)
    assert [(fault.rule, fault.pointer) for fault in faults_of(named)] == [
        ("template.unknown_parameter", "/params")
    ]


@pytest.mark.parametrize("template", SEED.values(), ids=lambda template: template.code)
def test_our_own_wordings_keep_what_every_wording_must_name(template: Template) -> None:
    assert set(required_of(template.code)) <= set(template.params)
    for language in ("zh", "en"):
        looks = [preview(template, language, values_of(length, language)) for length in LENGTHS]
        assert looks[0].units <= looks[1].units <= looks[2].units, template.code
        assert looks[2].parts <= MOST_PARTS


def test_every_parameter_has_values_of_each_length() -> None:
    for length in LENGTHS:
        for language in ("zh", "en"):
            assert values_of(length, language).keys() == EXAMPLES.keys()
    for name in ("risks", "amount", "reason", "signature", "plan"):
        shortest, usual, longest = (units(values_of(length, "zh")[name]) for length in LENGTHS)
        assert shortest <= usual < longest, name


def test_words_are_looked_for_whole_in_english() -> None:
    en = "Order {number} resumed at wholesale depot; installed by {deadline}. Help: {hotline}【{signature}】"
    assert faults_of(replace(GOOD, en=en)) == []
    sold = faults_of(replace(GOOD, en=en.replace("wholesale depot", "sale")))
    assert [fault.rule for fault in sold] == ["template.advertising"]


def wording(version: int, operator_id: int | None = None) -> Template:
    return of_seed("resumed", version, GOOD.params, GOOD.zh, GOOD.en, operator_id)


def test_the_operators_newest_wording_is_in_force_else_the_newest_for_all_else_ours() -> None:
    assert Registry().current(1, "resumed") is SEED["resumed"]
    registry = Registry((wording(2), wording(3), wording(2, operator_id=1)))
    assert registry.current(1, "resumed") == wording(2, operator_id=1)
    assert registry.current(2, "resumed") == wording(3)
    assert registry.newest(None, "resumed") == 3
    assert registry.newest(1, "resumed") == 2
    assert registry.newest(2, "resumed") == 1
    with pytest.raises(KeyError):
        registry.current(1, "nothing")


def test_a_wording_waits_for_every_provider_that_has_to_approve_it() -> None:
    approved = {(None, "resumed", 2): (Approval("aliyun", "approved", "SMS_1"),)}
    refused = {(None, "resumed", 3): (Approval("aliyun", "refused"),)}
    registry = Registry((wording(2), wording(3)), approved | refused)
    assert registry.current(1, "resumed").version == 3
    assert registry.current(1, "resumed", ["aliyun"]).version == 2
    assert registry.current(1, "resumed", ["aliyun", "other"]) is SEED["resumed"]


@pytest.mark.parametrize(
    ("text", "count"), [("好" * 70, 1), ("好" * 71, 2), ("好" * 134, 2), ("好" * 135, 3)]
)
def test_lengths(text: str, count: int) -> None:
    assert (parts(text), units(text)) == (count, len(text))
