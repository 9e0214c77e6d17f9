"""`tokenwire serve`: the flags of the settings, and how errors are shown."""

from __future__ import annotations

import logging
import signal
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource
from tokenwire.quiet import QuietCommand

from .config_file import ENGINE_ARGS, read_config, with_file
from .flags import Option, options_of, settings_from
from .groups import ObserveSettings
from .settings import ServeSettings, SettingsError

__all__ = ["serve"]

_LOG: Final = logging.getLogger("tokenwire.serve")
_GIVEN: Final = frozenset(
    {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT, ParameterSource.DEFAULT_MAP}
)


class _Serve(QuietCommand):
    """Keeps what follows `--` for the engine, so that a stray word before it is still an error."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        ctx.params[ENGINE_ARGS] = tuple(args[end + 1 :])
        return super().parse_args(ctx, args[:end])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                heading = param.section if isinstance(param, Option) else "Options"
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)


def _take_config(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path is not None:
        ctx.default_map = read_config(path, ctx)
        if not ctx.params[ENGINE_ARGS]:
            ctx.params[ENGINE_ARGS] = ctx.default_map.get(ENGINE_ARGS, ())


class _StoppedExit(SystemExit):
    """A signal came before the server had its own handlers."""


def _stop(*_: object) -> None:
    raise _StoppedExit(0)


def _serve(context: click.Context, /, **flags: Any) -> None:
    observe = ObserveSettings()
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _stop)
        settings = _settings(context, flags)
        observe = settings.observe
        from .supervisor import run

        status = run(settings)
    except _StoppedExit:
        from tokenwire_serve.observe.log import STOPPED_EARLY, logging_to_stderr

        status = 0
        with logging_to_stderr(observe.log_level, observe.log_format):
            _LOG.info(STOPPED_EARLY)
    context.exit(status)


def _settings(context: click.Context, flags: dict[str, Any]) -> ServeSettings:
    """What the flags make.

    Raises:
        click.UsageError: A rule is broken.
    """
    explicit = frozenset(name for name in flags if context.get_parameter_source(name) in _GIVEN)
    try:
        return settings_from(
            ServeSettings, flags, engine_args=flags[ENGINE_ARGS], explicit=explicit
        ).resolved()
    except (SettingsError, ValueError) as error:
        raise click.UsageError(with_file(str(error), context)) from None


_HELP: Final = """Serve a model over gRPC and HTTP.

Prints one line `ready http=HOST:PORT grpc=HOST:PORT engine=NAME model=NAME` once requests are
accepted. Ctrl-C or SIGTERM lets running requests finish; a second one ends at once.

What follows -- goes to the engine: engine sglang takes SGLang's own flags there. A flag of
tokenwire's that means the same wins where both are given.

A flag wins over its environment variable, and that over the file of --config.
"""

serve = _Serve(
    "serve",
    callback=click.pass_context(_serve),
    help=_HELP,
    options_metavar="[OPTIONS] [-- ENGINE_OPTIONS]",
    context_settings={"show_default": True, "help_option_names": ["-h", "--help"]},
    params=[
        *options_of(ServeSettings),
        Option(
            ["--config"],
            section="Process",
            type=click.Path(path_type=Path, dir_okay=False),
            is_eager=True,
            expose_value=False,
            callback=_take_config,
            help="TOML file with flags, `port = 30000` for instance; engine-args is a list.",
        ),
    ],
)
"""The command `tokenwire serve`."""
