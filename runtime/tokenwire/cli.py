"""The command `tokenwire`, with a subcommand per entry point of its group."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points, version

import click

__all__ = ["GROUP", "main"]

GROUP = "tokenwire.commands"
"""Entry points named after subcommands; each is a click command."""

_EXTRAS = {"gen": "codegen", "serve": "serve"}


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
            if error.name is not None and error.name.startswith("tokenwire"):
                raise
            extra = _EXTRAS.get(cmd_name)
            needed = f"tokenwire[{extra}]" if extra else error.name
            message = f"tokenwire {cmd_name} needs {error.name}; install it with: pip install '{needed}'"
            return _Missing(cmd_name, message)
        return command if isinstance(command, click.Command) else None


class _Missing(click.Command):
    """A subcommand whose libraries are not installed."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, short_help=f"({message})", add_help_option=False)
        self._message = message

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        raise click.ClickException(self._message)


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


@click.group(cls=_Commands)
@click.version_option(version("tokenwire"), prog_name="tokenwire")
def main() -> None:
    """Typed gRPC and OpenAI HTTP servers and clients for LLM engines, from one .proto."""
