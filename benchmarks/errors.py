"""What ends a benchmark with a sentence instead of a traceback."""

from __future__ import annotations


class BenchError(Exception):
    """Something that the user can put right, or a server that does not do what the others do."""
