"""Commands that do not repeat what may be a key in the wrong place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import click

__all__ = ["QuietCommand", "QuietFile", "is_path"]

_SECRET: Final = ("key", "password", "metadata")


class QuietCommand(click.Command):
    """Shows no stray word where a flag that takes a secret is among the arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse them.

        Raises:
            click.UsageError: There are more than it takes, or an option is wrong.
        """
        secret = any(_takes_secret(word) for word in args)
        ctx.allow_extra_args = secret
        stray = super().parse_args(ctx, args)
        if stray and not ctx.resilient_parsing:
            ctx.fail(
                f"Got {len(stray)} unexpected extra argument{'s' * (len(stray) > 1)}, not shown beside flags "
                "that take keys: give such a flag once for each value, and quote a value that has spaces"
            )
        return stray


class QuietFile(click.Path):
    """A file that is there; what is none is not shown unless it is surely a path."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, exists=True, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path.

        Raises:
            click.BadParameter: There is no such file.
        """
        if not is_path(Path(value)):
            self.fail("the file that it names does not exist", param, ctx)
        return super().convert(value, param, ctx)


def is_path(path: Path) -> bool:
    """Whether it is surely a path, not a key that was given in its place, and may be shown."""
    return os.path.lexists(path) or path.is_absolute() or (len(path.parts) > 1 and path.parent.is_dir())


def _takes_secret(word: str) -> bool:
    return word.startswith("-H") or (word.startswith("--") and any(part in word for part in _SECRET))
