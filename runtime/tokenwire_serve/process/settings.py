"""The server's settings and their rules, checked before anything is bound or loaded."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from tokenwire_serve.engines.options import TAKE_ARGUMENTS

from .engine_args import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["GRPC_PORT_OFFSET", "LAST_PORT", "ServeSettings", "SettingsError"]

LAST_PORT: Final = 65535
GRPC_PORT_OFFSET: Final = 10_000
"""Without `--grpc-port`, gRPC listens this far above the HTTP port."""

_LARGEST_MESSAGE: Final = 2**31 - 1


class SettingsError(Exception):
    """A setting cannot be; the message names its flag and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """How to serve; each field is the flag of the same name.

    Attributes:
        host: Address or name to listen on, for HTTP and gRPC.
        port: HTTP; 0 takes a free port.
        enable_grpc: Off is HTTP only.
        grpc_port: 0 takes a free port; None is derived from `port`.
        grpc_max_message_size: Bytes, both directions; HTTP bodies too.
        nccl_port: Between the processes of an engine that has several; None is what `engine_args` say,
            or else lets the engine choose.
        engine: Name of the engine.
        engine_args: What stands after `--`, for engines that take it.
        restart_engine: Start the engine again when it dies.
        model_path: Directory of the model; None is the embedded tiny model.
        tokenizer_path: Directory of the tokenizer; None is `model_path`.
        served_model_names: Names that requests may use, the one that answers give first.
        accept_any_model: Requests may give any name.
        device: Where the model runs.
        dtype: Type of its weights.
        max_model_len: Most tokens of prompt and output; None is what the model says.
        max_running_requests: Requests that decode together.
        max_waiting_requests: Requests that may wait.
        trust_remote_code: Run Python code that comes with the model.
        incremental_streaming_output: Streams carry deltas unless the caller asks otherwise.
        profile_dir: Where traces go; None is a fresh temporary directory.
        drain_timeout: Seconds that running requests get once the server is told to stop.
        log_level: Of the server's log on stderr.
        loop: Event loop: "asyncio", "uvloop", or "auto" for uvloop where it is installed.
        explicit: Names of the fields here that the user gave rather than left at their default.
    """

    host: str = "127.0.0.1"
    port: int = 30000
    enable_grpc: bool = True
    grpc_port: int | None = None
    nccl_port: int | None = None
    grpc_max_message_size: int = 64 << 20
    engine: str = "transformers"
    engine_args: tuple[str, ...] = ()
    restart_engine: bool = False
    model_path: Path | None = None
    tokenizer_path: Path | None = None
    served_model_names: tuple[str, ...] = ()
    accept_any_model: bool = False
    device: str = "auto"
    dtype: str = "auto"
    max_model_len: int | None = None
    max_running_requests: int = 32
    max_waiting_requests: int = 1024
    trust_remote_code: bool = False
    incremental_streaming_output: bool = False
    profile_dir: Path | None = None
    drain_timeout: float = 30.0
    log_level: str = "info"
    loop: str = "auto"
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
        if self.loop == "uvloop" and find_spec("uvloop") is None:
            raise SettingsError("--loop uvloop needs uvloop: pip install 'tokenwire[uvloop]', or --loop auto")
        nccl_port = self.nccl_port if self.nccl_port is not None else _nccl_port_in(self.engine_args)
        if nccl_port is not None:
            _check_count("--nccl-port", nccl_port, 1, LAST_PORT)
        grpc_port = self.grpc_port
        if self.enable_grpc:
            grpc_port = _derived_grpc_port(self.port) if grpc_port is None else grpc_port
            _check_port("--grpc-port", grpc_port)
        grpc_listener = grpc_port if self.enable_grpc else None
        _check_apart({"--port": self.port, "--grpc-port": grpc_listener, "--nccl-port": nccl_port})
        return replace(self, grpc_port=grpc_port, nccl_port=nccl_port)

    def public(self) -> dict[str, Any]:
        """What any caller may see of it: nothing that names a file or a directory."""
        return {name: getattr(self, name) for name in _PUBLIC}


_PUBLIC: Final = (
    "host",
    "port",
    "enable_grpc",
    "grpc_port",
    "grpc_max_message_size",
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


def _check_port(flag: str, port: int) -> None:
    if not 0 <= port <= LAST_PORT:
        raise SettingsError(f"{flag} must be from 0 to {LAST_PORT}, not {port}")


def _check_apart(ports: Mapping[str, int | None]) -> None:
    """No two are one port; None and 0, a free one, meet nothing."""
    for (flag, port), (other, same) in combinations(ports.items(), 2):
        if port and port == same:
            raise SettingsError(f"{flag} and {other} are both {port}: set one of them to another port")


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
    _check_count("--grpc-max-message-size", settings.grpc_max_message_size, 1, _LARGEST_MESSAGE)
    _check_count("--max-running-requests", settings.max_running_requests, 1)
    _check_count("--max-waiting-requests", settings.max_waiting_requests, 0)
    if settings.max_model_len is not None:
        _check_count("--max-model-len", settings.max_model_len, 1)
    if not (math.isfinite(settings.drain_timeout) and settings.drain_timeout >= 0):
        raise SettingsError(f"--drain-timeout must be 0 or more seconds, not {settings.drain_timeout}")


def _check_count(flag: str, value: int, least: int, most: int | None = None) -> None:
    if value < least or (most is not None and value > most):
        limits = f"{least} or more" if most is None else f"from {least} to {most}"
        raise SettingsError(f"{flag} must be {limits}, not {value}")
