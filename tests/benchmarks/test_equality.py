"""No server may do less than the others: messages and bytes are held to each other."""

from __future__ import annotations

import re
from typing import Any

import pytest

from benchmarks.errors import BenchError
from benchmarks.serving.load import Outcome
from benchmarks.serving.probe import Answer, compare
from benchmarks.serving.rounds import check_bytes


def answer(*messages: Any, size: int = 10) -> Answer:
    return Answer(list(messages), size + 3, size)


def test_equal_messages_pass() -> None:
    compare("meta", {"ours": answer({"text": "a"}), "theirs": answer({"text": "a"})})


def test_another_message_is_named() -> None:
    found = {"ours": answer({"text": "a"}, {"text": "b"}), "theirs": answer({"text": "a"}, {"text": "ab"})}
    sentence = 'meta: message 2 of theirs is {"text": "ab"}, that of ours {"text": "b"}'
    with pytest.raises(BenchError, match=re.escape(sentence)):
        compare("meta", found)


def test_merged_messages_are_named() -> None:
    found = {"ours": answer({"text": "a"}, {"text": "a"}), "theirs": answer({"text": "a"})}
    with pytest.raises(BenchError, match="meta: theirs sends 1 messages, ours 2"):
        compare("meta", found)


def test_other_bytes_in_equal_messages_are_named() -> None:
    found = {"ours": answer({"id": "..."}, size=40), "theirs": answer({"id": "..."}, size=12)}
    with pytest.raises(BenchError, match="meta: the messages of theirs have 12 bytes, those of ours 40"):
        compare("meta", found)


def test_a_long_message_is_cut_in_the_sentence() -> None:
    found = {"ours": answer({"text": "a" * 5000}), "theirs": answer({"text": "b" * 5000})}
    with pytest.raises(BenchError) as raised:
        compare("meta", found)
    assert len(str(raised.value)) < 600


def test_the_right_bytes_pass() -> None:
    check_bytes("theirs", 8, 100, Outcome(800, 0.5))


@pytest.mark.parametrize("counted", [799, 801, 400])
def test_other_bytes_fail_with_a_clear_line(counted: int) -> None:
    sentence = (
        f"theirs sent {counted} bytes in 8 calls, not 800 (100 each): messages were merged, changed or lost"
    )
    with pytest.raises(BenchError, match=re.escape(sentence)):
        check_bytes("theirs", 8, 100, Outcome(counted, 9.9))


def test_calls_of_ten_seconds_have_a_digit_more() -> None:
    check_bytes("theirs", 8, 100, Outcome(803, 10.1))
    with pytest.raises(BenchError):
        check_bytes("theirs", 8, 100, Outcome(809, 10.1))
    with pytest.raises(BenchError):
        check_bytes("theirs", 8, 100, Outcome(799, 10.1))
