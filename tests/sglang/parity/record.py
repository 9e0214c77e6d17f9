"""What one server answers, as JSON: python -m tests.sglang.parity.record HTTP GRPC [PATTERN]."""

from __future__ import annotations

import json
import sys
from fnmatch import fnmatchcase

from .cases import CASES
from .client import Server
from .pairs import answer
from .servers import Address


def main(http: str, grpc: str, pattern: str = "*") -> None:
    server = Server(Address(http, grpc))
    for case in CASES:
        if fnmatchcase(case.name, pattern):
            print(json.dumps({case.name: answer(case, server)}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
