"""The engine names fields by its own dataclasses; callers are told by the names that they used."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokenwire.codes import Code
from tokenwire.details import BadRequest, invalid
from tokenwire.errors import RpcError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["renamed", "renaming"]


def renamed(
    error: BaseException | None, names: Mapping[str, str] | Callable[[], Mapping[str, str]]
) -> BaseException | None:
    """The same error with its field violations renamed; any other error as it is."""
    if not isinstance(error, RpcError) or error.code is not Code.INVALID_ARGUMENT:
        return error
    if callable(names):
        names = names()
    found = [detail for detail in error.details if isinstance(detail, BadRequest)]
    violations = [violation for detail in found for violation in detail.field_violations]
    if not any(violation.field in names for violation in violations):
        return error
    return invalid([(names.get(v.field, v.field), v.description) for v in violations])


@contextmanager
def renaming(names: Mapping[str, str]) -> Iterator[None]:
    """Rename the fields of what the body raises."""
    try:
        yield
    except RpcError as error:
        new = renamed(error, names)
        if new is None or new is error:
            raise
        raise new from error
