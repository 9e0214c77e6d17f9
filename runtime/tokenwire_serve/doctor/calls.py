"""The calls: keys, reflection, health, a streamed token, a deadline, a client that leaves."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tokenwire._proto.grpc.health.v1.health_grpc import HealthClient
from tokenwire._proto.grpc.health.v1.health_pb import HealthCheckRequest as StandardHealthCheckRequest
from tokenwire._proto.grpc.health.v1.health_pb import HealthCheckResponseServingStatus
from tokenwire._proto.grpc.reflection.v1.reflection_grpc import ServerReflectionClient
from tokenwire._proto.grpc.reflection.v1.reflection_pb import ServerReflectionRequest
from tokenwire.client import Client
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SGLANG_SERVICE, SglangServiceClient
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    GetLoadRequest,
    GetModelInfoRequest,
    GetServerInfoRequest,
    HealthCheckRequest,
    SamplingParams,
    TextGenerateRequest,
    WatchEngineStateRequest,
)

from .finding import CONTINUE, NEEDS_KEY, NO_TOKEN, NOT_SERVING, PAUSED, Finding, not_looked_at

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

    from .finding import State

__all__ = ["GrpcChecks"]

C = TypeVar("C", bound=Client)

_PATIENCE_S: Final = 10.0
_TOKENS: Final = 16
_MANY_TOKENS: Final = 1024
_REFUSED: Final = (Code.UNAUTHENTICATED, Code.PERMISSION_DENIED)
_WRONG_KEY: Final = "tokenwire-doctor-wrong-key"
_LEFT_S: Final = 2.0


class GrpcChecks:
    """Checks of one server.

    Args:
        target: HOST:PORT.
        tls: As clients take it.
        api_key: A key to show; "" is none.
        local: The server is on this machine.

    Attributes:
        info: What GetServerInfo said, where it may be asked.
        silent: Why no token is to be waited for any more; "" where some come.
    """

    def __init__(self, target: str, tls: ssl.SSLContext | bool, api_key: str, *, local: bool) -> None:
        self._target = target
        self._tls = tls
        self._key = api_key or None
        self._local = local
        self.info: dict[str, Any] = {}
        self.silent = ""
        self._usable = False

    def run(self) -> AsyncIterator[Finding]:
        """What is found without a generation, as it is."""
        return self._each(self._health, self._keys, self._admin, self._reflection, self._model)

    async def is_paused(self) -> bool | None:
        """Whether generation is paused, after `run`; None where the key does not say it."""
        if not self._usable:
            return None
        try:
            async with self._client(self._key) as client:
                stream = client.watch_engine_state(WatchEngineStateRequest())
                async with stream as states:
                    return (await anext(aiter(states))).is_pause
        except (RpcError, StopAsyncIteration):
            return None

    def generate(self, *, paused: bool) -> AsyncIterator[Finding]:
        """What is found of generations, as it is; `paused` is that no token can come."""
        if paused and self._usable:
            self.silent = PAUSED
        return self._each(self._tokens, self._deadline, self._leaving)

    async def _each(self, *checks: Callable[[], Awaitable[Finding]]) -> AsyncIterator[Finding]:
        for check in checks:
            name = (check.__doc__ or "").partition(":")[0]
            try:
                async with asyncio.timeout(3 * _PATIENCE_S):
                    yield await check()
            except RpcError as error:
                yield Finding(name, "fail", str(error), _advice(error))
            except TimeoutError:
                yield Finding(name, "fail", f"no answer within {3 * _PATIENCE_S:g} s", "see the server's log")

    def _client(self, key: str | None = None) -> SglangServiceClient:
        return self._open(SglangServiceClient, key)

    def _open(self, kind: type[C], key: str | None = None) -> C:
        return kind(self._target, tls=self._tls, api_key=key, timeout=_PATIENCE_S)

    async def _health(self) -> Finding:
        """health: the RPC and the standard service agree."""
        async with self._client() as client, self._open(HealthClient) as standard:
            healthy = (await client.health_check(HealthCheckRequest())).healthy
            reply = await standard.check(StandardHealthCheckRequest())
            serving = reply.status is HealthCheckResponseServingStatus.SERVING
        if healthy and serving:
            return Finding("health", "ok", "HealthCheck and grpc.health.v1 say that it serves")
        if healthy != serving:
            said = f"HealthCheck says {healthy}, grpc.health.v1 says {reply.status.name}"
            return Finding("health", "fail", said, "the two must agree: report it")
        return Finding("health", "fail", "it does not serve now", NOT_SERVING)

    async def _keys(self) -> Finding:
        """keys: user calls."""
        bare = await self._allowed(None)
        if bare:
            self._usable = True
            state: State = "ok" if self._local else "warn"
            fix = "" if self._local else "serve with --api-key-file FILE"
            shown = " (the key that you gave is not looked at)" if self._key else ""
            return Finding("keys", state, f"user calls need no key{shown}", fix)
        if await self._allowed(_WRONG_KEY):
            return Finding("keys", "fail", "a wrong key is taken", "report it")
        if self._key is None:
            fix = "give one: --api-key, or TOKENWIRE_API_KEY in the environment"
            return Finding("keys", "warn", "user calls need a key, and none was given", fix)
        self._usable = await self._allowed(self._key)
        if not self._usable:
            return Finding("keys", "fail", "the server refuses the key", "check the key")
        return Finding(
            "keys", "ok", "user calls need a key; yours is taken, none and a wrong one are refused"
        )

    async def _allowed(self, key: str | None) -> bool:
        async with self._client(key) as client:
            try:
                await client.get_model_info(GetModelInfoRequest())
            except RpcError as error:
                if error.code in _REFUSED:
                    return False
                if error.code is not Code.UNAVAILABLE:
                    raise
            return True

    async def _admin(self) -> Finding:
        """admin: calls that steer the server."""
        async with self._client(None) as client:
            bare = await self._info(client)
        if bare:
            if self._local:
                return Finding("admin", "ok", "admin calls need no key, on this machine")
            fix = "serve with --admin-api-key-file FILE: anyone can pause it and read its settings"
            return Finding("admin", "fail", "admin calls need no key", fix)
        if self._key is None:
            return Finding("admin", "ok", "admin calls without a key are refused")
        async with self._client(self._key) as client:
            mine = await self._info(client)
        if not (mine or self._usable):
            return Finding("admin", "ok", "admin calls without a key are refused")
        whose = "your key is an admin's" if mine else "your key is a user's"
        return Finding("admin", "ok", f"admin calls without a key are refused; {whose}")

    async def _info(self, client: SglangServiceClient) -> bool:
        try:
            reply = await client.get_server_info(GetServerInfoRequest())
        except RpcError as error:
            if error.code in _REFUSED:
                return False
            raise
        self.info = json.loads(reply.json_info)
        return True

    async def _reflection(self) -> Finding:
        """reflection: the schema can be read from the server."""
        async with self._open(ServerReflectionClient) as reflection:
            asked = [ServerReflectionRequest(list_services="*")]
            try:
                async with reflection.server_reflection_info(asked) as replies:
                    reply = await anext(aiter(replies))
            except RpcError as error:
                if error.code is not Code.UNIMPLEMENTED:
                    raise
                fix = "grpcurl and buf curl then need the schema as a file"
                return Finding("reflection", "warn", "it has none", fix)
        listed = reply.list_services_response
        names = [service.name for service in listed.service] if listed is not None else []
        if SGLANG_SERVICE.name not in names:
            said = f"it lists {', '.join(names) or 'nothing'}, not {SGLANG_SERVICE.name}"
            return Finding("reflection", "fail", said, "this server serves another API")
        return Finding(
            "reflection", "ok", f"it lists {len(names)} services, {SGLANG_SERVICE.name} among them"
        )

    async def _model(self) -> Finding:
        """model: what is served."""
        if not self._usable:
            return _no_key("model")
        async with self._client(self._key) as client:
            reply = await client.get_model_info(GetModelInfoRequest())
        facts = json.loads(reply.json_info)
        name = facts.get("served_model_name") or reply.model_path
        engine = self.info.get("engine", "")
        return Finding("model", "ok", f"{name}{f' on engine {engine}' if engine else ''}")

    async def _tokens(self) -> Finding:
        """tokens: a streamed generation."""
        if not self._usable:
            return _no_key("tokens")
        if self.silent:
            return Finding("tokens", "fail", self.silent, CONTINUE)
        started, first, last, messages = time.monotonic(), 0.0, 0.0, 0
        try:
            async with self._client(self._key) as client, client.text_generate(_request(_TOKENS)) as stream:
                async for _ in stream:
                    last = time.monotonic()
                    first = first or last
                    messages += 1
        except RpcError as error:
            if error.code is not Code.DEADLINE_EXCEEDED:
                raise
            self.silent = f"{messages} messages of {_TOKENS} came within {_PATIENCE_S:g} s"
            return Finding("tokens", "fail", f"{self.silent}: {error}", NO_TOKEN)
        if not messages:
            return Finding("tokens", "fail", "the stream ended without a message", "see the server's log")
        said = (
            f"the first message after {1e3 * (first - started):.0f} ms, {messages} in {last - started:.2f} s"
        )
        if messages < 3:
            fix = "something between here and the server gathers the answer before it passes it on"
            return Finding("tokens", "warn", f"{said}: they did not come one by one", fix)
        return Finding("tokens", "ok", said)

    async def _deadline(self) -> Finding:
        """deadline: is kept."""
        if not self._usable:
            return _no_key("deadline")
        if self.silent:
            return not_looked_at("deadline", self.silent)
        started = time.monotonic()
        async with self._client(self._key) as client:
            try:
                async with client.text_generate(_request(100 * _MANY_TOKENS), timeout=0.2) as stream:
                    async for _ in stream:
                        pass
            except RpcError as error:
                if error.code is Code.DEADLINE_EXCEEDED:
                    took = 1e3 * (time.monotonic() - started)
                    return Finding("deadline", "ok", f"a call with 200 ms ended after {took:.0f} ms")
                if error.code is not Code.INVALID_ARGUMENT:
                    raise
        return Finding("deadline", "skip", "the model ended before the deadline could pass")

    async def _leaving(self) -> Finding:
        """leaving: a client that goes frees the engine."""
        if not self._usable:
            return _no_key("leaving")
        if self.silent:
            return not_looked_at("leaving", self.silent)
        async with self._client(self._key) as client:
            before = await _active(client)
            async with client.text_generate(_request(_MANY_TOKENS)) as stream:
                await anext(aiter(stream), None)
            left = time.monotonic()
            while time.monotonic() - left < _LEFT_S:
                if await _active(client) <= before:
                    took = 1e3 * (time.monotonic() - left)
                    return Finding(
                        "leaving", "ok", f"a request whose client left was gone after {took:.0f} ms"
                    )
                await asyncio.sleep(0.01)
        fix = "other clients may keep it busy: try again when it is quiet; if it stays, report it"
        return Finding(
            "leaving", "warn", f"the engine was as busy {_LEFT_S:g} s after a client had left", fix
        )


def _request(tokens: int) -> TextGenerateRequest:
    sampling = SamplingParams(max_new_tokens=tokens, ignore_eos=True, temperature=0.0)
    return TextGenerateRequest(text="The doctor asks:", stream=True, sampling_params=sampling)


async def _active(client: SglangServiceClient) -> int:
    loads = json.loads((await client.get_load(GetLoadRequest())).json_info)
    return sum(load["num_running_reqs"] + load["num_waiting_reqs"] for load in loads)


def _no_key(check: str) -> Finding:
    return Finding(check, "skip", NEEDS_KEY)


def _advice(error: RpcError) -> str:
    if error.code is Code.UNAVAILABLE:
        return NOT_SERVING
    if error.code is Code.UNIMPLEMENTED:
        return "this server serves another API, or an older one"
    if error.code in _REFUSED:
        return "give a key: --api-key, or TOKENWIRE_API_KEY in the environment"
    return "see the server's log"
