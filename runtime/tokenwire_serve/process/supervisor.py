"""One process, one event loop: sockets, engine, servers, signals and the drain."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import fields, replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, cast

from tokenwire.auth import is_loopback
from tokenwire.codes import Code
from tokenwire.errors import RpcError

from tokenwire_serve.engines import EngineOptions, create
from tokenwire_serve.observe.log import STOPPED_EARLY, logging_to_stderr
from tokenwire_serve.observe.observation import Observation, share_engine_metrics
from tokenwire_serve.observe.tracing import MissingTracingError
from tokenwire_serve.servicer.service import SglangServicer
from tokenwire_serve.servicer.settings import ServicerSettings

from .descriptors import Shortage, raise_limit
from .engine_args import without
from .keys import forget_environment
from .lifeline import keep_up
from .listeners import address_of, listen
from .memory import set_up_heap
from .progress import progress
from .security import Security
from .servers import Servers
from .settings import SettingsError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine
    from typing import TypeVar

    from tokenwire.grpc.compression import ReplyCompression

    from tokenwire_serve.engine import Engine
    from tokenwire_serve.observe.log_writer import LogWriter

    from .settings import ServeSettings

    T = TypeVar("T")

__all__ = ["Supervisor", "run"]

_LOG: Final = logging.getLogger("tokenwire.serve")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_CLOSE: Final = 5.0
"""Seconds that an engine gets to end."""
_LAST_WORDS: Final = 0.2
"""Seconds that the log gets when a second signal ends the process."""
_FLUSH: Final = 2.0
"""Seconds that calls get to tell their clients that the engine was closed, or died."""
_TIME_IS_OVER: Final = "the server is stopping, and --drain-timeout is over; try again"
_DECIDED_HERE: Final = ("--host", "--port", "--grpc-port")
"""Flags of listeners, which are not the engine's."""
_OPTIONS: Final = {"served_model_names": "served_model_name"}
"""Settings that have another name in `EngineOptions`."""
_OPTION_NAMES: Final = frozenset(field.name for field in fields(EngineOptions))


def run(settings: ServeSettings) -> int:
    """Serve until a signal or the death of the engine.

    Args:
        settings: Resolved ones.

    Returns:
        The exit code: 0 after a drain, 1 when the server could not start or its engine died.
    """
    set_up_heap()
    with logging_to_stderr(settings.observe.log_level, settings.observe.log_format) as writer:
        supervisor = Supervisor(settings, writer)
        with asyncio.Runner(loop_factory=_loop_factory(settings.loop)) as runner:
            code = runner.run(supervisor.run())
            if supervisor.stuck:
                writer.close()
                os._exit(code)
            return code


