"""Asks each server the same with a client of its own kind, and compares what they say message by message."""

from __future__ import annotations

import http.client
import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.errors import BenchError

from .servers import PEERS, PEERS_PYTHON, STUBS, environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .cases import Call
    from .servers import Running

__all__ = ["Answer", "answers", "compare", "encode"]

_TIMEOUT_S: Final = 60.0
_VARYING: Final = frozenset({"id", "e2e_latency", "created"})


@dataclass(frozen=True)
class Answer:
    """What a server says to one call.

    Attributes:
        messages: Its messages, without what differs from call to call.
        bytes: Bytes of their frames, or of the body.
        compact_bytes: The same without spaces that the server, not its user, puts into JSON.
    """

    messages: list[Any]
    bytes: int
    compact_bytes: int


def encode(calls: Sequence[Call]) -> list[bytes]:
    """The bodies of requests."""
    jobs = [{"encode": call.rpc, "request": call.request} for call in calls if call.rpc]
    frames = iter(_ask(jobs))
    return [bytes.fromhex(next(frames)) if call.rpc else json.dumps(call.request).encode() for call in calls]


def answers(call: Call, servers: Sequence[Running]) -> list[Answer]:
    """What each server says to a call."""
    if not call.rpc:
        return [_ask_http(call, server) for server in servers]
    job = {"call": call.rpc, "request": call.request, "metadata": call.metadata}
    found = []
    for server, answer in zip(servers, _ask([{**job, "target": s.target()} for s in servers]), strict=True):
        if "error" in answer:
            raise BenchError(f"{server.server.title} fails on {call.rpc}: {answer['error']}")
        found.append(Answer(**answer))
    return found


def compare(what: str, found: Mapping[str, Answer]) -> None:
    """Hold all answers to the first.

    Raises:
        BenchError: One has other messages, or more or fewer bytes; names the server and the message.
    """
    (first, expected), *others = found.items()
    for title, answer in others:
        pairs = zip(answer.messages, expected.messages, strict=False)
        for place, (got, wanted) in enumerate(pairs, start=1):
            if got != wanted:
                raise BenchError(
                    f"{what}: message {place} of {title} is {_short(got)}, that of {first} {_short(wanted)}"
                )
        if len(answer.messages) != len(expected.messages):
            raise BenchError(
                f"{what}: {title} sends {len(answer.messages)} messages, {first} {len(expected.messages)}"
            )
        if answer.compact_bytes != expected.compact_bytes:
            raise BenchError(
                f"{what}: the messages of {title} have {answer.compact_bytes} bytes, "
                f"those of {first} {expected.compact_bytes}"
            )


def _ask(jobs: list[dict[str, Any]]) -> list[Any]:
    """Have the grpcio client in the peers' environment do these jobs."""
    done = subprocess.run(
        [PEERS_PYTHON, str(PEERS / "probe.py")],
        input=json.dumps(jobs),
        env=environment(STUBS / "google_stubs"),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S * max(1, len(jobs)),
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise BenchError(f"the grpcio client failed: {lines[-1]}")
    return json.loads(done.stdout)


def _ask_http(call: Call, server: Running) -> Answer:
    connection = http.client.HTTPConnection(server.target(http=True), timeout=_TIMEOUT_S)
    try:
        connection.request("POST", call.path, json.dumps(call.request), call.headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise BenchError(f"{server.server.title} fails on {call.path}: {error}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise BenchError(f"{server.server.title} answers {call.path} with {response.status}")
    return Answer([_plain_event(event) for event in body.decode().split("\n\n")], len(body), len(body))


def _plain_event(event: str) -> Any:
    data = event.removeprefix("data: ")
    return _without_varying(json.loads(data)) if data.startswith("{") else event


def _without_varying(values: dict[str, Any]) -> dict[str, Any]:
    return {name: "..." if name in _VARYING else value for name, value in values.items()}


def _short(message: Any) -> str:
    text = json.dumps(message)
    return text if len(text) < 200 else f"{text[:200]}..."
