"""Small files that settings name."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from .settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_file"]

_LARGEST: Final = 16 << 20


def read_file(name: str, path: Path) -> tuple[bytes, int]:
    """What a file holds, and its mode; never waits, as reading a pipe would.

    Args:
        name: What to call it in errors.
        path: Where it is.

    Raises:
        SettingsError: It cannot be read, is no regular file, or is far too large.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SettingsError(f"{name} cannot be read: {error.strerror}") from None
    try:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode):
            raise SettingsError(f"{name} is not a regular file")
        if found.st_size > _LARGEST:
            raise SettingsError(f"{name} is larger than {_LARGEST} bytes")
        with open(number, "rb", closefd=False) as file:  # a descriptor, not a path
            return file.read(), found.st_mode
    except OSError as error:
        raise SettingsError(f"{name} cannot be read: {error.strerror}") from None
    finally:
        os.close(number)
