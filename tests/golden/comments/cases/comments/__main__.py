# Generated from cases/comments/comments.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Serves cases.comments: run this package with `python -m`."""

from __future__ import annotations

from tokenwire import main

from .comments_grpc import COMMENTED_SERVICE

if __name__ == "__main__":
    main(COMMENTED_SERVICE)
