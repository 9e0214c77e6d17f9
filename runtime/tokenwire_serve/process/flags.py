"""Flags that are declared as fields of the settings: name, type and default in one place."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from tokenwire.limits import Limits, flag_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from dataclasses import Field

__all__ = ["Option", "flag", "options_of", "section", "settings_from"]

S = TypeVar("S")

_FLAG: Final = "tokenwire.flag"
_SECTION: Final = "tokenwire.section"
_LIMITS: Final = "Limits"
_LIMIT_ENVIRONMENT: Final = {"max_message_size": "SGLANG_TONIC_PAYLOAD"}


@dataclass(frozen=True, slots=True)
class _Flag:
    help: str
    section: str
    name: str
    env: str
    kind: Any
    shown_default: str
    secret: bool


def flag(
    default: Any,
    text: str,
    section: str,
    *,
    name: str = "",
    env: str = "",
    kind: Any = None,
    shown_default: str = "",
    secret: bool = False,
) -> Any:
    """A field of the settings that is a flag.

    Args:
        default: Of the field; True makes a pair of flags, a tuple one that may be repeated.
        text: What it means, for `--help`.
        section: Under which heading `--help` shows it.
        name: Of the flag; that of the field if not given.
        env: Environment variable that sets it where the flag is not given.
        kind: Type of its value for click, where it is not that of the default.
        shown_default: What `--help` says that the default None means.
        secret: The value is shown nowhere.
    """
    about = _Flag(text, section, name, env, kind, shown_default, secret)
    return field(default=default, repr=not secret, metadata={_FLAG: about})


def section(kind: type[Any]) -> Any:
    """A field that is itself a dataclass of flags."""
    return field(default_factory=kind, metadata={_SECTION: kind})


class Option(click.Option):
    """An option with the heading that it is shown under."""

    def __init__(self, names: list[str], *, section: str, **rest: Any) -> None:
        super().__init__(names, **rest)
        self.section = section


def options_of(settings: type[Any]) -> Iterator[Option]:
    """The options of a dataclass of flags and of those within it."""
    for item in fields(settings):
        if _SECTION in item.metadata:
            kind = item.metadata[_SECTION]
            yield from _limit_options() if kind is Limits else options_of(kind)
        elif _FLAG in item.metadata:
            yield _option(item, item.metadata[_FLAG])


def settings_from(settings: type[S], values: Mapping[str, Any], **more: Any) -> S:
    """The settings that the values of all options make.

    Raises:
        ValueError: A limit cannot be; the message names its flag.
    """
    made = dict(more)
    for item in fields(settings):  # type: ignore[arg-type]  # mypy has no bound for dataclasses
        if _SECTION in item.metadata:
            made[item.name] = settings_from(item.metadata[_SECTION], values)
        elif item.name in values and item.name not in more:
            made[item.name] = values[item.name]
    return settings(**made)


def _option(item: Field[Any], about: _Flag) -> Option:
    default = item.default
    assert default is not MISSING and not is_dataclass(default)
    name = about.name or "--" + item.name.replace("_", "-")
    if default is True:
        name = f"{name}/--no-{name.removeprefix('--')}"
    rest: dict[str, Any] = {"type": about.kind, "default": default}
    if isinstance(default, bool):
        rest["is_flag"] = True
    elif isinstance(default, tuple):
        rest["multiple"] = True
    text = about.help + (f"  [default: {about.shown_default}]" if about.shown_default else "")
    if about.secret:
        rest["show_default"] = False  # that would be what --config gives
    return Option(
        [name, item.name],
        section=about.section,
        help=text,
        envvar=about.env or None,
        show_envvar=bool(about.env),
        **rest,
    )


def _limit_options() -> Iterator[Option]:
    for item in fields(Limits):
        env = _LIMIT_ENVIRONMENT.get(item.name)
        yield Option(
            [flag_of(item.name), item.name],
            section=_LIMITS,
            type=type(item.default),
            default=item.default,
            help=item.metadata["help"],
            envvar=env,
            show_envvar=env is not None,
        )
