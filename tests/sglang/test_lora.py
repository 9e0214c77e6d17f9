"""LoRA adapters: listed, and used by whichever name a request gives them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .process import UNPINNED, serving
from .weights import lora_adapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

MESSAGES = [{"role": "user", "content": "What does os.path.join do?"}]
PARAMS = {"temperature": 0, "max_new_tokens": 12}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    directory = tmp_path_factory.mktemp("lora")
    one, two = (lora_adapter(directory / name, seed=seed) for seed, name in enumerate(("one", "two")))
    flags = ("--enable-lora", "--lora-paths", f"one={one}", f"two={two}", "--lora-backend", "torch_native")
    server = serving("--served-model-name", "base", engine_args=flags, program=UNPINNED)
    with server as running, running.client() as made:
        yield made


def generated(client: httpx.Client, **fields: Any) -> str:
    reply = client.post("/generate", json={"text": "Return the path", "sampling_params": PARAMS, **fields})
    assert reply.status_code == 200, reply.text
    text: str = reply.json()["text"]
    return text


def chat(client: httpx.Client, **fields: Any) -> str:
    body = {"messages": MESSAGES, "temperature": 0, "max_tokens": 12, **fields}
    reply = client.post("/v1/chat/completions", json=body)
    assert reply.status_code == 200, reply.text
    if not fields.get("stream"):
        text: str = reply.json()["choices"][0]["message"]["content"]
        return text
    events = [json.loads(line[6:]) for line in reply.text.split("\n\n") if line.startswith("data: {")]
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in events)


def test_models_and_their_parents(client: httpx.Client) -> None:
    cards = {card["id"]: card for card in client.get("/v1/models").json()["data"]}
    assert list(cards) == ["base", "one", "two"]
    assert (cards["base"]["parent"], cards["one"]["parent"]) == (None, "base")
    assert cards["base"]["root"] == "base"
    assert cards["two"]["root"].endswith("/two")


def test_typed_calls_name_the_adapter(client: httpx.Client) -> None:
    base, one, two = generated(client), generated(client, lora_path="one"), generated(client, lora_path="two")
    assert len({base, one, two}) == 3
    assert generated(client) == base


@pytest.mark.parametrize("stream", [False, True])
def test_chats_name_it_as_their_model(client: httpx.Client, stream: bool) -> None:
    base = chat(client, model="base", stream=stream)
    one = chat(client, model="one", stream=stream)
    assert base != one
    assert chat(client, model="base:one", stream=stream) == one
    assert chat(client, model="base", lora_path="one", stream=stream) == one
    assert chat(client, model="default", stream=stream) == base
    assert chat(client, model="two", stream=stream) not in {base, one}


def test_completions_too(client: httpx.Client) -> None:
    body = {"prompt": "Return the path", "temperature": 0, "max_tokens": 12}
    said = {
        model: client.post("/v1/completions", json={**body, "model": model}).json()["choices"][0]["text"]
        for model in ("base", "one", "base:one")
    }
    assert said == {
        "base": generated(client),
        "one": generated(client, lora_path="one"),
        "base:one": generated(client, lora_path="one"),
    }


@pytest.mark.parametrize("stream", [False, True])
def test_unknown_adapters(client: httpx.Client, stream: bool) -> None:
    chat_body = {"messages": MESSAGES, "stream": stream}
    for route, body in (
        ("/generate", {"text": "x", "lora_path": "three", "stream": stream}),
        ("/v1/chat/completions", {**chat_body, "model": "three"}),
        ("/v1/chat/completions", {**chat_body, "model": "base:three"}),
        ("/v1/chat/completions", {**chat_body, "lora_path": "three"}),
        ("/v1/completions", {"prompt": "x", "lora_path": "three", "stream": stream}),
    ):
        reply = client.post(route, json=body)
        assert reply.status_code == 404, (route, body, reply.text)
        assert "three" in reply.json()["error"]["message"]
