# Generated from cases/annotated/annotated.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Serves cases.annotated: run this package with `python -m`."""

from __future__ import annotations

from tokenwire import main

from .annotated_grpc import ANNOTATED_SERVICE

if __name__ == "__main__":
    main(ANNOTATED_SERVICE)
