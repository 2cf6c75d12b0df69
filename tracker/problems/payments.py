"""What is wrong with money that is recorded on an order: payments, refunds, charges, waivers."""

from tracker.problems.rule import ProblemRule

RULES = (
    # Of either.
    ProblemRule(
        "fee.words_required", 422, "“其他费用”须说明用途", "The fee 'other' must say what it is for."
    ),
    ProblemRule(
        "fee.too_early",
        422,
        "时间早于订单受理前一年",
        "The time lies more than a year before the order was accepted.",
    ),
    # Payments and refunds.
    ProblemRule("payment.nothing", 422, "金额不能为零", "The amount must not be zero."),
    ProblemRule("payment.in_the_future", 422, "缴费时间晚于现在", "The time of payment lies in the future."),
    ProblemRule(
        "payment.refund_exceeds",
        409,
        "退款超过该费用已收的金额（最多可退 {most} 元）",
        "More is given back than is held for this fee (at most {most} yuan).",
    ),
    ProblemRule(
        "payment.duplicate_reference",
        409,
        "该缴费流水号已登记，且内容不同",
        "A different payment with this reference is recorded already.",
    ),
    # Charges and waivers.
    ProblemRule("charge.nothing", 422, "应收金额不能为零", "The amount charged must not be zero."),
    ProblemRule(
        "charge.in_the_future", 422, "计费时间晚于现在", "The time of the charge lies in the future."
    ),
    ProblemRule("charge.reason_required", 422, "减免须说明原因", "A waiver must give its reason."),
    ProblemRule("charge.due_on_not_expected", 422, "减免不带缴费期限", "A waiver has no day to be paid by."),
    ProblemRule(
        "charge.due_before_charged",
        422,
        "缴费期限早于计费日",
        "The day to pay by lies before the day of the charge.",
    ),
    ProblemRule(
        "charge.due_too_far",
        422,
        "缴费期限晚于计费日之后五年",
        "The day to pay by lies more than five years after the charge.",
    ),
    ProblemRule(
        "charge.waiver_exceeds",
        409,
        "减免超过该费用的应收金额（最多可减 {most} 元）",
        "More is waived than this fee comes to (at most {most} yuan).",
    ),
    ProblemRule(
        "charge.order_ended",
        409,
        "订单已撤单或退单，不再收费",
        "The order was withdrawn or returned; nothing is charged for it any more.",
    ),
    ProblemRule(
        "charge.duplicate_reference",
        409,
        "该应收流水号已登记，且内容不同",
        "A different charge with this reference is recorded already.",
    ),
    # Rows of files.
    ProblemRule(
        "payment_row.no_order",
        422,
        "须填订单号，或渠道的外部单号",
        "A row names its order by number, or by the channel's own reference.",
    ),
    ProblemRule(
        "payment_row.two_orders",
        422,
        "订单号与外部单号只填一个",
        "A row names its order either by number or by the channel's own reference, not by both.",
    ),
    ProblemRule(
        "payment_row.channel",
        422,
        "外部单号须注明本运营商的受理渠道",
        "An external reference needs the code of one of the operator's channels.",
    ),
    ProblemRule(
        "payment_row.amount",
        422,
        "金额以元为单位，最多两位小数，不超过十万元",
        "An amount is in yuan, with at most two decimals, and no more than 100,000.",
    ),
)
