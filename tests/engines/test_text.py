"""Detokenizing piece by piece, and stop strings in pieces."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
import tokenizers
from tokenizers import AddedToken, decoders, models, normalizers
from tokenwire_serve.engines import TINY_MODEL
from tokenwire_serve.engines.stop_strings import StopMatcher, StopStrings
from tokenwire_serve.engines.transformers.text import Detokenizer
from tokenwire_serve.engines.transformers.tokenizer import Tokenizer
from transformers import PreTrainedTokenizerFast

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


@pytest.fixture(scope="module")
def sentencepiece() -> Tokenizer:
    """In the way of SentencePiece: a leading space is dropped, unknown characters are bytes."""
    words = ["\u2581", "\u2581Hello", "\u2581world", "\u2581the", "\u2581\u2581", "lo", "\u4e16"]
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words]
    vocabulary = {name: place for place, name in enumerate(names)}
    core = tokenizers.Tokenizer(
        models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>", byte_fallback=True)
    )
    core.normalizer = normalizers.Replace(" ", "\u2581")
    parts = [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    core.decoder = decoders.Sequence([*parts, decoders.Strip(" ", 1, 0)])
    core.add_special_tokens(["<unk>", "<s>", "</s>"])
    core.add_tokens([AddedToken("<tool>", special=False)])
    return Tokenizer(PreTrainedTokenizerFast(tokenizer_object=core), TINY_MODEL)


def test_a_space_after_a_token_without_text_stays(sentencepiece: Tokenizer) -> None:
    names = ["\u2581Hello", "\u2581world", "</s>", "\u2581the", "\u2581", "<s>", "\u2581world"]
    ids = sentencepiece.hf.convert_tokens_to_ids(names)
    assert pieces(sentencepiece, ids[:1], ids[1:]) == [" world", "", " the", " ", "", " world", ""]


def test_sentencepiece_tokens_give_the_full_decoding(sentencepiece: Tokenizer) -> None:
    rng = random.Random(4)
    ids = [*range(3), *range(259, 267)]
    emoji = sentencepiece.encode("🙂", special=False)
    assert len(emoji) == 4
    for _ in range(300):
        prompt = rng.choices(ids, k=rng.randrange(8))
        output = rng.choices(ids, k=6) + emoji + rng.choices(ids, k=6)
        parts = pieces(sentencepiece, prompt, output)
        whole = sentencepiece.decode([*prompt, *output], skip_special=True)
        assert sentencepiece.decode(prompt, skip_special=True) + "".join(parts) == whole
        assert all(BROKEN not in part for part in parts)


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
