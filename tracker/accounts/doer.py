"""Who does something to an account."""

from dataclasses import dataclass

from tracker.staff.sign_in import Person


@dataclass(frozen=True)
class Doer:
    """Somebody who may deal with accounts: those of one operator, or everybody's where that is None.

    `account_id` is None for whoever sits at the server's console.
    """

    actor: str
    role: str
    operator_id: int | None
    account_id: int | None = None


def doer_of(person: Person) -> Doer:
    """A person who has signed in."""
    return Doer(f"staff:{person.username}", person.role, person.operator_id, person.id)


def console(what: str) -> Doer:
    """Whoever runs a command of the server."""
    return Doer(f"console:{what}", "administrator", None)
