"""What is wrong with a plan or a file of plans."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = ()
