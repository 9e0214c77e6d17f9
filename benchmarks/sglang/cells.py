"""What is measured: jobs under numbers of clients, and the front ends that do them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from tokenwire_gen.sglang.runtime.v1 import OpenAIRequest, SamplingParams, TextGenerateRequest

__all__ = [
    "CELLS",
    "CLIENTS",
    "FLOOR",
    "FRONTS",
    "OURS",
    "PROMPT",
    "THEIRS",
    "TOKENS",
    "Cell",
    "Front",
    "Request",
    "request",
]

TOKENS: Final = 128
PROMPT: Final = "Tell me a story about a lighthouse."
CLIENTS: Final = (1, 8, 16, 32)
_SERVICE: Final = "/sglang.runtime.v1.SglangService"


@dataclass(frozen=True)
class Front:
    """A front end.

    Attributes:
        key: Its name in results.
        title: Its name for readers.
        engine: The process that it is part of.
        http: Whether it is asked over HTTP/1.1 instead of gRPC.
        colour: Its colour in charts.
    """

    key: str
    title: str
    engine: str
    http: bool
    colour: str


FLOOR: Final = "floor"
OURS: Final = ("tokenwire-grpc", "tokenwire-http")
THEIRS: Final = ("sglang-http", "sglang-grpc")
FRONTS: Final = {
    front.key: front
    for front in (
        Front("tokenwire-grpc", "tokenwire, gRPC", "tokenwire", False, "#d1495b"),
        Front("tokenwire-http", "tokenwire, HTTP", "tokenwire", True, "#e08e99"),
        Front("sglang-http", "SGLang, HTTP (FastAPI)", "sglang", True, "#30638e"),
        Front("sglang-grpc", "SGLang, gRPC (Rust)", "sglang", False, "#5f8fb4"),
        Front(FLOOR, "no front end", "floor", False, "#b4bec4"),
    )
}


@dataclass(frozen=True)
class Cell:
    """A job under a load.

    Attributes:
        job: `typed` is TextGenerate or /generate, `chat` ChatComplete or /v1/chat/completions.
        clients: Clients at once, each with a connection of its own.
        mode: How the typed calls are streamed, `cumulative` or `delta`. A chat is always deltas.
    """

    job: str
    clients: int
    mode: str = "cumulative"

    @property
    def row(self) -> str:
        """The key of the job with its mode."""
        return self.job if self.mode == "cumulative" else f"{self.job}-{self.mode}"

    @property
    def key(self) -> str:
        """Its name in the results."""
        return f"{self.row}-{self.clients}"

    @property
    def title(self) -> str:
        """What it is."""
        jobs = {"typed": f"TextGenerate and /generate, {self.mode}", "chat": "chat completions"}
        return f"{jobs[self.job]}, {self.clients} client{'s' if self.clients > 1 else ''}"

    @property
    def fronts(self) -> tuple[str, ...]:
        """Who does it."""
        return (*THEIRS, *OURS, FLOOR) if self.row == "typed" else (*THEIRS, *OURS)

    def engine(self, front: str) -> str:
        """The process that answers: SGLang streams deltas only when it was started that way."""
        found = FRONTS[front].engine
        return "sglang-delta" if found == "sglang" and self.mode == "delta" else found


CELLS: Final = tuple(
    Cell(job, clients, mode)
    for job, mode in (("typed", "cumulative"), ("chat", "cumulative"), ("typed", "delta"))
    for clients in CLIENTS
)


@dataclass(frozen=True)
class Request:
    """One request."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


_SAMPLING: Final = {"temperature": 0.0, "max_new_tokens": TOKENS, "ignore_eos": True}
_CHAT: Final = {
    "model": "default",
    "messages": [{"role": "user", "content": PROMPT}],
    "temperature": 0.0,
    "max_tokens": TOKENS,
    "ignore_eos": True,
    "stream": True,
    "stream_options": {"include_usage": True},
}


def request(cell: Cell, *, http: bool) -> Request:
    """What a client sends. The mode is asked for where it is not the default."""
    mode = (("x-tokenwire-stream", "delta"),) if cell.mode == "delta" else ()
    kind = ("content-type", "application/json" if http else "application/grpc")
    if cell.job == "chat":
        body = json.dumps(_CHAT).encode()
        if http:
            return Request("/v1/chat/completions", (kind,), body)
        return Request(f"{_SERVICE}/ChatComplete", (kind,), bytes(OpenAIRequest(json_body=body)))
    if http:
        fields = {"text": PROMPT, "sampling_params": _SAMPLING, "stream": True}
        return Request("/generate", (kind, *mode), json.dumps(fields).encode())
    sampling = SamplingParams(temperature=0.0, max_new_tokens=TOKENS, ignore_eos=True)
    message = TextGenerateRequest(text=PROMPT, sampling_params=sampling, stream=True)
    return Request(f"{_SERVICE}/TextGenerate", (kind, *mode), bytes(message))