def _loop_factory(loop: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if loop == "asyncio":
        return None
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop


class _StoppedError(Exception):
    """A signal came."""


class Supervisor:
    """Owns what a server is made of, from the first socket to the last byte.

    Args:
        settings: Resolved ones.
        log: Writes the log, and access lines if they are wanted.

    Attributes:
        stuck: The engine did not end in time: its threads would hold up the end of the process.
    """

    def __init__(self, settings: ServeSettings, log: LogWriter | None = None) -> None:
        self.stuck = False
        self._log = log
        self._settings = settings
        self._stop = asyncio.Event()

    async def run(self) -> int:
        """Serve until a signal or the death of the engine; returns the exit code."""
        self._own_signals()
        try:
            async with AsyncExitStack() as stack:
                await self._serve(stack)
        except (SettingsError, MissingTracingError) as error:
            return self._fail(str(error))
        except RpcError as error:
            return self._fail(error.message)
        except _StoppedError:
            _LOG.info(STOPPED_EARLY)
        return 0

    def _own_signals(self) -> None:
        """Take the signals, from an engine as well that took them when it started."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: signal.Signals) -> None:
        if self._stop.is_set():
            if self._log is not None:
                self._log.flush(_LAST_WORDS)
            os._exit(128 + number)
        self._stop.set()

    async def _serve(self, stack: AsyncExitStack) -> None:
        settings = self._settings
        forget_environment()
        observation = _observation(settings, self._log)
        stack.push_async_callback(observation.close)
        http, grpc = _listen(settings, stack)
        metrics = _listen_for_metrics(settings, stack)
        security = Security(settings.security, [sock.getsockname()[0] for sock in (http, grpc) if sock])
        settings = replace(settings, port=_port(http), grpc_port=None if grpc is None else _port(grpc))
        options = _engine_options(settings)
        engine = await self._unless_stopped(asyncio.to_thread(create, settings.engine, options))
        stack.push_async_callback(self._close, engine)
        servicer = SglangServicer(engine, _servicer_settings(settings))
        servers = Servers(
            servicer,
            http,
            grpc,
            limits=settings.limits,
            access=security.access,
            http_tls=security.http,
            grpc_tls=security.grpc,
            observation=observation,
            metrics=metrics,
            compression=cast("ReplyCompression", settings.grpc_compression),
        )
        observation.start(servicer)
        stack.push_async_callback(servers.close)
        self._see_to_descriptors(listeners=1 if grpc is None else 2)
        await servers.start()
        stack.callback(asyncio.create_task(security.watch()).cancel)
        what = f"loading {settings.model_path or 'the model'} on engine {engine.name}"
        await self._unless_stopped(self._bring_up(engine, what))
        _announce(_ready_line(http, grpc, servicer))
        again = partial(self._bring_up, engine, f"starting engine {engine.name} again")
        try:
            await self._unless_stopped(keep_up(engine, again if settings.restart_engine else None))
        except _StoppedError:
            await self._retire(servers, settings.drain_delay)
            _LOG.info("draining for at most %g s; a second signal ends at once", settings.drain_timeout)
            await self._drain(engine, servers, settings.drain_timeout, _TIME_IS_OVER)
        except RpcError as error:
            _LOG.error("%s", error.message)
            await self._drain(engine, servers, _FLUSH, "the server is stopping: its engine has died")
            raise

    def _see_to_descriptors(self, listeners: int) -> None:
        """Have as many file descriptors as there may be, and say when they run out."""
        asyncio.get_running_loop().set_exception_handler(Shortage().handle)
        raise_limit(self._settings.limits.max_connections, listeners)

    async def _bring_up(self, engine: Engine, what: str) -> None:
        """Start an engine, for the first time or again."""
        async with progress(what, engine, logged=self._settings.observe.log_format == "json"):
            await _start(engine)
        self._own_signals()
        gc.unfreeze()  # what an engine that died has left may go
        gc.collect()
        gc.freeze()  # what start-up has made lives as long as the engine: not to be looked through again

    async def _retire(self, servers: Servers, delay: float) -> None:
        """Say that the server leaves, and give those who send requests time to notice."""
        if delay:
            _LOG.info("leaving: requests are taken for %g s more, then the server drains", delay)
            servers.retire()
            await asyncio.sleep(delay)

    async def _drain(self, engine: Engine, servers: Servers, timeout: float, why: str) -> None:
        """Let running requests finish, and tell those that have not in time why they end."""
        if not await servers.drain(timeout):
            _LOG.warning("requests still run after %g s: ending them", timeout)
            servers.fail_all(RpcError(Code.UNAVAILABLE, why))
            await self._close(engine)
            servers.abort_all()
            await servers.drain(_FLUSH)

    async def _close(self, engine: Engine) -> None:
        """Close an engine, but do not wait for one that reads a large model, say."""
        try:
            async with asyncio.timeout(_CLOSE):
                await engine.close()
        except TimeoutError:
            _LOG.warning("engine %s did not end within %g s: leaving it", engine.name, _CLOSE)
            self.stuck = True
        except Exception:
            _LOG.exception("engine %s failed to end: leaving it", engine.name)
            self.stuck = True

    def _fail(self, message: str) -> int:
        if self._settings.observe.log_format == "json":
            _LOG.error("%s", message)
        else:
            if self._log is not None:
                self._log.flush()
            print(f"error: {message}", file=sys.stderr, flush=True)
        return 1

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`.

        Raises:
            _StoppedError: A signal came first.
        """
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise _StoppedError
            return task.result()
        finally:
            stopped.cancel()
            task.cancel()


def _listen(settings: ServeSettings, stack: AsyncExitStack) -> tuple[socket.socket, socket.socket | None]:
    """The sockets of HTTP and of gRPC, None where that is off; the engine's port is only tried."""
    if settings.nccl_port is not None:
        listen("0.0.0.0", settings.nccl_port, "--nccl-port").close()
    http = stack.enter_context(listen(settings.host, settings.port, "--port"))
    if not settings.enable_grpc or settings.grpc_port is None:
        return http, None
    return http, stack.enter_context(listen(settings.host, settings.grpc_port, "--grpc-port"))


def _listen_for_metrics(settings: ServeSettings, stack: AsyncExitStack) -> socket.socket | None:
    """The socket of the metrics, where they have one of their own."""
    port = settings.observe.metrics_http_port
    if port is None or not settings.observe.enable_metrics:
        return None
    sock = stack.enter_context(listen(settings.metrics_host, port, "--metrics-http-port", "--metrics-host"))
    _LOG.info("metrics on http://%s/metrics", address_of(sock))
    if settings.security.guards and not is_loopback(sock.getsockname()[0]):
        _LOG.warning(
            "the metrics on %s need no key and have no TLS: whoever reaches that address reads them "
            "(--metrics-host)",
            address_of(sock),
        )
    return sock


def _observation(settings: ServeSettings, log: LogWriter | None) -> Observation:
    """What observes the server; SGLang's own metrics are shown beside, where its flags ask for them."""
    shared = settings.engine == "sglang" and "--enable-metrics" in settings.engine_args
    if shared and settings.observe.enable_metrics:
        share_engine_metrics()
    return Observation(settings.observe, version("tokenwire"), log, engine_metrics=shared)


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _engine_options(settings: ServeSettings) -> EngineOptions:
    return EngineOptions(
        model_path=settings.model_path,
        tokenizer_path=settings.tokenizer_path,
        served_model_name=settings.served_model_names[0] if settings.served_model_names else "",
        device=settings.device,
        dtype=settings.dtype,
        max_model_len=settings.max_model_len,
        max_running_requests=settings.max_running_requests,
        max_waiting_requests=settings.max_waiting_requests,
        trust_remote_code=settings.trust_remote_code,
        host=settings.host,
        port=settings.port,
        nccl_port=settings.nccl_port,
        engine_args=_engine_args(settings),
        explicit=frozenset(_OPTIONS.get(name, name) for name in settings.explicit) & _OPTION_NAMES,
    )


def _engine_args(settings: ServeSettings) -> tuple[str, ...]:
    """What stands after `--`, without the flags of which ours decide."""
    kept, dropped = without(settings.engine_args, _DECIDED_HERE)
    if dropped:
        names = ", ".join(dict.fromkeys(dropped))
        _LOG.warning("%s after -- is ignored: tokenwire's own flags say where to listen", names)
    return kept


def _servicer_settings(settings: ServeSettings) -> ServicerSettings:
    return ServicerSettings(
        served_model_names=settings.served_model_names,
        accept_any_model=settings.accept_any_model,
        incremental_streaming_output=settings.incremental_streaming_output,
        profile_dir=settings.profile_dir,
        version=version("tokenwire"),
        show=settings.public(),
    )


async def _start(engine: Engine) -> None:
    """Start an engine; whatever goes wrong becomes one sentence.

    Raises:
        RpcError: It did not start.
    """
    try:
        await engine.start()
    except RpcError:
        raise
    except Exception as error:
        _LOG.debug("engine %s failed to start", engine.name, exc_info=error)
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RpcError(Code.INTERNAL, f"engine {engine.name} failed to start: {reason}") from error


def _announce(line: str) -> None:
    """Print the ready line; a server that serves does not end because nobody takes it."""
    try:
        print(line, flush=True)
    except OSError as error:
        _LOG.warning("the ready line cannot be written to standard output: %s", error.strerror)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # What is still in its buffer would fail again at the end.
        os.close(nowhere)


def _ready_line(http: socket.socket, grpc: socket.socket | None, servicer: SglangServicer) -> str:
    engine = servicer.engine
    model = next(iter(servicer.settings.served_model_names), engine.model.served_model_name)
    grpc_address = address_of(grpc) if grpc is not None else "off"
    return f"ready http={address_of(http)} grpc={grpc_address} engine={engine.name} model={model}"
