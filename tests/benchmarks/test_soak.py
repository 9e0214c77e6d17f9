"""The books of the soak: which ends of calls are excused, when, and that those calls are made again."""

from __future__ import annotations

import asyncio
import math
from random import Random
from typing import Any

import grpc
import grpc.aio
import httpx
import openai
import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError

from benchmarks.soak import ledger as books
from benchmarks.soak import report
from benchmarks.soak.ends import End, TurnedAwayError, WrongError, end_of
from benchmarks.soak.ledger import Kind, Ledger
from benchmarks.soak.moments import NAMES
from benchmarks.soak.windows import Window, Windows
from benchmarks.soak.world import World

REQUEST = httpx.Request("POST", "http://127.0.0.1/v1/chat/completions")


def stock(code: grpc.StatusCode) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata())


def status(code: int) -> openai.APIStatusError:
    return openai.APIStatusError("x", response=httpx.Response(code, request=REQUEST), body=None)


def connection(cause: Exception) -> openai.APIConnectionError:
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = cause
    return error


def event(kind: str) -> openai.APIError:
    return openai.APIError("x", REQUEST, body={"message": "x", "type": kind})


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (RpcError(Code.UNAVAILABLE, "x"), End.UNAVAILABLE),
        (RpcError(Code.INTERNAL, "x"), End.WRONG),
        (stock(grpc.StatusCode.UNAVAILABLE), End.UNAVAILABLE),
        (stock(grpc.StatusCode.CANCELLED), End.WRONG),
        (status(503), End.UNAVAILABLE),
        (status(500), End.WRONG),
        (event("unavailable"), End.UNAVAILABLE),
        (event("internal_server_error"), End.WRONG),
        (connection(httpx.ConnectError("x")), End.REFUSED),
        (connection(httpx.ReadError("x")), End.CUT),
        (ConnectionRefusedError(), End.REFUSED),
        (ConnectionResetError(), End.CUT),
        (asyncio.IncompleteReadError(b"", 1), End.CUT),
        (httpx.RemoteProtocolError("x"), End.CUT),
        (httpx.ReadTimeout("x"), End.WRONG),
        (TimeoutError(), End.WRONG),
        (TurnedAwayError(End.LOST), End.LOST),
        (WrongError("x"), End.WRONG),
        (ValueError("x"), End.WRONG),
    ],
)
def test_what_errors_say_of_the_end_of_a_call(error: Exception, end: End) -> None:
    assert end_of(error) is end


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [(0.0, 1.0, True), (0.0, 0.9, False), (2.9, 9.0, True), (3.0, 9.0, False), (1.5, 2.0, True)],
)
def test_a_window_holds_calls_that_were_open_meanwhile(start: float, end: float, holds: bool) -> None:
    assert Window("x", frozenset(), opened=1.0, closed=3.0).holds(start, end) is holds


def test_a_window_excuses_its_own_ends_and_none_that_began_later() -> None:
    windows, error = Windows(), RpcError(Code.UNAVAILABLE, "x")
    with windows.open("dies", End.UNAVAILABLE) as window:
        assert windows.excuse(error, window.opened) is window
        assert windows.excuse(ConnectionResetError(), window.opened) is None
    assert window.closed < math.inf
    assert windows.excuse(error, window.opened) is window
    assert windows.excuse(error, window.closed) is None


class Answers:
    """A kind of call that raises what it is given, one thing after the other, and then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.kind = Kind("a call", "clean", self._call)

    async def _call(self, world: World, random: Random) -> None:
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setattr(books, "_AGAIN_S", (0.0, 0.0))
    return Ledger()


async def test_a_call_that_is_turned_away_is_made_again(ledger: Ledger) -> None:
    world, away = World(0, 0, 0), RpcError(Code.UNAVAILABLE, "x")
    with world.windows.open("dies", End.UNAVAILABLE) as window:
        await ledger.run(Answers(away, away).kind, world, Random(1))
        await ledger.run(Answers().kind, world, Random(1))
    assert (window.calls, window.turned_away, window.answered) == (2, 1, 1)
    assert (ledger.begun.total(), ledger.ended.total(), ledger.violations) == (2, 2, {})


@pytest.mark.parametrize("excused", [(), (End.CUT, End.REFUSED)])
async def test_what_nothing_excuses_is_a_violation(ledger: Ledger, excused: tuple[End, ...]) -> None:
    world = World(0, 0, 0)
    with world.windows.open("dies", *excused) as window:
        await ledger.run(Answers(RpcError(Code.UNAVAILABLE, "x")).kind, world, Random(1))
    assert dict(ledger.violations) == {"a call: RpcError: UNAVAILABLE: x": 1}
    assert (window.calls, window.turned_away, ledger.ended.total()) == (1, 0, 0)


async def test_a_call_that_fails_when_it_is_made_again_is_not_answered(ledger: Ledger) -> None:
    world = World(0, 0, 0)
    with world.windows.open("dies", End.UNAVAILABLE) as window:
        await ledger.run(Answers(RpcError(Code.UNAVAILABLE, "x"), ValueError("y")).kind, world, Random(1))
    assert (window.turned_away, window.answered) == (1, 0)
    assert dict(ledger.violations) == {"a call: ValueError: y": 1}


def test_the_report_adds_up_the_moments_of_a_name() -> None:
    row: dict[str, Any] = {"calls": 1000, "turned_away": 3, "answered": 2}
    rows = [
        {"moment": name, "second": second, "lasted_s": second / 10, **row}
        for second in (10, 20)
        for name in NAMES
    ]
    found = report.moments({"moments": rows})
    assert found == [[name, "2", "2.0", "2,000", "6", "4"] for name in NAMES]
