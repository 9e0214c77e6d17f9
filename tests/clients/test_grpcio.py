"""All 26 RPCs answer a grpcio client that knows the .proto and nothing of our code."""

from __future__ import annotations

import base64
import itertools
import json
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2, status_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.server import RunningServer

SERVICE = "sglang.runtime.v1.SglangService"
SHORT = {"max_new_tokens": 6, "temperature": 0.0, "ignore_eos": True}


class Grpcio:
    """Calls any RPC by name with a dict, through google.protobuf's dynamic messages."""

    def __init__(self, target: str, image: bytes) -> None:
        pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(image).file:
            pool.Add(file)
        self.service = pool.FindServiceByName(SERVICE)
        self.channel = grpc.insecure_channel(target)
        self.called: set[str] = set()

    def __call__(self, name: str, request: dict[str, Any], **options: Any) -> list[Any]:
        return list(self.start(name, request, **options))

    def start(self, name: str, request: dict[str, Any], **options: Any) -> Iterator[Any]:
        method = self.service.methods_by_name[name]
        reply = message_factory.GetMessageClass(method.output_type)
        message = json_format.ParseDict(request, message_factory.GetMessageClass(method.input_type)())
        kind: Callable[..., Any] = (
            self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        )
        call = kind(
            f"/{SERVICE}/{name}",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=reply.FromString,
        )
        options.setdefault("timeout", 60)
        self.called.add(name)
        answer = call(message, **options)
        return answer if method.server_streaming else iter([answer])


@pytest.fixture(scope="module")
def call(server: RunningServer, descriptor_set: bytes) -> Iterator[Grpcio]:
    client = Grpcio(server.grpc, descriptor_set)
    yield client
    client.channel.close()


def body(value: dict[str, Any]) -> dict[str, Any]:
    return {"jsonBody": base64.b64encode(json.dumps(value).encode()).decode()}


def meta(message: Any) -> dict[str, Any]:
    return {key: json.loads(value) for key, value in message.meta_info.items()}


def test_text_generate(call: Grpcio) -> None:
    request = {"text": "Return the", "samplingParams": SHORT}
    (whole,) = call("TextGenerate", request)
    assert whole.finished and whole.text
    assert meta(whole)["finish_reason"] == {"type": "length", "length": 6}
    assert meta(whole)["e2e_latency"] > 0

    cumulative = call("TextGenerate", request | {"stream": True})
    assert [message.finished for message in cumulative][-1]
    assert all(b.text.startswith(a.text) for a, b in itertools.pairwise(cumulative))
    assert cumulative[-1].text == whole.text

    deltas = call("TextGenerate", request | {"stream": True}, metadata=[("x-tokenwire-stream", "delta")])
    assert "".join(message.text for message in deltas) == whole.text


def test_generate(call: Grpcio) -> None:
    ids = list(call("Tokenize", {"text": "Return the"})[0].tokens)
    (whole,) = call("Generate", {"inputIds": ids, "samplingParams": SHORT, "returnLogprob": True})
    assert len(whole.output_ids) == 6 and whole.finished
    logprobs = meta(whole)["output_token_logprobs"]
    assert [token for _, token, _ in logprobs] == list(whole.output_ids)
    assert all(value <= 0 and text is None for value, _, text in logprobs)


def test_two_choices(call: Grpcio) -> None:
    request = {"text": "Return the", "rid": "pair", "stream": True, "samplingParams": SHORT | {"n": 2}}
    messages = call("TextGenerate", request)
    assert {meta(message)["id"] for message in messages} == {"pair_0", "pair_1"}
    assert [message.finished for message in messages].count(True) == 1
    assert messages[-1].finished


@pytest.mark.parametrize(
    ("name", "request_"), [("TextEmbed", {"text": "a path"}), ("Embed", {"inputIds": [5, 6, 7]})]
)
def test_embed(call: Grpcio, name: str, request_: dict[str, Any]) -> None:
    (reply,) = call(name, request_)
    assert len(reply.embedding) == 192
    assert sum(value * value for value in reply.embedding) == pytest.approx(1, abs=1e-3)
    assert meta(reply)["prompt_tokens"] > 0


@pytest.mark.parametrize(("name", "request_"), [("Classify", {"text": "a path"}), ("OpenAIClassify", None)])
def test_classify_needs_a_classifier(call: Grpcio, name: str, request_: dict[str, Any] | None) -> None:
    with pytest.raises(grpc.RpcError) as failed:
        call(name, body({"input": "a path"}) if request_ is None else request_)
    assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "transformers" in failed.value.details()


def test_tokenizer(call: Grpcio) -> None:
    (tokens,) = call("Tokenize", {"text": "Return the path.", "addSpecialTokens": False})
    assert tokens.count == len(tokens.tokens)
    assert tokens.max_model_len == 2048
    (text,) = call("Detokenize", {"tokens": list(tokens.tokens)})
    assert text.text == tokens.input_text == "Return the path."


