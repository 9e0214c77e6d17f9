"""Streams of a whole server over both transports: the same messages, however slowly they are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tokenwire_gen.sglang.runtime.v1 import sglang_grpc
from tokenwire_gen.sglang.runtime.v1.sglang_pb import SamplingParams, TextGenerateRequest

from tests.grpc.raw_client import raw_client

from .fakes import until

if TYPE_CHECKING:
    from .conftest import NullServer


def facts(message: Any) -> dict[str, Any]:
    return {key: json.loads(value) for key, value in message.meta_info.items()}


@pytest.mark.parametrize("mode", ["delta", "cumulative"])
async def test_a_client_that_does_not_read_gets_it_merged(server: NullServer, mode: str) -> None:
    """No window, then all of it: few messages, the whole text, and memory for one of them."""
    text = bytes(TextGenerateRequest(text="x", stream=True, rid="r"))
    headers = {":path": sglang_grpc.TEXT_GENERATE.path, "x-tokenwire-stream": mode}
    async with raw_client(server.grpc, window=0) as client:
        stream_id = client.open(text, **headers)
        await client.finished(client.open(b"", **{":path": "/later"}))
        await until(lambda: server.servicer.active_requests == 0)
        client.h2.increment_flow_control_window(1 << 20, stream_id)
        client.flush()
        stream = await client.finished(stream_id)
    messages, data = [], stream.data
    while data:
        size = int.from_bytes(data[1:5], "big")
        messages.append(sglang_grpc.TEXT_GENERATE.response.parse(data[5 : 5 + size]))
        data = data[5 + size :]
    assert len(messages) <= 3
    assert messages[-1].finished
    whole = "".join(m.text for m in messages) if mode == "delta" else messages[-1].text
    assert whole == " token" * 128
    assert facts(messages[-1])["completion_tokens"] == 128


async def test_cumulative_is_the_same_over_grpc_and_http(server: NullServer) -> None:
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        params = SamplingParams(max_new_tokens=9)
        request = TextGenerateRequest(text="x", stream=True, rid="r", sampling_params=params)
        metadata = {"x-tokenwire-stream": "cumulative"}
        over_grpc = [(m.text, facts(m)) async for m in client.text_generate(request, metadata=metadata)]
    body = {"text": "x", "stream": True, "rid": "r", "sampling_params": {"max_new_tokens": 9}}
    async with httpx.AsyncClient() as http:
        reply = await http.post(f"http://{server.http}/generate", json=body)
    events = [json.loads(line[6:]) for line in reply.text.split("\n") if line.startswith("data: {")]
    over_http = [(event["text"], event["meta_info"]) for event in events]
    for _, told in over_grpc + over_http:
        told.pop("e2e_latency", None)
    texts = [" token" * count for count in range(1, 10)]
    assert [text for text, _ in over_grpc] == [text for text, _ in over_http] == texts
    assert [told["completion_tokens"] for _, told in over_grpc] == list(range(1, 10))
    for (_, ours), (_, theirs) in zip(over_grpc, over_http, strict=True):
        assert ours.items() <= theirs.items()
