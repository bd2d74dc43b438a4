"""Records in Thrift's compact protocol, in which Parquet describes files and pages."""

from typing import Any

from data.errors import CannotWrite
from geo.errors import N_

# Types of Thrift's compact protocol.
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)

Struct = dict[int, tuple[int, Any]]


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
        put_unsigned(to, len(value))
        to += value
    elif kind == STRUCT:
        _put_struct(to, value)
    else:
        inner, values = value
        if len(values) < 15:
            to.append(len(values) << 4 | inner)
        else:
            to.append(0xF0 | inner)
            put_unsigned(to, len(values))
        for each in values:
            _put_value(to, inner, each)


def put_unsigned(to: bytearray, value: int) -> None:
    """Append a whole number, seven bits to a byte, the lowest first."""
    while value > 127:
        to.append(value & 127 | 128)
        value >>= 7
    to.append(value)


def _put_signed(to: bytearray, value: int) -> None:
    put_unsigned(to, (value << 1) ^ (value >> 63))
