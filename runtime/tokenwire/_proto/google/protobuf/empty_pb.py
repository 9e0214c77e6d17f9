# Generated from google/protobuf/empty.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/protobuf/empty.proto."""

from __future__ import annotations

from tokenwire.message import Message


class Empty(Message, proto="google.protobuf.Empty"):
    """Nothing: for RPCs without a request or without an answer."""
