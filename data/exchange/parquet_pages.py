"""Answers as Parquet, chunk by chunk, from where they lie in memory: a fifth of what it takes to have them encoded.

Only for the few kinds of columns that answers are: numbers, yes or no, and texts of which there are few. What a chunk
says becomes one page of each column. Numbers go into the file as they are. Of a text its place in the dictionary is
written in whole bytes, which needs no packing, and which Snappy makes small where neighbours are alike; any other kind
of column is for Arrow to write.
"""

import struct
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from data.exchange.parquet_parts import (
    CHUNK_ABOUT,
    CHUNK_OFFSET,
    COLUMNS,
    DICTIONARY_OFFSET,
    GROUP_BYTES,
    GROUP_OFFSET,
    GROUP_PACKED,
    GROUP_ROWS,
    MAGIC,
    PAGES_OFFSET,
)
from data.exchange.thrift import BINARY, I32, I64, LIST, STRUCT, Struct, put_unsigned, write_struct

# Numbers of Parquet's own description (parquet.thrift): kinds of columns, of encodings, of packing, of pages.
BOOLEAN, DOUBLE, BYTE_ARRAY = 0, 5, 6
PLAIN, RLE, RLE_DICTIONARY = 0, 3, 8
AS_IT_IS, SNAPPY = 0, 1
DATA_PAGE, DICTIONARY_PAGE = 0, 2
KIND, ENCODINGS, PATH, PACKING, VALUES, UNPACKED, PACKED, EXTREMES = 1, 2, 3, 4, 5, 6, 7, 12
OFFSETS = (PAGES_OFFSET, DICTIONARY_OFFSET)
OF_DATA, OF_DICTIONARY = 5, 7
NULLS, GREATEST, LEAST = 3, 5, 6
# A run of packed values has whole eights of them.
_EIGHT = 8


class Column(NamedTuple):
    """A column's share of a row group: its pages, and what the footer says about it (offsets from its beginning)."""

    pieces: list[Any]
    size: int
    about: Struct


def can_be_paged(table: pa.Table) -> bool:
    """Whether all columns are of the kinds that are written here, and begin where their memory does."""
    known = all(_kind(field.type) is not None for field in table.schema)
    return known and not any(chunk.offset for column in table.columns for chunk in column.chunks)


def row_group(table: pa.Table) -> tuple[list[Any], Struct]:
    """A table as the pages of a row group that begins behind a file's first four bytes, and what the footer says of it.

    Parameters
    ----------
    table : pyarrow.Table
        Columns for which `can_be_paged` holds; each of its chunks becomes a page. A dictionary is the same in all
        chunks, and holds no null.
    """
    pages: list[Any] = []
    at, unpacked, columns = len(MAGIC), 0, []
    for name, values in zip(table.column_names, table.columns, strict=True):
        column = _column(name, values)
        pages += column.pieces
        moved = {field: (I64, column.about[field][1] + at) for field in OFFSETS if field in column.about}
        columns.append({CHUNK_OFFSET: (I64, 0), CHUNK_ABOUT: (STRUCT, {**column.about, **moved})})
        at, unpacked = at + column.size, unpacked + column.about[UNPACKED][1]
    group = {
        COLUMNS: (LIST, (STRUCT, columns)),
        GROUP_BYTES: (I64, unpacked),
        GROUP_ROWS: (I64, len(table)),
        GROUP_OFFSET: (I64, len(MAGIC)),
        GROUP_PACKED: (I64, at - len(MAGIC)),
    }
    return pages, group


def _kind(kind: pa.DataType) -> int | None:
    if pa.types.is_dictionary(kind):
        return BYTE_ARRAY if pa.types.is_string(kind.value_type) else None
    return DOUBLE if pa.types.is_float64(kind) else BOOLEAN if pa.types.is_boolean(kind) else None


def _column(name: str, values: pa.ChunkedArray) -> Column:
    kind = _kind(values.type)
    packing = AS_IT_IS if kind == DOUBLE else SNAPPY
    pieces: list[Any] = []
    size = unpacked = first = 0
    chunks = [chunk for chunk in values.chunks if len(chunk)]
    if kind == BYTE_ARRAY:
        words = [word.encode() for word in chunks[0].dictionary.to_pylist()] if chunks else []
        texts = b"".join(struct.pack("<I", len(word)) + word for word in words)
        described = {1: (I32, len(words)), 2: (I32, PLAIN)}
        size, unpacked = _add_page(pieces, DICTIONARY_PAGE, OF_DICTIONARY, described, [texts], packing)
        first = size
    extremes: list[float] = []
    for chunk in chunks:
        encoding = RLE_DICTIONARY if kind == BYTE_ARRAY else PLAIN
        described = {1: (I32, len(chunk)), 2: (I32, encoding), 3: (I32, RLE), 4: (I32, RLE)}
        known, numbers = _taken_apart(chunk)
        if kind == DOUBLE and len(numbers):
            extremes += [float(numbers.min()), float(numbers.max())]
        data = [*_which(known, len(chunk)), *_encoded(chunk.type, numbers)]
        more = _add_page(pieces, DATA_PAGE, OF_DATA, described, data, packing)
        size, unpacked = size + more[0], unpacked + more[1]
    about = _described(name, kind, packing, len(values), unpacked, size, first)
    return Column(pieces, size, {**about, EXTREMES: (STRUCT, _extremes(values.null_count, extremes))})


