"""What is wrong with a subscription or a file of them."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = ()
