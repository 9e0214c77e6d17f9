"""The command `tokenwire`, with a subcommand per entry point of its group."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points, version
from typing import Any

import click

from .missing import missing_library

__all__ = ["GROUP", "main"]

GROUP = "tokenwire.commands"
"""Entry points named after subcommands; each is a click command."""


class _Commands(click.Group):
    """Subcommands from entry points, imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_installed())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = _installed().get(cmd_name)
        if entry is None:
            return None
        try:
            command = entry.load()
        except ModuleNotFoundError as error:
            if message := missing_library(error):
                return _Missing(cmd_name, message)
            raise
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand, which may import more than it took to load it."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if message := missing_library(error):
                raise click.ClickException(message) from None
            raise


class _Missing(click.Command):
    """A subcommand whose libraries are not installed."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, short_help=f"({message})", add_help_option=False)
        self._message = message

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        raise click.ClickException(self._message)


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("tokenwire"), prog_name="tokenwire")
def main() -> None:
    """Typed gRPC and OpenAI HTTP servers and clients for LLM engines, from one .proto."""
