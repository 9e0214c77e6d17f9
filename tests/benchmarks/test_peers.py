"""The engine behind the peers says what the null engine of tokenwire says."""

from __future__ import annotations

import importlib
import json
import re
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from tokenwire_gen.sglang.runtime.v1 import SamplingParams, TextGenerateRequest, TextGenerateResponse

from benchmarks.serving.servers import PEERS
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

VARYING = ("id", "e2e_latency")


@pytest.fixture
def null_engine(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PEERS))
    return importlib.import_module("null_engine")


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with running_server("--engine", "null") as server:
        yield server.grpc


def without_varying(meta_info: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in meta_info.items() if name not in VARYING}


def read(target: str, mode: str) -> list[TextGenerateResponse]:
    request = TextGenerateRequest(text="ab", stream=True, sampling_params=SamplingParams(max_new_tokens=3))
    with grpc.insecure_channel(target) as channel:
        call = channel.unary_stream("/sglang.runtime.v1.SglangService/TextGenerate")
        replies = call(bytes(request), metadata=(("x-tokenwire-stream", mode),), timeout=30)
        return [TextGenerateResponse.parse(data) for data in replies]


@pytest.mark.parametrize("mode", ["delta", "cumulative"])
async def test_it_says_the_same(
    mode: str, null_engine: ModuleType, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setenv("STREAM_MODE", mode)
    engine, info = null_engine.NullEngine(), null_engine.MetaInfo(2)
    theirs = [item async for item in engine.generate(info, null_engine.TEXT, 3)]
    assert [(text, without_varying(facts), last) for text, facts, last in theirs] == [
        (message.text, without_varying(message.meta_info), message.finished) for message in read(target, mode)
    ]


def test_times_have_six_decimals(null_engine: ModuleType) -> None:
    native = importlib.import_module("sglang_native")
    for seconds in (0.0, 0.00001, 0.0001, 0.0123, 1.25, 9.999998):
        for text in (null_engine.seconds_text(seconds), json.dumps(native.seconds_value(seconds))):
            assert re.fullmatch(r"\d\.\d{6}", text), text
