"""SGLang's native gRPC server, in Rust, with a handle of our own in the place of its engine.

The handle makes the calls that `sglang.srt.entrypoints.grpc_bridge` makes: each request is a coroutine
on the engine's event loop, which hands every chunk to Rust and waits when the channel is full. What
lies between engine and bridge in SGLang (its request objects, and the SSE framing of chat chunks that
the bridge takes off again) is left out.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
from importlib.metadata import distribution
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from null_engine import CONTEXT, EMBEDDING, IDS, MODEL_INFO, SERVER_INFO, TEXT, MetaInfo, NullEngine, compact
from running import arguments, new_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from types import ModuleType

_BACKPRESSURE_TIMEOUT_S = 300.0


def load_extension() -> ModuleType:
    """The compiled server alone: the package around it needs torch."""
    folder: Path = distribution("sglang").locate_file("sglang/srt/rust_extensions")  # type: ignore[assignment]
    path = next(folder.glob("_grpc.*.so"))
    spec = importlib.util.spec_from_file_location("_grpc", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seconds_value(seconds: float) -> float:
    """A number that JSON writes with six decimals: an odd count of microseconds, at least 101."""
    return (max(round(seconds * 1e6), 100) | 1) / 1e6


def meta_info(prompt_tokens: int) -> MetaInfo:
    """`meta_info` as Python values: Rust makes the JSON."""
    return MetaInfo(prompt_tokens, encode=lambda value: value, encode_seconds=seconds_value)


class Channel:
    """Where the chunks of one request go; `send` waits while it is full."""

    def __init__(self, callback: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._callback = callback
        self._ready = asyncio.Event()
        callback.set_on_ready(lambda: loop.call_soon_threadsafe(self._ready.set))

    async def send(self, payload: dict[str, Any] | bytes, *, finished: bool) -> bool:
        """Send a chunk; False when the client has left."""
        status = self._callback(payload, finished=finished)
        if status == type(status).Closed:
            return False
        if status == type(status).Pending and not finished:
            await asyncio.wait_for(self._ready.wait(), _BACKPRESSURE_TIMEOUT_S)
            self._ready.clear()
        return True

    def close(self) -> None:
        self._callback.clear_on_ready()


class Handle:
    """What the Rust server calls, from its own threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._engine = NullEngine()
        server_args = SimpleNamespace(tokenizer_path="null", model_path="null", tokenizer_mode="auto")
        model_config = SimpleNamespace(context_len=CONTEXT)
        self.tokenizer_manager = SimpleNamespace(server_args=server_args, model_config=model_config)

    def submit_request(
        self,
        *,
        req_type: str,
        req_dict: dict[str, Any],
        chunk_callback: Any,
        is_disconnected_fn: Callable[[], bool] | None = None,
    ) -> None:
        work = self._generate if req_type == "generate" else self._embed
        self._submit(work(req_dict, chunk_callback))

    def submit_openai_chat(
        self,
        *,
        json_body: bytes,
        chunk_callback: Any,
        trace_headers: dict[str, str] | None = None,
        is_disconnected_fn: Callable[[], bool] | None = None,
    ) -> None:
        self._submit(self._chat(json_body, chunk_callback))

    def _submit(self, work: Coroutine[Any, Any, None]) -> None:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        future.add_done_callback(lambda done: done.result())

    async def _generate(self, request: dict[str, Any], callback: Any) -> None:
        channel = Channel(callback, self._loop)
        try:
            text = request.get("text")
            ids = request.get("input_ids")
            info = meta_info(len(ids) if text is None else len(text.encode()))
            key, token = ("output_ids", IDS) if text is None else ("text", TEXT)
            limit = request["sampling_params"]["max_new_tokens"]
            async for output, facts, finished in self._engine.generate(info, token, limit):
                if not await channel.send({key: output, "meta_info": facts}, finished=finished):
                    return
        finally:
            channel.close()

    async def _chat(self, body: bytes, callback: Any) -> None:
        channel = Channel(callback, self._loop)
        try:
            async for chunk in self._engine.chat(json.loads(body)):
                if not await channel.send(compact(chunk).encode(), finished=False):
                    return
            await channel.send(b"", finished=True)
        finally:
            channel.close()

    async def _embed(self, request: dict[str, Any], callback: Any) -> None:
        info = meta_info(len(request["text"].encode()))
        callback({"embedding": EMBEDDING, "meta_info": info.of_embedding()}, finished=True)

    def tokenize(self, text: str, add_special_tokens: bool = True) -> str:
        tokens = self._engine.tokenize(text)
        result = {"tokens": tokens, "count": len(tokens), "max_model_len": CONTEXT, "input_text": text}
        return json.dumps(result)

    def health_check(self) -> bool:
        return True

    def is_pause(self) -> bool:
        return False

    def get_model_info(self) -> str:
        return MODEL_INFO

    def get_server_info(self) -> str:
        return SERVER_INFO

    def list_models(self) -> str:
        return "[]"

    def abort(self, rid: str = "", abort_all: bool = False) -> None:
        """Nothing to do: a request ends when its channel is closed."""

    def set_engine_state_changed_callback(self, callback: Any) -> None:
        """Nothing to do: the state never changes."""


def main() -> None:
    options = arguments()
    loop = new_loop(options.loop)
    asyncio.set_event_loop(loop)
    handle = load_extension().start_server("127.0.0.1", options.port, Handle(loop))
    loop.run_forever()
    handle.shutdown()


if __name__ == "__main__":
    main()
