"""Clients that stop at any point of a call and leave in any way: gRPC frames and HTTP bytes by hand."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import socket
import struct
import termios
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, TrailersReceived
from h2.settings import SettingCodes
from tokenwire.codes import Code
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

from .ends import End, TurnedAwayError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SERVICE", "SHAPES", "Caller", "Ports", "Shape", "cut", "many_choices_grpc", "many_choices_http"]

SERVICE = "/sglang.runtime.v1.SglangService/"
READ_S = 10.0
_TAIL = 1024
_UNAVAILABLE = b'"type":"unavailable"'
_END_OF_STATUS = {"503": End.UNAVAILABLE, str(int(Code.UNAVAILABLE)): End.UNAVAILABLE}
"""Of HTTP and of gRPC."""


class Ports(Protocol):
    """Where a server listens on 127.0.0.1."""

    http: int
    grpc: int


@dataclass(frozen=True)
class Shape:
    """A kind of call.

    Attributes:
        path: Of HTTP, or the gRPC method.
        body: The request for a prompt and a number of tokens.
        grpc: Over gRPC.
        streams: Its answer comes bit by bit.
        generates: It makes tokens.
    """

    path: str
    body: Callable[[str, int], bytes]
    grpc: bool = False
    streams: bool = True
    generates: bool = True


def _chat(prompt: str, tokens: int, *, stream: bool) -> bytes:
    messages = [{"role": "user", "content": prompt}]
    return _json({"messages": messages, "max_tokens": tokens, "ignore_eos": True, "stream": stream})


def _generate(prompt: str, tokens: int, *, stream: bool) -> bytes:
    sampling = {"max_new_tokens": tokens, "ignore_eos": True}
    return _json({"text": prompt, "sampling_params": sampling, "stream": stream})


def _completion(prompt: str, tokens: int) -> bytes:
    return _json({"prompt": prompt, "max_tokens": tokens, "stream": True})


def _text(prompt: str, tokens: int, *, stream: bool) -> bytes:
    sampling = pb.SamplingParams(max_new_tokens=tokens, ignore_eos=True)
    return bytes(pb.TextGenerateRequest(text=prompt, sampling_params=sampling, stream=stream))


def _ids(prompt: str, tokens: int) -> bytes:
    sampling = pb.SamplingParams(max_new_tokens=tokens)
    return bytes(pb.GenerateRequest(input_ids=list(prompt.encode()), sampling_params=sampling, stream=True))


def many_choices_grpc(prompt: str, tokens: int) -> bytes:
    """Much at a time: a client that does not read soon has all that the sockets hold."""
    sampling = pb.SamplingParams(max_new_tokens=tokens, n=100)
    return bytes(pb.TextGenerateRequest(text=prompt, sampling_params=sampling, stream=True))


def many_choices_http(prompt: str, tokens: int) -> bytes:
    """The same."""
    sampling = {"max_new_tokens": tokens, "n": 100}
    return _json({"text": prompt, "sampling_params": sampling, "stream": True})


def _openai(body: bytes) -> bytes:
    return bytes(pb.OpenAIRequest(json_body=body))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


SHAPES = {
    "grpc-text": Shape("TextGenerate", lambda p, n: _text(p, n, stream=True), grpc=True),
    "grpc-text-whole": Shape(
        "TextGenerate", lambda p, n: _text(p, n, stream=False), grpc=True, streams=False
    ),
    "grpc-ids": Shape("Generate", _ids, grpc=True),
    "grpc-chat": Shape("ChatComplete", lambda p, n: _openai(_chat(p, n, stream=True)), grpc=True),
    "grpc-chat-whole": Shape(
        "ChatComplete", lambda p, n: _openai(_chat(p, n, stream=False)), grpc=True, streams=False
    ),
    "grpc-embed": Shape(
        "TextEmbed",
        lambda p, n: bytes(pb.TextEmbedRequest(text=p)),
        grpc=True,
        streams=False,
        generates=False,
    ),
    "http-generate": Shape("/generate", lambda p, n: _generate(p, n, stream=True)),
    "http-generate-whole": Shape("/generate", lambda p, n: _generate(p, n, stream=False), streams=False),
    "http-chat": Shape("/v1/chat/completions", lambda p, n: _chat(p, n, stream=True)),
    "http-chat-whole": Shape("/v1/chat/completions", lambda p, n: _chat(p, n, stream=False), streams=False),
    "http-completion": Shape("/v1/completions", _completion),
    "http-embed": Shape("/encode", lambda p, n: _json({"text": p}), streams=False, generates=False),
}


class Caller:
    """One connection with one call, which the test takes as far as it wants.

    Args:
        reader: Of the connection.
        writer: Of the connection.
        shape: What is called.
        body: The request.
        key: Shown as a bearer token, where there is one.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        shape: Shape,
        body: bytes,
        key: str = "",
    ) -> None:
        self.reader, self.writer = reader, writer
        self.shape = shape
        self._authorization = {"authorization": f"Bearer {key}"} if key else {}
        self._head, self._body = self._pieces(body)

    @classmethod
    async def connect(
        cls,
        server: Ports,
        shape: Shape,
        prompt: str,
        tokens: int = 1_000_000,
        receive_buffer: int = 0,
        key: str = "",
    ) -> Caller:
        kind = GrpcCaller if shape.grpc else HttpCaller
        port = server.grpc if shape.grpc else server.http
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=sock, limit=receive_buffer or 65536)
        return kind(reader, writer, shape, shape.body(prompt, tokens), key)

    def _pieces(self, body: bytes) -> tuple[bytes, bytes]:
        raise NotImplementedError

    def send_half_a_head(self) -> None:
        """Send the first half of the request's head."""
        self.writer.write(self._head[: len(self._head) // 2])

    def send_half_a_body(self) -> None:
        """Send the head, and half of the body."""
        self.writer.write(self._head + self._body[: len(self._body) // 2])

    def send(self) -> None:
        """Send the whole request."""
        self.writer.write(self._head + self._body)

    def pieces(self, count: int) -> list[bytes]:
        """The whole request in about so many pieces."""
        whole = self._head + self._body
        size = -(-len(whole) // count)
        return [whole[start : start + size] for start in range(0, len(whole), size)]

    def announce(self, size: int) -> None:
        """Begin a message of that size."""
        raise NotImplementedError

    async def status(self) -> str:
        """Read the answer to its end; its status."""
        raise NotImplementedError

    def pause(self) -> None:
        """Read nothing."""
        self.writer.transport.pause_reading()  # type: ignore[attr-defined]  # of asyncio's transports

    def resume(self) -> None:
        """Read on."""
        self.writer.transport.resume_reading()  # type: ignore[attr-defined]

    async def first(self) -> None:
        """Wait for the first piece of the answer's body."""
        raise NotImplementedError

    async def last(self) -> None:
        """Wait for the end of the answer."""
        raise NotImplementedError

    @property
    def sock(self) -> socket.socket:
        sock: socket.socket = self.writer.get_extra_info("socket")
        return sock

    async def leave(self, way: str) -> None:
        """Leave: "fin", "rst" or "half" (shutdown of this side only); then the socket stays open."""
        if way == "half":
            self.sock.shutdown(socket.SHUT_WR)
            return
        if way == "rst":
            cut(self.sock)
            self.writer.transport.abort()
        else:
            self.writer.close()

    async def stall(self) -> None:
        """Read nothing more, and wait until the sockets take nothing more either."""
        self.pause()
        waiting, since = -1, 0.0
        while time.monotonic() - since < 0.1:
            await asyncio.sleep(0.01)
            (now,) = struct.unpack("i", fcntl.ioctl(self.sock, termios.FIONREAD, b"    "))
            if now != waiting:
                waiting, since = now, time.monotonic()

    async def closed(self) -> None:
        """Wait until the server has closed its side too."""
        async with asyncio.timeout(READ_S):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionError:
                pass

    async def close(self) -> None:
        """Let go of the connection, whatever became of it."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


class HttpCaller(Caller):
    _begun = False

    def _pieces(self, body: bytes) -> tuple[bytes, bytes]:
        lines = (
            f"POST {self.shape.path} HTTP/1.1",
            "host: x",
            "content-type: application/json",
            f"content-length: {len(body)}",
            *(f"{name}: {value}" for name, value in self._authorization.items()),
        )
        return "\r\n".join([*lines, "", ""]).encode(), body

    async def first(self) -> None:
        async with asyncio.timeout(READ_S):
            await self._answered()
            await self.reader.readuntil(b"data: ")
        self._begun = True

    async def _answered(self) -> bytes:
        """The head of an answer, whose status is 200."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise TurnedAwayError(_END_OF_STATUS.get(head[9:12].decode(), End.WRONG), repr(head))
        return head

    async def status(self) -> str:
        async with asyncio.timeout(READ_S):
            return (await self.reader.readuntil(b"\r\n\r\n"))[9:12].decode()

    async def last(self) -> None:
        async with asyncio.timeout(READ_S):
            if not self._begun:
                head = await self._answered()
                if b"text/event-stream" not in head:
                    await self.reader.readexactly(_length(head))
                    return
            end = b""
            while not end.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"):
                piece = await self.reader.read(65536)
                if not piece:
                    raise TurnedAwayError(End.CUT)
                end = (end + piece)[-_TAIL:]
            if b'data: {"error":' in end:
                raise TurnedAwayError(End.UNAVAILABLE if _UNAVAILABLE in end else End.WRONG, repr(end))

    async def body(self) -> bytes:
        """The body of the next answer, which has a length."""
        async with asyncio.timeout(READ_S):
            head = await self._answered()
            return await self.reader.readexactly(_length(head))


class GrpcCaller(Caller):
    def _pieces(self, body: bytes) -> tuple[bytes, bytes]:
        self.h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 1 << 30})
        self.h2.increment_flow_control_window(1 << 30)
        headers = {
            ":method": "POST",
            ":scheme": "http",
            ":path": SERVICE + self.shape.path,
            ":authority": "x",
            "te": "trailers",
            "content-type": "application/grpc",
            **self._authorization,
        }
        self.h2.send_headers(1, list(headers.items()))
        head = self.h2.data_to_send()
        self.h2.send_data(1, b"\0" + len(body).to_bytes(4, "big") + body, end_stream=True)
        return head, self.h2.data_to_send()

    def announce(self, size: int) -> None:
        self.writer.write(self._head + _frame(0, b"\0" + size.to_bytes(4, "big"), stream=1))

    async def status(self) -> str:
        await self._until(StreamEnded)
        return self._status

    async def _until(self, kind: type) -> None:
        async with asyncio.timeout(READ_S):
            while data := await self.reader.read(65536):
                events = self.h2.receive_data(data)
                for event in events:
                    if isinstance(event, ResponseReceived | TrailersReceived):
                        self._status = dict(event.headers or []).get("grpc-status", "")  # type: ignore[call-overload]
                    if isinstance(event, DataReceived):
                        self.h2.acknowledge_received_data(event.flow_controlled_length, 1)
                self.writer.write(self.h2.data_to_send())
                if any(isinstance(event, kind) for event in events):
                    return
                if any(isinstance(event, StreamEnded) for event in events):
                    self._answered()
                    raise TurnedAwayError(End.LOST, "it has no message")
        raise TurnedAwayError(End.CUT)

    def _answered(self) -> None:
        if self._status != "0":
            raise TurnedAwayError(_END_OF_STATUS.get(self._status, End.WRONG), f"grpc-status {self._status}")

    async def first(self) -> None:
        await self._until(DataReceived)

    async def last(self) -> None:
        await self._until(StreamEnded)
        self._answered()

    async def leave(self, way: str) -> None:
        """As above; "reset" is RST_STREAM."""
        if way != "reset":
            await super().leave(way)
            return
        self.writer.write(_frame(3, (8).to_bytes(4, "big"), stream=1))
        await self.writer.drain()


def _length(head: bytes) -> int:
    return int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])


def _frame(kind: int, payload: bytes, *, stream: int) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, 0]) + stream.to_bytes(4, "big") + payload


def cut(sock: socket.socket) -> None:
    """Have the next close of a socket send RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
