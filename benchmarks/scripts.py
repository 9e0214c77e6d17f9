"""The benchmarks that are programs of their own: the path of a token, codec, generator and engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from .errors import BenchError

__all__ = ["SCRIPTS", "run"]

_HERE: Final = Path(__file__).parent
SCRIPTS: Final = {
    "path": (_HERE / "path" / "bench_path.py", []),
    "codec": (_HERE / "codec" / "bench_codec.py", ["--seconds", "0.1"]),
    "codegen": (_HERE / "codegen" / "bench_codegen.py", ["--messages", "300"]),
    "engine": (_HERE / "engine" / "bench_loop_lag.py", []),
}
_SMOKE: Final = {
    "path": ["--steps", "5", "--rounds", "1"],
    "codec": ["--seconds", "0.002", "--rounds", "1"],
    "codegen": ["--messages", "5"],
    "engine": ["--requests", "2", "--tokens", "8"],
}
_TEXT_ONLY: Final = frozenset({"engine"})


def run(name: str, folder: Path, *, smoke: bool) -> Any:
    """Run one; returns what it writes as JSON, or prints.

    Raises:
        BenchError: It failed.
    """
    script, options = SCRIPTS[name]
    out = folder / f"{name}.json"
    command = [sys.executable, str(script), *(_SMOKE[name] if smoke else options)]
    if name not in _TEXT_ONLY:
        command += ["--json", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise BenchError(f"the benchmark {name} failed: {lines[-1]}")
    return done.stdout if name in _TEXT_ONLY else json.loads(out.read_text())
