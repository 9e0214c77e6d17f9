"""Coroutines that are begun outside of a task, which only those that wait need."""

from __future__ import annotations

import types
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

__all__ = ["rest"]

T = TypeVar("T")


@types.coroutine
def rest(coroutine: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """Go on, in a task now, with a coroutine that was begun with `send(None)`.

    Args:
        coroutine: The coroutine.
        waits_for: What it gave back: the future that it waits for, or None.
    """
    while True:
        try:
            sent = yield waits_for
        except BaseException as error:
            step = partial(coroutine.throw, error)
        else:
            step = partial(coroutine.send, sent)
        try:
            waits_for = step()
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            del step  # An error would lead to itself, by its traceback.
