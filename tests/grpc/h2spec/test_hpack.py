"""RFC 7541: header blocks that are no HPACK end the connection, those that are strange do not."""

from __future__ import annotations

from hpack import Encoder
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from tokenwire.limits import Limits

from .peer import (
    ACCEPTED,
    ANSWERED,
    CALM,
    COMPRESSION,
    END,
    END_HEADERS,
    END_STREAM,
    HEADERS_FRAME,
    MALFORMED,
    Answered,
    Case,
    block,
    conforms,
    data,
    peer,
    raw,
    table,
)

HUFFMAN = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


def beside(piece: bytes, *, first: bytes = b"") -> list[bytes]:
    """A good request with a piece of HPACK at the end, and one at the start."""
    return [raw(HEADERS_FRAME, END_HEADERS, 1, first + block() + piece), END]


def coded(value: bytes) -> bytes:
    """A literal field "x" whose value says that it is Huffman-coded."""
    return b"\0\1x" + bytes((0x80 | len(value),)) + value


GOOD = HUFFMAN.encode(b"abcde")
ADD = b"\x40\3x-a\1b"
"""A field that enters the table."""


@table(
    (
        "the static table, as far as a request may say it",
        beside(bytes(0x80 | i for i in range(15, 62) if i not in (28, 31, 38, 57))),
        ANSWERED,
    ),
    ("an entry of the dynamic table", beside(ADD + b"\xbe"), ANSWERED),
    ("a name of the dynamic table", beside(ADD + b"\x0f\x2f\1c"), ANSWERED),
    ("never indexed", beside(b"\x10\3x-b\1c"), ANSWERED),
    ("index 0", beside(b"\x80"), COMPRESSION),
    ("index 62 of an empty table", beside(b"\xbe"), COMPRESSION),
    ("index after the last", beside(ADD + b"\xbf"), COMPRESSION),
    ("a far index", beside(b"\xff\xff\xff\x7f"), COMPRESSION),
    ("a literal's name of index 62", beside(b"\x7e\1a"), COMPRESSION),
    ("a literal's far name", beside(b"\x0f\xff\xff\x7f\1a"), COMPRESSION),
)
async def test_2_3_3_index_address_space(case: Case) -> None:
    await conforms(case)


@table(
    ("an entry as large as the table", beside(b"\x40\1y\x7f\xe0\x1e" + b"v" * 4063 + b"\xbe"), ANSWERED),
    (
        "an entry larger than the table empties it",
        beside(ADD + b"\x40\1y\x7f\xe1\x1e" + b"v" * 4064 + b"\xbe"),
        COMPRESSION,
    ),
    ("an entry of a table of 0", beside(b"\xbe", first=b"\x20" + ADD.replace(b"\x40", b"\x00")), COMPRESSION),
)
async def test_4_1_size_of_the_table(case: Case) -> None:
    await conforms(case)


@table(
    ("at the start", beside(b"", first=b"\x20"), ANSWERED),
    ("twice at the start", beside(b"", first=b"\x20\x3f\xe1\x1f"), ANSWERED),
    ("to the limit", beside(b"", first=b"\x3f\xe1\x1f"), ANSWERED),
    ("at the end", beside(b"\x20"), COMPRESSION),
    ("in the middle", beside(b"\x20" + ADD), COMPRESSION),
    ("over the limit", beside(b"", first=b"\x3f\xe2\x1f"), COMPRESSION),
    ("far over the limit", beside(b"", first=b"\x3f\xff\xff\xff\xff\x0f"), COMPRESSION),
    ("an empty table has lost its entries", beside(b"\xbe", first=b"\x20"), COMPRESSION),
)
async def test_4_2_and_6_3_size_updates(case: Case) -> None:
    await conforms(case)


async def test_4_2_a_resized_table_lets_go_of_entries() -> None:
    async with peer() as client:
        client.send(raw(HEADERS_FRAME, END_HEADERS, 1, block() + ADD), END)
        client.send(raw(HEADERS_FRAME, END_HEADERS, 3, b"\x20" + block() + b"\xbe"))
        await COMPRESSION.check(client)


