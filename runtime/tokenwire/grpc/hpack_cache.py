"""Header blocks: those that came before are not decoded again, those of replies are encoded once."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from h2.errors import ErrorCodes
from h2.exceptions import DenialOfServiceError, ProtocolError
from hpack.exceptions import HPACKError, OversizedHeaderListError
from hpack.table import HeaderTable

from .field_rules import announced_length, request_fault
from .hpack_fields import read_fields

if TYPE_CHECKING:
    from hpack import Decoder

    from .headers import Headers
    from .hpack_fields import Fields

logging.getLogger("hpack").setLevel(logging.INFO)  # Below that it logs header fields, keys among them.

__all__ = ["BlockReader", "CompressionError", "RequestHead", "literal_block", "literal_name", "literal_size"]

_MOST_BLOCKS: Final = 128
_LONGEST_BLOCK: Final = 1024
_MOST_FIELDS: Final = 64
_LONGEST_FIELDS: Final = 4096
_MOST_KEPT: Final = 16 << 10
"""A block of few bytes may say a lot; what is kept of a connection is bounded by what it says, all in all."""


class _CountingTable(HeaderTable):
    """HPACK's dynamic table, which counts its changes."""

    changes = 0

    def add(self, name: bytes, value: bytes) -> None:
        """Enter a field."""
        self.changes += 1
        super().add(name, value)

    @property
    def maxsize(self) -> int:
        """Bytes that it may hold."""
        return self._maxsize

    @maxsize.setter
    def maxsize(self, newmax: int) -> None:
        self.changes += 1
        HeaderTable.maxsize.fset(self, newmax)  # type: ignore[attr-defined]


class RequestHead:
    """The header fields of a request, and what was found out about them; requests that are alike share one.

    Attributes:
        fields: Names and values as latin-1 text, in wire order.
        fault: Why HTTP/2 forbids such a request; empty when it does not.
        content_length: Bytes of the body, if that was announced.
        meaning: Whatever the one who reads it wants to find there the next time.
        oversized: Whether there are more fields, which make them larger than is allowed.
    """

    __slots__ = ("content_length", "fault", "fields", "meaning", "oversized")

    def __init__(self, fields: Headers, *, oversized: bool = False) -> None:
        self.fields = fields
        self.oversized = oversized
        self.content_length: int | None = None
        self.meaning: Any = None
        self.fault = ""
        if oversized:
            return
        try:
            self.content_length = announced_length(fields)
        except ValueError as error:
            self.fault = str(error)
        else:
            self.fault = request_fault(fields)


class CompressionError(ProtocolError):
    """A header block that is no HPACK (RFC 9113, 4.3)."""

    error_code = ErrorCodes.COMPRESSION_ERROR


class BlockReader:
    """Decodes header blocks; one that leaves the table as it is means the same until the table changes.

    Clients repeat themselves: from its second call on, most send blocks that are equal byte by byte.

    Args:
        decoder: The connection's decoder, which h2 may go on using beside.

    Attributes:
        huffman: Octets in Huffman's code that were read so far.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.huffman = 0
        self._decoder = decoder
        self._table = decoder.header_table = _CountingTable()
        self._known: dict[bytes, RequestHead] = {}
        self._kept = 0
        self._changes = 0

    def read(self, block: bytes) -> RequestHead:
        """What a block says; for an equal block the same object, as long as it is known.

        Raises:
            CompressionError: It is not HPACK.
            DenialOfServiceError: It is far larger than the decoder's limit.
        """
        if self._changes != self._table.changes:
            self._forget()
            self._changes = self._table.changes
        found = self._known.get(block)
        if found is not None:
            return found
        fields = self._decode(block)
        self.huffman += fields.huffman
        head = RequestHead(
            [(n.decode("latin-1"), v.decode("latin-1")) for n, v in fields], oversized=fields.oversized
        )
        if self._changes == self._table.changes and len(block) <= _LONGEST_BLOCK and _is_small(fields):
            if len(self._known) >= _MOST_BLOCKS or self._kept + fields.size > _MOST_KEPT:
                self._forget()
            self._known[block] = head
            self._kept += fields.size
        return head

    def _forget(self) -> None:
        self._known.clear()
        self._kept = 0

    def _decode(self, block: bytes) -> Fields:
        decoder = self._decoder
        try:
            return read_fields(
                block, self._table, decoder.max_header_list_size, decoder.max_allowed_table_size
            )
        except OversizedHeaderListError as error:
            raise DenialOfServiceError(str(error)) from error
        except HPACKError as error:
            raise CompressionError(f"error decoding a header block: {error}") from error


def _is_small(fields: Fields) -> bool:
    return len(fields) <= _MOST_FIELDS and fields.size <= _LONGEST_FIELDS


def literal_block(fields: Headers) -> bytes:
    """A header block that needs no table and changes none (RFC 7541, 6.2.2): any connection may send it."""
    return b"".join([_literal(name, value) for name, value in fields])


@lru_cache(256)
def _literal(name: str, value: str) -> bytes:
    if (name, value) == (":status", "200"):
        return b"\x88"
    raw_value = value.encode("latin-1")
    return literal_name(name) + literal_size(len(raw_value)) + raw_value


def literal_name(name: str) -> bytes:
    """How a field of `literal_block` begins; the size of its value and the value follow."""
    raw_name = name.encode("latin-1")
    return b"\x00" + literal_size(len(raw_name)) + raw_name


def literal_size(value: int) -> bytes:
    """An integer with a prefix of seven bits (RFC 7541, 5.1)."""
    if value < 127:
        return bytes((value,))
    value -= 127
    octets = [127]
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes([*octets, value])
