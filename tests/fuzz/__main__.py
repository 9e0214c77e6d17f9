"""`python -m tests.fuzz TARGET`: fuzz one target with atheris, guided by coverage."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris
import click

INSTRUMENTED = ["tokenwire", "tokenwire_gen", "tokenwire_serve", "h2", "hpack", "hyperframe", "httptools"]
NAMES = [
    "messages", "json-messages", "json-bodies", "framing", "gzip", "headers", "hpack", "connection", "client",
    "http", "typed", "openai",
]  # fmt: skip


@click.command(context_settings={"show_default": True})
@click.argument("target", type=click.Choice(NAMES))
@click.option("--seconds", default=60, help="How long.")
@click.option(
    "--corpus", type=click.Path(path_type=Path), help="Directory that keeps what found something new."
)
@click.option("--seed", default=0, help="Where chance begins; 0 is somewhere else each time.")
@click.option(
    "--crashes", type=click.Path(path_type=Path), default=Path(), help="Where an input that fails goes."
)
@click.argument("inputs", nargs=-1, type=click.Path(path_type=Path, exists=True))
def main(
    target: str, seconds: int, corpus: Path | None, seed: int, crashes: Path, inputs: tuple[Path, ...]
) -> None:
    """Fuzz TARGET, or with INPUTS run only those, as they were written when they failed."""
    with atheris.instrument_imports(include=INSTRUMENTED):
        from .targets import TARGETS
    run = TARGETS[target]()
    if inputs:
        for file in inputs:
            run(file.read_bytes())
        return
    flags = [f"-max_total_time={seconds}", "-max_len=2048", "-timeout=20", "-rss_limit_mb=2048"]
    flags += [f"-artifact_prefix={crashes.resolve()}/", f"-seed={seed}", "-print_final_stats=1"]
    if corpus is not None:
        corpus.mkdir(parents=True, exist_ok=True)
        flags.append(str(corpus))
    atheris.Setup([sys.argv[0], *flags], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