@table(
    ("a value of 127 bytes", beside(b"\0\1x\x7f\0" + b"v" * 127), ANSWERED),
    ("a size with zeros behind", beside(b"\0\1x\x7f\x80\x80\0" + b"v" * 127), ANSWERED),
    ("a size without an end", beside(b"\0\1x\x7f\xff"), COMPRESSION),
    ("a size of endless zeros", beside(b"\0\1x\x7f" + b"\x80" * 1000 + b"\0"), COMPRESSION),
    ("an endless index", beside(b"\xff" + b"\xff" * 1000), COMPRESSION),
    ("an endless update", beside(b"", first=b"\x3f" + b"\xff" * 1000), COMPRESSION),
    ("a size beyond the block", beside(b"\0\1x\x05abcd"), COMPRESSION),
    ("a name beyond the block", beside(b"\0\x05abcd"), COMPRESSION),
    ("a field cut after its name", beside(b"\0\1x"), COMPRESSION),
    ("a field cut at its first byte", beside(b"\0"), COMPRESSION),
)
async def test_5_1_integers_and_sizes(case: Case) -> None:
    await conforms(case)


@table(
    ("good", beside(coded(GOOD)), ANSWERED),
    ("good name", beside(b"\0" + bytes((0x80 | len(GOOD),)) + GOOD + b"\1v"), ANSWERED),
    ("empty", beside(coded(b"")), ANSWERED),
    ("no padding", beside(coded(HUFFMAN.encode(b"aaaaaaaa"))), ANSWERED),
    ("padding of 7 bits", beside(coded(HUFFMAN.encode(b"aaaaa"))), ANSWERED),
    ("padding of 8 bits", beside(coded(HUFFMAN.encode(b"aaaaaaaa") + b"\xff")), COMPRESSION),
    ("padding of 15 bits", beside(coded(HUFFMAN.encode(b"aaaaa") + b"\xff")), COMPRESSION),
    ("nothing but padding of 8 bits", beside(coded(b"\xff")), COMPRESSION),
    ("padding of zeros", beside(coded(b"\x18")), COMPRESSION),
    ("padding that ends with a zero", beside(coded(HUFFMAN.encode(b"aaaaa")[:-1] + b"\xfe")), COMPRESSION),
    ("EOS", beside(coded(b"\xff\xff\xff\xff")), COMPRESSION),
    ("EOS after a symbol", beside(coded(b"\x1f\xff\xff\xff\xff")), COMPRESSION),
    ("EOS within", beside(coded(b"\xff\xff\xff\xfc" + GOOD)), COMPRESSION),
    ("CR LF behind Huffman", beside(coded(HUFFMAN.encode(b"a\r\nb"))), MALFORMED),
)
async def test_5_2_huffman(case: Case) -> None:
    await conforms(case)


async def test_the_table_is_one_for_all_streams() -> None:
    encoder = Encoder()
    pairs = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/test.Wire/Unary"),
        (":authority", "test"),
        ("content-type", "application/grpc"),
        ("x-key", "value"),
    ]
    async with peer() as client:
        for stream_id in (1, 3, 5, 7):
            client.send(raw(HEADERS_FRAME, END_HEADERS, stream_id, encoder.encode(pairs)))
            client.send(data(stream_id, b"a", END_STREAM))
            assert (await client.ended(stream_id))["grpc-status"] == "0"
        await ACCEPTED.check(client)
        assert {context.metadata["x-key"] for context in client.servicer.contexts[:4]} == {"value"}


@table(
    ("over the limit", beside(ADD + b"\0\1x\x7f\x81\x0f" + b"v" * 2048), Answered("8")),
    ("far over the limit", beside(ADD + b"\xbe" * 200), CALM),
)
async def test_10_5_1_header_lists_over_the_limit(case: Case) -> None:
    await conforms(case, limits=Limits(max_header_size=2048))
