"""Who works on a report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Author:
    """A manager of an operator, whose report it is; or with None the regulator, who makes the city's.

    `label` names them in histories: "staff:<username>" or "console:<what>".
    """

    operator_id: int | None
    label: str