def _described(
    name: str, kind: int | None, packing: int, rows: int, unpacked: int, size: int, first: int
) -> dict[int, tuple[int, Any]]:
    """What the footer says about a column whose first page of data has this offset."""
    encodings = [PLAIN, RLE, RLE_DICTIONARY] if kind == BYTE_ARRAY else [PLAIN, RLE]
    about = {
        KIND: (I32, kind),
        ENCODINGS: (LIST, (I32, encodings)),
        PATH: (LIST, (BINARY, [name.encode()])),
        PACKING: (I32, packing),
        VALUES: (I64, rows),
        UNPACKED: (I64, unpacked),
        PACKED: (I64, size),
        PAGES_OFFSET: (I64, first),
    }
    return {**about, DICTIONARY_OFFSET: (I64, 0)} if first else about


def _add_page(
    pieces: list[Any], kind: int, field: int, described: Struct, data: list[Any], packing: int
) -> tuple[int, int]:
    """Append a page; how many bytes it takes, and would take unpacked, its header among them."""
    length = written = sum(memoryview(piece).nbytes for piece in data)
    if packing == SNAPPY:
        data = [pa.compress(b"".join(data), codec="snappy")]
        written = len(data[0])
    header = write_struct({1: (I32, kind), 2: (I32, length), 3: (I32, written), field: (STRUCT, described)})
    pieces += [header, *data]
    return len(header) + written, len(header) + length


def _taken_apart(chunk: pa.Array) -> tuple[Any, Any]:
    """Which rows are known (None: all of them), a bit for each, and the values of these."""
    bits, data = (chunk.indices if pa.types.is_dictionary(chunk.type) else chunk).buffers()
    known = None
    if chunk.null_count:
        known = np.frombuffer(bits, np.uint8)[: -(-len(chunk) // _EIGHT)]
    if pa.types.is_boolean(chunk.type):
        values = np.frombuffer(data, np.uint8)[: -(-len(chunk) // _EIGHT)]
        if known is None:
            return None, values
        flags = np.unpackbits(values, count=len(chunk), bitorder="little")
        return known, np.packbits(flags[_flags(known, len(chunk))], bitorder="little")
    plain = chunk.type.index_type if pa.types.is_dictionary(chunk.type) else chunk.type
    values = np.frombuffer(data, plain.to_pandas_dtype())[: len(chunk)]
    if chunk.null_count == len(chunk):
        return known, values[:0]
    return known, values if known is None else values[_flags(known, len(chunk))]


def _flags(known: Any, rows: int) -> Any:
    return np.unpackbits(known, count=rows, bitorder="little").view(bool)


def _which(known: Any, rows: int) -> list[bytes]:
    """Which rows have a value: one run for all, or a bit for each."""
    if known is None:
        run = _unsigned(rows << 1) + b"\x01"
    elif not known.any():
        run = _unsigned(rows << 1) + b"\x00"
    else:
        run = _unsigned(len(known) << 1 | 1) + known.tobytes()
    return [struct.pack("<I", len(run)), run]


def _encoded(kind: pa.DataType, values: Any) -> list[Any]:
    """Values as a page holds them: numbers and bits as they are, places in a dictionary in one, two or four bytes."""
    if not pa.types.is_dictionary(kind):
        return [values] if len(values) else []
    if not len(values):
        return [b"\x00"]
    highest = int(values.max())
    width = 1 if highest < 1 << 8 else 2 if highest < 1 << 16 else 4
    eights = -(-len(values) // _EIGHT)
    padded = np.zeros(eights * _EIGHT, f"<u{width}")
    padded[: len(values)] = values
    return [bytes([width * _EIGHT]), _unsigned(eights << 1 | 1), padded]


def _extremes(nulls: int, extremes: list[float]) -> Struct:
    """What a column's share says of its values; nothing about the greatest where some are no numbers."""
    told: Struct = {NULLS: (I64, nulls)}
    if extremes and not np.isnan(extremes).any():
        # Parquet's rule: a zero stands for both zeros.
        least, greatest = min(extremes) or -0.0, max(extremes) or 0.0
        told |= {GREATEST: (BINARY, struct.pack("<d", greatest)), LEAST: (BINARY, struct.pack("<d", least))}
    return told


def _unsigned(value: int) -> bytes:
    to = bytearray()
    put_unsigned(to, value)
    return bytes(to)
