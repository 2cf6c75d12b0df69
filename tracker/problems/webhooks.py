"""What is wrong with a place in a list, or with a webhook."""

from tracker.problems.rule import ProblemRule

RULES = (
    ProblemRule(
        "cursor.malformed",
        422,
        "游标无效：请使用上一页返回的 next（旧的数字游标已停用，请从头读取）",
        "This is no cursor: use `next` of the page before (numeric ones of old are not valid any more; begin"
        " anew).",
    ),
    ProblemRule(
        "cursor.ahead",
        409,
        "游标超前于数据库：数据库已从备份恢复，请联系运维或从头读取",
        "The cursor is ahead of this database, which was restored from a copy: ask its operators, or begin"
        " anew.",
    ),
)
