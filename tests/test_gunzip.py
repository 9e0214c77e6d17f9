"""What gzip expands to, and what is refused."""

from __future__ import annotations

import gzip
import os
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenwire.gunzip import NotGzipError, TooManyMembersError, TooMuchError, expand

MIB = 1 << 20
BOMB = gzip.compress(bytes(64 * MIB), 9)
EMPTY_MEMBER = gzip.compress(b"")


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.integers(0, 9))
def test_members_in_a_row_are_one_message(parts: list[bytes], level: int) -> None:
    packed = b"".join(gzip.compress(part, level) for part in parts)
    body = b"".join(parts)
    assert expand(packed, len(body)) == body
    if body:
        with pytest.raises(TooMuchError, match=f"more than {len(body) - 1} bytes"):
            expand(packed, len(body) - 1)


@pytest.mark.parametrize("size", [0, 1, 65536, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 7])
def test_sizes_around_the_steps(size: int) -> None:
    """What zlib holds back when its output is full is not lost, with the input at its end."""
    for body in (bytes(size), os.urandom(size)):
        packed = gzip.compress(body, 1)
        assert expand(packed, size) == body
        assert expand(packed, 64 * MIB) == body


@given(st.binary(max_size=200), st.data())
def test_what_is_cut_off_or_goes_on_is_broken(body: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(body)
    cut = packed[: data.draw(st.integers(0, len(packed) - 1))]
    for broken in (cut, packed + b"\0", packed + b"x", b"x" + packed, packed + cut if cut else b""):
        with pytest.raises(NotGzipError):
            expand(broken, 1000)


def test_a_wrong_checksum_is_broken() -> None:
    packed = bytearray(gzip.compress(b"hello"))
    packed[-8] ^= 1
    with pytest.raises(NotGzipError, match="incorrect data check"):
        expand(bytes(packed), 1000)


def test_other_formats_of_zlib_are_broken() -> None:
    for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        packer = zlib.compressobj(wbits=wbits)
        with pytest.raises(NotGzipError):
            expand(packer.compress(b"hello") + packer.flush(), 1000)


@pytest.mark.parametrize("limit", [10, 1000, MIB])
def test_a_bomb_is_never_held(limit: int) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooMuchError):
            expand(BOMB, limit)
        assert tracemalloc.get_traced_memory()[1] < 2 * limit + 200_000
    finally:
        tracemalloc.stop()


def test_members_without_end_are_refused() -> None:
    assert expand(EMPTY_MEMBER * 4096, 10) == b""
    with pytest.raises(TooManyMembersError, match="more than 4096 gzip members"):
        expand(EMPTY_MEMBER * 4097, 10)
