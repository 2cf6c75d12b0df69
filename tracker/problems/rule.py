"""One rule that can be broken."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProblemRule:
    """One rule: HTTP status of its breach, and what is said of it in Chinese and English."""

    id: str
    status: int
    zh: str
    en: str
