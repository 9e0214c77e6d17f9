"""JSON of requests: large texts are read in steps, to the same values and errors, while others run."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest
from tokenwire.errors import RpcError
from tokenwire.http.json_body import LARGE, parse_json, parsed_beforehand
from tokenwire.http.large_json import StepwiseParser

from .raw_http import connected, post, read_answer, serving


def refuse(name: str) -> Any:
    raise ValueError(name)


def stepwise(text: str) -> Any:
    return StepwiseParser(refuse).parse(text)


def outcome(text: str, parse: Any) -> Any:
    try:
        return parse_json(text.encode(), parse=parse)
    except RpcError as error:
        return error.message


def made(seeded: random.Random, depth: int = 0) -> Any:
    kind = seeded.random()
    if depth < 5 and kind < 0.3:
        return [made(seeded, depth + 1) for _ in range(seeded.randrange(6))]
    if depth < 5 and kind < 0.6:
        return {seeded.choice(["a", 'b"', "é"]): made(seeded, depth + 1) for _ in range(4)}
    return seeded.choice([1, -2.5, 1e30, "x\n", "\U0001f600", True, None, "", 10**20])


@pytest.mark.parametrize("seed", range(10))
def test_in_steps_or_at_once_is_the_same(seed: int) -> None:
    """Values and places of errors, of texts that are damaged in half of the cases."""
    seeded = random.Random(seed)
    for _ in range(150):
        indent = seeded.choice([None, 1])
        text = json.dumps(made(seeded), indent=indent, ensure_ascii=seeded.random() < 0.5)
        if seeded.random() < 0.5:
            place = seeded.randrange(len(text))
            text = text[:place] + seeded.choice(["", ",", "]", "}", '"', "x", "1"]) + text[place + 1 :]
        assert outcome(text, stepwise) == outcome(text, None), text


BROKEN = [
    "",
    " ",
    "[",
    "[,",
    "[1,,2]",
    "[1,]",
    "{",
    '{"a"',
    '{"a":}',
    '{"a":1,}',
    "[1 2]",
    "1 1",
    "-",
    "[01]",
]


@pytest.mark.parametrize(
    "text",
    [*BROKEN, "[" * 1000, "[" * 399 + "]" * 399, '{"a":' * 100_000, "[1,2,3,x]", "[1." + "1" * 5000 + "]"],
)
def test_borders(text: str) -> None:
    assert outcome(text, stepwise) == outcome(text, None)


def test_numbers_of_too_many_digits_are_refused() -> None:
    text = "[1," + "1" * 5000 + "]"
    assert outcome(text, stepwise) == outcome(text, None)
    assert "too many digits" in outcome(text, None)


@pytest.mark.parametrize(
    ("text", "half"),
    [
        (r'"\ud83d\ude00"', False),
        (r'"\ud83d"', True),
        (r'"\ude00\ud83d"', True),
        (r'"\\ud83d"', False),
        (r'"\\\ud83d"', True),
        (r'{"\uDBFF": 1}', True),
    ],
)
def test_half_a_surrogate_pair_is_refused(text: str, half: bool) -> None:
    found = outcome(text, None)
    assert (found == "the body is not JSON: it has half of a surrogate pair") is half


LARGE_TEXTS = {
    "objects": b"[" + b"{}," * 450_000 + b"1]",
    "keys": b"{" + b",".join(b'"%d":1' % number for number in range(150_000)) + b"}",
    "numbers": b'{"input_ids":[' + b"12345," * 500_000 + b"1]}",
    "a string": b'{"text":"' + b"x" * 2_000_000 + b'"}',
}


@pytest.mark.parametrize("body", LARGE_TEXTS.values(), ids=LARGE_TEXTS)
async def test_large_texts_are_read_beforehand(body: bytes) -> None:
    assert len(body) > LARGE
    async with parsed_beforehand(body):
        value = parse_json(body)
    assert value == json.loads(body)


async def test_a_text_of_too_many_values_is_refused_before_it_takes_memory() -> None:
    body = b"[" + b"{}," * 2_100_000 + b"1]"
    with pytest.raises(RpcError, match="more than 2000000 values"):
        async with parsed_beforehand(body):
            pass


async def test_others_run_while_a_large_text_is_read() -> None:
    """The event loop turns many times; the parser of the standard library would hold it to the end."""
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.005)
            turns += 1

    body = LARGE_TEXTS["objects"]
    task = asyncio.create_task(turn())
    async with parsed_beforehand(body):
        task.cancel()
    assert turns >= 10


async def test_a_client_that_leaves_ends_the_reading() -> None:
    body = b"[" + b"{}," * 900_000 + b"1]"
    reading = asyncio.create_task(_read(body))
    await asyncio.sleep(0.1)
    reading.cancel()
    loop = asyncio.get_running_loop()
    start = loop.time()
    with pytest.raises(asyncio.CancelledError):
        await reading
    async with parsed_beforehand(LARGE_TEXTS["a string"]):
        pass
    assert loop.time() - start < 10


async def _read(body: bytes) -> None:
    async with parsed_beforehand(body):
        pass


BOMBS = {
    "depth": b"[" * 1_500_000,
    "digits": b"1" * 1_500_000,
    "objects in objects": b'{"a":' * 300_000,
    "values": b"{}," * 2_500_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
async def test_bombs_are_refused_over_http(bomb: bytes) -> None:
    async with serving() as served, connected(served.port) as (reader, writer):
        writer.write(post(b'{"x":' + bomb + b"}"))
        answer = await read_answer(reader)
        assert answer.status == 400
        assert answer.message.startswith("the body ")
