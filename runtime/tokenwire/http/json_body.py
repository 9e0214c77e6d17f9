"""JSON of requests, read by the letter: what the standard library lets pass beyond it is refused."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.heavy import in_thread

from .large_json import StepwiseParser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["LARGE", "parse_json", "parsed_beforehand"]

LARGE: Final = 1 << 20
"""Bytes of a text that is looked at before it is parsed."""
_MOST_VALUES: Final = 2_000_000
"""Values that a large text may have: as objects they take far more memory than as text."""
_MANY_VALUES: Final = 20_000
"""Values that are parsed without letting others run."""
_READY: Final[dict[int, tuple[bytes, Any]]] = {}
"""Large texts whose values are known, by their identity."""
_SURROGATE: Final = re.compile(rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]|(\\u[dD][89a-fA-F])")
"""An escaped backslash, a pair of surrogates, or, as its group, half of one."""


def parse_json(body: bytes, *, parse: Callable[[str], Any] | None = None) -> Any:
    """The value of a JSON text in UTF-8.

    Args:
        body: The text.
        parse: What parses it instead of the standard library, with the same errors.

    Raises:
        RpcError: INVALID_ARGUMENT, with the place where it stops being JSON and without the text itself.
    """
    if _READY and id(body) in _READY:
        return _READY.pop(id(body))[1]
    try:
        text = body.decode()
        value = json.loads(text, parse_constant=_refuse_constant) if parse is None else parse(text)
    except UnicodeDecodeError as error:
        raise _not_json(f"it is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise _not_json(f"{error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise _not_json("it is nested too deeply") from None
    except ValueError:
        raise _not_json("it has an integer with too many digits") from None
    if b"\\u" in body and any(found[1] for found in _SURROGATE.finditer(body)):
        raise _not_json("it has half of a surrogate pair")
    return value


@asynccontextmanager
async def parsed_beforehand(body: bytes) -> AsyncIterator[None]:
    """Within it, `parse_json` of this very object knows the value, once.

    More than `LARGE` bytes are parsed in a thread, while others run; for fewer it does nothing.

    Raises:
        RpcError: INVALID_ARGUMENT, it is not JSON, or has too many values.
    """
    if len(body) <= LARGE or id(body) in _READY:
        yield
        return
    _READY[id(body)] = body, await _parse_in_thread(body)
    try:
        yield
    finally:
        _READY.pop(id(body), None)


async def _parse_in_thread(body: bytes) -> Any:
    values = 0
    for start in range(0, len(body), LARGE):
        values += sum(body.count(mark, start, start + LARGE) for mark in (b",", b":", b"[", b"{"))
        if values > _MOST_VALUES:
            raise RpcError(Code.INVALID_ARGUMENT, f"the body has more than {_MOST_VALUES} values")
        await asyncio.sleep(0)
    parser = StepwiseParser(_refuse_constant)
    parse = partial(parse_json, body, parse=parser.parse if values > _MANY_VALUES else None)
    try:
        return await in_thread(len(body), parse)
    finally:
        parser.cancelled = True


def _not_json(reason: str) -> RpcError:
    return RpcError(Code.INVALID_ARGUMENT, f"the body is not JSON: {reason}")


def _refuse_constant(name: str) -> float:
    raise _not_json(f"{name} is no JSON value")
