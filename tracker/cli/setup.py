"""Setting a city up."""

from pathlib import Path

import click

from tracker.cli.context import running, say
from tracker.places.load_divisions import DivisionsError
from tracker.setting_up import SetUpError, example, set_up


@click.command()
@click.argument("path", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--divisions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV of another city's divisions: code, name, level, parent_code, kind.",
)
@click.option("--example", "show", is_flag=True, help="Print an example file and do nothing else.")
def setup(path: Path | None, divisions: Path | None, show: bool) -> None:
    """Store divisions, calendar, and the operators, channels, limits and plans of a TOML file.

    Repeating it does no harm: what is there already is left as it is.

    \b
    Example:
      tracker setup --example > city.toml
      tracker setup city.toml
    """
    if show:
        click.echo(example(), nl=False)
        return
    if path is None:
        raise click.UsageError("name a file, or see --example")
    with running() as run:
        try:
            set_up(run.db, path.read_text(encoding="utf-8"), divisions)
        except (SetUpError, DivisionsError, UnicodeDecodeError) as error:
            raise click.ClickException(f"{path.name}: {error}") from None
        facts = run.reference.current()
    plans = sum(len(versions) for versions in facts.plans.values())
    say(f"{len(facts.operators)} operators, {len(facts.channels)} channels, {plans} plans on record")
