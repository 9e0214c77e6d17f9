"""Python text: docstrings and literals in the form that ruff's formatter leaves alone."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "WIDTH",
    "annotate",
    "assign",
    "call",
    "choose",
    "define",
    "docstring",
    "literal",
    "schema_docstring",
    "tuple_of",
]

WIDTH = 110
QUOTES = '"""'
LOOSE_QUOTES = re.compile(r'\A"+|"{3,}|"+\Z')
"""Quotes that would end a docstring, or touch the quotes around it."""
UNPRINTABLE = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
)
"""Characters that cannot be seen, or that turn the direction of a line."""


def schema_docstring(text: str, indent: int = 0, fallback: str = "", deprecated: bool = False) -> str:
    """Write what the schema says of an element, or `fallback` where it says nothing."""
    words = text.strip() or fallback
    return docstring(f"{words}\n\nDeprecated." if deprecated else words, indent)


def docstring(text: str, indent: int = 0) -> str:
    """Write a docstring, without the indentation of its first line.

    Line breaks stay; lines too long for the file are wrapped, at words.

    Args:
        text: The words; any characters.
        indent: Spaces before every line.
    """
    first, line_break, rest = text.strip().expandtabs(4).partition("\n")
    words = _escape(first + line_break + textwrap.dedent(rest))
    alone = "\n" not in words
    lines = _wrap(words, WIDTH - indent, len(QUOTES) * (2 if alone else 1))
    if len(lines) == 1:
        return f"{QUOTES}{lines[0]}{QUOTES}"
    pad = " " * indent
    body = "".join(f"{pad}{line}\n" if line else "\n" for line in lines[1:])
    return f"{QUOTES}{lines[0]}\n{body}{pad}{QUOTES}"


def _escape(text: str) -> str:
    text = LOOSE_QUOTES.sub(lambda match: '\\"' * len(match[0]), text.replace("\\", "\\\\"))
    return UNPRINTABLE.sub(lambda match: ascii(match[0])[1:-1], text)


def _wrap(text: str, limit: int, quotes: int) -> list[str]:
    """Break lines longer than `limit`; on the first line `quotes` have to fit in too."""
    lines: list[str] = []
    for line in map(str.rstrip, text.split("\n")):
        room = limit if lines else limit - quotes
        if _columns(line) <= room:
            lines.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        current = ""
        for word in line.split():
            longer = f"{current} {word}" if current else indent + word
            if current and _columns(longer) > room:
                lines.append(current)
                room, longer = limit, indent + word
            current = longer
        lines.append(current)
    return lines


def _columns(text: str) -> int:
    """How wide a text is on a screen; wide characters take two columns."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def literal(value: object) -> str:
    """Write a string, bytes, number, bool, None or tuple as a Python expression."""
    if isinstance(value, str):
        quoted = value.replace("\\", "\\\\")
        quote = "'" if '"' in value and "'" not in value else '"'
        quoted = quoted.replace(quote, "\\" + quote).replace("\n", "\\n")
        return quote + UNPRINTABLE.sub(lambda match: ascii(match[0])[1:-1], quoted) + quote
    if isinstance(value, bytes):
        return "b" + literal(value.decode("latin-1")) if value.isascii() else ascii(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def call(head: str, arguments: Sequence[str], indent: int, tail: str = ")") -> str:
    """Write a call, on as many lines as it needs at an indentation.

    Args:
        head: All before the arguments, "return f(" for instance.
        arguments: The arguments.
        indent: Spaces before the line.
        tail: All after the arguments.
    """
    joined = ", ".join(arguments)
    if indent + len(head) + len(joined) + len(tail) <= WIDTH:
        return f"{head}{joined}{tail}"
    pad = " " * indent
    if indent + 4 + len(joined) <= WIDTH:
        return f"{head}\n{pad}    {joined}\n{pad}{tail}"
    return _one_per_line(head, arguments, indent, tail)


def tuple_of(head: str, items: Sequence[str], indent: int, tail: str = "),") -> str:
    """Write a tuple of expressions, on one line or with a line for each.

    Args:
        head: All before the items with the parenthesis, "return (" for instance.
        items: The items.
        indent: Spaces before the line.
        tail: All after the items, from the parenthesis on.
    """
    joined = ", ".join(items) + ("," if len(items) == 1 else "")
    if indent + len(head) + len(joined) + len(tail) <= WIDTH:
        return f"{head}{joined}{tail}"
    return _one_per_line(head, items, indent, tail)


def define(head: str, parameters: Sequence[str], indent: int, tail: str) -> str:
    """Write the head of a function, on one line or with a line for each parameter."""
    joined = ", ".join(parameters)
    if indent + len(head) + len(joined) + len(tail) <= WIDTH:
        return f"{head}{joined}{tail}"
    return _one_per_line(head, parameters, indent, tail)


def assign(head: str, value: str, indent: int) -> str:
    """Write an assignment, in brackets on a line of its own where it needs that at an indentation."""
    if indent + len(head) + 3 + len(value) <= WIDTH or indent + len(head) + 4 > WIDTH:
        return f"{head} = {value}"
    pad = " " * indent
    return f"{head} = (\n{pad}    {value}\n{pad})"


def annotate(name: str, kind: str, indent: int, tail: str = "") -> str:
    """Write "name: kind" and what follows, the inside of the type's brackets on its own where it must be."""
    if indent + len(name) + 2 + len(kind) + len(tail) <= WIDTH or "[" not in kind:
        return f"{name}: {kind}{tail}"
    pad = " " * indent
    outer, _, inner = kind.removesuffix("]").partition("[")
    return f"{name}: {outer}[\n{pad}    {inner}\n{pad}]" + (f"\n{pad}{tail.lstrip()}" if tail else "")


def choose(head: str, choice: Sequence[str], indent: int) -> str:
    """Write the assignment of a conditional expression, given as (value, condition, other value)."""
    value, condition, other = choice
    line = f"{value} if {condition} else {other}"
    pad = " " * (indent + 4)
    if len(pad) + len(line) > WIDTH:
        line = f"{value}\n{pad}if {condition}\n{pad}else {other}"
        return f"{head} = (\n{pad}{line}\n{pad[4:]})"
    return assign(head, line, indent)


def _one_per_line(head: str, items: Sequence[str], indent: int, tail: str) -> str:
    pad = " " * indent
    return f"{head}\n" + "".join(f"{pad}    {item},\n" for item in items) + pad + tail
