"""What is remembered of header blocks, and the blocks of replies."""

from __future__ import annotations

from random import Random

import pytest
from h2.exceptions import DenialOfServiceError, ProtocolError
from hpack import Decoder, Encoder
from hypothesis import given
from hypothesis import strategies as st
from tokenwire.grpc import hpack_cache
from tokenwire.grpc.hpack_cache import BlockReader, literal_block

from tests.support.budget import seeds

FIELDS = [(":method", "POST"), ("x-a", "1")]


def reader() -> BlockReader:
    return BlockReader(Decoder())


def test_a_block_is_known_once_it_changes_nothing() -> None:
    blocks, encoder = reader(), Encoder()
    first, second, third = (encoder.encode(FIELDS) for _ in range(3))
    assert first != second == third
    one, two = blocks.read(first), blocks.read(second)
    assert one is not two
    assert one.fields == two.fields == FIELDS
    assert blocks.read(third) is two


def test_an_equal_block_means_something_else_when_the_table_has_changed() -> None:
    blocks, encoder = reader(), Encoder()
    encoder_block = encoder.encode([("x-a", "1")])
    blocks.read(encoder_block)
    index = b"\xbe"  # the newest entry of the table
    assert blocks.read(index).fields == [("x-a", "1")]
    assert blocks.read(index) is blocks.read(index)
    blocks.read(Encoder().encode([("x-b", "2")]))
    assert blocks.read(index).fields == [("x-b", "2")]


def test_a_change_by_another_reader_of_the_decoder_counts() -> None:
    decoder = Decoder()
    blocks = BlockReader(decoder)
    blocks.read(Encoder().encode([("x-a", "1")]))
    assert blocks.read(b"\xbe").fields == [("x-a", "1")]
    decoder.decode(Encoder().encode([("x-b", "2")]))
    assert blocks.read(b"\xbe").fields == [("x-b", "2")]


def test_a_resized_table_forgets() -> None:
    blocks = reader()
    blocks.read(Encoder().encode([("x-a", "1")]))
    assert blocks.read(b"\xbe").fields == [("x-a", "1")]
    blocks.read(b"\x20" + literal_block(FIELDS))  # the table has 0 bytes now
    with pytest.raises(ProtocolError):
        blocks.read(b"\xbe")


def test_a_block_that_resizes_is_not_known() -> None:
    blocks = reader()
    block = b"\x3f\xe1\x1f" + literal_block(FIELDS)  # 4096, as it was
    assert blocks.read(block) is not blocks.read(block)


def test_blocks_of_two_connections_have_nothing_in_common() -> None:
    one, two = reader(), reader()
    one.read(Encoder().encode([("authorization", "one")]))
    two.read(Encoder().encode([("authorization", "two")]))
    assert one.read(b"\xbe").fields == [("authorization", "one")]
    assert two.read(b"\xbe").fields == [("authorization", "two")]


@pytest.mark.parametrize("seed", seeds(20, 2000))
def test_it_says_what_hpack_says(seed: int) -> None:
    random = Random(seed)
    blocks, plain, encoder = reader(), Decoder(), Encoder()
    for _ in range(60):
        if random.random() < 0.1:
            encoder.header_table_size = random.choice([0, 40, 100, 4096])
        pairs = [
            (f"x-{random.randint(0, 4)}", str(random.randint(0, 3))) for _ in range(random.randint(1, 4))
        ]
        block = encoder.encode([]) + literal_block(pairs) if random.random() < 0.3 else encoder.encode(pairs)
        assert blocks.read(block).fields == plain.decode(block) == pairs
        assert blocks._decoder.header_table.dynamic_entries == plain.header_table.dynamic_entries


def test_what_is_kept_is_bounded() -> None:
    blocks = reader()
    for number in range(1000):
        blocks.read(literal_block([("x", str(number))]))
    assert len(blocks._known) <= 128
    long = literal_block([("x", "y" * 1100)])
    assert blocks.read(long) is not blocks.read(long)


def test_what_many_small_blocks_say_is_bounded() -> None:
    blocks = reader()
    for number in range(1000):
        blocks.read(literal_block([(f"x-{number}", "y" * 10)] * 20))
        kept = [field for head in blocks._known.values() for field in head.fields]
        assert sum(len(name) + len(value) + 32 for name, value in kept) <= 16 << 10
    assert blocks._known


def test_few_bytes_that_say_much_are_not_kept() -> None:
    blocks = reader()
    blocks.read(Encoder().encode([("x", "y" * 3000)]))
    assert blocks.read(b"\xbe") is blocks.read(b"\xbe")
    assert blocks.read(b"\xbe\xbe") is not blocks.read(b"\xbe\xbe")
    many = b"\x82" * 65
    assert blocks.read(many) is not blocks.read(many)


@pytest.mark.parametrize(
    "block", [b"\xff", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x00\x7f", b"\x80"]
)
def test_what_is_no_hpack_is_a_protocol_error(block: bytes) -> None:
    with pytest.raises(ProtocolError):
        reader().read(block)


def test_a_list_over_the_limit_is_marked_and_cut() -> None:
    blocks = reader()
    blocks.read(Encoder().encode([("x", "y" * 3000)]))
    head = blocks.read(b"\xbe" * 30)
    assert head.oversized
    assert 0 < len(head.fields) < 30
    assert not blocks.read(b"\xbe").oversized


def test_a_list_far_over_the_limit_ends_the_connection() -> None:
    blocks = reader()
    with pytest.raises(DenialOfServiceError):
        blocks.read(b"\x82" * 1_000_000)


@given(
    st.lists(st.tuples(st.text("abc-", min_size=1, max_size=300), st.text(st.characters(max_codepoint=255))))
)
def test_literal_blocks_are_read_by_hpack_and_change_no_table(fields: list[tuple[str, str]]) -> None:
    decoder = Decoder(1 << 20)
    raw = decoder.decode(literal_block(fields), raw=True)
    assert [(n.decode("latin-1"), v.decode("latin-1")) for n, v in raw] == fields
    assert not decoder.header_table.dynamic_entries


@pytest.mark.parametrize("size", [0, 126, 127, 128, 254, 255, 16_510, 16_511, 70_000])
def test_sizes(size: int) -> None:
    (field,) = Decoder(1 << 20).decode(literal_block([("x", "y" * size)]))
    assert field == ("x", "y" * size)


def test_the_status_is_one_byte() -> None:
    assert literal_block([(":status", "200")]) == b"\x88"
    assert hpack_cache._literal.cache_info().maxsize == 256
