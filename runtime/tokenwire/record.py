"""What is known of one call when it has ended: when it did what, how much it moved, how it went."""

from __future__ import annotations

import re
import time
from binascii import hexlify
from enum import Enum
from itertools import count
from os import urandom
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .codes import Code

__all__ = ["REQUEST_ID", "SERVER_TIMING", "CallObserver", "CallRecord", "Caller"]

SERVER_TIMING: Final = "server-timing"
"""Header, or trailer, that splits the time of a call (W3C Server Timing)."""

REQUEST_ID: Final = "x-request-id"
"""Header, or metadata, that names a call for people who look for it in a log."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}")
_ID_PREFIX: Final = hexlify(urandom(8)).decode()
_NUMBERS: Final = count(1)
_MS: Final = 1000.0


class Caller(Enum):
    """Who makes a call, as far as the server can tell."""

    STRANGER = "stranger"
    """It was not let in, or calls what is public and shows no key where users have one."""

    ANYBODY = "anybody"
    """It was let in, as everybody is: users need no key."""

    HOLDER = "holder"
    """It has shown a key that counts."""


class CallObserver(Protocol):
    """Who wants to know of calls; on the event loop, and never for long."""

    timed: bool
    """Callers are told how the time was spent (`CallRecord.server_timing`)."""

    traced: bool
    """Calls have spans: `trace` is asked for their context before the engine gets a request."""

    def trace(self, record: CallRecord, parent: Mapping[str, str], /) -> Mapping[str, str]:
        """Begin the span of a call below the W3C trace context `parent`; the context of that span."""

    def ended(self, record: CallRecord, /) -> None:
        """A call has ended, and whatever ran for it as well; called once per call."""


class CallRecord:
    """The facts of one call, filled in by the transport and by whoever answers it.

    Times are seconds of `time.monotonic`; 0 is not known. What a call has several of, prompts or choices,
    is summed. A call is over when `end` was called and all that was begun with `hold` has been released.

    Args:
        observer: Told of the end.
        transport: How the call came in.
        peer: The caller's address.
        metadata: gRPC metadata or HTTP headers, names in lower case.
        path: What was asked for, as the caller wrote it.

    Attributes:
        method: Path of the RPC, "/package.Service/Method"; empty where there is none such as is asked for.
        started: Its first header has come.
        received: The request is complete.
        admitted: The engine has taken it from its queue.
        first_token: The first token, or the only result, is there.
        last_token: The last token is there.
        ended: The answer has been given, or nobody waits for one any more.
        rid: Id of the request in the engine.
        prompt_tokens: Tokens of its prompts.
        cached_tokens: How many of them were in the engine's cache.
        completion_tokens: Tokens made, of all choices.
        choices: Choices that have ended.
        received_bytes: Bytes of the request's body.
        sent_bytes: Bytes of the answer's body.
        code: How it ended; None until that is known, and at its end for a caller who has left.
        http_status: Status of an HTTP answer; 0 where there was none.
        model: The model that answers, by the name that the answer gives.
        span: What the observer keeps of it.
        caller: Who makes it; a stranger until it has been let in.
    """

    __slots__ = (
        "_begun",
        "_id",
        "_open",
        "admitted",
        "cached_tokens",
        "caller",
        "choices",
        "code",
        "completion_tokens",
        "ended",
        "first_token",
        "http_status",
        "last_token",
        "metadata",
        "method",
        "model",
        "observer",
        "path",
        "peer",
        "prompt_tokens",
        "received",
        "received_bytes",
        "rid",
        "sent_bytes",
        "span",
        "started",
        "transport",
    )

    def __init__(
        self,
        observer: CallObserver,
        transport: Literal["grpc", "http", "memory"],
        peer: str,
        metadata: Mapping[str, str | bytes],
        path: str,
        method: str = "",
    ) -> None:
        self.observer = observer
        self.transport = transport
        self.peer = peer
        self.metadata = metadata
        self.path = path
        self.method = method
        self.started = time.monotonic()
        self.received = self.admitted = self.first_token = self.last_token = self.ended = 0.0
        self.prompt_tokens = self.cached_tokens = self.completion_tokens = self.choices = 0
        self.received_bytes = self.sent_bytes = self.http_status = 0
        self.rid = self.model = self._id = ""
        self.code: Code | None = None
        self.span: Any = None
        self.caller = Caller.STRANGER
        self._open = 1
        self._begun = False

    def complete(self) -> None:
        """Note that the request has come in full."""
        self.received = time.monotonic()

    def hold(self, rid: str = "") -> None:
        """Note that something runs for the call, which the record waits for; see `release`."""
        self._open += 1
        if rid and not self.rid:
            self.rid = rid

    def release(self) -> None:
        """Note that what was begun with `hold` has ended."""
        self._open -= 1
        if not self._open:
            self.observer.ended(self)

    def end(self) -> None:
        """Note that the call has ended; once."""
        if not self.ended:
            self.ended = time.monotonic()
            self.release()

    def first(self, admitted: float = 0.0, made: float = 0.0) -> None:
        """Note the first token of a choice; only the first of all counts.

        Args:
            admitted: When the engine had taken the request from its queue.
            made: When the token was made; 0 is now.
        """
        if not self._begun:
            self._begun = True
            self.admitted = admitted
            self.first_token = self.last_token = made or time.monotonic()

    def finished(self, prompt_tokens: int, cached_tokens: int, completion_tokens: int) -> None:
        """Note that a choice has ended; tokens of a prompt are given with one of its choices only."""
        self.last_token = time.monotonic()
        self.choices += 1
        self.prompt_tokens += prompt_tokens
        self.cached_tokens += cached_tokens
        self.completion_tokens += completion_tokens

    @property
    def request_id(self) -> str:
        """The caller's own id if it may be repeated, else that of the engine's request, or a new one."""
        if not self._id:
            given = self.given_id if REQUEST_ID in self.metadata else ""
            own = self.rid if self.rid and _ID.fullmatch(self.rid) else ""
            self._id = given or own or f"{_ID_PREFIX}-{next(_NUMBERS)}"
        return self._id

    @property
    def given_id(self) -> str:
        """The caller's own id, where it may be repeated: it is short and has no strange characters."""
        given = self.metadata.get(REQUEST_ID)
        return given if isinstance(given, str) and _ID.fullmatch(given) else ""

    @property
    def queue_time(self) -> float | None:
        """Seconds from the complete request until the engine took it; None where that is not known."""
        admitted, received = self.admitted, self.received
        return None if not admitted or not received else admitted - received if admitted > received else 0.0

    @property
    def time_per_token(self) -> float | None:
        """Seconds from one token of a choice to the next; None where there are no two."""
        choices = self.choices
        if not choices or not self.first_token or self.completion_tokens <= choices:
            return None
        return (self.last_token - self.first_token) / (self.completion_tokens / choices - 1)

    def server_timing(self) -> bytes:
        """The value of `server-timing`, of what is known now: queue, prefill, decode and network, in ms.

        They add up to the time since the call started. The network's part is receiving the request, and
        from the last token on sending the answer; what is done with a request before the engine has it
        counts as queue, which is part of prefill where the engine does not tell when it took a request.
        Empty where no token was made.
        """
        first = self.first_token
        if not first:
            return b""
        received, admitted, last = self.received or self.started, self.admitted, self.last_token
        network = (received - self.started + (self.ended or time.monotonic()) - last) * _MS
        if not self.choices:
            return (
                b"queue;dur=%.3f, prefill;dur=%.3f" % ((admitted - received) * _MS, (first - admitted) * _MS)
                if admitted
                else b"prefill;dur=%.3f" % ((first - received) * _MS)
            )
        decode = (last - first) * _MS
        if not admitted:
            return b"prefill;dur=%.3f, decode;dur=%.3f, network;dur=%.3f" % (
                (first - received) * _MS,
                decode,
                network,
            )
        return b"queue;dur=%.3f, prefill;dur=%.3f, decode;dur=%.3f, network;dur=%.3f" % (
            (admitted - received) * _MS,
            (first - admitted) * _MS,
            decode,
            network,
        )
