"""A client's connections: what a server sends, right, wrong, or no HTTP/2 at all."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any, Final

from hyperframe.frame import SettingsFrame
from tokenwire.client import Client
from tokenwire.errors import RpcError
from tokenwire.grpc.channel import WireChannel
from tokenwire.grpc.hpack_cache import literal_block
from tokenwire.grpc.target import Target
from tokenwire_gen.sglang.runtime.v1 import TEXT_GENERATE, TextGenerateRequest, TextGenerateResponse

from tests.grpc.wire_service import BIDI, CLIENT, SERVER, UNARY, Raw

from .choices import Choices
from .loop import FakeTransport, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from tokenwire.grpc.protocol import WireProtocol

    from .loop import Runner

__all__ = ["client"]

LIMIT: Final = 4096
"""Largest response in bytes."""
HEADS: Final = (
    ((":status", "200"), ("content-type", "application/grpc")),
    ((":status", "200"), ("content-type", "application/grpc"), ("grpc-encoding", "gzip")),
    ((":status", "200"), ("content-type", "application/grpc"), ("grpc-encoding", "snappy")),
    ((":status", "200"), ("content-type", "application/grpc"), ("x-tokenwire-stream", "delta")),
    ((":status", "200"), ("content-type", "text/html")),
    ((":status", "503"),),
    ((":status", "100"),),
    (("content-type", "application/grpc"),),
)
ENDS: Final = (
    (("grpc-status", "0"),),
    (("grpc-status", "5"), ("grpc-message", "no %C3%A4%")),
    (("grpc-status", "13"), ("grpc-status-details-bin", "CAUSAWEaAggB")),
    (("grpc-status", "99"),),
    ((":status", "200"), ("grpc-status", "0")),
    (("x-bin", "!"), ("grpc-status", "0")),
    (),
)
BODIES: Final = (
    bytes(TextGenerateResponse(text="ab")),
    bytes(TextGenerateResponse(text="abc")),
    gzip.compress(bytes(TextGenerateResponse(text="a" * 100))),
    gzip.compress(bytes(5 * LIMIT)),
    b"\xff",
    b"",
)
SETTINGS: Final = (
    (1, 0),
    (1, 5000),
    (2, 1),
    (3, 0),
    (3, 1),
    (4, 0),
    (4, 10),
    (4, 2**31),
    (5, 20000),
    (6, 50),
)
"""Numbers and values of settings: tables, pushes, streams, windows, frames and header lists."""
REQUESTS: Final = (b"x", b"", b"x" * 3000, b"x" * 70000)
TIMEOUTS: Final = (None, None, None, 60.0, 0.0)
GREETING: Final = SettingsFrame(0).serialize()
_GZIP: Final = b"\x1f\x8b"
_KINDS: Final = 4
_ACTIONS: Final = 3


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


class _Server:
    """Writes what a server may send; one in two sends also what it may not.

    Args:
        choices: What decides.
        channel: Whose calls it answers.
    """

    def __init__(self, choices: Choices, channel: _Channel) -> None:
        self._choices = choices
        self._channel = channel
        self._most = 12 if choices.number(1) else 8

    def piece(self) -> bytes:
        """A frame, or several, or none."""
        choices, stream = self._choices, self._stream()
        match choices.number(self._most):
            case 0:
                number, value = choices.pick(SETTINGS)
                payload = number.to_bytes(2, "big") + value.to_bytes(4, "big")
                return _frame(4, 0, 0, payload)
            case 1:
                size = choices.pick([1, 70000, 2**31 - 1 - 65535, 0])
                return _frame(8, 0, choices.pick([0, stream]), size.to_bytes(4, "big"))
            case 2:
                return _frame(3, 0, stream, choices.number(14).to_bytes(4, "big"))
            case 3:
                last = choices.pick([0, stream, 2**31 - 1])
                return _frame(7, 0, 0, last.to_bytes(4, "big") + choices.number(14).to_bytes(4, "big"))
            case 4:
                return _frame(6, choices.number(1), 0, bytes(8))
            case 5 | 6:
                return self._answer(stream)
            case 7:
                return _frame(1, choices.pick([4, 5, 0, 1]), stream, self._block())
            case 8:
                return _frame(0, choices.pick([0, 0, 1, 8]), stream, self._message())
            case 9:
                return choices.some()
            case 10:
                return _frame(choices.number(12), choices.number(255), choices.number(9), choices.some(80))
            case 11:
                return _frame(5, 4, stream, choices.number(12).to_bytes(4, "big") + self._block())
            case _:
                return _frame(9, choices.pick([0, 4]), stream, choices.some(40))

    def _stream(self) -> int:
        """The number of a stream, most often of one that is open."""
        return self._choices.pick(self._channel.streams or [1]) if self._choices.number(15) else 7

    def _answer(self, stream: int) -> bytes:
        """The beginning, some messages and the end of a response, or less."""
        choices = self._choices
        head = _frame(1, 4, stream, literal_block(list(choices.pick(HEADS))))
        data = b"".join([self._message() for _ in range(choices.number(3))])
        end = _frame(1, 5, stream, literal_block(list(choices.pick(ENDS))))
        return head + _frame(0, 0, stream, data) + (end if choices.number(3) else b"")

    def _block(self) -> bytes:
        choices = self._choices
        if choices.number(7) == 0:
            return choices.some(40)
        fields = list(choices.pick(HEADS if choices.number(1) else ENDS))
        if choices.number(7) == 0:
            fields.append((choices.some(12).decode("latin-1"), choices.some(40).decode("latin-1")))
        return literal_block(fields)

    def _message(self) -> bytes:
        choices = self._choices
        body = choices.pick(BODIES) if choices.number(3) else choices.some()
        packed = body.startswith(_GZIP) if choices.number(7) else choices.number(1)
        return bytes((packed,)) + len(body).to_bytes(4, "big") + body


class _Channel(WireChannel):
    """A channel whose connections end nowhere; what they receive is up to the target.

    Attributes:
        ends: Both sides of each connection, the newest last.
    """

    def __init__(self) -> None:
        super().__init__(Target("nowhere", 1))
        self.ends: list[tuple[WireProtocol, FakeTransport]] = []

    async def _create_connection(self) -> WireProtocol:
        protocol, transport = self._make_protocol(), FakeTransport()
        transport.lost = lambda: protocol.connection_lost(None)
        protocol.connection_made(transport)
        self.ends.append((protocol, transport))
        return protocol

    @property
    def streams(self) -> list[int]:
        """Those of the newest connection that calls wait for."""
        return list(self.ends[-1][0].processor.streams) if self.ends else []

    async def receive(self, data: bytes, step: int) -> None:
        """Let the newest connection receive something, cut into pieces, as long as it is open."""
        step = max(step, len(data) // 50, 1)
        for start in range(0, len(data), step):
            if self.ends and not self.ends[-1][1].is_closing():
                self.ends[-1][0].data_received(data[start : start + step])
            await settle(1)

    def hang_up(self) -> None:
        """End the newest connection from the server's side."""
        if self.ends:
            self.ends[-1][1].hang_up()


