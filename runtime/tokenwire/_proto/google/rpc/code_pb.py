# Generated from google/rpc/code.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/rpc/code.proto."""

from __future__ import annotations

from tokenwire.message import Enum


class Code(Enum):
    """Outcome of a call."""

    OK = 0
    """Success. HTTP 200."""
    CANCELLED = 1
    """The call was cancelled, typically by its caller. HTTP 499."""
    UNKNOWN = 2
    """An error that fits no other code. HTTP 500."""
    INVALID_ARGUMENT = 3
    """The request itself is wrong, whatever state the system is in. HTTP 400."""
    DEADLINE_EXCEEDED = 4
    """The deadline passed before the call was complete. HTTP 504."""
    NOT_FOUND = 5
    """What was asked for does not exist. HTTP 404."""
    ALREADY_EXISTS = 6
    """What was to be created exists already. HTTP 409."""
    PERMISSION_DENIED = 7
    """The caller is known but may not do this. HTTP 403."""
    RESOURCE_EXHAUSTED = 8
    """A quota, a queue or a memory limit is used up. HTTP 429."""
    FAILED_PRECONDITION = 9
    """The system is not in the state that the call needs; do not retry until that
    has been changed. HTTP 400.
    """
    ABORTED = 10
    """The call met a concurrent one; retry the whole transaction. HTTP 409."""
    OUT_OF_RANGE = 11
    """A position lies past the end of the data there is now. HTTP 400."""
    UNIMPLEMENTED = 12
    """The server does not offer this operation. HTTP 501."""
    INTERNAL = 13
    """An invariant is broken: a bug. HTTP 500."""
    UNAVAILABLE = 14
    """The service cannot be reached for now; retry after a pause. HTTP 503."""
    DATA_LOSS = 15
    """Data is lost or corrupt beyond recovery. HTTP 500."""
    UNAUTHENTICATED = 16
    """The caller has not said, or not proved, who it is. HTTP 401."""
