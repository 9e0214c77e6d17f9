"""What generated code says about a service: its methods, their rules and their routes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from .message import Message

__all__ = ["AuthScope", "Deltas", "Handler", "Method", "Service", "starts_at_once"]

_AT_ONCE: Final = "_tokenwire_at_once"

RequestT = TypeVar("RequestT", bound="Message")
ResponseT = TypeVar("ResponseT", bound="Message")
F = TypeVar("F", bound="Callable[..., Any]")


class AuthScope(Enum):
    """Who may call a method (tokenwire.options.v1.AuthScope)."""

    PUBLIC = "public"
    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Deltas:
    """Which parts of a stream's messages grow (tokenwire.options.v1.FieldRules).

    Attributes:
        fields: Names of string, bytes and repeated fields that grow.
        keys: Per map field, the keys whose JSON list grows.
        sequence: The map field and key, or the field alone, that tells interleaved sequences
            apart; empty when a stream has one sequence.
    """

    fields: tuple[str, ...] = ()
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sequence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Method(Generic[RequestT, ResponseT]):
    """One RPC.

    Attributes:
        path: "/package.Service/Method", as on the wire.
        request: Message class of the request, or of each request.
        response: Message class of the response, or of each response.
        client_streaming: The caller sends a stream.
        server_streaming: The server answers with a stream.
        auth: Who may call it.
        deltas: How the messages of the response stream grow; None where they do not.
        deprecated: The schema marks it so.
    """

    path: str
    request: type[RequestT]
    response: type[ResponseT]
    client_streaming: bool = False
    server_streaming: bool = False
    auth: AuthScope = AuthScope.USER
    deltas: Deltas | None = None
    deprecated: bool = False

    @property
    def name(self) -> str:
        """The method's name in the schema, "TextGenerate" for instance."""
        return self.path.rpartition("/")[2]

    @property
    def service(self) -> str:
        """The full name of the method's service."""
        return self.path.rpartition("/")[0].lstrip("/")


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """One service of a schema.

    Attributes:
        name: Full proto name, "sglang.runtime.v1.SglangService" for instance.
        methods: Its methods in the order of the schema.
        package: Import name of the generated package that holds it, for its descriptor.
    """

    name: str
    methods: tuple[Method[Any, Any], ...]
    package: str


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """A method and the bound function of a servicer that answers it.

    The function's shape follows the method: `async def f(request, context) -> response` when the
    response is single, `def f(request, context) -> AsyncIterator[response]` when it streams;
    `request` is an `AsyncIterator` where the caller streams.
    """

    method: Method[Any, Any]
    call: Callable[[Any, Any], Any]

    @property
    def at_once(self) -> bool:
        """Whether `call` was marked with `starts_at_once`."""
        return getattr(self.call, _AT_ONCE, False)


def starts_at_once(function: F) -> F:
    """Mark a unary method of a servicer: it needs no task until it first waits.

    The transport runs it up to its first `await` that has to wait, and makes a task only then, which
    saves the better part of a short call's cost. Up to there `asyncio.current_task()` is None, so it
    must not enter `asyncio.timeout` or a task group before; what blocks there blocks the event loop,
    as in any coroutine.
    """
    setattr(function, _AT_ONCE, True)
    return function