async def _several(body: bytes) -> AsyncIterator[Raw]:
    for _ in range(3):
        yield Raw(body)


def _call(caller: Client, choices: Choices) -> Coroutine[Any, Any, Any]:
    """Begin a call of some kind."""
    kind, body, timeout = choices.number(_KINDS), choices.pick(REQUESTS), choices.pick(TIMEOUTS)
    match kind:
        case 0:
            return caller._unary(UNARY, Raw(body), timeout)
        case 1:
            return caller._client_stream(CLIENT, _several(body), timeout)
        case 2:
            return _collect(caller._bidi(BIDI, _several(body), timeout))
        case 3:
            return _collect(caller._stream(SERVER, Raw(body), timeout))
        case _:
            return _collect(caller._stream(TEXT_GENERATE, TextGenerateRequest(text="x"), timeout))


async def _collect(stream: AsyncIterator[Any]) -> list[Any]:
    return [message async for message in stream]


def _check(calls: list[asyncio.Task[Any]]) -> None:
    """Each call has an answer, has failed as calls do, or was cancelled by its caller."""
    for call in calls:
        assert call.done(), "a call goes on after its client was closed"
        if not call.cancelled() and (error := call.exception()) is not None and type(error) is not RpcError:
            raise error


def client(runner: Runner) -> Callable[[bytes], None]:
    """The target."""

    async def play(data: bytes) -> None:
        choices = Choices(data)
        before = asyncio.all_tasks()
        compression: Any = choices.pick([None, None, "gzip"])
        caller, channel = Client("nowhere:1", max_message_size=LIMIT, compression=compression), _Channel()
        caller._shared.use(channel)
        loop = asyncio.get_running_loop()
        calls = [loop.create_task(_call(caller, choices)) for _ in range(1 + choices.number(3))]
        await settle(1 + choices.number(4))
        server = _Server(choices, channel)
        batch = GREETING if choices.number(15) else b""
        for _ in range(40):
            batch += server.piece()
            action = choices.number(15)
            if choices.more and action > _ACTIONS:
                continue
            await channel.receive(batch, choices.pick([len(batch), 1, 7, 1000]))
            batch = b""
            match action:
                case 0:
                    channel.hang_up()
                    batch = GREETING
                case 1:
                    calls.append(loop.create_task(_call(caller, choices)))
                case 2:
                    choices.pick(calls).cancel()
            await settle(1 + choices.number(3))
            if not choices.more:
                break
        if choices.number(1):
            channel.hang_up()
            await settle()
        await caller.close()
        await asyncio.wait(calls, timeout=10)
        await settle(20)
        _check(calls)
        left = [task for task in asyncio.all_tasks() - before if not task.done()]
        assert not left, left
        assert not channel._protocols
        assert all(transport.is_closing() for _, transport in channel.ends), "a connection stays open"

    return lambda data: runner.run(play(data))
