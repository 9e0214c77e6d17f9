"""What all parts of a servicer share: the engine, the settings and the active requests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import RpcError
from tokenwire.streams import PushStream

from tokenwire_serve.engine import ServerStatus

from .active import ActiveRequests
from .names import find_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tokenwire.context import Context

    from tokenwire_serve.engine import Engine

    from .names import NamedModel
    from .settings import ServicerSettings

__all__ = ["Core", "failed", "fresh_id", "trace_headers"]

_TRACE_NAMES: Final = ("traceparent", "tracestate")
_MOST_HEADERS: Final = 1024
_IDS_AT_ONCE: Final = 64
_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
_UNUSED_IDS: Final[list[str]] = []
"""Ids for requests to come; a list, because an engine's bridge takes them in its own thread."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_UNUSED_IDS.clear)


class Core:
    """One engine as it is served.

    Attributes:
        engine: The engine.
        settings: How it is presented.
        active: Requests under way.
        draining: No new requests are taken.
        leaving: They will not be for much longer, so others had better go elsewhere.
    """

    def __init__(self, engine: Engine, settings: ServicerSettings) -> None:
        self.engine = engine
        self.settings = settings
        self.active = ActiveRequests()
        self.draining = False
        self.leaving = False

    @property
    def healthy(self) -> bool:
        """Whether new requests should come here."""
        return self.engine.state.healthy and not (self.draining or self.leaving)

    def require_up(self) -> None:
        """End the call unless the engine is up.

        Raises:
            RpcError: UNAVAILABLE with the reason.
        """
        state = self.engine.state
        if state.healthy:
            return
        what = "starting" if state.status is ServerStatus.STARTING else state.status.value
        reason = f": {state.reason}" if state.reason else ""
        raise RpcError(Code.UNAVAILABLE, f"engine {self.engine.name} is {what}{reason}")

    def admit(self, context: Context) -> None:
        """End the call unless new requests are taken and this one can begin before its deadline.

        Raises:
            RpcError: UNAVAILABLE with the reason, or DEADLINE_EXCEEDED with the time it would wait.
        """
        if self.draining:
            raise RpcError(Code.UNAVAILABLE, "the server is draining and takes no new requests")
        self.require_up()
        remaining = context.time_remaining()
        if remaining is not None:
            self._require_time(remaining)

    def _require_time(self, remaining: float) -> None:
        wait = self.engine.expected_wait()
        if wait is not None and wait > remaining:
            sentence = (
                f"the request would wait for about {wait:.1f} s, and its deadline is in {remaining:.1f} s"
            )
            raise RpcError(Code.DEADLINE_EXCEEDED, sentence)

    def find_model(self, asked: str | None) -> NamedModel:
        """The model that a request asks for.

        Raises:
            RpcError: NOT_FOUND, no model goes by that name.
        """
        adapters = [adapter.name for adapter in self.engine.adapters]
        any_name = self.settings.accept_any_model
        return find_model(asked, self.names, self.engine.model.aliases, adapters, any_name=any_name)

    def claim(self, rid: str, abort: Callable[[], bool]) -> None:
        """Enter an active request; see `ActiveRequests.claim`."""
        self.active.claim(rid, abort)

    def release(self, rid: str) -> None:
        """Forget an active request."""
        self.active.release(rid)

    @property
    def names(self) -> tuple[str, ...]:
        """Names that the model goes by, the one that answers give first."""
        return self.settings.served_model_names or (self.engine.model.served_model_name,)


def fresh_id(prefix: str = "") -> str:
    """An id for a request that came without one: a random UUID (RFC 9562, 5.4), which nobody can guess."""
    try:
        fresh = _UNUSED_IDS.pop()
    except IndexError:
        _UNUSED_IDS.extend(_random_ids(_IDS_AT_ONCE))
        fresh = _UNUSED_IDS.pop()
    return prefix + fresh.replace("-", "") if prefix else fresh


def _random_ids(count: int) -> Iterator[str]:
    """UUIDs whose random digits are fetched together: asking the system costs more than the rest."""
    digits = os.urandom(16 * count).hex()
    for start in range(0, len(digits), 32):
        text = digits[start : start + 32]
        yield f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:]}"


def failed(error: RpcError) -> PushStream[Any]:
    """A stream that has ended with an error before its first message."""
    stream: PushStream[Any] = PushStream()
    stream.close(error)
    return stream


def trace_headers(sent: Mapping[str, str], context: Context) -> Mapping[str, str]:
    """The W3C trace context for the engine: of the call's span where calls are traced, else the caller's.

    Of the caller's, metadata wins over what the request itself carries.

    Raises:
        RpcError: INVALID_ARGUMENT, the request carries very many.
    """
    if len(sent) > _MOST_HEADERS:
        raise bad_request("trace_headers", f"must have at most {_MOST_HEADERS} entries, not {len(sent)}")
    record = context.record
    if record is not None and record.observer.traced:
        return record.observer.trace(record, _given_trace(sent, context))
    return _given_trace(sent, context)


def _given_trace(sent: Mapping[str, str], context: Context) -> dict[str, str]:
    if not sent and "traceparent" not in context.metadata and "tracestate" not in context.metadata:
        return {}
    lower = {name.lower(): value for name, value in sent.items()}
    found = {name: context.text(name) or lower.get(name, "") for name in _TRACE_NAMES}
    return {name: value for name, value in found.items() if value}
