"""Header blocks read into fields (RFC 7541), with a limit that leaves the connection intact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpack.exceptions import HPACKDecodingError, InvalidTableSizeError, OversizedHeaderListError
from hpack.hpack import decode_integer
from hpack.huffman_table import decode_huffman

from tokenwire.limits import flag_of

if TYPE_CHECKING:
    from hpack.table import HeaderTable

__all__ = ["Fields", "read_fields"]

_FLAG: Final = flag_of("max_header_size")
_FIELD_SIZE: Final = 32
"""What a field counts beside its name and value (RFC 9113, 6.5.2)."""
_MOST_FIELDS: Final = 2
"""A block that goes over the limit may have so many times as many fields as the limit has room for."""
_MOST_RESIZES: Final = 2
"""The smallest size and the last say all that happened in between (RFC 7541, 4.2)."""
_LONGEST_INTEGER: Final = 16

_Field = tuple[bytes, bytes]


class Fields(list[_Field]):
    """Names and values in wire order.

    Attributes:
        size: Bytes of all of them, as SETTINGS_MAX_HEADER_LIST_SIZE counts.
        oversized: Whether that is over the limit; then the list holds those below it.
        huffman: Octets of strings in Huffman's code, which take long to read.
    """

    size = 0
    huffman = 0
    oversized = False


def read_fields(block: bytes, table: HeaderTable, limit: int, largest_table: int) -> Fields:
    """The fields of a block; the table is kept in step, also by a block that is over the limit.

    Args:
        block: All of it.
        table: The connection's dynamic table.
        limit: Bytes of a header list.
        largest_table: Bytes that the table may be made.

    Raises:
        HPACKError: It is not HPACK.
        OversizedHeaderListError: It is so far over the limit that reading on would be work for nothing.
    """
    fields = Fields()
    position, end, count, size, resizes, huffman = 0, len(block), 0, 0, 0, 0
    most = _MOST_FIELDS * limit // _FIELD_SIZE
    while position < end:
        first = block[position]
        if first & 0x80:
            index, position = _integer(block, position, 7)
            name, value = table.get_by_index(index)
        elif first & 0x60 == 0x20:
            if count:
                raise HPACKDecodingError("a change of the table's size after a field")
            wanted, position = _integer(block, position, 5)
            if wanted > largest_table:
                raise InvalidTableSizeError(f"a table of {wanted} bytes, {largest_table} are allowed")
            resizes += 1
            if resizes > _MOST_RESIZES:
                raise HPACKDecodingError("more than two changes of the table's size")
            table.maxsize = wanted
            continue
        else:
            index, start = _integer(block, position, 6 if first & 0x40 else 4)
            if index:
                name, position = table.get_by_index(index)[0], start
            else:
                name, position = _string(block, start)
                huffman += position - start if block[start] & 0x80 else 0
            start = position
            value, position = _string(block, start)
            huffman += position - start if block[start] & 0x80 else 0
            if first & 0x40:
                table.add(name, value)
        count += 1
        size += len(name) + len(value) + _FIELD_SIZE
        if size <= limit:
            fields.append((name, value))
        elif count > most:
            raise OversizedHeaderListError(f"a header list of more than {most} fields, far over {_FLAG}")
    fields.size = size
    fields.huffman = huffman
    fields.oversized = size > limit
    return fields


def _integer(block: bytes, position: int, bits: int) -> tuple[int, int]:
    mask = (1 << bits) - 1
    number = block[position] & mask
    if number < mask:
        return number, position + 1
    number, length = decode_integer(block[position : position + _LONGEST_INTEGER], bits)
    return number, position + length


def _string(block: bytes, position: int) -> tuple[bytes, int]:
    if position >= len(block):
        raise HPACKDecodingError("the block ends before a string")
    packed = block[position] & 0x80
    length, start = _integer(block, position, 7)
    text = block[start : start + length]
    if len(text) != length:
        raise HPACKDecodingError("the block ends within a string")
    return decode_huffman(text) if packed else text, start + length
