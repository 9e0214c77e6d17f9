"""Engine `transformers` on the embedded model, against the model itself."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
import torch
from tokenwire_serve.engine import Constraint, RequestOptions
from tokenwire_serve.engines import TINY_MODEL
from transformers import AutoModelForCausalLM

from .support import collect, generate, settle, start

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire_serve.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROMPTS = (
    "Return the path",
    "What does os.path.join do?",
    "x",
    "A list is a mutable sequence. " * 30,
    "class Thread:\n    def run(self):",
)


@pytest.fixture(scope="module")
def reference() -> Any:
    return AutoModelForCausalLM.from_pretrained(TINY_MODEL, dtype=torch.float32).eval()


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def leaves_nothing(tiny: Engine) -> AsyncIterator[None]:
    yield
    await tiny.resume()
    await settle(tiny)


def logits_of(reference: Any, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = reference(torch.tensor([ids])).logits[0]
    return logits


async def test_greedy_is_what_generate_makes(tiny: Engine, reference: Any) -> None:
    prompts = [await tiny.tokenize(text) for text in PROMPTS]
    choices = await asyncio.gather(
        *(generate(tiny, ids, temperature=0, max_new_tokens=48, ignore_eos=True) for ids in prompts * 3)
    )
    for number, ids in enumerate(prompts):
        tensor = torch.tensor([ids])
        expected = reference.generate(
            tensor,
            attention_mask=torch.ones_like(tensor),
            do_sample=False,
            max_new_tokens=48,
            eos_token_id=None,
        )
        for choice in choices[number :: len(prompts)]:
            assert choice.token_ids == expected[0, len(ids) :].tolist()


async def test_a_seed_gives_the_same_text_in_any_company(tiny: Engine) -> None:
    settings = {"temperature": 1.3, "seed": 7, "max_new_tokens": 60, "ignore_eos": True}
    alone = await generate(tiny, PROMPTS[1], **settings)
    rng = random.Random(0)
    for size in (1, 2, 3, 5, 7, 12):
        others = [
            generate(
                tiny,
                rng.choice(PROMPTS),
                temperature=rng.choice([0.0, 0.7, 1.5]),
                top_p=rng.choice([1.0, 0.9]),
                max_new_tokens=rng.randrange(1, 60),
                frequency_penalty=rng.choice([0.0, 0.5]),
            )
            for _ in range(size)
        ]
        again, *_ = await asyncio.gather(generate(tiny, PROMPTS[1], **settings), *others)
        assert again.token_ids == alone.token_ids


@pytest.mark.parametrize(
    "extra", [{"top_p": 0.8}, {"top_k": 20}, {"min_p": 0.05}, {"repetition_penalty": 1.2}]
)
async def test_seeds_with_each_filter(tiny: Engine, extra: dict[str, float]) -> None:
    settings: dict[str, Any] = {"seed": 3, "max_new_tokens": 30, "ignore_eos": True, **extra}
    first = await generate(tiny, **settings)
    again, other, _ = await asyncio.gather(
        generate(tiny, **settings),
        generate(tiny, **{**settings, "seed": 4}),
        generate(tiny, PROMPTS[3], max_new_tokens=30),
    )
    assert again.text == first.text
    assert other.text != first.text


async def test_choices_of_a_seed_differ_and_repeat(tiny: Engine) -> None:
    settings: dict[str, Any] = {"seed": 5, "max_new_tokens": 20, "ignore_eos": True}
    three = [choice.text for choice in await collect(start(tiny, n=3, **settings))]
    many = [choice.text for choice in await collect(start(tiny, n=11, **settings))]
    assert len(set(three)) == 3
    assert many[:3] == three
    assert (await generate(tiny, **settings)).text == three[0]


async def test_logprobs_are_those_of_the_model(tiny: Engine, reference: Any) -> None:
    prompt = await tiny.tokenize(PROMPTS[3])
    assert len(prompt) > 64
    choice = await generate(
        tiny,
        prompt,
        temperature=0.7,
        top_p=0.9,
        frequency_penalty=0.4,
        seed=1,
        max_new_tokens=12,
        ignore_eos=True,
        request={"logprobs": True, "top_logprobs": 3, "logprob_start": 0},
    )
    logprobs = torch.log_softmax(logits_of(reference, prompt + choice.token_ids), -1)
    assert choice.input_logprobs is not None
    given = [*choice.input_logprobs, *choice.output_logprobs]
    for position, (token, logprob) in enumerate(zip(prompt + choice.token_ids, given, strict=True)):
        if position == 0:
            assert logprob.logprob is None
            continue
        row = logprobs[position - 1]
        assert logprob.token_id == token
        assert logprob.logprob == pytest.approx(row[token].item(), abs=1e-3)
        top, ids = row.topk(3)
        assert [entry[0] for entry in logprob.top] == pytest.approx(top.tolist(), abs=1e-3)
        assert logprob.top[0][1] == ids[0].item()


async def test_neighbours_get_as_many_alternatives_as_each_asked_for(tiny: Engine) -> None:
    def asked(top: int) -> Any:
        request = {"logprobs": True, "top_logprobs": top}
        return generate(tiny, temperature=0, max_new_tokens=6, ignore_eos=True, request=request)

    alone = await asked(3)
    for top, choice in zip((0, 3, 1), await asyncio.gather(asked(0), asked(3), asked(1)), strict=True):
        assert [len(position.top) for position in choice.output_logprobs] == [top] * 6
        for position, same in zip(choice.output_logprobs, alone.output_logprobs, strict=True):
            assert (position.logprob, position.token_id) == (same.logprob, same.token_id)
            assert position.top == same.top[:top]


async def test_prompt_logprobs_do_not_depend_on_chunks(tiny: Engine, reference: Any) -> None:
    prompt = (await tiny.tokenize(PROMPTS[3] * 2))[:700]
    choice = await generate(tiny, prompt, max_new_tokens=0, request={"logprobs": True, "logprob_start": 250})
    expected = torch.log_softmax(logits_of(reference, prompt), -1)
    assert choice.input_logprobs is not None
    assert len(choice.input_logprobs) == len(prompt) - 250
    for position, logprob in enumerate(choice.input_logprobs, 250):
        assert logprob.logprob == pytest.approx(expected[position - 1, prompt[position]].item(), abs=1e-3)


async def test_penalties_are_the_textbook_ones(tiny: Engine, reference: Any) -> None:
    prompt = await tiny.tokenize(PROMPTS[0])
    choice = await generate(
        tiny,
        prompt,
        temperature=0,
        max_new_tokens=30,
        ignore_eos=True,
        frequency_penalty=0.6,
        presence_penalty=0.4,
        repetition_penalty=1.3,
        logit_bias={100: 1.5},
    )
    made: list[int] = []
    for token in choice.token_ids:
        row = logits_of(reference, prompt + made)[-1]
        for seen in set(prompt) | set(made):
            row[seen] = row[seen] / 1.3 if row[seen] > 0 else row[seen] * 1.3
        for one in set(made):
            row[one] -= 0.6 * made.count(one) + 0.4
        row[100] += 1.5
        assert token == row.argmax().item()
        made.append(token)


async def test_logit_bias_forces_and_forbids(tiny: Engine) -> None:
    forced = await generate(tiny, max_new_tokens=5, logit_bias={1234: 100.0})
    assert forced.token_ids == [1234] * 5
    greedy = await generate(tiny, temperature=0, max_new_tokens=1)
    without = await generate(tiny, temperature=0, max_new_tokens=1, logit_bias={greedy.token_ids[0]: -100.0})
    assert without.token_ids != greedy.token_ids


async def test_stop_string_across_tokens(tiny: Engine) -> None:
    plain = await generate(tiny, temperature=0, max_new_tokens=40, ignore_eos=True)
    ids = plain.token_ids
    pieces = [await tiny.detokenize([token]) for token in ids]
    border = len(pieces[0] + pieces[1] + pieces[2])
    stop = plain.text[border - 2 : border + 2]
    place = plain.text.index(stop)
    for stream in (True, False):
        choice = await generate(
            tiny, temperature=0, max_new_tokens=40, ignore_eos=True, stop=("absent", stop), stream=stream
        )
        assert choice.text == plain.text[:place]
        assert choice.finish is not None
        assert (choice.finish.kind, choice.finish.matched) == ("stop", stop)
        assert choice.token_ids == ids[: len(choice.token_ids)]
        assert stop in await tiny.detokenize(choice.token_ids)
    never = await generate(tiny, temperature=0, max_new_tokens=40, ignore_eos=True, stop=(stop + "\x00",))
    assert never.text == plain.text


async def test_stop_token_ids(tiny: Engine) -> None:
    plain = await generate(tiny, temperature=0, max_new_tokens=40, ignore_eos=True)
    wanted = plain.token_ids[6]
    choice = await generate(tiny, temperature=0, max_new_tokens=40, ignore_eos=True, stop_token_ids=(wanted,))
    count = plain.token_ids.index(wanted) + 1
    assert choice.token_ids == plain.token_ids[:count]
    assert choice.finish is not None
    assert (choice.finish.kind, choice.finish.matched) == ("stop", wanted)
    assert choice.text == await tiny.detokenize(plain.token_ids[: count - 1])


async def test_eos_ends_unless_ignored_and_not_before_the_minimum(tiny: Engine) -> None:
    end = {2: 100.0}
    choice = await generate(tiny, max_new_tokens=9, logit_bias=end)
    assert choice.token_ids == [2]
    assert choice.finish is not None
    assert (choice.finish.kind, choice.finish.matched, choice.text) == ("stop", 2, "")
    late = await generate(tiny, max_new_tokens=9, min_new_tokens=4, logit_bias=end)
    assert len(late.token_ids) == 5
    assert 2 not in late.token_ids[:4]
    ignored = await generate(tiny, max_new_tokens=9, ignore_eos=True, logit_bias=end)
    assert len(ignored.token_ids) == 9


@pytest.mark.parametrize("text", ["🙂🙃 ünïcödé", "日本語のテキスト", "\N{FAMILY}\u200d\N{FAMILY}"])
async def test_chunks_never_break_a_character(tiny: Engine, text: str) -> None:
    wanted = await tiny.tokenize(text, add_special_tokens=False)
    assert "\N{REPLACEMENT CHARACTER}" in await tiny.detokenize(wanted[:1])
    choice = await generate(
        tiny, max_new_tokens=200, constraint=Constraint("choice", (text,)), stop=("absent",)
    )
    assert choice.text == text
    assert all("\N{REPLACEMENT CHARACTER}" not in delta.text for delta in choice.deltas)


async def test_text_cut_within_a_character_equals_the_full_decoding(tiny: Engine) -> None:
    first = (await tiny.tokenize("🙂", add_special_tokens=False))[0]
    choice = await generate(tiny, max_new_tokens=30, logit_bias={first: 100.0})
    assert choice.token_ids == [first] * 30
    assert choice.text == await tiny.detokenize(choice.token_ids)


async def test_cancel_while_a_prompt_is_computed(tiny: Engine) -> None:
    other = asyncio.ensure_future(generate(tiny, temperature=0, max_new_tokens=40, ignore_eos=True))
    streams = []
    for delay in (0.0, 0.002, 0.005, 0.01, 0.02):
        stream = start(tiny, list(range(10, 1900)), rid=f"long-{delay}", max_new_tokens=100)
        await asyncio.sleep(delay)
        assert tiny.abort(f"long-{delay}")
        streams.append(stream)
    for stream in streams:
        (choice,) = await collect(stream)
        assert choice.finish is not None
        assert choice.finish.kind == "abort"
    assert (await other).text == (
        await generate(tiny, temperature=0, max_new_tokens=40, ignore_eos=True)
    ).text


async def test_more_requests_than_rows_all_finish_right(tiny: Engine) -> None:
    lengths = [1 + (7 * i) % 50 for i in range(32)]
    expected = {
        text: (await generate(tiny, text, temperature=0, max_new_tokens=50, ignore_eos=True)).token_ids
        for text in PROMPTS
    }
    choices = await asyncio.gather(
        *(
            generate(tiny, PROMPTS[i % 5], temperature=0, max_new_tokens=length, ignore_eos=True)
            for i, length in enumerate(lengths)
        )
    )
    for i, (length, choice) in enumerate(zip(lengths, choices, strict=True)):
        assert choice.token_ids == expected[PROMPTS[i % 5]][:length]


async def test_priority_goes_first(tiny: Engine) -> None:
    await tiny.pause("in_place")
    order: list[int] = []

    async def run(priority: int) -> None:
        settings: dict[str, Any] = {"max_new_tokens": 30, "ignore_eos": True}
        await collect(start(tiny, n=8, request={"options": RequestOptions(priority=priority)}, **settings))
        order.append(priority)

    tasks = [asyncio.ensure_future(run(priority)) for priority in (0, 5, -1)]
    await asyncio.sleep(0.01)
    await tiny.resume()
    await asyncio.gather(*tasks)
    assert order == [5, 0, -1]
