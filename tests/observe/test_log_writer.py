"""The thread that writes the log: in order, whole, and never in the way."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import select
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tokenwire.record import CallRecord
from tokenwire_serve.observe.log_lines import JsonLines, lines_of
from tokenwire_serve.observe.log_writer import LogHandler, LogWriter
from tokenwire_serve.observe.observer import Observer

from .conftest import observed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def piped(most: int = 10_000) -> Iterator[tuple[LogWriter, int]]:
    """A writer into a pipe, and the pipe's other end."""
    reader, descriptor = os.pipe()
    writer = LogWriter(descriptor, JsonLines(), most=most)
    try:
        yield writer, reader
    finally:
        os.close(reader)  # one that is stuck goes on now
        writer.close()
        os.close(descriptor)


def record(message: str, **more: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"name": "test", "levelname": "INFO", "message": message, **more})


def read_lines(reader: int, count: int) -> list[dict[str, Any]]:
    """The next lines of a pipe."""
    data = b""
    while data.count(b"\n") < count or not data.endswith(b"\n"):
        assert select.select([reader], [], [], 20)[0], "nothing more comes"
        data += os.read(reader, 1 << 16)
    return [json.loads(line) for line in data.splitlines()]


def test_lines_come_whole_and_in_order_from_many_threads() -> None:
    with piped() as (writer, reader):

        def put(thread: int) -> None:
            for number in range(200):
                writer.put(record(f"{thread}", lineno=number))

        threads = [threading.Thread(target=put, args=(thread,)) for thread in range(5)]
        for thread in threads:
            thread.start()
        lines = read_lines(reader, 1000)
        for thread in threads:
            thread.join()
        assert sorted(line["message"] for line in lines) == sorted(
            str(thread) for thread in range(5) for _ in range(200)
        )
        assert writer.dropped == 0


def test_json_lines_have_no_spaces_between_their_parts() -> None:
    assert JsonLines().log(record("a b", created=0.0)) == (
        '{"time":"1970-01-01T00:00:00.000Z","level":"info","logger":"test","message":"a b"}'
    )


def test_a_reader_that_does_not_read_costs_lines_and_nothing_else() -> None:
    with piped(most=100) as (writer, reader):
        while writer.flush(0.5):
            for _ in range(1000):
                writer.put(record("x" * 100))
        for _ in range(20_000):
            writer.put(record("x" * 100))
        before = writer.dropped
        assert before >= 19_900
        told = 0
        while told < before:
            for line in read_lines(reader, 1):
                if "were dropped" in line["message"]:
                    assert line["level"] == "warning"
                    told += int(line["message"].split()[0])
        assert told == before == writer.dropped


def test_of_many_calls_that_wait_only_what_is_written_is_kept() -> None:
    headers = {f"x-{place}": "x" * 1000 for place in range(30)} | {"user-agent": "me/1", "x-request-id": "id"}
    calls = [
        CallRecord(Observer(), "http", "peer:1", dict(headers), "GET /" + "p" * 9000) for _ in range(1001)
    ]
    with piped() as (writer, reader):
        while writer.flush(0.5):  # Until the pipe is full.
            for _ in range(1000):
                writer.put(record("x" * 100))
        for call in calls:
            call.end()
            writer.put(call)
        assert set(calls[-1].metadata) == {"user-agent", "x-request-id"}
        assert len(calls[-1].path) < 2000
        while (line := read_lines(reader, 1)[-1]).get("logger") != "tokenwire.access":
            pass
        while writer._waiting:
            line = read_lines(reader, 1)[-1]
        assert (line["request_id"], line["user_agent"]) == ("id", "me/1")


def test_a_reader_that_is_gone_does_not_end_the_writer() -> None:
    reader, descriptor = os.pipe()
    writer = LogWriter(descriptor, JsonLines())
    os.close(reader)
    writer.put(record("nobody reads this"))
    assert writer.flush(10)
    assert writer.dropped == 1
    again, other = os.pipe()
    os.dup2(other, descriptor)
    writer.put(record("somebody does"))
    lines = read_lines(again, 2)
    assert [line["message"] for line in lines][1] == "somebody does"
    assert lines[0]["message"].startswith("1 log lines were dropped")
    writer.close()
    for number in (descriptor, again, other):
        os.close(number)


def test_a_full_disk_loses_lines_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with piped() as (writer, reader):
        write, full = os.write, True

        def failing(descriptor: int, data: bytes) -> int:
            if full:
                raise OSError(errno.ENOSPC, "no space left on device")
            return write(descriptor, data)

        monkeypatch.setattr(os, "write", failing)
        writer.put(record("lost"))
        assert writer.flush(10)
        full = False
        writer.put(record("kept"))
        assert [line["message"] for line in read_lines(reader, 2)][1] == "kept"


def test_a_descriptor_that_does_not_block_is_waited_for() -> None:
    with piped() as (writer, reader):
        os.set_blocking(writer._descriptor, False)
        for number in range(2000):
            writer.put(record(f"{number} " + "x" * 100))
        lines = read_lines(reader, 2000)
        assert [int(line["message"].split()[0]) for line in lines] == list(range(2000))


def test_messages_are_made_when_they_are_logged() -> None:
    with piped() as (writer, reader):
        logger = logging.Logger("things")
        logger.addHandler(LogHandler(writer))
        things = [1]
        logger.warning("things: %s", things)
        things.append(2)
        try:
            raise ValueError("broken")
        except ValueError:
            logger.exception("failed")
        first, second = read_lines(reader, 2)
        assert (first["message"], first["level"], first["logger"]) == ("things: [1]", "warning", "things")
        assert second["exception"].endswith("ValueError: broken")


def test_a_line_that_cannot_be_made_is_told_of() -> None:
    with piped() as (writer, reader):
        writer.put(record("x", created="not a time"))
        writer.put(record("y"))
        assert [line["message"] for line in read_lines(reader, 2)] == ["a line was lost: ValueError", "y"]


async def test_calls_go_on_while_nobody_reads_the_log(tmp_path: Path) -> None:
    """stderr is a pipe that is full and stays so."""
    reader, descriptor = os.pipe()
    os.set_blocking(descriptor, False)
    try:
        while True:
            os.write(descriptor, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(descriptor, True)
    async with observed(tmp_path / "log") as server:
        stuck, server.writer._descriptor = server.writer._descriptor, descriptor
        async with httpx.AsyncClient(base_url=f"http://{server.http}") as client:
            async with asyncio.timeout(20):
                for _ in range(50):
                    assert (await client.get("/health")).status_code == 200
            found = await server.scrape()
        assert (
            found["tokenwire_requests_total", "OK", "sglang.runtime.v1.SglangService/HealthCheck", "http"]
            == 50
        )
        server.writer._descriptor = stuck
        os.close(reader)
    os.close(descriptor)


def test_the_forms() -> None:
    for kind in ("json", "console"):
        assert "message" in lines_of(kind).log(record("message"))


@pytest.mark.parametrize("kind", ["console", "json"])
def test_a_process_writes_all_of_its_log_before_it_ends(kind: str) -> None:
    code = (
        "import logging; from tokenwire_serve.observe.log import logging_to_stderr\n"
        f"with logging_to_stderr('info', {kind!r}):\n"
        "  for number in range(500): logging.getLogger('a').info('line %d', number)\n"
        "  logging.getLogger('a').debug('not this')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, check=True)
    lines = done.stderr.splitlines()
    assert len(lines) == 500
    assert "line 499" in lines[-1]
    if kind == "json":
        assert [json.loads(line)["message"] for line in lines] == [f"line {n}" for n in range(500)]
