"""What stands against looking an order up."""

from tracker.problems.rule import ProblemRule

RULES = (
    # One and the same for a number that is not there, for wrong digits, and for anything malformed.
    ProblemRule(
        "lookup.no_match",
        404,
        "没有查到订单：订单号与手机号后四位对不上",
        "No order was found: the number and the last four digits do not belong together.",
    ),
    ProblemRule(
        "lookup.locked",
        429,
        "后四位输错次数过多，这个订单号暂时不能查询",
        "Wrong digits were tried too often: this order cannot be looked up for now.",
    ),
)
