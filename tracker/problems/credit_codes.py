"""What is wrong with a company's credit code."""

from tracker.problems.rule import ProblemRule

RULES = (
    ProblemRule(
        "credit_code.malformed",
        422,
        "统一社会信用代码须为18位数字和大写字母（不含 I、O、S、V、Z），第3至8位为数字",
        "A credit code has 18 digits and capital letters (no I, O, S, V or Z), the third to eighth digits.",
    ),
    ProblemRule(
        "credit_code.check_character",
        422,
        "统一社会信用代码的校验位不符，请逐字核对",
        "The check character of the credit code does not fit: one of its characters is wrong.",
    ),
    ProblemRule(
        "credit_code.not_enterprise",
        422,
        "家庭客户没有统一社会信用代码",
        "A home has no credit code; it belongs to a company.",
    ),
)
