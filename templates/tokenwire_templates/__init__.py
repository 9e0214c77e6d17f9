"""The shipped templates, one per kind of file; `tokenwire_codegen` renders them."""

from pathlib import Path

__all__ = ["DIRECTORY"]

DIRECTORY = Path(__file__).parent
"""Where the templates are."""
