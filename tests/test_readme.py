"""Snippets of the README and of the runtime guide run as they stand, against a server of ours."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.server import RunningServer, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs" / "runtime.md").read_text()
SNIPPETS = [
    code
    for code in re.findall(r"```python\n(.*?)```", README + GUIDE, re.DOTALL)
    if "tokenwire_gen" in code or "openai" in code
]
COMMANDS = re.findall(r"^\$ ((?:.*\\\n)*.*)", README, re.MULTILINE)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server() as running:
        yield running


def environment(**extra: str) -> dict[str, str]:
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"} | extra


@pytest.mark.parametrize("snippet", SNIPPETS, ids=["client", "openai", "messages", "options"])
def test_snippet(snippet: str, server: RunningServer) -> None:
    code = snippet.replace("127.0.0.1:40000", server.grpc)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() or "print" not in code


@pytest.mark.parametrize("command", [c for c in COMMANDS if re.match(r"tokenwire call|buf curl", c)])
def test_command(command: str, server: RunningServer) -> None:
    line = command.replace("127.0.0.1:40000", server.grpc)
    done = subprocess.run(
        line, shell=True, capture_output=True, text=True, timeout=60, check=False, env=environment(), cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_own_schema(tmp_path: Path) -> None:
    gen, run = (c for c in COMMANDS if "greeter" in c)
    for line in (gen, run):
        done = subprocess.run(
            line.replace("build/greeter", str(tmp_path)).replace("PYTHONPATH=", "env PYTHONPATH="),
            shell=True,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=environment(),
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert done.stdout in README


def test_the_certificate_for_a_trial(tmp_path: Path) -> None:
    """Made as the README says, served, and trusted by the openai SDK over gRPC as the README says."""
    (command,) = (c for c in COMMANDS if c.startswith("openssl req"))
    (transport,) = re.findall(r"`transport=(GrpcTransport\(.*?\)\))`", README)
    line = command.replace("HOST", "localhost")
    subprocess.run(line, shell=True, capture_output=True, timeout=60, check=True, cwd=tmp_path)
    tls = ("--ssl-certfile", f"{tmp_path}/tls.crt", "--ssl-keyfile", f"{tmp_path}/tls.key")
    with running_server("--engine", "null", "--host", "localhost", *tls) as secure:
        here = transport.replace("HOST:40000", f"localhost:{secure.grpc.rpartition(':')[2]}")
        code = f"""
import httpx2, openai
from tokenwire import GrpcTransport, client_context
with httpx2.Client(transport={here}) as http:
    print(openai.OpenAI(base_url="http://x/v1", api_key="-", http_client=http).models.list().data[0].id)
"""
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == secure.model


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_ready_line_is_the_readmes(server: RunningServer) -> None:
    assert server.engine == "transformers"
    assert f"model={server.model}\n" in README


def test_default_ports_are_the_readmes() -> None:
    for port in (30000, 40000):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                pytest.skip(f"something else listens on port {port} of this machine")
    process = subprocess.Popen(
        [sys.executable, "-m", "tokenwire_gen.sglang.runtime.v1", "--engine", "null"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    process.terminate()
    assert process.wait(40) == 0
    process.stdout.close()
    assert line.startswith("ready http=127.0.0.1:30000 grpc=127.0.0.1:40000 engine=null")
