"""JSON of requests, read by the letter: what the standard library lets pass beyond it is refused."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError

__all__ = ["parse_json"]

_ESCAPED_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_json(body: bytes) -> Any:
    """The value of a JSON text in UTF-8.

    Raises:
        RpcError: INVALID_ARGUMENT, with the place where it stops being JSON and without the text itself.
    """
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise _not_json(f"it is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise _not_json(f"{error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise _not_json("it is nested too deeply") from None
    except ValueError:
        raise _not_json("it has an integer with too many digits") from None
    if _ESCAPED_SURROGATE.search(body) and not _is_unicode(value):
        raise _not_json("it has half of a surrogate pair")
    return value


def _not_json(reason: str) -> RpcError:
    return RpcError(Code.INVALID_ARGUMENT, f"the body is not JSON: {reason}")


def _is_unicode(value: object) -> bool:
    """Whether every string in a value can be written as UTF-8."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(name: str) -> float:
    raise _not_json(f"{name} is no JSON value")
