"""Compares fresh output with what is there, and writes what differs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["Changes", "ForeignFileError", "compare", "write"]

MARK = b"by protoc-gen-tokenwire "
UNMARKED = ("descriptor.binpb", "openapi.json")


class ForeignFileError(Exception):
    """A file in the way was not generated; the text is for the user."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How a tree differs from fresh output; paths are relative to the tree, sorted."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.created or self.changed or self.removed)


def compare(fresh: Path, tree: Path, owned: Sequence[str], *, clean: bool = True) -> Changes:
    """Find out what to write to `tree` so that it holds what `fresh` holds.

    Args:
        fresh: New output.
        tree: Where it is to go.
        owned: Directories below `tree` in which every generated file is ours to remove; elsewhere
            that is so only in directories that get output.
        clean: Look for generated files that are not in `fresh`.

    Raises:
        ForeignFileError: A generated module would overwrite a file that was not generated.
    """
    names = sorted(file.relative_to(fresh).as_posix() for file in fresh.rglob("*") if file.is_file())
    created, changed, unchanged = [], [], []
    for name in names:
        target = tree / name
        if not target.exists():
            created.append(name)
        elif target.read_bytes() == (fresh / name).read_bytes():
            unchanged.append(name)
        elif is_generated(fresh / name) and not is_generated(target):
            raise ForeignFileError(f"{target}: was not generated; move it, or write to another directory")
        else:
            changed.append(name)
    stale = sorted(set(_stale(tree, names, owned))) if clean else []
    return Changes(tuple(created), tuple(changed), tuple(unchanged), tuple(stale))


def _stale(tree: Path, names: Sequence[str], owned: Sequence[str]) -> Iterator[str]:
    fresh = set(names)
    folders = {(tree / name).parent for name in names if "/" in name}
    for root in owned:
        folders.update(folder for folder in (tree / root).rglob("*") if folder.is_dir())
    for folder in folders:
        generated = [file for file in folder.glob("*.py") if is_generated(file)]
        if generated:
            generated += [folder / name for name in UNMARKED if (folder / name).exists()]
        for file in generated:
            name = file.relative_to(tree).as_posix()
            if name not in fresh:
                yield name


def is_generated(file: Path) -> bool:
    """Whether the first line says that we wrote it."""
    with file.open("rb") as stream:
        line = stream.readline()
    return line.startswith(b"# Generated ") and MARK in line


def write(changes: Changes, fresh: Path, tree: Path) -> None:
    """Write what differs, remove what is stale, and directories that are empty then."""
    for name in (*changes.created, *changes.changed):
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(fresh / name, target)
    for name in changes.removed:
        target = tree / name
        target.unlink()
        shutil.rmtree(target.parent / "__pycache__", ignore_errors=True)
        if not any(target.parent.iterdir()):
            target.parent.rmdir()
