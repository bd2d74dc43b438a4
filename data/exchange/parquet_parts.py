"""Parquet files that were written apart, put behind each other as one file without writing a row anew."""

import struct
from typing import IO, Any

from data.errors import CannotWrite
from geo.errors import N_

MAGIC = b"PAR1"
# Numbers of fields in the footer, as Parquet's own description (parquet.thrift) gives them.
ROWS, GROUPS = 3, 4
COLUMNS, GROUP_OFFSET, ORDINAL = 1, 5, 7
CHUNK_OFFSET, CHUNK_ABOUT, OFFSET_INDEX, COLUMN_INDEX = 2, 3, 4, 6
PAGES_OFFSET, INDEX_OFFSET, DICTIONARY_OFFSET, BLOOM_OFFSET = 9, 10, 11, 14
MOST_ORDINALS = 1 << 15
# Types of Thrift's compact protocol.
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)

Struct = dict[int, tuple[int, Any]]


class PartsInOne:
    """Writes one Parquet file out of whole ones of the same columns.

    Row groups are copied as they are; only the footer, which says where each of them lies, is written anew. What the
    first part says about itself (columns, metadata) is said of the whole.

    Parameters
    ----------
    sink : binary file
        At its beginning.
    """

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._footer: Struct | None = None
        self._groups: list[Struct] = []
        self._rows = 0
        self._at = sink.write(MAGIC)

    def add(self, part: Any) -> None:
        """Append the rows of a file.

        Parameters
        ----------
        part : bytes-like
            The whole file.

        Raises
        ------
        CannotWrite
            It has other columns than the parts before it.
        """
        data = memoryview(part).cast("B")
        (length,) = struct.unpack("<I", data[-8:-4])
        end = len(data) - 8 - length
        footer = read_struct(data[end:-8])
        if self._footer is None:
            self._footer = footer
        elif footer[2] != self._footer[2]:
            raise CannotWrite(N_("The parts of a file have different columns, so they cannot be put together."))
        self._sink.write(data[len(MAGIC) : end])
        for group in footer[GROUPS][1][1]:
            self._groups.append(_moved(group, self._at - len(MAGIC), len(self._groups)))
        self._rows += footer[ROWS][1]
        self._at += end - len(MAGIC)

    def close(self) -> None:
        """Write the footer of the whole."""
        if self._footer is None:
            raise CannotWrite(N_("There is nothing to write."))
        footer = {**self._footer, ROWS: (I64, self._rows), GROUPS: (LIST, (STRUCT, self._groups))}
        data = write_struct(footer)
        self._sink.write(data + struct.pack("<I", len(data)) + MAGIC)


def read_struct(data: Any) -> Struct:
    """A struct in Thrift's compact protocol: number of each field to its type and value."""
    return _Reader(data).struct()


def write_struct(fields: Struct) -> bytes:
    """The same the other way round.

    >>> write_struct(read_struct(bytes.fromhex("15041c19000000")))[:4].hex()
    '15041c19'
    """
    to = bytearray()
    _put_struct(to, fields)
    return bytes(to)


def _moved(group: Struct, by: int, ordinal: int) -> Struct:
    """A row group that lies elsewhere in its file."""
    columns = []
    for column in group[COLUMNS][1][1]:
        about = _shifted(column[CHUNK_ABOUT][1], by, (PAGES_OFFSET, INDEX_OFFSET, DICTIONARY_OFFSET, BLOOM_OFFSET))
        column = _shifted(column, by, (CHUNK_OFFSET, OFFSET_INDEX, COLUMN_INDEX))
        columns.append({**column, CHUNK_ABOUT: (STRUCT, about)})
    moved = {**_shifted(group, by, (GROUP_OFFSET,)), COLUMNS: (LIST, (STRUCT, columns))}
    if ORDINAL in moved:
        # Parquet numbers no more groups than that, and says they may go without.
        moved[ORDINAL] = (I16, ordinal)
        if ordinal >= MOST_ORDINALS:
            del moved[ORDINAL]
    return moved


def _shifted(fields: Struct, by: int, names: tuple[int, ...]) -> Struct:
    # Offset 0 means that there is none: a file begins with its four letters.
    moved = {name: (fields[name][0], fields[name][1] + by) for name in names if name in fields and fields[name][1]}
    return {**fields, **moved}


class _Reader:
    def __init__(self, data: Any) -> None:
        self._data = data
        self._at = 0

    def struct(self) -> Struct:
        fields: Struct = {}
        number = 0
        while head := self._byte():
            kind = head & 15
            number = number + (head >> 4) if head >> 4 else self._signed()
            fields[number] = (kind, self._value(kind))
        return fields

    def _byte(self) -> int:
        self._at += 1
        return int(self._data[self._at - 1])

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _bytes(self, count: int) -> bytes:
        self._at += count
        return bytes(self._data[self._at - count : self._at])

    def _value(self, kind: int, *, listed: bool = False) -> Any:
        if kind in (TRUE, FALSE):
            # In a field the type itself is the value; in a list each value is a byte.
            return self._byte() if listed else kind
        if kind == BYTE:
            return self._byte()
        if kind in (I16, I32, I64):
            return self._signed()
        if kind == DOUBLE:
            return self._bytes(8)
        if kind == BINARY:
            return self._bytes(self._unsigned())
        if kind == STRUCT:
            return self.struct()
        if kind in (LIST, SET):
            head = self._byte()
            size = self._unsigned() if head >> 4 == 15 else head >> 4
            return head & 15, [self._value(head & 15, listed=True) for _ in range(size)]
        raise CannotWrite(N_("A part of a file has a footer that is not understood."))


def _put_struct(to: bytearray, fields: Struct) -> None:
    before = 0
    for number, (kind, value) in sorted(fields.items()):
        if 0 < number - before <= 15:
            to.append((number - before) << 4 | kind)
        else:
            to.append(kind)
            _put_signed(to, number)
        before = number
        if kind not in (TRUE, FALSE):
            _put_value(to, kind, value)
    to.append(0)


def _put_value(to: bytearray, kind: int, value: Any) -> None:
    if kind in (TRUE, FALSE, BYTE):
        to.append(value)
    elif kind in (I16, I32, I64):
        _put_signed(to, value)
    elif kind == DOUBLE:
        to += value
    elif kind == BINARY:
        _put_unsigned(to, len(value))
        to += value
    elif kind == STRUCT:
        _put_struct(to, value)
    else:
        inner, values = value
        if len(values) < 15:
            to.append(len(values) << 4 | inner)
        else:
            to.append(0xF0 | inner)
            _put_unsigned(to, len(values))
        for each in values:
            _put_value(to, inner, each)


def _put_unsigned(to: bytearray, value: int) -> None:
    while value > 127:
        to.append(value & 127 | 128)
        value >>= 7
    to.append(value)


def _put_signed(to: bytearray, value: int) -> None:
    _put_unsigned(to, (value << 1) ^ (value >> 63))
