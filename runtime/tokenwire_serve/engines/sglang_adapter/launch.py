"""The command line that SGLang is started with: ours, then the caller's own flags."""

from __future__ import annotations

import asyncio
import io
import logging
import signal
import threading
from contextlib import redirect_stderr, suppress
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tokenwire.codes import Code
from tokenwire.errors import RpcError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire_serve.engines.options import EngineOptions

__all__ = ["Launcher", "arguments_of", "parse"]

T = TypeVar("T")

_OURS: Final[dict[str, tuple[str, Callable[[EngineOptions], object]]]] = {
    "tokenizer_path": ("--tokenizer-path", lambda options: options.tokenizer_path),
    "dtype": ("--dtype", lambda options: options.dtype),
    "max_model_len": ("--context-length", lambda options: options.max_model_len),
    "max_running_requests": ("--max-running-requests", lambda options: options.max_running_requests),
    "weight_version": ("--weight-version", lambda options: options.weight_version),
    "nccl_port": ("--nccl-port", lambda options: options.nccl_port),
}
"""Options that a caller may have set, and SGLang's flag for each."""

_NOT_HERE: Final = {
    "api_key": "tokenwire checks keys itself: give --api-key before the --, or --api-key-file",
    "admin_api_key": "tokenwire checks keys itself: give --admin-api-key before the --, or its file",
    "ssl_keyfile": "tokenwire serves TLS itself: give --ssl-keyfile before the --",
    "ssl_certfile": "tokenwire serves TLS itself: give --ssl-certfile before the --",
    "ssl_ca_certs": "tokenwire serves TLS itself: give --ssl-ca-certs before the --",
    "ssl_keyfile_password": "tokenwire serves TLS itself: give --ssl-keyfile-password before the --",
    "grpc_mode": "tokenwire serves gRPC itself",
    "smg_grpc_mode": "tokenwire serves gRPC itself",
    "node_rank": (
        "requests come to node 0, and tokenwire runs there; on the other nodes run "
        "`python -m sglang.launch_server` with the same flags"
    ),
}
"""Settings that must stay unset, and why."""

_SWITCHES: Final = ("--incremental-streaming-output",)
_AUTO: Final = "auto"


def arguments_of(options: EngineOptions) -> list[str]:
    """Arguments for SGLang's parser; of a flag that is there twice the last counts, which is ours."""
    arguments = [*options.engine_args, "--model-path", str(options.model_path)]
    for field, (flag, value) in _OURS.items():
        if field in options.explicit and value(options) is not None:
            arguments += [flag, str(value(options))]
    device = options.device.partition(":")[0]
    if device != _AUTO:
        arguments += ["--device", device]
    if options.device.startswith("cuda:"):
        arguments += ["--base-gpu-id", options.device.partition(":")[2]]
    if options.served_model_name:
        arguments += ["--served-model-name", options.served_model_name]
    if options.trust_remote_code:
        arguments.append("--trust-remote-code")
    return [*arguments, "--host", options.host, "--port", str(options.port), *_SWITCHES]


def parse(prepare: Callable[[list[str]], Any], arguments: list[str]) -> Any:
    """SGLang's settings of its command line.

    Args:
        prepare: SGLang's `prepare_server_args`.
        arguments: The command line.

    Raises:
        RpcError: INVALID_ARGUMENT, SGLang refuses it; the message is SGLang's.
    """
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            settings = prepare(arguments)
    except SystemExit:
        lines = [line for line in said.getvalue().splitlines() if line.strip()]
        why = lines[-1].partition("error: ")[2] if lines else ""
        raise RpcError(Code.INVALID_ARGUMENT, f"SGLang refuses its flags: {why or 'see --help'}") from None
    except (AssertionError, ValueError, OSError) as error:
        raise RpcError(Code.INVALID_ARGUMENT, f"SGLang refuses its flags: {_one_line(error)}") from error
    for name, why in _NOT_HERE.items():
        if getattr(settings, name, None):
            raise RpcError(Code.INVALID_ARGUMENT, f"SGLang flag --{name.replace('_', '-')}: {why}")
    return settings


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


class Launcher:
    """The thread in which SGLang is built, and which lives as long as SGLang's processes.

    Linux ends those with the thread that made them. Ctrl-C and a SIGTERM to the whole process group
    are held off them, for requests that run shall be finished; their signal masks are this thread's.
    """

    def __init__(self) -> None:
        self._closed = threading.Event()

    async def run(self, build: Callable[[], T], abandon: Callable[[T], None]) -> T:
        """The result of `build`, called in the thread; `abandon` ends it where nobody waits any more."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        work = (loop, result, build, abandon)
        threading.Thread(target=self._work, args=work, name="sglang", daemon=True).start()
        return await result

    def _work(
        self,
        loop: asyncio.AbstractEventLoop,
        result: asyncio.Future[T],
        build: Callable[[], T],
        abandon: Callable[[T], None],
    ) -> None:
        resource_tracker.ensure_running()  # up to Python 3.12 its start lets both signals in again
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        handlers, level = list(logging.root.handlers), logging.root.level
        try:
            made, error = build(), None
        except BaseException as raised:
            made, error = None, raised
        logging.root.handlers[:] = handlers  # SGLang sets up the log of the process as its own
        logging.root.setLevel(level)

        def tell() -> None:
            if result.cancelled():
                if error is None:
                    abandon(made)  # type: ignore[arg-type]
                return
            if error is not None:
                result.set_exception(
                    RuntimeError(str(error)) if isinstance(error, SystemExit | StopIteration) else error
                )
            else:
                result.set_result(made)  # type: ignore[arg-type]

        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell)
        self._closed.wait()

    def close(self) -> None:
        """Let the thread end."""
        self._closed.set()
