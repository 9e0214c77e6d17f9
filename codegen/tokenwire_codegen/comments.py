"""The words of a schema: what is kept of a comment."""

from __future__ import annotations

__all__ = ["clean"]

DIRECTIVES = ("buf:lint:", "protolint:", "api-linter:", "clang-format", "(-- api-linter")


def clean(comment: str) -> str:
    """Strip the space after the comment marker, linter directives and blank ends; drop licenses."""
    if not comment:
        return ""
    lines = [line.removeprefix(" ").rstrip() for line in comment.split("\n")]
    text = "\n".join(line for line in lines if not line.lstrip().startswith(DIRECTIVES)).strip("\n")
    return "" if text.lstrip().lower().startswith(("copyright", "licensed under")) else text
