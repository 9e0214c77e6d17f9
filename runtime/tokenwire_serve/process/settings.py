"""The server's settings and their rules, checked before anything is bound or loaded."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from tokenwire.limits import Limits
from tokenwire.missing import how_to_install

from tokenwire_serve.engines.options import TAKE_ARGUMENTS

from .engine_args import value_of
from .flags import flag, section
from .groups import ObserveSettings, SecuritySettings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GRPC_PORT_OFFSET", "LAST_PORT", "ServeSettings", "SettingsError"]

LAST_PORT: Final = 65535
GRPC_PORT_OFFSET: Final = 10_000
"""Without `--grpc-port`, gRPC listens this far above the HTTP port."""

_MODEL: Final = "Model"
_LISTENERS: Final = "Listeners"
_REQUESTS: Final = "Requests"
_PROCESS: Final = "Process"
_PATH: Final = click.Path(path_type=Path)


class SettingsError(Exception):
    """A setting cannot be; the message names its flag and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """How to serve; each field is the flag of the same name, or a group of flags.

    Attributes:
        engine: Name of the engine.
        model_path: Directory of the model; None is the embedded tiny model.
        tokenizer_path: Directory of the tokenizer; None is `model_path`.
        served_model_names: Names that requests may use, the one that answers give first.
        accept_any_model: Requests may give any name.
        device: Where the model runs.
        dtype: Type of its weights.
        max_model_len: Most tokens of prompt and output; None is what the model says.
        trust_remote_code: Run Python code that comes with the model.
        nccl_port: Between the processes of an engine that has several; None is what `engine_args` say,
            or else lets the engine choose.
        host: Address or name to listen on, for HTTP and gRPC.
        port: HTTP; 0 takes a free port.
        enable_grpc: Off is HTTP only.
        grpc_port: 0 takes a free port; None is derived from `port`.
        grpc_compression: Which gRPC replies are compressed: "none", "asked" or "gzip".
        max_running_requests: Requests that decode together.
        max_waiting_requests: Requests that may wait.
        incremental_streaming_output: Streams carry deltas unless the caller asks otherwise.
        limits: What clients may use.
        security: Who may call what.
        observe: What operators see.
        profile_dir: Where traces go; None is a fresh temporary directory.
        restart_engine: Start the engine again when it dies.
        drain_delay: Seconds between the signal and the drain, in which requests are still taken.
        drain_timeout: Seconds that running requests get once the drain has begun.
        loop: Event loop: "asyncio", "uvloop", or "auto" for uvloop where it is installed.
        engine_args: What stands after `--`, for engines that take it.
        explicit: Names of the fields here that the user gave rather than left at their default.
    """

    engine: str = flag("transformers", "Engine: transformers, sglang, or null (no model, for tests).", _MODEL)
    model_path: Path | None = flag(
        None,
        "Hugging Face directory of the model.",
        _MODEL,
        kind=_PATH,
        shown_default="the embedded tiny model",
    )
    tokenizer_path: Path | None = flag(
        None, "Directory of the tokenizer.", _MODEL, kind=_PATH, shown_default="that of the model"
    )
    served_model_names: tuple[str, ...] = flag(
        (),
        "Name that requests use; repeat it for aliases.",
        _MODEL,
        name="--served-model-name",
        shown_default="the directory's name",
    )
    accept_any_model: bool = flag(False, "Let requests give any name as their model.", _MODEL)
    device: str = flag("auto", "auto, cpu, cuda or cuda:N.", _MODEL)
    dtype: str = flag("auto", "auto, float32, bfloat16 or float16.", _MODEL)
    max_model_len: int | None = flag(
        None, "Most tokens of prompt and output.", _MODEL, kind=int, shown_default="the model's own limit"
    )
    trust_remote_code: bool = flag(False, "Run Python code that comes with the model.", _MODEL)
    nccl_port: int | None = flag(
        None,
        "Port between the processes of engine sglang.",
        _MODEL,
        kind=int,
        shown_default="the engine chooses",
    )
    host: str = flag("127.0.0.1", "Listen here.", _LISTENERS, env="SGLANG_HOST")
    port: int = flag(30000, "HTTP port; 0 takes a free one.", _LISTENERS, env="SGLANG_PORT")
    enable_grpc: bool = flag(True, "Serve gRPC beside HTTP.", _LISTENERS, env="SGLANG_ENABLE_GRPC")
    grpc_port: int | None = flag(
        None,
        "gRPC port; 0 takes a free one.",
        _LISTENERS,
        kind=int,
        env="SGLANG_GRPC_PORT",
        shown_default="HTTP port + 10000",
    )
    grpc_compression: str = flag(
        "asked",
        "Which gRPC replies of 1 KiB or more are sent with gzip to clients that take it: those to requests "
        "that came with it, all (gzip), or none.",
        _LISTENERS,
        kind=click.Choice(["none", "asked", "gzip"]),
    )
    max_running_requests: int = flag(32, "Requests that decode together.", _REQUESTS)
    max_waiting_requests: int = flag(1024, "Requests that may wait; more are answered with 429.", _REQUESTS)
    incremental_streaming_output: bool = flag(
        False, "Stream only what is new unless the caller asks for all so far.", _REQUESTS
    )
    limits: Limits = section(Limits)
    security: SecuritySettings = section(SecuritySettings)
    observe: ObserveSettings = section(ObserveSettings)
    profile_dir: Path | None = flag(
        None,
        "Directory for profiler traces.",
        _PROCESS,
        kind=click.Path(path_type=Path, file_okay=False),
        shown_default="a fresh temporary directory",
    )
    restart_engine: bool = flag(
        False, "Start the engine again when it dies, rather than end with status 1.", _PROCESS
    )
    drain_delay: float = flag(
        0.0,
        "Seconds for which a server that was told to stop still takes requests, while its health says that "
        "it leaves.",
        _PROCESS,
    )
    drain_timeout: float = flag(30.0, "Seconds that running requests get when the server stops.", _PROCESS)
    loop: str = flag(
        "auto",
        "Event loop; auto is uvloop where it is installed.",
        _PROCESS,
        kind=click.Choice(["auto", "asyncio", "uvloop"]),
    )
    engine_args: tuple[str, ...] = ()
    explicit: frozenset[str] = frozenset()

    def resolved(self) -> ServeSettings:
        """The same with the ports derived, once every rule holds.

        Raises:
            SettingsError: A rule is broken.
        """
        _check_port("--port", self.port)
        _check_names(self)
        _check_sizes(self)
        _check_engine_args(self)
        if problem := self.security.problem() or self.observe.problem():
            raise SettingsError(problem)
        if self.loop == "uvloop" and find_spec("uvloop") is None:
            raise SettingsError(f"--loop uvloop needs uvloop: {how_to_install('uvloop')}; or --loop auto")
        nccl_port = self.nccl_port if self.nccl_port is not None else _nccl_port_in(self.engine_args)
        if nccl_port is not None:
            _check_count("--nccl-port", nccl_port, 1, LAST_PORT)
        grpc_port = self.grpc_port
        if self.enable_grpc:
            grpc_port = _derived_grpc_port(self.port) if grpc_port is None else grpc_port
            _check_port("--grpc-port", grpc_port)
        metrics_port = self.observe.metrics_http_port
        if metrics_port is not None:
            _check_port("--metrics-http-port", metrics_port)
        ports = {
            "--port": self.port,
            "--grpc-port": grpc_port if self.enable_grpc else None,
            "--metrics-http-port": metrics_port if self.observe.enable_metrics else None,
            "--nccl-port": nccl_port,
        }
        _check_apart(ports)
        return replace(self, grpc_port=grpc_port, nccl_port=nccl_port)

    @property
    def metrics_host(self) -> str:
        """Where metrics that have a port of their own are served."""
        if self.observe.metrics_host is not None:
            return self.observe.metrics_host
        return _LOOPBACK if self.security.guards else self.host

    def public(self) -> dict[str, Any]:
        """What any caller may see of it: nothing that names a file or a directory."""
        shown = {name: getattr(self, name) for name in _PUBLIC}
        return {**shown, "grpc_max_message_size": self.limits.max_message_size, **self.observe.public()}


