"""Embeddings, classification, scores, reranking, and the errors of OpenAI calls."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.http import json_body
from tokenwire.streams import PushStream
from tokenwire_gen.sglang.runtime.v1.sglang_pb import AbortRequest, OpenAIRequest
from tokenwire_serve.engine import ServerStatus
from tokenwire_serve.openai.backend import OpenAIReply
from tokenwire_serve.servicer.service import SglangServicer
from tokenwire_serve.servicer.settings import ServicerSettings

from .calls import USER, body_of, chat, context, drained, events, openai
from .scripted import MODEL, ScriptedEngine, two_words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tokenwire.context import Context
    from tokenwire_serve.openai.backend import Desk, Operation

RPCS = {
    "openai_embed": ("OpenAIEmbed", {"input": "a"}),
    "openai_classify": ("OpenAIClassify", {"input": "a"}),
    "score": ("Score", {"query": "q", "items": ["a"], "label_token_ids": [1]}),
    "rerank": ("Rerank", {"query": "q", "documents": ["a", "b"]}),
}


async def ask(servicer: SglangServicer, rpc: str, body: Any = None, **fields: Any) -> tuple[int, Any]:
    """Status and answer of a unary call; `fields` over a body that works."""
    name, good = RPCS[rpc]
    request = openai({**good, **fields} if body is None else body)
    answer = await getattr(servicer, rpc)(request, context(name))
    return answer.status_code, json.loads(answer.json_body)


class TestEmbeddings:
    async def test_shape(self, servicer: SglangServicer) -> None:
        status, answer = await ask(servicer, "openai_embed", input=["a", "b"], model="alias")
        assert status == 200
        assert answer == {
            "object": "list",
            "data": [{"object": "embedding", "index": i, "embedding": [0.6, 0.8]} for i in range(2)],
            "model": "alias",
            "usage": {"prompt_tokens": 4, "completion_tokens": 0, "total_tokens": 4},
        }

    async def test_base64(self, servicer: SglangServicer) -> None:
        _, answer = await ask(servicer, "openai_embed", encoding_format="base64")
        packed = base64.b64decode(answer["data"][0]["embedding"])
        assert struct.unpack("<2f", packed) == pytest.approx((0.6, 0.8))

    @pytest.mark.parametrize("input_", ["a", ["a"], [1, 2], [[1, 2]]])
    async def test_inputs(self, engine: ScriptedEngine, servicer: SglangServicer, input_: Any) -> None:
        _, answer = await ask(servicer, "openai_embed", input=input_, dimensions=1)
        assert [item["embedding"] for item in answer["data"]] == [[0.6]]
        assert engine.calls[0][1].prompt in ("a", [1, 2])

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"input": None}, "input"),
            ({"input": ""}, "input"),
            ({"input": ["a", ""]}, "input[1]"),
            ({"input": []}, "input"),
            ({"input": [1.5]}, "input"),
            ({"input": [2000]}, "input[0]"),
            ({"dimensions": 0}, "dimensions"),
            ({"encoding_format": "hex"}, "encoding_format"),
        ],
    )
    async def test_bad_fields(self, servicer: SglangServicer, fields: dict[str, Any], param: str) -> None:
        status, answer = await ask(servicer, "openai_embed", **fields)
        assert status == 400
        assert (answer["error"]["type"], answer["error"]["param"]) == ("invalid_request_error", param)

    async def test_abort(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.hold = asyncio.Event()
        call = asyncio.ensure_future(ask(servicer, "openai_embed", input=["a"] * 50, rid="mine"))
        for _ in range(3):
            await asyncio.sleep(0)
        assert (await servicer.abort(AbortRequest(rid="mine"), context("Abort"))).success
        with pytest.raises(RpcError) as caught:
            await call
        assert caught.value.code is Code.CANCELLED
        assert servicer.active_requests == 0


async def test_classify(servicer: SglangServicer) -> None:
    status, answer = await ask(servicer, "openai_classify", input=["a", "b"])
    assert status == 200
    assert answer["id"].startswith("classify-")
    assert answer["data"][1] == {
        "index": 1,
        "label": "good",
        "probs": [pytest.approx(0.2689414), pytest.approx(0.7310586)],
        "num_classes": 2,
    }
    assert answer["usage"]["prompt_tokens"] == 6


async def test_an_answer_that_json_cannot_hold_is_a_bug(
    engine: ScriptedEngine, servicer: SglangServicer
) -> None:
    engine.embedding = [float("nan")]
    with pytest.raises(ValueError, match="JSON compliant"):
        await ask(servicer, "openai_embed")


async def test_escaped_characters_are_read(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    status, _ = await ask(servicer, "openai_embed", b'{"input": "\\ud83d\\ude00 \\\\ud800"}')
    assert status == 200
    assert engine.calls[0][1].prompt == "\U0001f600 \\ud800"


class TestScore:
    async def test_shape(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        status, answer = await ask(servicer, "score", items=["a", "b"], label_token_ids=[1, 2])
        assert status == 200
        assert answer == {
            "object": "scoring",
            "scores": [[0.25, 0.25], [0.25, 0.25]],
            "model": "served",
            "usage": {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9},
        }
        assert engine.calls[0][1].prompts == ["qa", "qb"]

    @pytest.mark.parametrize(
        ("fields", "prompts"),
        [
            ({"items": "a"}, ["qa"]),
            ({"items": ["a"], "item_first": True}, ["aq"]),
            ({"query": [1], "items": [[2], [3]]}, [[1, 2], [1, 3]]),
            ({"query": [1], "items": [[2]], "item_first": True}, [[2, 1]]),
        ],
    )
    async def test_prompts(
        self, engine: ScriptedEngine, servicer: SglangServicer, fields: dict[str, Any], prompts: list[Any]
    ) -> None:
        await ask(servicer, "score", apply_softmax=True, **fields)
        assert (engine.calls[0][1].prompts, engine.calls[0][1].apply_softmax) == (prompts, True)

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"query": None}, "query"),
            ({"query": [1]}, "query"),
            ({"items": None}, "items"),
            ({"label_token_ids": []}, "label_token_ids"),
            ({"label_token_ids": [1000]}, "label_token_ids[0]"),
            ({"apply_softmax": 1}, "apply_softmax"),
            ({"return_pooled_hidden_states": True}, "return_pooled_hidden_states"),
        ],
    )
    async def test_bad_fields(self, servicer: SglangServicer, fields: dict[str, Any], param: str) -> None:
        status, answer = await ask(servicer, "score", **fields)
        assert (status, answer["error"]["param"]) == (400, param)


class TestRerank:
    async def test_by_embeddings(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        status, answer = await ask(servicer, "rerank", documents=["a", "b", "c"], top_n=2)
        assert status == 200
        assert [(item["document"], item["index"]) for item in answer] == [("a", 0), ("b", 1)]
        assert answer[0]["score"] == pytest.approx(1.0)
        assert answer[0]["meta_info"]["prompt_tokens"] == 2

    @pytest.mark.parametrize(("logits", "score"), [([2.0], 0.8807971), ([0.0, 1.0], 0.7310586)])
    async def test_by_a_classifier(self, logits: list[float], score: float) -> None:
        engine = ScriptedEngine(replace(MODEL, kind="classify"))
        engine.logits = logits
        _, answer = await ask(SglangServicer(engine), "rerank", return_documents=False)
        assert answer[0]["score"] == pytest.approx(score)
        assert "document" not in answer[0]
        assert [(call[1].prompt, call[1].pair) for call in engine.calls] == [("q", "a"), ("q", "b")]

    async def test_by_a_classifier_of_many_classes(self) -> None:
        engine = ScriptedEngine(replace(MODEL, kind="classify"))
        engine.logits = [0.0, 1.0, 2.0]
        with pytest.raises(RpcError) as caught:
            await ask(SglangServicer(engine), "rerank")
        assert caught.value.code is Code.UNIMPLEMENTED

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"query": " "}, "query"),
            ({"query": None}, "query"),
            ({"documents": []}, "documents"),
            ({"documents": ["a", " "]}, "documents[1]"),
            ({"documents": ["a", 5]}, "documents[1]"),
            ({"documents": "a"}, "documents"),
            ({"documents": [0] * 2049}, "documents"),
            ({"top_n": 0}, "top_n"),
            ({"instruct": "find"}, "instruct"),
        ],
    )
    async def test_bad_fields(self, servicer: SglangServicer, fields: dict[str, Any], param: str) -> None:
        status, answer = await ask(servicer, "rerank", **fields)
        assert (status, answer["error"]["param"]) == (400, param)


class TestLarge:
    """Bodies that are large and right, or wrong at length."""

    @pytest.mark.parametrize(
        ("rpc", "field", "value"),
        [
            ("openai_embed", "input", ["a"] * 2049),
            ("openai_embed", "input", [[1] * (1 << 19), [1] * (1 << 19), [1]]),
            ("openai_embed", "input", [1] * 65),
            ("score", "items", ["a"] * 2049),
            ("score", "label_token_ids", [1] * 4097),
        ],
    )
    async def test_lists_have_a_most(
        self, servicer: SglangServicer, rpc: str, field: str, value: list[Any]
    ) -> None:
        status, answer = await ask(servicer, rpc, **{field: value})
        assert (status, answer["error"]["param"]) == (400, field)

    async def test_a_large_body_is_read_in_a_thread(
        self, servicer: SglangServicer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        threads: list[str] = []

        def noting(text: str, **options: Any) -> Any:
            threads.append(threading.current_thread().name)
            return loads(text, **options)

        loads = json.loads
        monkeypatch.setattr(json_body.json, "loads", noting)
        status, _ = await ask(servicer, "openai_embed", input="a", user="u" * (1 << 20))
        assert status == 200
        assert threads[0].startswith("tokenwire-")


BAD_BODIES = [
    (b"", "the body is not JSON: Expecting value at line 1 column 1"),
    (b'{"a": 1,\n "b" 2}', "the body is not JSON: Expecting ':' delimiter at line 2 column 6"),
    (b"[1]", "the body must be a JSON object, not an array"),
    (b"null", "the body must be a JSON object, not null"),
    (b'{"a": NaN}', "the body is not JSON: NaN is no JSON value"),
    (b'{"a": "\\ud83d"}', "the body is not JSON: it has half of a surrogate pair"),
    (b'{"a": "\xff"}', "the body is not JSON: it is not UTF-8 at byte 7"),
]


class TestErrors:
    @pytest.mark.parametrize(("body", "message"), BAD_BODIES)
    @pytest.mark.parametrize("rpc", RPCS)
    async def test_bad_body_unary(
        self, servicer: SglangServicer, rpc: str, body: bytes, message: str
    ) -> None:
        status, answer = await ask(servicer, rpc, body)
        assert status == 400
        assert answer == {
            "error": {"message": message, "type": "invalid_request_error", "param": None, "code": 400}
        }

    @pytest.mark.parametrize(("body", "message"), BAD_BODIES)
    async def test_bad_body_stream(self, servicer: SglangServicer, body: bytes, message: str) -> None:
        chunks, error = await drained(servicer.chat_complete(openai(body), context("ChatComplete")))
        assert chunks == []
        assert error is not None
        assert (error.code, error.message) == (Code.INVALID_ARGUMENT, message)
        assert body_of(error)["message"] == message

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"[" * 100_000, "it is nested too deeply"),
            (b'{"a":' * 100_000, "it is nested too deeply"),
            (b'{"a": ' + b"9" * 5000 + b"}", "it has an integer with too many digits"),
        ],
    )
    async def test_hostile_bodies(self, servicer: SglangServicer, body: bytes, reason: str) -> None:
        status, answer = await ask(servicer, "openai_embed", body)
        assert status == 400
        assert answer["error"]["message"] == f"the body is not JSON: {reason}"

    @pytest.mark.parametrize("model", [None, "default", "served", "alias"])
    async def test_known_models(
        self, engine: ScriptedEngine, servicer: SglangServicer, model: str | None
    ) -> None:
        engine.script = two_words(engine)
        assert (await chat(servicer, model=model))["model"] == ("alias" if model == "alias" else "served")

    @pytest.mark.parametrize("rpc", RPCS)
    async def test_unknown_model_unary(self, servicer: SglangServicer, rpc: str) -> None:
        status, answer = await ask(servicer, rpc, model="gpt-9")
        assert status == 404
        assert (answer["error"]["type"], answer["error"]["param"]) == ("not_found_error", "model")

    async def test_unknown_model_stream(self, servicer: SglangServicer) -> None:
        request = openai({"messages": USER, "model": "gpt-9"})
        _, error = await drained(servicer.chat_complete(request, context("ChatComplete")))
        assert error is not None
        assert error.code is Code.NOT_FOUND
        assert "gpt-9" in body_of(error)["message"]

    async def test_any_model(self, engine: ScriptedEngine) -> None:
        engine.script = two_words(engine)
        servicer = SglangServicer(engine, ServicerSettings(accept_any_model=True))
        assert (await chat(servicer, model="gpt-9"))["model"] == "gpt-9"

    @pytest.mark.parametrize("rpc", RPCS)
    async def test_engine_down_unary(self, rpc: str) -> None:
        servicer = SglangServicer(ScriptedEngine(status=ServerStatus.UNHEALTHY))
        with pytest.raises(RpcError) as caught:
            await ask(servicer, rpc)
        assert caught.value.code is Code.UNAVAILABLE
        assert body_of(caught.value)["code"] == 503

    async def test_engine_down_stream(self) -> None:
        servicer = SglangServicer(ScriptedEngine(status=ServerStatus.STARTING))
        _, error = await drained(servicer.chat_complete(openai({"messages": USER}), context("ChatComplete")))
        assert error is not None
        assert error.code is Code.UNAVAILABLE
        assert body_of(error)["type"] == "unavailable"

    async def test_what_the_engine_cannot_do(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.refusal = RpcError(Code.UNIMPLEMENTED, "engine scripted does not classify")
        with pytest.raises(RpcError) as caught:
            await ask(servicer, "openai_classify")
        assert caught.value.code is Code.UNIMPLEMENTED

    async def test_model_that_cannot_chat(self) -> None:
        engine = ScriptedEngine(replace(MODEL, chat="the model has no chat template"))
        _, error = await drained(
            SglangServicer(engine).chat_complete(openai({"messages": USER}), context("ChatComplete"))
        )
        assert error is not None
        assert error.code is Code.UNIMPLEMENTED
        assert "no chat template" in error.message


class OwnBackend:
    """A backend that an engine brings along."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.calls: list[Any] = []

    async def call(
        self, operation: Operation, body: bytes, headers: Mapping[str, str], context: Context, desk: Desk
    ) -> OpenAIReply | PushStream[bytes] | AsyncIterator[bytes]:
        self.calls.append((operation, body, dict(headers)))
        return self.answer


