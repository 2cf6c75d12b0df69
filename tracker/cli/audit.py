"""The audit trail: whether it is as it was written, and where it ends."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from tracker.audit.rules import NO_OPERATOR, Break, Flaw
from tracker.audit.verify import UnknownEntryError, heads, size
from tracker.audit.verify import verify as verifying
from tracker.cli.context import counting, running, say
from tracker.runtime import Runtime

_NOBODYS = "-"
_SAID = {
    Flaw.EDITED: "the entry is not what was written",
    Flaw.MISSING: "the entry is gone",
    Flaw.DISPLACED: "the entry does not follow from the one before it",
    Flaw.UNLINKED: "an entry was put in past the chain",
    Flaw.CUT: "the chain does not end where it ended",
    Flaw.NOT_OURS: "a noted head stands nowhere in it: it was cut, or written anew",
}


class _Hash(click.ParamType):
    name = "hash"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """The bytes of a hash in hexadecimal."""
        try:
            found = bytes.fromhex(value)
        except ValueError:
            found = b""
        if len(found) != 32:
            self.fail("must be the 64 hexadecimal digits that `tracker audit head` prints", param, ctx)
        return found


@click.group()
def audit() -> None:
    """The audit trail (审计): who saw or changed personal data, in one chain for each operator."""


@audit.command()
@click.option("--operator", help="Code of one operator, or - for entries of none; all unless given.")
def head(operator: str | None) -> None:
    """Print where each chain ends: operator, number of entries, hash of the last.

    Kept where nobody who can write to the database can write, it proves later that nothing up to
    here was cut off or written anew: see `tracker audit verify --head`.

    \b
    Example:
      tracker audit head | mail -s "audit heads" records@regulator.example
    """
    with running() as run:
        codes = _codes(run)
        for one in heads(run.db, _chosen(codes, operator)):
            click.echo(f"{codes[one.chain]} {one.entries} {one.hash.hex()}")


@audit.command()
@click.option("--operator", help="Code of one operator, or - for entries of none; all unless given.")
@click.option("--since", type=click.IntRange(1), help="Begin at the entry of this id, in its chain only.")
@click.option("--head", "noted", type=_Hash(), multiple=True, help="A noted head that has to be there still.")
def verify(operator: str | None, since: int | None, noted: tuple[bytes, ...]) -> None:
    """Compute every chain anew and compare. Reads only.

    Exit code 1 with the first bad entry of each chain that is broken.

    \b
    Examples:
      tracker audit verify
      tracker audit verify --operator telecom --head 5f70bf18a086…
      tracker audit verify --since 120000
    """
    with running() as run:
        codes = _codes(run)
        chains = _chosen(codes, operator)
        with counting("entries", size(run.db, chains)) as advance:
            try:
                verdicts = verifying(run.db, chains, since_entry=since, noted=noted, advance=advance)
            except UnknownEntryError:
                raise click.ClickException(f"no entry {since} stands in a chain") from None
    for one in verdicts:
        if one.broken is not None:
            click.echo(f"{codes[one.chain]}: {_told(one.broken)}")
        else:
            say(f"{codes[one.chain]}: whole up to entry {one.entries}, head {one.head.hex()}")
    sys.exit(1 if any(one.broken for one in verdicts) else 0)


def _codes(run: Runtime) -> Mapping[int, str]:
    """Operators' codes by the numbers of their chains."""
    operators = run.reference.current().operators.values()
    return {NO_OPERATOR: _NOBODYS} | {one.id: one.code for one in operators}


def _chosen(codes: Mapping[int, str], operator: str | None) -> list[int]:
    """The chains of the operator of this code, or all. Raises ClickException for a code that nobody has."""
    if operator is None:
        return sorted(codes)
    found = [chain for chain, code in codes.items() if code == operator]
    if not found:
        raise click.ClickException(f"no operator has the code {operator}")
    return found


def _told(broken: Break) -> str:
    entry = "" if broken.entry_id is None else f" (id {broken.entry_id})"
    return f"broken at entry {broken.number}{entry}: {_SAID[broken.flaw]}"
