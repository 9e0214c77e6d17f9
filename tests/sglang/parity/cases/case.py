"""A case: a name, and what is done with a server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import openai
    from tokenwire import Message, Method

    from tests.sglang.parity.client import Server
    from tests.sglang.parity.values import Json


@dataclass(frozen=True)
class Case:
    """What is done with a server and what comes of it, as JSON.

    Attributes:
        name: "transport/call/what is special", unique.
        run: Does it.
        sampled: Tokens are drawn at random, so what they are is not compared.
        deadly: SGLang's scheduler process ends over it, and the server with it, so it is not asked.
    """

    name: str
    run: Callable[[Server], Json]
    sampled: bool = False
    deadly: bool = False


def deadly(case: Case) -> Case:
    """The same, for our server alone."""
    return replace(case, deadly=True)


def rpc(
    what: str,
    method: Method[Any, Any],
    request: Message,
    *,
    metadata: Sequence[tuple[str, str]] = (),
    sampled: bool = False,
) -> Case:
    """One call over gRPC."""
    return Case(
        f"grpc/{method.name}/{what}", lambda server: server.grpc(method, request, metadata), sampled=sampled
    )


def http(what: str, verb: str, path: str, body: Json = None, **options: Any) -> Case:
    """One request over HTTP, with a JSON body if there is one."""
    if body is not None:
        options["json"] = body
    return Case(f"http{path}/{what}", lambda server: server.http(verb, path, **options))


def sdk(what: str, call: Callable[[openai.OpenAI], Any]) -> Case:
    """One call through the official SDK."""
    return Case(f"sdk/{what}", lambda server: server.openai(call))
