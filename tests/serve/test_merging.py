"""However a reader lags, what it reads adds up to the same answer."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenwire.streams import hold
from tokenwire_serve.engine import Delta, Finish, GenerateRequest, Sampling, TokenLogprob
from tokenwire_serve.openai.chunks import ChunkWriter
from tokenwire_serve.openai.job import Job
from tokenwire_serve.servicer.generate import TEXT
from tokenwire_serve.servicer.sinks import CumulativeSink, DeltaSink

from .calls import facts

TEXTS = st.lists(
    st.tuples(st.integers(0, 1), st.text(st.characters(exclude_categories=["Cs"]), max_size=6)), max_size=12
)
LAGS = st.lists(st.integers(0, 4), min_size=1, max_size=12)


class LaggingReader:
    """Takes messages in bursts: it sleeps through `lags[i]` pushes, then reads what waits, joined."""

    def __init__(self, merge: Any, lags: list[int]) -> None:
        self.merge = merge
        self.lags = lags
        self.pending: deque[Any] = deque()
        self.read: list[Any] = []
        self.burst = 0
        self.asleep = lags[0]

    def push(self, message: Any) -> None:
        hold(self.pending, message, self.merge)
        if self.asleep:
            self.asleep -= 1
            return
        self.flush()
        self.burst += 1
        self.asleep = self.lags[self.burst % len(self.lags)]

    def close(self, error: BaseException | None = None) -> None:
        assert error is None
        self.flush()

    def flush(self) -> None:
        self.read.extend(self.pending)
        self.pending.clear()


def play(sink: Any, said: list[tuple[int, str]], *, logprobs: bool) -> dict[int, str]:
    """Drive a sink through two choices; returns what each said."""
    made = {0: 0, 1: 0}
    texts = {0: "", 1: ""}
    for index, text in said:
        made[index] += 1
        texts[index] += text
        sink(index, _delta(index, text, made[index], None, logprobs))
    for index in (0, 1):
        sink(index, _delta(index, "", made[index], Finish("length", length=made[index]), logprobs, tokens=0))
    return texts


def _delta(index: int, text: str, made: int, finish: Finish | None, logprobs: bool, tokens: int = 1) -> Delta:
    position = TokenLogprob(-0.5, made, text, ((-0.5, made, text),))
    found = [position] * tokens if logprobs else None
    return Delta(index, [made] * tokens, text, 3, made, 0, finish, found)


@pytest.mark.parametrize("kind", [DeltaSink, CumulativeSink])
@pytest.mark.parametrize("logprobs", [True, False])
@given(said=TEXTS, lags=LAGS)
def test_typed(kind: Any, logprobs: bool, said: list[tuple[int, str]], lags: list[int]) -> None:
    request = GenerateRequest("r", "x", Sampling(n=2), logprobs=logprobs, top_logprobs=1)
    sink = kind(TEXT, request, "v", 0.0, {}, lambda: None, lambda: None)
    reader = LaggingReader(sink.merge, lags)
    sink.stream.subscribe(reader)
    texts = play(lambda _, delta: sink.push(delta), said, logprobs=logprobs)
    sink.close()
    assert [message.finished for message in reader.read].count(True) == 1
    assert reader.read[-1].finished
    for index in (0, 1):
        mine = [message for message in reader.read if facts(message)["index"] == index]
        counts = [facts(message).get("completion_tokens") for message in mine]
        tokens = sum(said_index == index for said_index, _ in said)
        assert counts[-1] == tokens
        whole = mine if kind is DeltaSink else mine[-1:]
        assert "".join(message.text for message in whole) == texts[index]
        if logprobs:
            rows = [row for message in whole for row in facts(message)["output_token_logprobs"]]
            tops = [row for message in whole for row in facts(message)["output_top_logprobs"]]
            assert [row[1] for row in rows] == list(range(1, tokens + 1))
            assert len(tops) == tokens


@pytest.mark.parametrize("chat", [True, False])
@pytest.mark.parametrize("logprobs", [True, False])
@pytest.mark.parametrize("running_usage", [True, False])
@given(said=TEXTS, lags=LAGS)
def test_openai(
    chat: bool, logprobs: bool, running_usage: bool, said: list[tuple[int, str]], lags: list[int]
) -> None:
    job = Job(
        id='i"d',
        model="m,\\",
        created=1,
        chat=chat,
        prompts=("x",),
        sampling=Sampling(n=2),
        stream=True,
        include_usage=True,
        running_usage=running_usage,
        logprobs=logprobs,
        top_logprobs=1,
    )
    writer = ChunkWriter(job, lambda: None)
    reader = LaggingReader(writer.merge, lags)
    writer.stream.subscribe(reader)
    texts = play(writer.take, said, logprobs=logprobs)
    writer.end(None)
    told = [json.loads(chunk) for chunk in reader.read]
    assert {(event["id"], event["model"]) for event in told} == {('i"d', "m,\\")}
    assert told[-1]["usage"]["completion_tokens"] == len(said)
    for index in (0, 1):
        choices = [e["choices"][0] for e in told if e["choices"] and e["choices"][0]["index"] == index]
        spoken = [c["delta"].get("content", "") if chat else c["text"] for c in choices]
        assert "".join(spoken) == texts[index]
        assert [choice["finish_reason"] for choice in choices].count("length") == 1
        assert choices[-1]["finish_reason"] == "length"
        if logprobs:
            tokens = [token for choice in choices for token in _tokens(choice["logprobs"], chat)]
            assert tokens == [text for said_index, text in said if said_index == index]


def _tokens(logprobs: Any, chat: bool) -> list[str]:
    if logprobs is None:
        return []
    return [entry["token"] for entry in logprobs["content"]] if chat else logprobs["tokens"]
