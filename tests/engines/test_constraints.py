"""Constraints on the output of engine `transformers`."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.engine import Constraint

from .support import collect, generate, settle, start

if TYPE_CHECKING:
    from tokenwire_serve.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "count": {"type": "integer", "minimum": 0, "maximum": 99},
        "kind": {"enum": ["file", "directory"]},
        "tags": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3},
    },
    "required": ["name", "count", "kind", "tags"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("seed", range(4))
async def test_json_schema(tiny: Engine, seed: int) -> None:
    constraint = Constraint("json_schema", json.dumps(SCHEMA))
    choice = await generate(tiny, seed=seed, max_new_tokens=200, constraint=constraint)
    value: dict[str, Any] = json.loads(choice.text)
    assert list(value) == ["name", "count", "kind", "tags"]
    assert len(value["name"]) <= 12
    assert 0 <= value["count"] <= 99
    assert value["kind"] in {"file", "directory"}
    assert all(isinstance(tag, bool) for tag in value["tags"])
    assert choice.finish is not None
    assert (choice.finish.kind, choice.finish.matched) == ("stop", 2)


async def test_json_object(tiny: Engine) -> None:
    (quote,) = await tiny.tokenize('"', add_special_tokens=False)
    (brace,) = await tiny.tokenize("}", add_special_tokens=False)
    settings = {"max_new_tokens": 300, "logit_bias": {quote: 6.0, brace: 9.0}}
    choices = await collect(start(tiny, n=4, seed=2, constraint=Constraint("json_object"), **settings))
    assert all(isinstance(json.loads(choice.text), dict) for choice in choices)
    cut = await generate(tiny, seed=2, max_new_tokens=3, constraint=Constraint("json_object"))
    assert cut.text.startswith("{")
    assert cut.finish is not None
    assert cut.finish.kind == "length"


async def test_regex_choice_and_ebnf_side_by_side(tiny: Engine) -> None:
    values = ("yes", "no", 'quo"te', "né\n", "日本")
    regex, choice, ebnf, free = await asyncio.gather(
        generate(tiny, seed=1, constraint=Constraint("regex", r"[a-c]{3}-\d{2}(x|yz)")),
        generate(tiny, seed=1, constraint=Constraint("choice", values)),
        generate(
            tiny,
            seed=1,
            constraint=Constraint("ebnf", 'root ::= greeting " " [0-9]\ngreeting ::= "hi" | "yo"'),
        ),
        generate(tiny, temperature=0, max_new_tokens=10, ignore_eos=True),
    )
    assert re.fullmatch(r"[a-c]{3}-\d{2}(x|yz)", regex.text)
    assert choice.text in values
    assert re.fullmatch(r"(hi|yo) [0-9]", ebnf.text)
    assert free.text == (await generate(tiny, temperature=0, max_new_tokens=10, ignore_eos=True)).text


async def test_every_choice_can_come(tiny: Engine) -> None:
    values = ("a", "ab", 'c"', "d\\e", "日本")
    for value in values:
        ids = await tiny.tokenize(value, add_special_tokens=False)
        choice = await generate(
            tiny,
            constraint=Constraint("choice", values),
            logit_bias=dict.fromkeys(ids, 60.0),
            temperature=0.1,
        )
        assert choice.text in values
    forced = await generate(tiny, constraint=Constraint("choice", ('say "日本"\n',)))
    assert forced.text == 'say "日本"\n'


async def test_the_same_seed_under_a_constraint(tiny: Engine) -> None:
    constraint = Constraint("regex", "[a-z ]{30}")
    first, again = await asyncio.gather(
        generate(tiny, seed=9, constraint=constraint), generate(tiny, seed=9, constraint=constraint)
    )
    assert first.text == again.text
    assert len(first.text) == 30


async def test_ignore_eos_and_a_minimum_do_not_break_out_of_a_grammar(tiny: Engine) -> None:
    choice = await generate(
        tiny, constraint=Constraint("regex", "ab?"), ignore_eos=True, min_new_tokens=20, max_new_tokens=40
    )
    assert choice.text in {"a", "ab"}
    assert choice.finish is not None
    assert choice.finish.kind == "stop"


@pytest.mark.parametrize(
    ("constraint", "code", "words"),
    [
        (Constraint("regex", "[a-"), Code.INVALID_ARGUMENT, "regex"),
        (Constraint("json_schema", "{"), Code.INVALID_ARGUMENT, "json_schema"),
        (Constraint("json_schema", '{"type": "nothing"}'), Code.INVALID_ARGUMENT, "json_schema"),
        (Constraint("ebnf", "root ::= missing"), Code.INVALID_ARGUMENT, "ebnf"),
        (Constraint("structural_tag", "{}"), Code.UNIMPLEMENTED, "engine transformers"),
        (Constraint("regex", "a?" * 5000), Code.INVALID_ARGUMENT, "10000 characters"),
        (Constraint("ebnf", 'root ::= "a"' + " " * 20000), Code.INVALID_ARGUMENT, "characters"),
        (Constraint("choice", ("word",) * 20000), Code.INVALID_ARGUMENT, "100000 characters"),
    ],
)
async def test_a_bad_grammar_is_named_and_harms_no_neighbour(
    tiny: Engine, constraint: Constraint, code: Code, words: str
) -> None:
    neighbour = asyncio.ensure_future(generate(tiny, temperature=0, max_new_tokens=30, ignore_eos=True))
    with pytest.raises(RpcError) as refused:
        await generate(tiny, constraint=constraint)
    assert refused.value.code is code
    assert words in refused.value.message
    assert "\n" not in refused.value.message
    assert len((await neighbour).token_ids) == 30
    await settle(tiny)


async def test_a_long_chain_of_references_does_not_overflow_the_stack(tiny: Engine) -> None:
    """A stack that overflows ends the process, and with it all that runs."""
    links = {str(i): {"items": {"$ref": f"#/{i + 1}"}} for i in range(1700)}
    schema = {**links, "1700": {"type": "string"}, "$ref": "#/0"}
    constraint = Constraint("json_schema", json.dumps(schema, separators=(",", ":")))
    choice = await generate(tiny, constraint=constraint, max_new_tokens=5)
    assert choice.finish is not None


async def test_an_end_that_a_grammar_demands_goes_before_the_minimum(tiny: Engine) -> None:
    (token,) = await tiny.tokenize("y", add_special_tokens=False)
    choice = await generate(
        tiny,
        constraint=Constraint("choice", ("y",)),
        stop_token_ids=(token,),
        min_new_tokens=5,
        max_new_tokens=9,
    )
    assert choice.token_ids == [token]
