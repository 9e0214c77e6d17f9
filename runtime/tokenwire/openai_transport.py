"""The official openai SDK over gRPC: a transport for httpx and httpx2.

```python
transport = GrpcTransport("localhost:40000")
client = openai.AsyncOpenAI(
    base_url="http://tokenwire/v1", api_key="-", http_client=httpx.AsyncClient(transport=transport)
)
```
`openai.OpenAI` works alike with `httpx.Client`, and both with `httpx2` in place of httpx.
"""

from __future__ import annotations

import asyncio
import threading
import time
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final

from .codes import Code
from .connection_advice import advice_in_python
from .errors import RpcError
from .grpc.target import Target
from .http.core import Endpoint, HttpCore
from .http.failures import error_reply
from .http.httpx_values import Pieces, async_response, call_of, library_of, sync_response
from .http.loop_thread import LoopThread
from .http.openai import list_models, retrieve_model
from .http.remote import RemoteInvoker
from .http.values import EventStream

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

    from .http.routes import OpenAIAdapter, Route
    from .http.values import HttpReply

    _Transport: Any
else:
    _Transport = object

__all__ = ["GROUP", "GrpcTransport"]

GROUP: Final = "tokenwire.http"
"""Entry points of generated modules with `ADAPTERS` or `ROUTES`."""

_OWNER: Final = "tokenwire"
_MODELS: Final = {"models": list_models, "retrieve_model": retrieve_model}
"""Makers of the handlers that routes may name here."""


class GrpcTransport(_Transport):  # type: ignore[misc]  # httpx and httpx2 each have their own base
    """Sends the requests of an httpx or httpx2 client as RPCs, streams included.

    A path is looked up in the tables that were generated with the schema; headers, `Authorization`
    too, travel as metadata, and statuses come back as HTTP ones with an OpenAI error body. Closing
    a response early cancels its call. Of the client's timeouts "connect" and "read" apply, the
    latter to each piece of a response.

    Args:
        target: "HOST:PORT" of the gRPC server.
        tls: True for TLS that trusts the usual authorities, or a context of one's own.
        adapters: `ADAPTERS` of a generated module; with `routes`, in place of installed ones.
        routes: `ROUTES` of a generated module.

    Raises:
        ValueError: The target is not one.
        LookupError: No tables are given, and none installed.
    """

    def __init__(
        self,
        target: str,
        *,
        tls: ssl.SSLContext | bool = False,
        adapters: Iterable[OpenAIAdapter] | None = None,
        routes: Iterable[Route] | None = None,
    ) -> None:
        if adapters is None and routes is None:
            adapters, routes = _installed_tables()
        self._adapters = tuple(adapters or ())
        self._routes = tuple(route for route in routes or () if route.handler in ("", *_MODELS))
        self._target = target
        self._tls = tls
        self._remote = RemoteInvoker(target, tls=tls)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._core = self._make_core()
        self._thread: LoopThread | None = None
        self._lock = threading.Lock()

    async def handle_async_request(self, request: Any) -> Any:
        """Answer one request of an `AsyncClient`."""
        reply, pieces = await self._send(request, await request.aread())
        return async_response(library_of(request), reply, pieces)

    def handle_request(self, request: Any) -> Any:
        """Answer one request of a `Client`."""
        body = request.read()
        with self._lock:
            thread = self._thread = self._thread or LoopThread()
        reply, pieces = thread.run(self._send(request, body))
        return sync_response(library_of(request), reply, pieces, thread)

    async def aclose(self) -> None:
        """Close the connection; running calls fail."""
        await self._remote.close()

    def close(self) -> None:
        """Close the connection of a `Client`; running calls fail."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.run(self._remote.close())
            thread.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    async def _send(self, request: Any, body: bytes) -> tuple[HttpReply, Pieces | None]:
        """The reply to a request, and its pieces if it is a stream."""
        core = self._core_here()
        library = library_of(request)
        timeouts: dict[str, float | None] = request.extensions.get("timeout", {})
        call = call_of(request, body, core.invoker)
        endpoint = core.find(call.method, call.path, call.headers)
        if not isinstance(endpoint, Endpoint):
            return endpoint, None
        await self._connect(library, request, timeouts.get("connect"))
        call.path_params = endpoint.path_params
        read = timeouts.get("read")
        try:
            async with asyncio.timeout(read):
                reply = await endpoint.handler(call)
        except TimeoutError:
            raise library.ReadTimeout(f"no answer within {read} s", request=request) from None
        except RpcError as error:
            return error_reply(await self._advised(error)), None
        except Exception as error:
            return error_reply(error), None
        if not isinstance(reply.body, EventStream):
            return reply, None

        def timed_out() -> Exception:
            made: Exception = library.ReadTimeout(f"nothing came within {read} s", request=request)
            return made

        return reply, Pieces(reply.body, read, timed_out)

    async def _connect(self, library: Any, request: Any, timeout: float | None) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._remote.connect()
        except TimeoutError:
            text = f"no connection to {self._target} within {timeout} s"
            raise library.ConnectTimeout(text, request=request) from None
        except RpcError as error:
            raise library.ConnectError(error.message, request=request) from error

    async def _advised(self, error: RpcError) -> RpcError:
        """The error of a call, with what to do about it where plain text met a server with TLS."""
        if self._tls or self._target.startswith("https://") or error.code is not Code.UNAVAILABLE:
            return error
        target = Target.parse(self._target)
        more = await asyncio.to_thread(advice_in_python, error, target)
        return RpcError(error.code, f"{error.message}; {more}", error.details) if more else error

    def _core_here(self) -> HttpCore:
        """The core over a connection of the running loop: loops cannot share one."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._loop is not None:
                self._remote = RemoteInvoker(self._target, tls=self._tls)
                self._core = self._make_core()
            self._loop = loop
        return self._core

    def _make_core(self) -> HttpCore:
        handlers = {
            route.handler: _MODELS[route.handler](route.rpc, owner=_OWNER, created=int(time.time()))
            for route in self._routes
            if route.handler
        }
        return HttpCore(self._remote, routes=self._routes, adapters=self._adapters, handlers=handlers)


def _installed_tables() -> tuple[list[OpenAIAdapter], list[Route]]:
    """The tables of all installed packages that were generated with pass-through methods."""
    modules = [entry.load() for entry in entry_points(group=GROUP)]
    adapters = [adapter for module in modules for adapter in getattr(module, "ADAPTERS", ())]
    routes = [route for module in modules for route in getattr(module, "ROUTES", ())]
    if not adapters and not routes:
        raise LookupError(f"no generated tables are installed (entry points {GROUP!r}): give adapters")
    return adapters, routes