_LOOPBACK: Final = "127.0.0.1"
_MOST_TOKENS: Final = 2**31 - 1
"""What the schema's `max_model_len` holds."""
_PUBLIC: Final = (
    "host",
    "port",
    "enable_grpc",
    "grpc_port",
    "device",
    "dtype",
    "max_model_len",
    "max_running_requests",
    "max_waiting_requests",
    "incremental_streaming_output",
    "drain_timeout",
)


def _derived_grpc_port(port: int) -> int:
    if port == 0:
        return 0
    if port + GRPC_PORT_OFFSET > LAST_PORT:
        raise SettingsError(
            f"--grpc-port would be --port + {GRPC_PORT_OFFSET} = {port + GRPC_PORT_OFFSET}, "
            f"which is above {LAST_PORT}: set --grpc-port"
        )
    return port + GRPC_PORT_OFFSET


def _check_port(name: str, port: int) -> None:
    if not 0 <= port <= LAST_PORT:
        raise SettingsError(f"{name} must be from 0 to {LAST_PORT}, not {port}")


def _check_apart(ports: Mapping[str, int | None]) -> None:
    """No two are one port; None and 0, a free one, meet nothing."""
    for (one, port), (other, same) in combinations(ports.items(), 2):
        if port and port == same:
            raise SettingsError(f"{one} and {other} are both {port}: set one of them to another port")


def _nccl_port_in(engine_args: tuple[str, ...]) -> int | None:
    value = value_of(engine_args, "--nccl-port")
    if value is None:
        return None
    try:
        return int(value)
    except ValueError:
        raise SettingsError(f"--nccl-port must be a number, not {value!r}") from None


def _check_engine_args(settings: ServeSettings) -> None:
    if settings.engine_args and settings.engine not in TAKE_ARGUMENTS:
        takers = ", ".join(sorted(TAKE_ARGUMENTS))
        raise SettingsError(
            f"what follows -- is for the engine's own flags, and engine {settings.engine} takes none: "
            f"leave it out, or choose --engine {takers}"
        )


def _check_names(settings: ServeSettings) -> None:
    if not settings.host.strip():
        raise SettingsError("--host must be an address or a host name, not empty")
    if any(not name.strip() for name in settings.served_model_names):
        raise SettingsError("--served-model-name must not be empty")


def _check_sizes(settings: ServeSettings) -> None:
    _check_count("--max-running-requests", settings.max_running_requests, 1)
    _check_count("--max-waiting-requests", settings.max_waiting_requests, 0)
    if settings.max_model_len is not None:
        _check_count("--max-model-len", settings.max_model_len, 1, _MOST_TOKENS)
    for flag_name, seconds in (
        ("--drain-delay", settings.drain_delay),
        ("--drain-timeout", settings.drain_timeout),
    ):
        if not (math.isfinite(seconds) and seconds >= 0):
            raise SettingsError(f"{flag_name} must be 0 or more seconds, not {seconds}")


def _check_count(flag: str, value: int, least: int, most: int | None = None) -> None:
    if value < least or (most is not None and value > most):
        limits = f"{least} or more" if most is None else f"from {least} to {most}"
        raise SettingsError(f"{flag} must be {limits}, not {value}")
