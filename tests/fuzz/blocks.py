"""Header blocks of one connection, compressed in all ways that RFC 7541 knows and some that it forbids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from h2.exceptions import DenialOfServiceError
from hpack import Decoder
from hpack.exceptions import HPACKError
from hpack.hpack import decode_integer
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from tokenwire.grpc.hpack_cache import BlockReader, CompressionError, RequestHead

from .choices import Choices

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["header_blocks"]

LIMITS: Final = (1 << 16, 400)
"""Bytes of a header list: more than any here has, and few."""
INDEXES: Final = (0, 0, 2, 3, 8, 28, 61, 62, 62, 63, 64, 70)
"""No index, those of the static table and of the dynamic one, as far as it goes."""
SIZES: Final = (4096, 0, 100, 200, 1000)
WRONG_SIZE: Final = 4097
"""Of the dynamic table: more than is allowed."""
ADDING: Final = b"\x40\x01a\x01b"
"""A block that does nothing but add a field to the table."""
NAMES: Final = (b"x-a", b"te", b":path", b"content-length", b"x-b-bin", b"", b"X")
VALUES: Final = (b"trailers", b"12", b"/test.Wire/Unary", b"a" * 130, b"", b"\xff")

_ENCODER: Final = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)
_FIELD_SIZE: Final = 32
_MOST_RESIZES: Final = 2
_PREFIX: Final = 16
_STATIC: Final = 61


class _Writer:
    """Writes one block; one in four may have what is wrong, so that most connections live for some blocks.

    Args:
        choices: What decides.
        entries: How many fields the dynamic table has.
    """

    def __init__(self, choices: Choices, entries: int) -> None:
        self._choices = choices
        self._entries = entries
        self._wrong = choices.number(3) == 0
        self._adds = bool(choices.number(1))

    def block(self) -> bytes:
        """The block."""
        choices = self._choices
        pieces = [self._resize() for _ in range(choices.number(3 if self._wrong else 2) * choices.number(1))]
        pieces += [self._wrong_piece() if self._may(3) else self._field() for _ in range(choices.number(6))]
        return b"".join(pieces)

    def _may(self, seldom: int) -> bool:
        """Whether to go wrong here."""
        return self._wrong and not self._choices.number(seldom)

    def _wrong_piece(self) -> bytes:
        return self._resize() if self._choices.number(1) else self._choices.some(20)

    def _field(self) -> bytes:
        match self._choices.number(5):
            case 0 | 1:
                return self._integer(0x80, 7, self._index() or 1)
            case 2 | 3 if self._adds:
                return self._literal(0x40, 6)
            case 4:
                return self._literal(0x10, 4)
            case _:
                return self._literal(0, 4)

    def _literal(self, pattern: int, bits: int) -> bytes:
        index = self._index()
        name = b"" if index else self._text(NAMES)
        return self._integer(pattern, bits, index) + name + self._text(VALUES)

    def _index(self) -> int:
        """Of a field in either table; 0 is none."""
        most = _STATIC + self._entries
        if self._may(3):
            return self._choices.number(most + 2)
        return min(self._choices.pick(INDEXES), most)

    def _resize(self) -> bytes:
        return self._integer(0x20, 5, WRONG_SIZE if self._may(3) else self._choices.pick(SIZES))

    def _text(self, known: Sequence[bytes]) -> bytes:
        """A string, in Huffman's code or not."""
        choices = self._choices
        text = choices.pick(known) if choices.number(3) else choices.some(40)
        pattern = 0x80 * choices.number(1)
        if pattern and not self._may(3):
            text = _ENCODER.encode(text)
        size = choices.number(200) if self._may(7) else len(text)
        return self._integer(pattern, 7, size) + text

    def _integer(self, pattern: int, bits: int, value: int) -> bytes:
        """An integer behind a pattern of bits, perhaps longer than it needs to be."""
        mask = (1 << bits) - 1
        if value < mask:
            return bytes((pattern | value,))
        value -= mask
        octets = [pattern | mask]
        while value > 127:
            octets.append(value & 127 | 128)
            value >>= 7
        zeros = self._choices.number(17 if self._wrong else 2)
        return bytes([*octets, value | 128, *[128] * (zeros - 1), 0] if zeros else [*octets, value])


class _Connection:
    """What ours makes of a connection's blocks beside what hpack makes of them.

    Args:
        limit: Bytes of a header list; hpack has none: it loses its table with a list that is over it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ours, self._theirs = Decoder(limit), Decoder(1 << 30)
        self._reader = BlockReader(self._ours)

    @property
    def table(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """The dynamic table, which both have."""
        ours, theirs = self._ours.header_table, self._theirs.header_table
        assert ours.maxsize == theirs.maxsize
        assert ours.dynamic_entries == theirs.dynamic_entries
        return ours.maxsize, list(ours.dynamic_entries)

    def read(self, block: bytes) -> RequestHead | None:
        """What a block says; None is the end of the connection."""
        expected = self._expected(block)
        try:
            head = self._reader.read(block)
        except (CompressionError, DenialOfServiceError):
            assert expected is None, "refused without a reason"
            return None
        assert expected is not None, "taken where hpack refuses"
        assert (head.fields, head.oversized) == (expected.fields, expected.oversized)
        assert (head.fault, head.content_length) == (expected.fault, expected.content_length)
        return head

    def _expected(self, block: bytes) -> RequestHead | None:
        try:
            fields = [(bytes(name), bytes(value)) for name, value in self._theirs.decode(block, raw=True)]
        except HPACKError:
            return None
        if _resizes(block) > _MOST_RESIZES:
            return None
        kept, size = list[tuple[str, str]](), 0
        for count, (name, value) in enumerate(fields, 1):
            size += len(name) + len(value) + _FIELD_SIZE
            if size <= self._limit:
                kept.append((name.decode("latin-1"), value.decode("latin-1")))
            elif count > 2 * self._limit // _FIELD_SIZE:
                return None
        return RequestHead(kept, oversized=size > self._limit)


def _resizes(block: bytes) -> int:
    """How often a block that hpack takes resizes the table."""
    at = found = 0
    while at < len(block) and block[at] & 0xE0 == 0x20:
        at += decode_integer(block[at : at + _PREFIX], 5)[1]
        found += 1
    return found


def header_blocks(data: bytes) -> None:
    """Ours and hpack make the same of each block, of equal ones too, before and after the table changes."""
    choices = Choices(data)
    connection, blocks = _Connection(choices.pick(LIMITS)), list[bytes]()
    while choices.more and len(blocks) < 30:
        block = _Writer(choices, len(connection.table[1])).block()
        if not _read_twice(connection, block):
            return
        blocks.append(block)
    for block in [*blocks, ADDING, *blocks]:
        if not _read_twice(connection, block):
            return


def _read_twice(connection: _Connection, block: bytes) -> bool:
    """Whether the connection goes on."""
    table = connection.table
    head = connection.read(block)
    if head is None:
        return False
    changed = connection.table != table
    again = connection.read(block)
    assert changed or (again is not None and again.fields == head.fields)
    return again is not None
