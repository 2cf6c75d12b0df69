"""Registered texts."""

import click
from rich.table import Table

from tracker.cli.context import running, say, show_table
from tracker.templates.rules import preview
from tracker.templates.seed import SEED


@click.group()
def templates() -> None:
    """Registered texts (短信模板)."""


@templates.command("list")
@click.option("--operator", required=True, help="Code of the operator.")
def list_(operator: str) -> None:
    """List an operator's texts with the wording in force, its length and what providers say of it.

    \b
    Example:
      tracker templates list --operator telecom
    """
    with running() as run:
        facts = run.reference.current()
        operators = {o.code: o.id for o in facts.operators.values()}
        if operator not in operators:
            raise click.ClickException(f"no operator has the code {operator}")
        table = Table("code", "version", "units", "parts", "fen", "approvals", "text")
        for code in SEED:
            found = facts.templates.current(operators[operator], code, run.config.approving_gateways)
            looks = preview(found, "zh", part_cost_fen=run.config.sms_part_fen)
            said = facts.templates.approvals.get((found.operator_id, code, found.version), ())
            table.add_row(
                code,
                str(found.version),
                str(looks.units),
                str(looks.parts),
                f"{looks.cost_fen:g}",
                ", ".join(f"{one.provider}: {one.state}" for one in said),
                looks.body,
            )
    show_table(table)


@templates.command()
@click.argument("code", type=click.Choice(list(SEED)))
@click.option(
    "--value", "values", multiple=True, help="A parameter, as name=value; examples stand for others."
)
def show(code: str, values: tuple[str, ...]) -> None:
    """Show how the product's own wording looks with these values, in Chinese and English.

    \b
    Example:
      tracker templates show appointed --value slot=11月10日9-11时
    """
    given = dict(value.partition("=")[::2] for value in values)
    unknown = sorted(set(given) - set(SEED[code].params))
    if unknown:
        raise click.ClickException(f"{code} has no {', '.join(unknown)}, but: {', '.join(SEED[code].params)}")
    with running() as run:
        cost = run.config.sms_part_fen
    for language in ("zh", "en"):
        looks = preview(SEED[code], language, given, cost)
        click.echo(looks.body)
        say(f"  {looks.units} units, {looks.parts} parts, {looks.cost_fen:g} fen")
