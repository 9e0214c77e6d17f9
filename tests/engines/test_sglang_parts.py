"""Parts of engine sglang that need no SGLang."""

from __future__ import annotations

import asyncio
import pickle
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.engine import GenerateRequest, Sampling
from tokenwire_serve.engines.sglang_adapter.batches import pack, pick, unpack
from tokenwire_serve.engines.sglang_adapter.deltas import DeltaReader, came_to_nothing
from tokenwire_serve.engines.sglang_adapter.errors import of_sentence, of_status
from tokenwire_serve.engines.sglang_adapter.feed import Feed
from tokenwire_serve.engines.sglang_adapter.guard import guard_requests
from tokenwire_serve.engines.sglang_adapter.pipe import BatchPipe, BatchSender, _Reader

SIZE = 100


class Batch:
    """Some of the fields of SGLang's class."""

    __struct_fields__ = (
        "rids",
        "finished_reasons",
        "output_strs",
        "output_ids",
        "prompt_tokens",
        "completion_tokens",
        "cached_tokens",
        "cached_tokens_details",
        "time_stats",
        "other",
    )

    def __init__(self, **values: Any) -> None:
        for name in self.__struct_fields__:
            setattr(self, name, values.get(name))


def batch(*finished: Any, **more: Any) -> Batch:
    count = len(finished)
    return Batch(
        rids=[f"r{place}" for place in range(count)],
        finished_reasons=list(finished),
        output_strs=[f"t{place}" for place in range(count)],
        output_ids=[(place,) for place in range(count)],
        prompt_tokens=[3] * count,
        completion_tokens=[7] * count,
        cached_tokens=[0] * count,
        cached_tokens_details=[{"device": 1}] * count,
        **more,
    )


def test_packed_batches_lose_only_what_is_empty() -> None:
    made = unpack(pack(batch(None, {"type": "stop"}, other=[None, 5])), Batch)
    assert (made.finished_reasons, made.other) == ([None, {"type": "stop"}], [None, 5])
    assert made.output_ids == [[0], [1]]
    assert made.cached_tokens_details == [{"device": 1}] * 2
    running = pack(batch(None, None, other=[None, None]))
    assert running.keys() == {
        *("rids", "output_strs", "output_ids", "prompt_tokens", "completion_tokens", "cached_tokens")
    }
    assert unpack(running, Batch).finished_reasons == [None, None]
    assert pick(running, [1])["output_strs"] == ["t1"]


def feed(manager: Any) -> Feed:
    return Feed(
        manager,
        file=0,
        receive=lambda: None,
        empty=BlockingIOError,
        ready=lambda: 0,
        batch=Batch,
        batches=(Batch,),
        failed=pytest.fail,
    )


def test_only_running_streams_of_plain_text_are_served_from_a_batch() -> None:
    handled: list[Any] = []

    class Manager:
        soft_watchdog = SimpleNamespace(feed=lambda: None)

        async def _handle_batch_output(self, made: Batch) -> None:
            handled.append(made)

    served: list[Any] = []
    made = feed(Manager())
    made.parts["r0"] = made.parts["r1"] = (lambda *part: served.append(part), lambda: pytest.fail("broken"))
    made.take(pack(batch(None, {"type": "length"}, None)))
    assert served == [("t0", [0], (3, 7, 0))]
    assert [(each.rids, each.finished_reasons) for each in handled] == [
        (["r1", "r2"], [{"type": "length"}, None])
    ]
    made.take(pack(batch(None, None)))
    assert len(served) == 3
    assert len(handled) == 1
    made.take({**pack(batch(None)), "customized_info": {"x": [1]}})
    assert len(handled) == 2


@pytest.mark.parametrize(
    ("reason", "tokens", "nothing"),
    [
        ({"type": "abort", "message": "aborted"}, 0, True),
        ({"type": "abort", "message": "aborted"}, 1, False),
        ({"type": "length", "length": 0}, 0, False),
        (None, 0, False),
    ],
)
def test_an_abort_before_the_first_token_is_known(
    reason: dict[str, Any] | None, tokens: int, nothing: bool
) -> None:
    assert came_to_nothing({"finish_reason": reason, "completion_tokens": tokens}) is nothing


def test_a_stream_that_fails_harms_no_other() -> None:
    broken: list[str] = []
    served: list[Any] = []
    made = feed(SimpleNamespace(soft_watchdog=SimpleNamespace(feed=lambda: None)))
    made.parts["r0"] = (lambda *_: 1 / 0, lambda: broken.append("r0"))  # type: ignore[assignment,return-value]
    made.parts["r1"] = (lambda *part: served.append(part), lambda: broken.append("r1"))
    made.take(pack(batch(None, None)))
    assert (broken, len(served)) == (["r0"], 1)


@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(1, 97))
def test_objects_are_cut_out_of_any_pieces(objects: list[bytes], size: int) -> None:
    taken: list[bytes] = []
    reader = _Reader(taken.append)
    stream = b""
    for obj in objects:
        body = pickle.dumps(obj)
        stream += len(body).to_bytes(4, "little") + body
    for start in range(0, len(stream), size):
        reader.data_received(stream[start : start + size])
    assert taken == objects


