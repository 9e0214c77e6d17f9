# Generated from sglang/runtime/v1/sglang.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Serves sglang.runtime.v1: run this package with `python -m`."""

from __future__ import annotations

from tokenwire import main

from .sglang_grpc import SGLANG_SERVICE

if __name__ == "__main__":
    main(SGLANG_SERVICE)
