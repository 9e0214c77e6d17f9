"""The way of a token, step by step: the server's own code, driven in this process without a socket.

Each stage is run with everything after it cut off, so the difference between two stages is what the
later one costs. Processor time, the best of several runs, in microseconds per token and per call.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, Any, Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from tokenwire.grpc.server import Server
from tokenwire.limits import Limits
from tokenwire.streams import PushStream
from tokenwire_gen.sglang.runtime.v1 import (
    HEALTH_CHECK,
    TEXT_GENERATE,
    HealthCheckRequest,
    SamplingParams,
    TextGenerateRequest,
)
from tokenwire_serve.engine import GenerateRequest, Sampling
from tokenwire_serve.engines import EngineOptions
from tokenwire_serve.engines.null import NullEngine
from tokenwire_serve.servicer.service import SglangServicer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire import Message, Method
    from tokenwire.grpc.transport import CoalescingTransport

STREAMS: Final = 32
ENDLESS: Final = 1 << 30
WINDOW: Final = (1 << 31) - 1 - 65535


class Nowhere(asyncio.Transport):
    """A transport that drops what is written."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass


class NoSink:
    """A sink that drops what is pushed."""

    def push(self, message: object) -> None:
        pass

    def push_bytes(self, body: bytes) -> None:
        pass

    def close(self, error: BaseException | None = None) -> None:
        pass


class Bench:
    """A server on a transport that leads nowhere, and the client's side of its connection."""

    def __init__(self, servicer: SglangServicer) -> None:
        self.protocol: Any = Server([servicer], limits=Limits(max_streams=1 << 20)).protocol()
        self.protocol.connection_made(Nowhere())
        self.client = H2Connection(H2Configuration(client_side=True))
        self.client.local_settings.initial_window_size = ENDLESS
        self.client.initiate_connection()
        self.client.increment_flow_control_window(WINDOW)
        self.client.outbound_flow_control_window = WINDOW
        self.transport: CoalescingTransport = self.protocol._transport
        self.deliver()

    def request(self, method: Method[Any, Any], message: Message, **metadata: str) -> bytes:
        """The bytes of one call."""
        stream_id = self.client.get_next_available_stream_id()
        headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", method.path),
            (":authority", "localhost"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("x-tokenwire-stream", "delta"),
            *metadata.items(),
        ]
        body = bytes(message)
        self.client.send_headers(stream_id, headers)
        self.client.send_data(stream_id, pack(">BI", 0, len(body)) + body, end_stream=True)
        self.client.streams.clear()  # the answers never come back, so none of them would end
        return self.client.data_to_send()

    def deliver(self, data: bytes = b"") -> None:
        self.protocol.data_received(data or self.client.data_to_send())


def best(action: Callable[[], None], count: int, rounds: int) -> float:
    """Microseconds of one of `count` things that the action does."""
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        action()
        times.append((time.process_time() - begin) / count * 1e6)
    return min(times)


async def engine() -> NullEngine:
    """An engine whose steps are made by hand."""
    made = NullEngine(EngineOptions(max_running_requests=1 << 20, max_model_len=2 * ENDLESS))
    await made.start()
    made._wake = lambda: None  # type: ignore[method-assign]  # steps are made by hand
    return made


async def token_stages(steps: int, rounds: int) -> dict[str, float]:
    """Microseconds per token up to each stage."""

    def timed(made: NullEngine, after: Callable[[], None] = lambda: None) -> float:
        def run() -> None:
            for _ in range(steps):
                made._step()
                after()

        made._step()
        return best(run, steps * STREAMS, rounds)

    stages: dict[str, float] = {}
    alone = await engine()
    for number in range(STREAMS):
        alone.generate(GenerateRequest(f"r{number}", "hi", Sampling(max_new_tokens=ENDLESS)), NoSink())
    stages["the engine makes a Delta"] = timed(alone)

    request = TextGenerateRequest(
        text="hi", stream=True, sampling_params=SamplingParams(max_new_tokens=ENDLESS)
    )
    encoding = await engine()
    servicer = SglangServicer(encoding)
    for _ in range(STREAMS):
        stream = servicer.text_generate(request, _Context())
        assert isinstance(stream, PushStream)
        stream.subscribe(NoSink())
    stages["the sink makes the message's bytes"] = timed(encoding)

    for title, writes in (
        ("the stream makes the frame and counts the windows", False),
        ("the turn's frames are joined", True),
    ):
        made = await engine()
        bench = Bench(SglangServicer(made))
        for _ in range(STREAMS):
            bench.deliver(bench.request(TEXT_GENERATE, request))
        if writes:
            stages[title] = timed(made, bench.transport.flush)
        else:
            bench.protocol.connection.put = lambda data: None
            stages[title] = timed(made)
    return stages


class _Context:
    """As much of a call's context as the servicer reads."""

    metadata: Final = {"x-tokenwire-stream": "delta"}
    record: Final = None

    def __init__(self) -> None:
        self.initial_metadata: dict[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        return self.metadata.get(name, default)

    def time_remaining(self) -> None:
        """No deadline."""


async def call_costs(calls: int, rounds: int) -> dict[str, float]:
    """Microseconds per call, from its bytes to those of its answer."""
    made = await engine()
    bench = Bench(SglangServicer(made))
    one = TextGenerateRequest(text="hi", stream=True, sampling_params=SamplingParams(max_new_tokens=1))
    costs: dict[str, float] = {}

    def timed(method: Method[Any, Any], message: Message, *, alike: bool) -> float:
        def run() -> None:
            for data in requests.pop():
                bench.deliver(data)
                made._step()
            bench.transport.flush()

        requests = [
            [
                bench.request(method, message, **({} if alike else {"x-id": f"{batch}-{number}"}))
                for number in range(calls)
            ]
            for batch in range(rounds)
        ][::-1]
        return best(run, calls, rounds)

    costs["TextGenerate of one token"] = timed(TEXT_GENERATE, one, alike=True)
    costs["HealthCheck"] = timed(HEALTH_CHECK, HealthCheckRequest(), alike=True)
    costs["HealthCheck, with a header that is new each time"] = timed(
        HEALTH_CHECK, HealthCheckRequest(), alike=False
    )
    return costs


async def measure(steps: int, rounds: int) -> dict[str, dict[str, float]]:
    stages = await token_stages(steps, rounds)
    return {"token": stages, "call": await call_costs(steps, rounds)}


def main() -> None:
    """Print what each step adds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1000, help="tokens per stream, and calls, in a run")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    found = asyncio.run(measure(options.steps, options.rounds))
    before = 0.0
    for title, until in found["token"].items():
        print(f"{title:54} {until - before:6.2f} us, {until:6.2f} so far", flush=True)
        before = until
    for title, cost in found["call"].items():
        print(f"{title:54} {cost:6.2f} us per call", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