async def test_batches_come_through_the_pipe() -> None:
    taken: list[Any] = []
    both = asyncio.Event()

    def take(obj: Any) -> None:
        taken.append(obj)
        if len(taken) == 2:
            both.set()

    pipe = BatchPipe(take)
    await pipe.open()
    sender = await asyncio.to_thread(BatchSender, pipe.path)
    big = {"x": "y" * 3_000_000}
    await asyncio.to_thread(sender.send_pyobj, big)
    await asyncio.to_thread(sender.send_pyobj, [1])
    async with asyncio.timeout(10):
        await both.wait()
    assert taken == [big, [1]]
    sender._socket.close()
    pipe.close()


def asked(ids: list[int] | None = None, **given: Any) -> Any:
    params = given.pop("sampling_params", {})
    plain = {"input_embeds": None, "contains_mm_input": lambda: False, "input_ids": ids}
    return SimpleNamespace(**plain, sampling_params=params, **given)


@pytest.mark.parametrize(
    ("request_", "ids", "words"),
    [
        (asked(), [], "prompt is empty"),
        (asked([5, SIZE]), [5, SIZE], f"input_ids has {SIZE}"),
        (asked([-1]), [-1], "input_ids has -1"),
        (asked(top_logprobs_num=SIZE + 1), [1], "top_logprobs_num"),
        (asked(sampling_params={"stop_token_ids": [3, SIZE]}), [1], "stop_token_ids has"),
        (asked(sampling_params={"top_k": 2**31}), [1], "top_k"),
        (asked(sampling_params={"min_new_tokens": 2**40}), [1], "min_new_tokens"),
        (asked(sampling_params={"logit_bias": {"3": float("inf")}}), [1], "logit_bias of 3"),
        (asked(sampling_params={"stop_regex": "((("}), [1], "stop_regex"),
    ],
)
def test_what_a_scheduler_does_not_survive_is_refused(request_: Any, ids: list[int], words: str) -> None:
    passed: list[Any] = []
    manager = SimpleNamespace(
        model_config=SimpleNamespace(vocab_size=SIZE),
        tokenizer=range(SIZE),
        _validate_one_request=lambda obj, ids: passed.append(ids),
    )
    guard_requests(manager)
    with pytest.raises(ValueError, match=words):
        manager._validate_one_request(request_, ids)
    assert not passed
    manager._validate_one_request(asked([1], top_logprobs_num=5), [1])
    assert passed == [[1]]


@pytest.mark.parametrize(
    ("sentence", "code", "field"),
    [
        (
            "The input (9 tokens) is longer than the model's context length (8 tokens).",
            "INVALID_ARGUMENT",
            "prompt",
        ),
        ("Requested token count exceeds the model's maximum", "INVALID_ARGUMENT", "max_new_tokens"),
        ("Got LoRA adapter that has never been loaded: x", "NOT_FOUND", "lora_path"),
        ("[01:04:45] /project/cpp/regex_converter.cc:83: bad regex at 1", "INVALID_ARGUMENT", "regex"),
        ("Duplicate request ID detected: x", "ALREADY_EXISTS", ""),
    ],
)
def test_sentences_of_sglang(sentence: str, code: str, field: str) -> None:
    error = of_sentence(sentence)
    assert error.code.name == code
    assert "/project" not in error.message
    fields = [v.field for detail in error.details for v in getattr(detail, "field_violations", ())]
    assert fields == ([field] if field else [])


def test_statuses_of_sglang() -> None:
    assert of_status(503, "The request queue is full.").code is Code.RESOURCE_EXHAUSTED
    assert of_status(503, "gone").code is Code.UNAVAILABLE
    assert of_status(500, "Grammar accept_token failed for req x").code is Code.INVALID_ARGUMENT
    assert isinstance(of_status(418, ""), RpcError)


def chunk(text: str, ids: list[int], made: int, reason: Any = None, **more: Any) -> dict[str, Any]:
    info = {"finish_reason": reason, "prompt_tokens": 2, "completion_tokens": made, "cached_tokens": 0}
    return {"text": text, "output_ids": ids, "meta_info": {**info, **more}}


def test_the_start_of_a_stop_string_is_held_back() -> None:
    reader = DeltaReader(GenerateRequest("r", "p", Sampling(stop=("END",))), 0)
    texts = [
        reader.read(chunk("a E", [1], 1)).text,
        reader.part("N", [2], (2, 2, 0)).text,
        reader.read(chunk("", [3], 3, {"type": "stop", "matched": "END"})).text,
    ]
    assert texts == ["a ", "", ""]


def test_a_dropped_request_says_nothing_twice() -> None:
    """SGLang's own last chunk has all its text and the last token once more, and no count of the prompt."""
    reader = DeltaReader(GenerateRequest("r", "p", Sampling()), 0)
    reader.read(chunk("ab", [1, 2], 2))
    last = chunk("ab", [2], 2, {"type": "abort", "message": "dropped"})
    del last["meta_info"]["prompt_tokens"]
    delta = reader.read(last)
    assert (delta.text, delta.token_ids, delta.completion_tokens) == ("", [], 2)
    assert delta.finish is not None
    assert delta.finish.kind == "abort"
