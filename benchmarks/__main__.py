"""Runs the benchmarks one after another: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = {
    "codegen": HERE / "codegen" / "bench_codegen.py",
    "codec": HERE / "codec" / "bench_codec.py",
    "engine": HERE / "engine" / "bench_loop_lag.py",
}


def main(names: list[str]) -> int:
    """Run the benchmarks of these names, or all; returns the exit status."""
    unknown = sorted(set(names) - SCRIPTS.keys())
    if unknown:
        print(f"benchmarks: unknown name {unknown[0]!r}; there are {', '.join(SCRIPTS)}", file=sys.stderr)
        return 2
    failed = 0
    for name in names or SCRIPTS:
        print(f"\n== {name} ==", flush=True)
        failed |= subprocess.run([sys.executable, SCRIPTS[name]], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
