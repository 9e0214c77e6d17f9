"""`tokenwire serve`: flags, their environment variables, and how errors are shown."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from .settings import ServeSettings, SettingsError

__all__ = ["serve"]

_DEFAULTS = ServeSettings()
_GIVEN = frozenset({ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT})


class _Serve(click.Command):
    """Keeps what follows `--` for the engine, so that a stray word before it is still an error."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        ctx.params["engine_args"] = tuple(args[end + 1 :])
        return super().parse_args(ctx, args[:end])


@click.command(
    cls=_Serve,
    options_metavar="[OPTIONS] [-- ENGINE_OPTIONS]",
    context_settings={"show_default": True, "help_option_names": ["-h", "--help"]},
)
@click.option(
    "--engine",
    default=_DEFAULTS.engine,
    help="Engine: transformers, sglang, or null (no model, for tests).",
)
@click.option(
    "--model-path",
    type=click.Path(path_type=Path),
    help="Hugging Face directory of the model.  [default: the embedded tiny model]",
)
@click.option(
    "--tokenizer-path",
    type=click.Path(path_type=Path),
    help="Directory of the tokenizer.  [default: that of the model]",
)
@click.option(
    "--served-model-name",
    "served_model_names",
    multiple=True,
    help="Name that requests use; repeat it for aliases.  [default: the directory's name]",
)
@click.option("--accept-any-model", is_flag=True, help="Let requests give any name as their model.")
@click.option("--host", envvar="SGLANG_HOST", show_envvar=True, default=_DEFAULTS.host, help="Listen here.")
@click.option(
    "--port",
    type=int,
    envvar="SGLANG_PORT",
    show_envvar=True,
    default=_DEFAULTS.port,
    help="HTTP port; 0 takes a free one.",
)
@click.option(
    "--enable-grpc/--no-enable-grpc",
    envvar="SGLANG_ENABLE_GRPC",
    show_envvar=True,
    default=_DEFAULTS.enable_grpc,
    help="Serve gRPC beside HTTP.",
)
@click.option(
    "--grpc-port",
    type=int,
    envvar="SGLANG_GRPC_PORT",
    show_envvar=True,
    help="gRPC port; 0 takes a free one.  [default: HTTP port + 10000]",
)
@click.option(
    "--nccl-port",
    type=int,
    help="Port between the processes of engine sglang.  [default: the engine chooses]",
)
@click.option(
    "--grpc-max-message-size",
    type=int,
    envvar="SGLANG_TONIC_PAYLOAD",
    show_envvar=True,
    default=_DEFAULTS.grpc_max_message_size,
    help="Largest message in bytes, both directions; HTTP bodies too.",
)
@click.option("--device", default=_DEFAULTS.device, help="auto, cpu, cuda or cuda:N.")
@click.option("--dtype", default=_DEFAULTS.dtype, help="auto, float32, bfloat16 or float16.")
@click.option(
    "--max-model-len", type=int, help="Most tokens of prompt and output.  [default: the model's own limit]"
)
@click.option(
    "--max-running-requests",
    type=int,
    default=_DEFAULTS.max_running_requests,
    help="Requests that decode together.",
)
@click.option(
    "--max-waiting-requests",
    type=int,
    default=_DEFAULTS.max_waiting_requests,
    help="Requests that may wait; more are answered with 429.",
)
@click.option("--trust-remote-code", is_flag=True, help="Run Python code that comes with the model.")
@click.option(
    "--incremental-streaming-output",
    is_flag=True,
    help="Stream only what is new unless the caller asks for all so far.",
)
@click.option(
    "--profile-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory for profiler traces.  [default: a fresh temporary directory]",
)
@click.option(
    "--restart-engine",
    is_flag=True,
    help="Start the engine again when it dies, rather than end with status 1.",
)
@click.option(
    "--drain-timeout",
    type=float,
    default=_DEFAULTS.drain_timeout,
    help="Seconds that running requests get when the server stops.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    default=_DEFAULTS.log_level,
    help="Detail of the log on stderr.",
)
@click.option(
    "--loop",
    type=click.Choice(["auto", "asyncio", "uvloop"]),
    default=_DEFAULTS.loop,
    help="Event loop; auto is uvloop where it is installed.",
)
@click.pass_context
def serve(context: click.Context, /, **flags: Any) -> None:
    """Serve a model over gRPC and HTTP.

    Prints one line `ready http=HOST:PORT grpc=HOST:PORT engine=NAME model=NAME` once requests are
    accepted. Ctrl-C or SIGTERM lets running requests finish; a second one ends at once.

    What follows -- goes to the engine: engine sglang takes SGLang's own flags there. A flag of
    tokenwire's that means the same wins where both are given.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        explicit = frozenset(name for name in flags if context.get_parameter_source(name) in _GIVEN)
        settings = ServeSettings(**flags, explicit=explicit).resolved()
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    from .supervisor import run

    context.exit(run(settings))