def test_information(call: Grpcio, server: RunningServer) -> None:
    assert call("HealthCheck", {})[0].healthy
    (info,) = call("GetModelInfo", {})
    assert json.loads(info.json_info)["served_model_name"] == server.model
    (settings,) = call("GetServerInfo", {})
    assert isinstance(json.loads(settings.json_info), dict)
    (models,) = call("ListModels", {})
    assert [card.id for card in models.models] == [server.model]
    (load,) = call("GetLoad", {})
    assert [rank["dp_rank"] for rank in json.loads(load.json_info)] == [0]
    assert json.loads(call("GetLoad", {"dpRank": 7})[0].json_info) == []


def test_abort(call: Grpcio) -> None:
    long = {
        "text": "Return",
        "rid": "long",
        "stream": True,
        "samplingParams": SHORT | {"max_new_tokens": 1500},
    }
    stream = call.start("TextGenerate", long)
    next(stream)
    assert not call("Abort", {"rid": "lon"})[0].success
    assert call("Abort", {"rid": "long"})[0].success
    last = None
    with pytest.raises(grpc.RpcError) as failed:
        for last in stream:  # noqa: B007 - the last message is what is looked at
            pass
    assert failed.value.code() is grpc.StatusCode.CANCELLED
    assert last is not None and meta(last)["finish_reason"]["type"] == "abort"
    assert not call("Abort", {"rid": "long"})[0].success


def test_control(call: Grpcio) -> None:
    assert call("FlushCache", {})[0].message
    assert call("PauseGeneration", {"mode": "in_place"})[0].message
    assert call("ContinueGeneration", {})[0].message
    assert call("StartProfile", {})[0].message
    call("TextGenerate", {"text": "Return", "samplingParams": SHORT})
    assert call("StopProfile", {})[0].message
    (update,) = call("UpdateWeightsFromDisk", {"modelPath": "no/such/directory"})
    assert not update.success and "no/such/directory" in update.message


def test_watch_engine_state(call: Grpcio) -> None:
    stream = call.start("WatchEngineState", {})
    first = next(stream)
    assert first.healthy and not first.is_pause and first.server_status == 2
    call("PauseGeneration", {"mode": "in_place"})
    paused = next(stream)
    assert paused.is_pause and paused.healthy
    assert paused.instance_id == first.instance_id and paused.revision > first.revision
    call("ContinueGeneration", {})
    assert not next(stream).is_pause
    stream.cancel()  # type: ignore[attr-defined]  # grpcio's call is an iterator with cancel()


def test_chat_and_completion(call: Grpcio) -> None:
    chat = {"messages": [{"role": "user", "content": "What is a path?"}], "max_tokens": 6, "temperature": 0}
    (whole,) = call("ChatComplete", body(chat))
    assert whole.finished
    content = json.loads(whole.json_chunk)["choices"][0]["message"]["content"]
    *events, end = call("ChatComplete", body(chat | {"stream": True}))
    assert end.finished and end.json_chunk == b""
    parts = [json.loads(event.json_chunk)["choices"][0]["delta"].get("content") or "" for event in events]
    assert "".join(parts) == content != ""

    (whole,) = call("Complete", body({"prompt": "Return the", "max_tokens": 6, "temperature": 0}))
    assert json.loads(whole.json_chunk)["choices"][0]["text"]


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("OpenAIEmbed", {"input": "a path"}),
        ("Score", {"query": "a", "items": [" b", " c"], "label_token_ids": [5, 6]}),
        ("Rerank", {"query": "a path", "documents": ["a path", "a number"]}),
    ],
)
def test_openai_unary(call: Grpcio, name: str, request_: dict[str, Any]) -> None:
    (reply,) = call(name, body(request_))
    assert reply.status_code == 200, reply.json_body
    assert json.loads(reply.json_body)


def test_a_body_that_does_not_validate_is_an_answer(call: Grpcio) -> None:
    (reply,) = call("OpenAIEmbed", body({"input": 5}))
    assert reply.status_code == 400
    error = json.loads(reply.json_body)["error"]
    assert error["type"] == "invalid_request_error" and error["param"] == "input"


def test_violations_are_typed(call: Grpcio) -> None:
    with pytest.raises(grpc.RpcError) as failed:
        call("TextGenerate", {"text": "a", "samplingParams": {"temperature": -1.0, "topP": 2.0}})
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    trailers = dict(failed.value.trailing_metadata())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    bad = error_details_pb2.BadRequest()
    assert status.details[0].Unpack(bad)
    assert {violation.field for violation in bad.field_violations} == {
        "sampling_params.temperature",
        "sampling_params.top_p",
    }


def test_every_rpc_was_called(call: Grpcio) -> None:
    """Runs last in this file: nothing of the service is left out above."""
    assert call.called == {method.name for method in call.service.methods}