class TestOwnBackend:
    def servicer(self, answer: Any) -> tuple[SglangServicer, OwnBackend]:
        engine = ScriptedEngine()
        backend = OwnBackend(answer)
        engine.openai = backend  # type: ignore[attr-defined]
        return SglangServicer(engine), backend

    async def test_body_and_headers_pass_through(self) -> None:
        servicer, backend = self.servicer(OpenAIReply(b'{"ok": 1}'))
        request = OpenAIRequest(
            json_body=b'{"odd" : 1}', trace_headers={"X-Key": "v", "traceparent": "request"}
        )
        answer = await servicer.openai_embed(request, context("OpenAIEmbed", traceparent="metadata"))
        assert (answer.json_body, answer.status_code) == (b'{"ok": 1}', 200)
        assert backend.calls == [("embedding", b'{"odd" : 1}', {"x-key": "v", "traceparent": "metadata"})]

    async def test_error_reply_unary(self) -> None:
        servicer, _ = self.servicer(OpenAIReply(b'{"message": "no"}', 422))
        answer = await servicer.score(openai({}), context("Score"))
        assert (answer.json_body, answer.status_code) == (b'{"message": "no"}', 422)

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (400, Code.INVALID_ARGUMENT),
            (418, Code.INVALID_ARGUMENT),
            (503, Code.UNAVAILABLE),
            (502, Code.INTERNAL),
        ],
    )
    async def test_error_reply_stream(self, status: int, code: Code) -> None:
        servicer, _ = self.servicer(OpenAIReply(b'{"error": {"message": "no"}}', status))
        chunks, error = await drained(servicer.chat_complete(openai({}), context("ChatComplete")))
        assert chunks == []
        assert error is not None
        assert (error.code, error.message) == (code, "no")
        assert body_of(error) == {"message": "no"}

    async def test_push_stream(self) -> None:
        inner: PushStream[bytes] = PushStream()
        servicer, _ = self.servicer(inner)
        stream = servicer.chat_complete(openai({}), context("ChatComplete"))
        inner.push(b'{"a":1}')
        inner.push(b'{"a":2}')
        inner.close()
        assert await events(stream) == [{"a": 1}, {"a": 2}]

    async def test_iterator(self) -> None:
        closed = []

        async def produce() -> AsyncIterator[bytes]:
            try:
                yield b'{"a":1}'
                yield b'{"a":2}'
            finally:
                closed.append(True)

        servicer, _ = self.servicer(produce())
        assert await events(servicer.chat_complete(openai({}), context("ChatComplete"))) == [
            {"a": 1},
            {"a": 2},
        ]
        assert closed == [True]

    async def test_leaving_closes_the_iterator(self) -> None:
        closed = []

        async def produce() -> AsyncIterator[bytes]:
            try:
                yield b"{}"
                await asyncio.Event().wait()
            finally:
                closed.append(True)

        servicer, _ = self.servicer(produce())
        stream = servicer.chat_complete(openai({}), context("ChatComplete"))
        await anext(stream)
        stream.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        assert closed == [True]
