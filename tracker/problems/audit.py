"""What is wrong with a question to the audit trail."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule(
        "audit.too_many_rows",
        422,
        "超过 {limit} 行，请先筛选，或下载 CSV",
        "There are more than {limit} rows: filter them first, or take the CSV file.",
    ),
)
