"""`--config`: flags from a TOML file, where neither the command line nor the environment gives them."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ENGINE_ARGS", "read_config", "with_file"]

ENGINE_ARGS: Final = "engine_args"
"""The key for what stands after `--` on the command line."""

_FILE: Final = "tokenwire.config"
_FLAG: Final = re.compile(r"--[a-z][a-z-]*")


def read_config(path: Path, context: click.Context) -> dict[str, Any]:
    """The values that a file gives, by the names of the parameters of the context's command.

    Keys are the flags without their dashes in front, `grpc-port = 1` for instance; a flag that may be
    repeated takes a list.

    Raises:
        click.UsageError: It cannot be read, or a key or a value does not fit a flag; the message names both.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise click.UsageError(f"--config {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"--config {path} is not TOML: {error}") from None
    context.meta[_FILE] = path
    options = {name: option for option in _options(context.command) for name in _names(option)}
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = key.replace("_", "-")
        if name == "engine-args":
            found[ENGINE_ARGS] = _words(path, key, value)
            continue
        if isinstance(value, dict):
            raise click.UsageError(
                f"--config {path}: tables are not used, and [{key}] is one: "
                "write port = 30000, for instance, at the top"
            )
        option = options.get(name)
        if option is None or option.name in (None, "config", "help"):
            raise click.UsageError(f"--config {path}: there is no flag --{key}; the keys are those of --help")
        if option.name in found:
            raise click.UsageError(f"--config {path}: --{name} is given twice")
        found[str(option.name)] = _value(path, key, value, option)
        _check_type(path, key, found[str(option.name)], option, context)
    return found


def with_file(problem: str, context: click.Context) -> str:
    """The same problem with the name of the file, where that gave a flag which the problem names."""
    named = {name.removeprefix("--") for name in _FLAG.findall(problem)}
    for option in _options(context.command):
        given = context.get_parameter_source(str(option.name))
        if given is ParameterSource.DEFAULT_MAP and not named.isdisjoint(_names(option)):
            return f"--config {context.meta[_FILE]}: {problem}"
    return problem


def _options(command: click.Command) -> list[click.Option]:
    return [option for option in command.params if isinstance(option, click.Option)]


def _names(option: click.Option) -> list[str]:
    return [name.removeprefix("--") for name in option.opts if name.startswith("--")]


def _check_type(path: Path, key: str, value: Any, option: click.Option, context: click.Context) -> None:
    """Let click convert it now: later it would take a wrong value for that of the environment variable."""
    try:
        option.type_cast_value(context, value)
    except click.BadParameter as error:
        raise click.UsageError(f"--config {path}: {key}: {error.message}") from None


def _words(path: Path, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise click.UsageError(f"--config {path}: {key} must be a list of strings, one per word after --")
    return tuple(value)


def _value(path: Path, key: str, value: Any, option: click.Option) -> Any:
    """A value in the form that click takes, once its kind is right."""
    if option.multiple:
        items = value if isinstance(value, list) else [value]
        return [_plain(path, key, item) for item in items]
    if option.is_flag:
        if not isinstance(value, bool):
            raise click.UsageError(f"--config {path}: {key} must be true or false")
        return value
    return _plain(path, key, value)


def _plain(path: Path, key: str, value: Any) -> str | int | float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise click.UsageError(f"--config {path}: {key} must be a string or a number")
    return value
