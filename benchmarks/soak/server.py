"""A server in a process of its own whose engine is the faulty one; takes the flags of `tokenwire serve`."""

from __future__ import annotations

from tokenwire_serve.app import main
from tokenwire_serve.engines import ENGINES

if __name__ == "__main__":
    ENGINES["null"] = ("benchmarks.soak.engine", "FaultyEngine")
    main(prog_name="soak server")
