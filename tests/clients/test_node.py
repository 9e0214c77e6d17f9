"""Clients from npm: @grpc/grpc-js and the official openai SDK."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.server import RunningServer

HERE = Path(__file__).parent
PROTO = HERE.parents[1] / "proto"


def node(script: str, *arguments: str | Path) -> Any:
    done = subprocess.run(
        ["node", HERE / "node" / script, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_grpc_js(server: RunningServer) -> None:
    out = node("grpc.mjs", server.grpc, PROTO)

    assert out["health"] == {"healthy": True}
    assert out["tokens"]["count"] == len(out["tokens"]["tokens"]) > 0
    assert out["tokens"]["input_text"] == "Return the path."
    assert out["cumulative"]["mode"] == "cumulative"
    assert out["delta"]["mode"] == "delta"
    last = out["cumulative"]["messages"][-1]
    assert last["finished"]
    assert "".join(message["text"] for message in out["delta"]["messages"]) == last["text"] != ""
    assert json.loads(last["meta_info"]["finish_reason"]) == {"type": "length", "length": 12}
    assert out["chat"]["messages"][-1] == {"json": "", "finished": True}
    first = json.loads(out["chat"]["messages"][0]["json"])
    assert first["object"] == "chat.completion.chunk"
    assert out["cancelled"] == "CANCELLED"
    assert out["bad"] == "INVALID_ARGUMENT"


def test_openai(server: RunningServer) -> None:
    out = node("openai.mjs", server.http)

    assert out["models"] == [server.model]
    assert out["whole"] == out["streamed"] != ""
    assert out["roles"] == ["assistant"]
    assert len(out["finish"]) == 1
    assert out["usage"]["total_tokens"] == out["usage"]["prompt_tokens"] + out["usage"]["completion_tokens"]
    assert out["completion"] != ""
    assert out["dimensions"] == 192
    assert out["refused"] == {"status": 404, "type": "not_found_error"}
