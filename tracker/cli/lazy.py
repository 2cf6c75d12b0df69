"""Commands that are loaded once they are asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from tracker.loading import without_collecting


class LazyGroup(click.Group):
    """A group that loads the module of the command that is run, and no other: `modules` gives, for each
    command's name, the module that has it and what it is called there ("tracker.cli.demo:demo").

    The modules of all commands together are most of the product, and take two seconds.
    """

    def __init__(self, *args: Any, modules: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the alphabet."""
        return sorted(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, None where there is none of this name."""
        if cmd_name not in self._modules:
            return None
        module, _, attribute = self._modules[cmd_name].partition(":")
        with without_collecting():
            command: click.Command = getattr(import_module(module), attribute)
        return command
