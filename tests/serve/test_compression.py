"""`--grpc-compression`: which replies a server compresses."""

from __future__ import annotations

import gzip

import pytest
from tokenwire_gen.sglang.runtime.v1 import TokenizeRequest, TokenizeResponse

from tests.grpc.raw_client import raw_client
from tests.support.server import running_server

TEXT = "a" * 4096


@pytest.mark.parametrize(("flags", "compressed"), [((), False), (("--grpc-compression", "gzip"), True)])
async def test_replies_are_compressed_as_the_flag_says(flags: tuple[str, ...], compressed: bool) -> None:
    with running_server("--engine", "null", "--log-level", "error", *flags) as server:
        async with raw_client(server.grpc) as client:
            stream_id = client.open(
                bytes(TokenizeRequest(text=TEXT)),
                **{":path": "/sglang.runtime.v1.SglangService/Tokenize", "grpc-accept-encoding": "gzip"},
            )
            data = (await client.finished(stream_id)).data
    assert data[0] == compressed
    body = gzip.decompress(data[5:]) if compressed else data[5:]
    assert TokenizeResponse.parse(body).count == len(TEXT)
