"""Real processes of SGLang that die or are told to end, and command lines that it refuses."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient

from .process import ENDLESS, Process, begin, health, serving, until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    import psutil

SCHEDULER = "sglang::scheduler"
DETOKENIZER = "sglang::detokenizer"
NOTICED_S = 5.0
ASK = {"text": "x", "sampling_params": {"max_new_tokens": 2, "ignore_eos": True}}


def alive(children: dict[str, psutil.Process]) -> list[str]:
    return [title for title, child in children.items() if child.is_running()]


async def stream_until(server: Process, victim: str) -> RpcError:
    """Kill one of SGLang's processes under a stream; what ends that."""
    async with SglangServiceClient(server.grpc) as client:
        params = pb.SamplingParams(max_new_tokens=1900, ignore_eos=True)
        stream = client.text_generate(pb.TextGenerateRequest(text="x", stream=True, sampling_params=params))
        await anext(stream)
        server.children()[victim].send_signal(signal.SIGKILL)
        with pytest.raises(RpcError) as ended:
            async with asyncio.timeout(NOTICED_S):
                async for _ in stream:
                    pass
        return ended.value


async def healthy(server: Process) -> bool:
    async with SglangServiceClient(server.grpc) as client:
        return (await client.health_check(pb.HealthCheckRequest())).healthy


def test_a_killed_scheduler_ends_the_server() -> None:
    with serving() as server:
        with server.client() as client:
            assert health(client)[0] == 200
        assert asyncio.run(healthy(server))
        children = server.children()
        ended = asyncio.run(stream_until(server, SCHEDULER))
        assert ended.code is Code.UNAVAILABLE
        assert "SGLang has ended: its process" in ended.message
        assert server.end() == 1
        (line,) = server.errors()
        assert line.startswith("error: engine sglang died: its process ")
        assert "Traceback" not in server.said()
        assert not alive(children)


def test_a_killed_detokenizer_is_a_new_start_and_a_signal_drains() -> None:
    with serving("--restart-engine", "--drain-timeout", "1") as server, server.client() as client:
        before = server.children()
        ended = asyncio.run(stream_until(server, DETOKENIZER))
        assert ended.code is Code.UNAVAILABLE
        assert health(client)[0] == 503
        assert not asyncio.run(healthy(server))
        refused = client.post("/generate", json=ASK)
        assert (refused.status_code, refused.json()["error"]["type"]) == (503, "unavailable")
        until(lambda: "the engine is starting: " in health(client)[1])
        until(lambda: health(client)[0] == 200)
        assert not alive(before)
        assert "starting it again" in server.said()
        assert client.post("/generate", json=ASK).json()["meta_info"]["completion_tokens"] == 2
        after = server.children()
        with client.stream("POST", "/generate", json=ENDLESS) as reply:
            lines = reply.iter_lines()
            next(lines)
            server.process.terminate()
            rest = [line for line in lines if line]
        assert rest[-1] == "data: [DONE]"
        assert '"unavailable"' in rest[-2]
        assert server.end() == 0
        assert not alive(after)
        assert "Traceback" not in server.said()


def test_ctrl_c_lets_what_runs_finish() -> None:
    """It goes to all processes of a terminal."""
    with serving("--drain-timeout", "60") as server, server.client() as client:
        children = server.children()
        params = {"max_new_tokens": 60, "ignore_eos": True}
        with client.stream("POST", "/generate", json={**ENDLESS, "sampling_params": params}) as reply:
            lines = reply.iter_lines()
            next(lines)
            os.killpg(server.process.pid, signal.SIGINT)
            rest = [line for line in lines if line]
        assert '"completion_tokens":60' in rest[-2].replace(" ", "")
        assert server.end() == 0
        assert not alive(children)
        assert "Traceback" not in server.said()


REFUSED = {
    "unknown-flag": (("--",), ("--no-such-flag", "1"), "--no-such-flag"),
    "api-key": (("--",), ("--api-key", "x"), "--api-key"),
    "second-node": (
        ("--",),
        ("--node-rank", "1", "--nnodes", "2", "--dist-init-addr", "127.0.0.1:1"),
        "node",
    ),
    "model-path": (("--model-path", "/no/such/model"), (), "/no/such/model"),
    "bad-value": (("--",), ("--max-running-requests", "many"), "--max-running-requests"),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[int, str]]]:
    """The exit code and the stderr of each command line, all run side by side."""
    directory = tmp_path_factory.mktemp("refused")
    running: dict[str, subprocess.Popen[str]] = {}
    for name, (flags, engine_args, _) in REFUSED.items():
        given = tuple(flag for flag in flags if flag != "--")
        running[name] = begin(*given, log=directory / name, engine_args=engine_args)
    try:
        yield {name: (p.wait(120), (directory / name).read_text()) for name, p in running.items()}
    finally:
        for process in running.values():
            process.kill()
            process.communicate()


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_command_line_is_one_line(refused: dict[str, tuple[int, str]], name: str) -> None:
    code, said = refused[name]
    problem = REFUSED[name][2]
    assert code in {1, 2}, said
    (line,) = [line for line in said.splitlines() if line.lower().startswith("error:")]
    assert problem in line
    assert "Traceback" not in said, said
