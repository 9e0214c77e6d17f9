"""A connection that lives long: what it keeps does not grow with the calls that it had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.grpc.session import WireSession
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient

from .serving import served

if TYPE_CHECKING:
    import pytest

MOST = 50


async def test_streams_that_have_ended_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    assert WireSession.MAX_CLOSED_STREAMS <= 4096
    monkeypatch.setattr(WireSession, "MAX_CLOSED_STREAMS", MOST)
    async with served() as server, SglangServiceClient(f"127.0.0.1:{server.grpc}") as client:
        for _ in range(4 * MOST):
            assert (await client.health_check(pb.HealthCheckRequest())).healthy
        (connection,) = server.servers._grpc._connections
        assert connection._protocol is not None
        (protocol,) = client._shared.channel()._protocols
        for session in (connection._protocol.connection.session, protocol.connection.session):
            assert len(session._closed_streams) + len(session.streams) <= MOST + 1
