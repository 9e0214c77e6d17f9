"""The directory of a model, looked at before anything slow is imported for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codes import Code
from tokenwire.errors import RpcError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_directory"]


def check_directory(path: Path) -> None:
    """See that it may be a Hugging Face directory.

    Raises:
        RpcError: FAILED_PRECONDITION, it is none; the message names the flag.
    """
    if not _is_directory(path):
        sentence = f"--model-path {path}: no such directory; give a local Hugging Face directory"
        raise RpcError(Code.FAILED_PRECONDITION, sentence)
    if not (path / "config.json").is_file():
        sentence = f"--model-path {path}: config.json is missing; give a Hugging Face model directory"
        raise RpcError(Code.FAILED_PRECONDITION, sentence)


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, say
        return False
