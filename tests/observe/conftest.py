"""A whole observed server over the null engine, in this process and on free ports."""

from __future__ import annotations

import json
import logging
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families
from tokenwire.auth import OPEN
from tokenwire_serve.engines import EngineOptions, create
from tokenwire_serve.observe.log_lines import ACCESS, lines_of
from tokenwire_serve.observe.log_writer import LogWriter
from tokenwire_serve.observe.observation import Observation
from tokenwire_serve.process.groups import ObserveSettings
from tokenwire_serve.process.listeners import address_of, listen
from tokenwire_serve.process.servers import Servers
from tokenwire_serve.servicer.service import SglangServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tokenwire.auth import Access

SERVICE = "sglang.runtime.v1.SglangService"


@dataclass(frozen=True)
class ObservedServer:
    """Where it listens, and what it has written."""

    http: str
    grpc: str
    metrics: str
    servicer: SglangServicer
    observation: Observation
    writer: LogWriter
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """The log so far."""
        assert self.writer.flush(10)
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    async def scrape(self, **headers: str) -> dict[tuple[str, ...], float]:
        """The samples, by their name and the values of their labels in the order of the labels' names."""
        async with httpx.AsyncClient() as client:
            reply = await client.get(f"http://{self.metrics}/metrics", headers=headers)
        assert reply.status_code == 200
        return {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(reply.text)
            for sample in family.samples
        }


@asynccontextmanager
async def observed(
    log: Path, *, access: Access = OPEN, own_port: bool = False, **settings: Any
) -> AsyncIterator[ObservedServer]:
    """Serve until the block ends; the settings are those of `ObserveSettings`."""
    engine = create("null", EngineOptions(served_model_name="null", max_waiting_requests=1))
    servicer = SglangServicer(engine)
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    logging.getLogger(ACCESS).setLevel(logging.INFO)
    writer = LogWriter(descriptor, lines_of("json"))
    observation = Observation(ObserveSettings(**settings), "1.2.3", writer)
    with (
        listen("127.0.0.1", 0, "--port") as http,
        listen("127.0.0.1", 0, "--grpc-port") as grpc,
        listen("127.0.0.1", 0, "--metrics-http-port") as metrics,
    ):
        servers = Servers(
            servicer,
            http,
            grpc,
            access=access,
            observation=observation,
            metrics=metrics if own_port else None,
        )
        observation.start(servicer)
        await servers.start()
        await engine.start()
        try:
            yield ObservedServer(
                address_of(http),
                address_of(grpc),
                address_of(metrics if own_port else http),
                servicer,
                observation,
                writer,
                log,
            )
        finally:
            await engine.close()
            await servers.close()
            await observation.close()
            writer.close()
            logging.getLogger(ACCESS).setLevel(logging.NOTSET)
            os.close(descriptor)


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[ObservedServer]:
    async with observed(tmp_path / "log") as made:
        yield made
