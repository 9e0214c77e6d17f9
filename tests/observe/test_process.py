"""A server process as operators see it: its log on stderr, its metrics' own port, its flags."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMAND = [sys.executable, "-m", "tokenwire_gen.sglang.runtime.v1", "--engine", "null", "--port", "0"]


@contextmanager
def serving(log: Path, *flags: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server that is ready; its HTTP address and its process, which is killed if it still runs."""
    with log.open("w") as stderr:
        process = subprocess.Popen([*COMMAND, *flags], stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert process.stdout is not None
    try:
        ready = re.match(r"ready http=(\S+)", process.stdout.readline())
        assert ready is not None, log.read_text()
        yield ready[1], process
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()


def test_every_line_of_a_json_log_is_json_to_the_last(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(log, "--log-format", "json") as (address, process):
        for number in range(20):
            httpx.get(f"http://{address}/health", headers={"x-request-id": f"id-{number}"}).raise_for_status()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["request_id"] for line in lines if "request_id" in line] == [f"id-{n}" for n in range(20)]
    messages = [line["message"] for line in lines if line["logger"] == "tokenwire.serve"]
    assert messages[0].startswith("loading")
    assert messages[-1].startswith("draining")


def test_metrics_on_a_port_of_their_own_are_named_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(log, "--metrics-http-port", "0", "--log-level", "info") as (address, process):
        found = re.search(r"metrics on (http://\S+)", log.read_text())
        assert found is not None
        assert "tokenwire_engine_up 1.0" in httpx.get(found[1]).text
        assert httpx.get(f"http://{address}/metrics").status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


KEYS = ("--api-key", "user-key-0123456789")


@pytest.mark.parametrize(
    ("flags", "host", "warned"),
    [
        (("--host", "0.0.0.0", *KEYS), "127.0.0.1", False),
        (("--metrics-host", "0.0.0.0", *KEYS), "0.0.0.0", True),
        (("--metrics-host", "0.0.0.0"), "0.0.0.0", False),
    ],
    ids=["keys", "keys, and everybody", "everybody"],
)
def test_open_metrics_are_on_loopback_or_warned_of(
    tmp_path: Path, flags: tuple[str, ...], host: str, warned: bool
) -> None:
    log = tmp_path / "log"
    with serving(log, "--metrics-http-port", "0", *flags) as (_, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    text = log.read_text()
    found = re.search(r"metrics on http://([\d.]+):(\d+)/metrics", text)
    assert found is not None
    assert found[1] == host
    assert (f"the metrics on {host}:{found[2]} need no key and have no TLS" in text) is warned


def test_a_metrics_host_that_is_none_is_an_error_that_names_the_flag() -> None:
    command = [*COMMAND, "--metrics-http-port", "0", "--metrics-host", "192.0.2.1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: --metrics-host '192.0.2.1' is not an address of this machine")


def test_a_quiet_log_has_no_access_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(log, "--log-level", "warning") as (address, process):
        assert httpx.get(f"http://{address}/health").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert "tokenwire.access" not in log.read_text()


def test_a_metrics_port_in_use_is_an_error_that_names_the_flag() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [*COMMAND, "--metrics-http-port", port]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: --metrics-http-port {port} is in use on 127.0.0.1")


def test_metrics_that_an_engine_keeps_in_files_are_shown_beside_ours(tmp_path: Path) -> None:
    """As SGLang keeps them: prometheus_client's multi-process mode, from another process."""
    folder = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    made = "from prometheus_client import Counter; Counter('sglang:prompt_tokens', 'x').inc(7)"
    subprocess.run([sys.executable, "-c", made], env={**os.environ, **folder}, check=True)
    shown = (
        "import asyncio; from tokenwire_serve.observe import names; "
        "from tokenwire_serve.observe.exposition import Exposition; "
        "page = Exposition([lambda: [(names.ENGINE_UP, (), 1)]], engine_metrics=True); "
        "print(asyncio.run(page.write())[1].decode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", shown],
        env={**os.environ, **folder},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "sglang:prompt_tokens_total 7.0" in done.stdout
    assert "tokenwire_engine_up 1.0" in done.stdout
