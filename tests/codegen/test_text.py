"""Docstrings and literals say what they were given, and ruff leaves them alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from inspect import cleandoc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenwire_codegen.text import docstring, literal, schema_docstring

RUFF = Path(sys.executable).parent / "ruff"
WORDS = [
    "One line.",
    "Two lines,\nand the second.",
    "A paragraph.\n\n    An indented block\n\nAnother.",
    'Ends with a quote: "',
    '"Begins and ends"',
    '"',
    '""',
    '"""',
    'Ends with four """"',
    "Within \"\"\" it, 'and' '''these'''.",
    "Ends with a backslash \\",
    'Backslash and quote \\"',
    "C:\\path\\new \\u00e9 \\N{BULLET}",
    "Größe, 你好, Привет, 🎉",
    "tab\tand a no-break\u00a0space, a zero\u200bwidth, a right\u202eto left mark",
    "word " * 60,
    *("x " * 50 + "y" * length for length in range(1, 10)),
    *("x " * 50 + "y" * length + "\nand more" for length in range(1, 10)),
    "你好 " * 60,
    "https://example.com/" + "very-long/" * 20,
    "  led by spaces",
]


def function(text: str) -> str:
    return f"def f() -> None:\n    {docstring(text, 4)}\n"


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("text", WORDS)
def test_a_docstring_says_the_words(text: str) -> None:
    found = ast.get_docstring(ast.parse(function(text)).body[0])  # type: ignore[arg-type]
    assert found is not None
    assert words(found) == words(cleandoc(text))


def test_ruff_leaves_docstrings_alone() -> None:
    code = "\n\n".join(function(text) for text in WORDS)
    command = [RUFF, "format", "--isolated", "--line-length", "110", "--stdin-filename", "x.py", "-"]
    done = subprocess.run(command, input=code, capture_output=True, text=True, check=True)
    assert done.stdout == code


def test_lines_fit() -> None:
    assert all(len(line) <= 110 for line in docstring("word " * 100, 8).splitlines())


@given(st.text())
def test_any_text_is_a_docstring(text: str) -> None:
    parsed = ast.parse(f'def f() -> None:\n    {docstring(f"a{text}", 4)}\n    """end"""\n')
    assert len(parsed.body[0].body) == 2  # type: ignore[attr-defined]


@given(
    st.one_of(st.text(), st.binary(), st.booleans(), st.none(), st.integers(), st.lists(st.text()).map(tuple))
)
def test_a_literal_has_its_value(value: object) -> None:
    assert ast.literal_eval(literal(value)) == value


def test_literals_prefer_double_quotes() -> None:
    assert literal("plain") == '"plain"'
    assert literal('say "hi"') == "'say \"hi\"'"
    assert literal(("one",)) == '("one",)'


def test_an_element_without_words_gets_others() -> None:
    assert schema_docstring("", 4, "Message a.B.") == '"""Message a.B."""'
    assert "Deprecated." in schema_docstring("Old.", 4, deprecated=True)
