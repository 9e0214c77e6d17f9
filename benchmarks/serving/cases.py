"""What is asked of the servers."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from .servers import KEY, OUR_VARIANTS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ALL_ON", "CASES", "GROWTH", "GRPC_SERVERS", "Call", "Case", "named"]

ALL_ON: Final = "all-on"
"""The case that compares our server with all that may be turned off to itself without."""
GRPC_SERVERS: Final = ("tokenwire", "native", "grpc-aio", "connect", "grpclib")
HTTP_SERVERS: Final = ("tokenwire", "fastapi")
TOKENS: Final = 128
PROMPT: Final = "Tell me a story about a lighthouse."
CHAT: Final = {
    "model": "null",
    "messages": [{"role": "user", "content": PROMPT}],
    "stream": True,
    "max_tokens": TOKENS,
}


@dataclass(frozen=True, eq=False)
class Call:
    """One request.

    Attributes:
        rpc: Name of the RPC; empty for HTTP's chat completions.
        request: Its message as proto JSON, or the body.
        mode: How streams are sent, `delta` or `cumulative`.
        keyed: It shows a key.
    """

    rpc: str
    request: dict[str, Any]
    mode: str = "delta"
    keyed: bool = False

    @property
    def path(self) -> str:
        """The path that is called."""
        return f"/sglang.runtime.v1.SglangService/{self.rpc}" if self.rpc else "/v1/chat/completions"

    @property
    def headers(self) -> dict[str, str]:
        """What a client of that transport sends."""
        if not self.rpc:
            return {"content-type": "application/json"}
        return {"content-type": "application/grpc", "te": "trailers", **self.metadata}

    @property
    def metadata(self) -> dict[str, str]:
        """What a call over gRPC says beside that."""
        key = {"authorization": f"Bearer {KEY}"} if self.keyed else {}
        return {"x-tokenwire-stream": self.mode, **key}


@dataclass(frozen=True, eq=False)
class Case:
    """A call under a load.

    Attributes:
        key: Its name in the results.
        names: The names on the command line that include it.
        title: What it is.
        call: The request.
        connections: Connections of the client.
        streams: Calls at once on each.
        tokens: Tokens of a call; 0 counts calls.
        servers: Who answers it.
        most_rounds: Rounds at most, where they are long.
        afresh: Servers are started anew for each round: where they lie in memory, which is drawn by chance at
            each start, makes more of a difference than what is compared.
    """

    key: str
    names: tuple[str, ...]
    title: str
    call: Call
    connections: int = 1
    streams: int = 1
    tokens: int = TOKENS
    servers: tuple[str, ...] = field(default=GRPC_SERVERS)
    most_rounds: int = 99
    afresh: bool = False

    @property
    def at_once(self) -> int:
        """Calls that run at once."""
        return self.connections * self.streams

    @property
    def unit(self) -> str:
        """What the cost is per."""
        return "token" if self.tokens else "call"


def _text(tokens: int = TOKENS, mode: str = "delta") -> Call:
    params = {"maxNewTokens": tokens, "ignoreEos": True}
    return Call("TextGenerate", {"text": PROMPT, "samplingParams": params, "stream": True}, mode)


def _ids(count: int, tokens: int, mode: str = "delta") -> Call:
    ids = [(i * 7919) % 150_000 for i in range(count)]
    request = {"inputIds": ids, "samplingParams": {"maxNewTokens": tokens, "ignoreEos": True}, "stream": True}
    return Call("Generate", request, mode)


def _streams(count: int, connections: int, *names: str, most_rounds: int = 99) -> Case:
    suffix = f"-on-{connections}" if connections > 1 else ""
    title = f"TextGenerate, {count:,} stream{'s' if count > 1 else ''} on {connections} connection"
    return Case(
        f"streams-{count}{suffix}",
        names,
        title + ("s" if connections > 1 else ""),
        _text(),
        connections,
        count // connections,
        most_rounds=most_rounds,
    )


_CHAT_JSON: Final = json.dumps(CHAT).encode()
_CHAT_RPC: Final = Call("ChatComplete", {"jsonBody": base64.b64encode(_CHAT_JSON).decode()})

CASES: Final = (
    _streams(1, 1, "streams", "growth"),
    _streams(8, 1, "growth"),
    _streams(32, 1, "streams", "growth"),
    _streams(32, 8, "streams"),
    _streams(64, 1, "growth"),
    _streams(256, 1, "streams", most_rounds=3),
    _streams(256, 8, "streams", most_rounds=3),
    _streams(512, 8, "growth", most_rounds=3),
    _streams(2048, 8, "growth", most_rounds=3),
    Case(
        "meta",
        ("meta",),
        "TextGenerate, cumulative with all of meta_info in each message, 32 streams",
        _text(mode="cumulative"),
        streams=32,
    ),
    Case(
        "cumulative",
        ("cumulative",),
        "Generate, cumulative to 2,048 tokens, 4 streams",
        _ids(3, 2048, "cumulative"),
        streams=4,
        tokens=2048,
        most_rounds=3,
    ),
    Case(
        ALL_ON,
        (ALL_ON,),
        "TextGenerate, 32 streams on 1 connection, each call with a key",
        replace(_text(), keyed=True),
        streams=32,
        servers=OUR_VARIANTS,
        afresh=True,
    ),
    Case("chat", ("chat",), "ChatComplete over gRPC, 32 streams", _CHAT_RPC, streams=32),
    Case(
        "sse-1",
        ("sse",),
        "chat completions as SSE over HTTP/1.1, 1 connection",
        Call("", CHAT),
        servers=HTTP_SERVERS,
    ),
    Case(
        "sse-32",
        ("sse",),
        "chat completions as SSE over HTTP/1.1, 32 connections",
        Call("", CHAT),
        connections=32,
        servers=HTTP_SERVERS,
    ),
    Case("health", ("unary",), "HealthCheck, 32 at once", Call("HealthCheck", {}), streams=32, tokens=0),
    Case(
        "tokenize",
        ("unary",),
        "Tokenize of 96 bytes, 32 at once",
        Call("Tokenize", {"text": "hello world " * 8}),
        streams=32,
        tokens=0,
    ),
    Case(
        "ids", ("big",), "Generate from 8,192 ids, 1 token out, 8 at once", _ids(8192, 1), streams=8, tokens=0
    ),
    Case(
        "embedding",
        ("big",),
        "TextEmbed, 4,096 floats out, 8 at once",
        Call("TextEmbed", {"text": PROMPT}),
        streams=8,
        tokens=0,
    ),
)
GROWTH: Final = tuple(case for case in CASES if "growth" in case.names)


def named(names: Iterable[str]) -> list[Case]:
    """The cases of these names of the command line."""
    wanted = set(names)
    return [case for case in CASES if wanted & set(case.names)]
