"""Header blocks are read as hpack reads them, and a block over the limit leaves the table in step."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hpack import Decoder, Encoder
from hpack.exceptions import HPACKDecodingError, HPACKError, OversizedHeaderListError
from hpack.hpack import decode_integer
from hpack.table import HeaderTable
from tokenwire.grpc.hpack_fields import read_fields

from tests.support.budget import seeds

LIMIT = 4096
NO_LIMIT = 1 << 30


def block_of(random: Random, encoder: Encoder) -> bytes:
    """Some fields, in any form that an encoder may choose."""
    if random.random() < 0.2 and len(encoder.table_size_changes) < 2:
        encoder.header_table_size = random.choice([0, 60, 200, 4096])
    pieces = []
    for _ in range(random.randint(0, 12)):
        name = random.choice([":path", "te", "x-a", "x-" + "b" * random.randint(1, 200)])
        value = random.choice(["", "POST", "y" * random.randint(0, 400), f"{random.getrandbits(64):x}"])
        sensitive = random.random() < 0.3
        pieces.append(encoder.encode([(name, value, sensitive)], huffman=random.random() < 0.5))
    return b"".join(pieces)


def spoiled(random: Random, block: bytes) -> bytes:
    data = bytearray(block)
    for _ in range(random.randint(0, 3)):
        if data:
            data[random.randrange(len(data))] = random.getrandbits(8)
    return bytes(data[: random.randint(0, len(data))]) if random.random() < 0.5 else bytes(data)


def resizes(block: bytes) -> int:
    """Changes of the table's size that it begins with; hpack takes more of them than we do."""
    count = 0
    while block and block[0] & 0xE0 == 0x20:
        try:
            block = block[decode_integer(block, 5)[1] :]
        except HPACKError:
            break
        count += 1
    return count


def outcome(read: Any) -> Any:
    try:
        return [tuple(field) for field in read()]
    except HPACKError as error:
        return type(error)


@pytest.mark.parametrize("seed", seeds(300, 50_000))
def test_as_hpack_does(seed: int) -> None:
    random = Random(seed)
    encoder, theirs, ours = Encoder(), Decoder(NO_LIMIT), HeaderTable()
    for _ in range(10):
        block = block_of(random, encoder)
        if random.random() < 0.2:
            block = spoiled(random, block)
        if resizes(block) > 2:
            break
        expected = outcome(lambda block=block: theirs.decode(block, raw=True))
        assert outcome(lambda block=block: read_fields(block, ours, NO_LIMIT, 4096)) == expected
        if isinstance(expected, type):
            break
        assert ours.dynamic_entries == theirs.header_table.dynamic_entries
        assert ours.maxsize == theirs.header_table_size


@pytest.mark.parametrize("seed", seeds(100, 10_000))
def test_a_block_over_the_limit_leaves_the_table_in_step(seed: int) -> None:
    random = Random(seed)
    encoder, theirs, ours = Encoder(), Decoder(NO_LIMIT), HeaderTable()
    for _ in range(10):
        block = block_of(random, encoder)
        everything = theirs.decode(block, raw=True)
        fields = read_fields(block, ours, 1000, 4096)
        size = sum(len(name) + len(value) + 32 for name, value in everything)
        assert fields.size == size
        assert fields.oversized == (size > 1000)
        assert sum(len(name) + len(value) + 32 for name, value in fields) <= 1000
        if not fields.oversized:
            assert list(fields) == [tuple(field) for field in everything]
        assert ours.dynamic_entries == theirs.header_table.dynamic_entries


def test_a_bomb_is_not_unpacked() -> None:
    """A thousand references to an entry of 4000 bytes: what is kept of it is below the limit."""
    table = HeaderTable()
    table.add(b"x", b"y" * 4000)
    fields = read_fields(b"\xbe" * 250, table, LIMIT, 4096)
    assert fields.oversized
    assert fields.size == 250 * 4033
    assert len(fields) == 1


@pytest.mark.parametrize("block", [b"\xbe" * 16_384, b"\x41\x00" * 8192, b"\x0f\x2f\x00" * 5461])
def test_reading_on_ends_somewhere(block: bytes) -> None:
    table = HeaderTable()
    table.add(b"x", b"y" * 4000)
    with pytest.raises(OversizedHeaderListError, match="--max-header-size"):
        read_fields(block, table, LIMIT, 4096)


@pytest.mark.parametrize(("count", "taken"), [(2, True), (3, False)])
def test_the_table_is_not_resized_for_ever(count: int, taken: bool) -> None:
    found = outcome(lambda: read_fields(b"\x20" * count, HeaderTable(), LIMIT, 4096))
    assert found == ([] if taken else HPACKDecodingError)


def test_what_is_dear_to_read_is_counted() -> None:
    """Octets in Huffman's code, of names and of values; plain ones are cheap."""
    encoder = Encoder()
    plain = encoder.encode([("x-plain", "y" * 500)], huffman=False)
    packed = encoder.encode([("x-packed", "y" * 500, True)], huffman=True)
    assert read_fields(plain, HeaderTable(), LIMIT, 4096).huffman == 0
    fields = read_fields(packed, HeaderTable(), LIMIT, 4096)
    assert len(packed) - 2 <= fields.huffman <= len(packed) - 1
