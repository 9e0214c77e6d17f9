"""Runs buf: on a workspace that is there, or on a temporary one around a user's proto directories."""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["BufError", "generate", "output_roots", "shipped_protos", "stage"]

TEMPLATE = "buf.gen.yaml"
SHIPPED = ("tokenwire", "google/api")
OUT = re.compile(
    r"""(?:^|[\s,{-])["']?out["']?\s*:\s*"""
    r"""(?:"([^"]*)"|'([^']*)'|([^\s"'{\[,}#>|&*!][^\n,}#]*))""",
    re.MULTILINE,
)
"""`out:` in a buf.gen.yaml: in a block or in braces, quoted or plain."""
COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
DUPLICATE = "duplicate generated file name"
SKIPPED = frozenset({"node_modules", "site-packages"})
"""Directories, beside hidden ones, whose protos belong to installed software."""
LIBRARIES = ("google.protobuf", "jinja2")
PACKAGES = {"buf": "buf-bin", "google.protobuf": "protobuf", "jinja2": "jinja2"}
"""What installs each of them, and buf."""
NOISE = re.compile(r"^(?:Failure: )?plugin [^:]*: (?:signal: killed$)?")


class BufError(Exception):
    """buf is missing, or it or the plugin refused the schema; the text is for the user."""


def shipped_protos() -> Path:
    """The directory with the protos that schemas may import from us: options and google/api."""
    packed = Path(__file__).parent / "protos"
    return packed if packed.is_dir() else Path(__file__).parents[2] / "proto"


def find_buf() -> str:
    """The buf beside this Python, or the one on the PATH.

    Raises:
        BufError: There is none.
    """
    found = shutil.which("buf", path=str(Path(sys.executable).parent)) or shutil.which("buf")
    if found is None:
        raise _missing("buf")
    return found


def require(module: str) -> None:
    """See to it that the plugin, which is a process of its own, can import a module.

    Raises:
        BufError: It is not installed.
    """
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # what it lies in is not there either
        found = None
    if found is None:
        raise _missing(module)


def _missing(name: str) -> BufError:
    package = PACKAGES.get(name, name)
    return BufError(f"{name} is missing: pip install {package}, or tokenwire with its extra [codegen]")


def stage(directories: Sequence[Path], options: Sequence[str], workspace: Path) -> dict[str, Path]:
    """Make a workspace of copies of the directories' protos, and of ours where they lack them.

    Args:
        directories: Where the user's protos are; imports are relative to each.
        options: The plugin's options.
        workspace: An empty directory.

    Returns:
        The original of every proto file, by its path as buf prints it.

    Raises:
        BufError: A directory has no protos.
    """
    modules = []
    known: dict[str, Path] = {}
    for number, directory in enumerate(directories):
        names = _copy(directory, workspace / f"protos{number}")
        if not names:
            raise BufError(f"{directory}: no .proto file in it; name the directory that imports start from")
        modules.append({"path": f"protos{number}"})
        for name in names:
            known[name] = known[f"protos{number}/{name}"] = directory / name
    for folder in SHIPPED:
        source = shipped_protos() / folder
        for file in source.rglob("*.proto"):
            name = file.relative_to(shipped_protos()).as_posix()
            if name not in known:
                _copy_file(file, workspace / "shipped" / name)
    if (workspace / "shipped").is_dir():
        modules.append({"path": "shipped"})
    plugin = {
        "local": [sys.executable, "-m", "tokenwire_codegen.plugin"],
        "strategy": "all",
        "out": ".",
        "opt": list(options),
    }
    # JSON is YAML too.
    (workspace / "buf.yaml").write_text(json.dumps({"version": "v2", "modules": modules}))
    (workspace / TEMPLATE).write_text(json.dumps({"version": "v2", "plugins": [plugin]}))
    return known


def _copy(source: Path, target: Path) -> list[str]:
    found = (file.relative_to(source) for file in sorted(source.rglob("*.proto")))
    names = [path.as_posix() for path in found if not any(_is_skipped(part) for part in path.parts)]
    for name in names:
        if not name.isprintable():
            raise BufError(f"{str(source / name)!a}: the name of a proto file must be text; rename it")
        _copy_file(source / name, target / name)
    return names


def _is_skipped(part: str) -> bool:
    return part.startswith(".") or part in SKIPPED


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def generate(workspace: Path, out: Path, wait: Callable[[subprocess.Popen[bytes]], None]) -> None:
    """Run `buf generate` of a workspace into `out`.

    Args:
        workspace: A directory with a buf.gen.yaml.
        out: Where the plugins' own output directories go.
        wait: Called until the process has ended; shows progress.

    Raises:
        BufError: buf, a plugin or what it needs is missing or failed; the text has a line for each mistake.
    """
    for module in LIBRARIES:
        require(module)
    arguments = [find_buf(), "generate", "--template", TEMPLATE, "-o", str(out)]
    for folder in sorted(workspace.glob("shipped/*")):
        arguments += ["--exclude-path", folder.relative_to(workspace).as_posix()]
    scripts = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([scripts, os.environ.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    # A file, not a pipe, which would fill up while nobody reads it.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(arguments, cwd=workspace, env=environment, stdout=output, stderr=output)
        wait(process)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if DUPLICATE in text:
        raise BufError(
            f"{workspace / TEMPLATE}: the plugin runs once for each directory, and a package has files "
            "in several: add `strategy: all` to it"
        )
    if process.returncode:
        lines = [NOISE.sub("", line) for line in text.splitlines()]
        raise BufError("\n".join(line for line in lines if line))


def output_roots(template: Path) -> list[str]:
    """The directories that a buf.gen.yaml writes to, relative to its own.

    Raises:
        BufError: There is none, or one lies elsewhere.
    """
    found = ["".join(match).strip() for match in OUT.findall(COMMENT.sub("", template.read_text()))]
    if not found:
        raise BufError(f"{template}: cannot find `out:`; write it on a line of its own")
    roots = [posixpath.normpath(root) for root in found]
    for root in roots:
        if root.startswith(("/", "../")) or root == "..":
            raise BufError(f"{template}: out: {root} lies elsewhere; run `tokenwire gen` above it")
    return roots
