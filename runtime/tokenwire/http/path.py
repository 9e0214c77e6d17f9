"""Path templates of google.api.http: matching a path and building one.

```
Template = "/" Segments [ ":" Verb ]       Segment  = "*" | "**" | Literal | Variable
Segments = Segment { "/" Segment }         Variable = "{" FieldPath [ "=" Segments ] "}"
```
`*` is one segment, `**` is any number and stands last. The grammar is that of
google/api/http.proto in googleapis.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PathTemplate", "PathTemplateError"]

_FIELD_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_LITERAL: Final = re.compile(r"[^/{}*]+")
_WILDCARD: Final = {"*": "[^/]+", "**": ".*"}
_UNRESERVED: Final = "-_.~!$&'()*+,;=:@"
_ENCODED_SLASH: Final = re.compile("%2[Ff]")


class PathTemplateError(ValueError):
    """A path template does not follow the grammar; the message says where."""


@dataclass(frozen=True, slots=True)
class _Variable:
    """A `{field.path=segments}`; `segments` is ("*",) where nothing else is said."""

    field_path: str
    segments: tuple[str, ...]

    @property
    def spans_segments(self) -> bool:
        return self.segments != ("*",)


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """One parsed template.

    Attributes:
        text: As written.
        variables: Field paths in the order of the template.
    """

    text: str
    parts: tuple[str | _Variable, ...]
    verb: str
    _regex: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> PathTemplate:
        """Parse a template.

        Raises:
            PathTemplateError: It does not follow the grammar.
        """
        if not text.startswith("/"):
            raise PathTemplateError(f"{text!r} must start with '/'")
        body, verb = _split_verb(text)
        parts = tuple(_part(text, part) for part in _split_segments(text, body[1:]))
        _check(text, parts)
        pattern = "".join(_pattern(part) for part in parts) + (re.escape(":" + verb) if verb else "")
        return cls(text, parts, verb, re.compile(pattern or "/"))

    @property
    def variables(self) -> tuple[str, ...]:
        """Field paths in the order of the template."""
        return tuple(part.field_path for part in self.parts if isinstance(part, _Variable))

    @property
    def literal(self) -> bool:
        """Whether it matches exactly one path, itself."""
        return not any(isinstance(part, _Variable) or part in _WILDCARD for part in self.parts)

    def match(self, path: str) -> dict[str, str] | None:
        """The variables' values for a percent-encoded path, decoded; None if it does not match.

        A variable of several segments keeps "%2F" encoded, so that its segments stay apart.
        """
        found = self._regex.fullmatch(path)
        if found is None:
            return None
        variables = [part for part in self.parts if isinstance(part, _Variable)]
        return {
            variable.field_path: _decode(value, keep_slash=variable.spans_segments)
            for variable, value in zip(variables, found.groups(), strict=True)
        }

    def build(self, values: Mapping[str, str]) -> str:
        """The path for these values, percent-encoded.

        Raises:
            ValueError: A value is missing or does not fit its variable.
        """
        pieces = []
        for part in self.parts:
            if isinstance(part, _Variable):
                pieces.append(_build_variable(self.text, part, values))
            elif part in _WILDCARD:
                raise ValueError(f"{self.text!r} has a wildcard without a name: no path can be built")
            else:
                pieces.append(part)
        return "/" + "/".join(pieces) + (":" + self.verb if self.verb else "")


def _split_verb(text: str) -> tuple[str, str]:
    """The template without its verb, and the verb: what follows a ":" in the last segment."""
    end = max(text.rfind("/"), text.rfind("}"))
    colon = text.find(":", end + 1)
    if colon < 0:
        return text, ""
    verb = text[colon + 1 :]
    if not verb or not _LITERAL.fullmatch(verb):
        raise PathTemplateError(f"{text!r} has no verb after its last ':'")
    return text[:colon], verb


def _split_segments(text: str, body: str) -> list[str]:
    """Split at each "/" outside of braces."""
    segments, depth, start = [], 0, 0
    for place, char in enumerate(body):
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
        elif char == "/" and depth == 0:
            segments.append(body[start:place])
            start = place + 1
        if depth not in (0, 1):
            raise PathTemplateError(f"{text!r} has braces that do not match")
    if depth:
        raise PathTemplateError(f"{text!r} has braces that do not match")
    segments.append(body[start:])
    return segments if body else []


def _part(text: str, segment: str) -> str | _Variable:
    if not segment.startswith("{"):
        return _plain(text, segment)
    name, _, inner = segment[1:-1].partition("=")
    if not segment.endswith("}") or not _FIELD_PATH.fullmatch(name):
        raise PathTemplateError(f"{text!r} has {segment!r} where {{field_path}} is expected")
    if not inner and "=" in segment:
        raise PathTemplateError(f"{text!r} has nothing after '=' in {segment!r}")
    return _Variable(name, tuple(_plain(text, piece) for piece in (inner or "*").split("/")))


def _plain(text: str, segment: str) -> str:
    if segment in _WILDCARD or _LITERAL.fullmatch(segment):
        return segment
    raise PathTemplateError(f"{text!r} has an empty or malformed segment {segment!r}")


def _check(text: str, parts: tuple[str | _Variable, ...]) -> None:
    """`**` stands last, and a field is bound once."""
    flat = [piece for part in parts for piece in (part.segments if isinstance(part, _Variable) else (part,))]
    if "**" in flat[:-1]:
        raise PathTemplateError(f"{text!r} has '**' before its last segment")
    names = [part.field_path for part in parts if isinstance(part, _Variable)]
    if len(names) != len(set(names)):
        raise PathTemplateError(f"{text!r} binds a field twice")


def _pattern(part: str | _Variable) -> str:
    if isinstance(part, _Variable):
        inner = "/".join(_WILDCARD.get(piece) or re.escape(piece) for piece in part.segments)
        return "/(" + inner + ")"
    return "/" + (_WILDCARD.get(part) or re.escape(part))


def _decode(value: str, *, keep_slash: bool) -> str:
    if not keep_slash or "%" not in value:
        return unquote(value)
    pieces = _ENCODED_SLASH.split(value)
    return "%2F".join(unquote(piece) for piece in pieces)


def _build_variable(text: str, variable: _Variable, values: Mapping[str, str]) -> str:
    if variable.field_path not in values:
        raise ValueError(f"{text!r} needs a value for {variable.field_path!r}")
    value = values[variable.field_path]
    if variable.spans_segments:
        quoted = "%2F".join(quote(piece, safe="/" + _UNRESERVED) for piece in value.split("%2F"))
    else:
        quoted = quote(value, safe=_UNRESERVED)
    inner = "/".join(_WILDCARD.get(piece) or re.escape(piece) for piece in variable.segments)
    if not re.fullmatch(inner, quoted):
        raise ValueError(f"{value!r} does not fit {variable.field_path!r} of {text!r}")
    return quoted
