"""What is wrong with an announced change."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = ()
