# Generated from no_package.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Serves the protos without a package: run this package with `python -m`."""

from __future__ import annotations

from tokenwire import main

from .no_package_grpc import UNPACKAGED_SERVICE

if __name__ == "__main__":
    main(UNPACKAGED_SERVICE)
