"""Detokenizing piece by piece, and stop strings in pieces."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from tokenwire_serve.engines import TINY_MODEL
from tokenwire_serve.engines.transformers.text import Detokenizer, StopMatcher, StopStrings
from tokenwire_serve.engines.transformers.tokenizer import Tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

BROKEN = "\N{REPLACEMENT CHARACTER}"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(TINY_MODEL)


def pieces(tokenizer: Tokenizer, prompt: Sequence[int], ids: Sequence[int]) -> list[str]:
    detokenizer = Detokenizer(tokenizer, prompt)
    return [*(detokenizer.add(token) for token in ids), detokenizer.flush()]


@pytest.mark.parametrize("text", ["plain words here", "naïve 🙂🙃", "日本語 текст\n\n\ttabs", "", " lead"])
def test_pieces_add_up_and_break_no_character(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text, special=False)
    parts = pieces(tokenizer, tokenizer.encode("some prompt"), ids)
    assert "".join(parts) == text
    assert all(BROKEN not in part for part in parts)


def test_random_tokens_give_the_full_decoding(tokenizer: Tokenizer) -> None:
    rng = random.Random(1)
    single = [i for i in range(7, 4096) if BROKEN in tokenizer.decode([i])]
    for pool in (single, range(7, 4096)):
        for length in (1, 3, 20, 200):
            ids = [rng.choice(pool) for _ in range(length)]
            assert "".join(pieces(tokenizer, [], ids)) == tokenizer.decode(ids, skip_special=True)


@pytest.mark.parametrize("text", ["", "Return the path. " * 500, "日本語 🎉 é</s>\n"])
def test_ids_are_those_of_the_hugging_face_tokenizer(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.encode(text) == tokenizer.hf.encode(text)
    assert tokenizer.encode(text, special=False) == tokenizer.hf.encode(text, add_special_tokens=False)
    both = tokenizer.hf(text, "more", return_token_type_ids=True)
    assert tokenizer.encode_pair(text, "more") == (both["input_ids"], both["token_type_ids"])


def test_special_tokens_have_no_text(tokenizer: Tokenizer) -> None:
    ids = [1, *tokenizer.encode("ab", special=False), 2, *tokenizer.encode("cd", special=False), 2]
    assert "".join(pieces(tokenizer, [1], ids)) == "abcd"


def test_what_waits_is_bounded(tokenizer: Tokenizer) -> None:
    lone = tokenizer.encode("🙂", special=False)[0]
    detokenizer = Detokenizer(tokenizer, [])
    given = "".join(detokenizer.add(lone) for _ in range(500))
    assert len(given) > 480
    assert given + detokenizer.flush() == tokenizer.decode([lone] * 500)


def feed(stops: Sequence[str], *texts: str) -> tuple[list[str], str | None, str]:
    matcher = StopMatcher(StopStrings(stops))
    out = []
    for text in texts:
        piece, matched = matcher.feed(text)
        out.append(piece)
        if matched is not None:
            return out, matched, ""
    return out, None, matcher.flush()


def test_stop_strings() -> None:
    assert feed([], "abc") == (["abc"], None, "")
    assert feed(["END"], "ab", "cEN", "Dxx") == (["ab", "c", ""], "END", "")
    assert feed(["END"], "abEN", "ough") == (["ab", "ENough"], None, "")
    assert feed(["END"], "abE") == (["ab"], None, "E")
    assert feed(["aab"], "aaa", "b") == (["a", ""], "aab", "")
    assert feed(["xyz", "c"], "abcxyz") == (["ab"], "c", "")
    assert feed(["bc", "abcd"], "ab", "cd") == (["", "a"], "bc", "")
    assert feed(["\n\n"], "a\n", "b\n", "\nc") == (["a", "\nb", ""], "\n\n", "")


def test_stop_strings_equal_a_search_of_the_whole() -> None:
    """However the text is cut, the stop string that ends first is found."""
    rng = random.Random(2)
    for _ in range(500):
        stops = ["".join(rng.choices("ab", k=rng.randrange(1, 5))) for _ in range(rng.randrange(1, 4))]
        text = "".join(rng.choices("abc", k=12))
        cuts = sorted(rng.sample(range(13), 4))
        parts = [text[i:j] for i, j in zip([0, *cuts], [*cuts, 12], strict=True)]
        out, matched, held = feed(stops, *parts)
        ends = [(text.find(stop) + len(stop), -len(stop), stop) for stop in stops if stop in text]
        if not ends:
            assert matched is None
            assert "".join(out) + held == text
        else:
            end, _, stop = min(ends)
            assert (matched, "".join(out)) == (stop, text[: end - len(stop)])
