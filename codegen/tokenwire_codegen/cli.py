"""`tokenwire gen`: generates code from protos, through buf."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import buf, tree
from .options import KINDS, OptionsError, parse_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["gen"]

PATIENCE = 1.0
"""Seconds before a progress bar appears."""
TICK = 0.1
TEMPLATE = Path(buf.TEMPLATE)
DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("proto_dirs", metavar="[PROTO_DIR]...", nargs=-1, type=DIRECTORY)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory for the generated packages [default: generated].",
)
@click.option(
    "--templates",
    type=DIRECTORY,
    help="Directory whose files replace shipped templates of the same name, one by one.",
)
@click.option(
    "--kinds", help=f"Kinds of file to write, with commas between: {', '.join(KINDS)} [default: all]."
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 and list the files that would change.")
def gen(
    proto_dirs: tuple[Path, ...], out: Path | None, templates: Path | None, kinds: str | None, check: bool
) -> None:
    """Generate Python packages from the .proto files of the given directories.

    Imports are relative to a PROTO_DIR; tokenwire/options, google/api and google/protobuf need not
    be there. Without a PROTO_DIR, the buf.gen.yaml of the current directory says what to generate.
    """
    started = time.monotonic()
    try:
        if proto_dirs:
            changes = _generate_directories(proto_dirs, templates, kinds, out or Path("generated"), check)
        elif out or templates or kinds:
            raise click.UsageError("name a PROTO_DIR; without one, buf.gen.yaml says where and what to write")
        elif not TEMPLATE.exists():
            raise click.UsageError("name a PROTO_DIR: there is no buf.gen.yaml in this directory")
        else:
            changes = _generate_workspace(check)
    except (buf.BufError, tree.ForeignFileError, OptionsError) as problem:
        click.echo(problem, err=True)
        raise SystemExit(1) from None
    _report(changes, check, time.monotonic() - started)
    if check and changes:
        raise SystemExit(1)


def _plugin_options(templates: Path | None, kinds: str | None, workspace: Path) -> list[str]:
    options = ["imports"]
    if templates is not None:
        # A copy: the directory's own name may hold a comma, which separates options.
        shutil.copytree(templates, workspace / "templates")
        options.append("templates=templates")
    if kinds is not None:
        options.append(f"kinds={'+'.join(sorted(parse_kinds(kinds)))}")
    return options


def _generate_workspace(check: bool) -> tree.Changes:
    here = Path()
    with tempfile.TemporaryDirectory(prefix="tokenwire-") as name:
        fresh = Path(name)
        roots = buf.output_roots(TEMPLATE)
        buf.generate(here, fresh, _wait)
        owned = [root for root in roots if root != "."]
        return _settle(fresh, here, owned, check, clean=True)


def _generate_directories(
    directories: Sequence[Path], templates: Path | None, kinds: str | None, out: Path, check: bool
) -> tree.Changes:
    with tempfile.TemporaryDirectory(prefix="tokenwire-") as name:
        workspace, fresh = Path(name, "workspace"), Path(name, "fresh")
        workspace.mkdir()
        known = buf.stage(directories, _plugin_options(templates, kinds, workspace), workspace)
        try:
            buf.generate(workspace, fresh, _wait)
        except buf.BufError as problem:
            raise buf.BufError(_with_originals(str(problem), known)) from None
        return _settle(fresh, out, [], check, clean=kinds is None)


def _settle(fresh: Path, target: Path, owned: Sequence[str], check: bool, *, clean: bool) -> tree.Changes:
    changes = tree.compare(fresh, target, owned, clean=clean)
    if not check:
        tree.write(changes, fresh, target)
    return changes


def _with_originals(text: str, known: dict[str, Path]) -> str:
    """Name the user's files where buf and the plugin name their copies."""
    lines = []
    for line in text.splitlines():
        path, colon, rest = line.partition(":")
        lines.append(f"{known[path]}{colon}{rest}" if path in known else line)
    return "\n".join(lines)


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process; show that it works once it takes longer than a second."""
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        with click.progressbar(_ticks(process), label="generating") as ticks:
            for _ in ticks:
                pass


def _ticks(process: subprocess.Popen[bytes]) -> Iterator[None]:
    while process.poll() is None:
        time.sleep(TICK)
        yield


def _report(changes: tree.Changes, check: bool, seconds: float) -> None:
    for verb, names in (
        ("created", changes.created),
        ("changed", changes.changed),
        ("removed", changes.removed),
    ):
        for name in names:
            click.echo(f"{f'to be {verb}' if check else verb}  {name}")
    counts = ", ".join(
        f"{len(names)} {verb}"
        for verb, names in (
            ("created", changes.created),
            ("changed", changes.changed),
            ("unchanged", changes.unchanged),
            ("removed", changes.removed),
        )
        if names
    )
    click.echo(f"{counts or 'nothing generated'} ({seconds:.1f} s)")
