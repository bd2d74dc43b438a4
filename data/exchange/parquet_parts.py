"""Parquet files that were written apart, put behind each other as one file without writing a row anew."""

import os
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from data.errors import CannotWrite
from data.exchange.thrift import BINARY, I16, I32, I64, LIST, STRUCT, Struct, read_struct, write_struct
from geo.errors import N_

MAGIC = b"PAR1"
SYSTEM_BYTES = 1 << 24
COPIED_BYTES = 1 << 18
"""So little at a time that what was read is still in the processor's cache when it is written."""
KNOWN_WRITERS = (b"parquet-cpp", b"duckdb", b"polars", b"parquet-rs", b"parquet-mr version 1.1", b"gdal")
OLD_WRITERS = (b"parquet-mr version 1.1.", b"parquet-cpp version 1.0")
# Numbers of fields in the footer, as Parquet's own description (parquet.thrift) gives them.
VERSION, SCHEMA, ROWS, GROUPS, ABOUT, CREATED_BY, ORDERS = range(1, 8)
CHILDREN = 5
COLUMNS, GROUP_BYTES, GROUP_ROWS, GROUP_OFFSET, GROUP_PACKED, ORDINAL = 1, 2, 3, 5, 6, 7
ELSEWHERE, CHUNK_OFFSET, CHUNK_ABOUT, OFFSET_INDEX, COLUMN_INDEX = 1, 2, 3, 4, 6
INDICES = (4, 5, 6, 7)
PAGES_OFFSET, INDEX_OFFSET, DICTIONARY_OFFSET, BLOOM_OFFSET, BLOOM_BYTES = 9, 10, 11, 14, 15
MOST_ORDINALS = 1 << 15


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

    def add(self, number: int, part: Any) -> None:
        """Append the rows of a file.

        Parameters
        ----------
        number : int
            Which part it is; they come in their order anyway.
        part : bytes-like
            The whole file.

        Raises
        ------
        CannotWrite
            It has other columns than the parts before it.
        """
        data = memoryview(part).cast("B")
        end = len(data) - 8 - _length(data)
        footer = read_footer(data)
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


class Group(NamedTuple):
    """A Parquet file of one row group, written elsewhere: its pages in pieces as they follow each other, its footer."""

    pages: list[Any]
    footer: Struct

    @classmethod
    def of(cls, file: Any) -> "Group":
        """The row group of a whole file given as its bytes."""
        data = memoryview(file).cast("B")
        return cls([data[len(MAGIC) : len(data) - 8 - _length(data)]], read_footer(data))

    def written(self) -> bytes:
        """The same as a whole file."""
        footer = write_struct(self.footer)
        return b"".join([MAGIC, *self.pages, footer, struct.pack("<I", len(footer)), MAGIC])


class ColumnsBeside:
    """Writes the columns of a Parquet file anew with other columns beside them, without looking into the former.

    All bytes of the file but its footer are copied to where they were, so nothing in its columns can change, whatever
    kinds of columns they are; what it costs is copying. The columns beside them come as Parquet files of one row group
    each, as many rows in each as in the row group they belong to, and are written behind the copy. A column's share of
    a row group may lie anywhere in a Parquet file.

    Parameters
    ----------
    sink : binary file
        At its beginning, and empty.
    source : Path
        A file for which `can_be_copied` holds.
    """

    def __init__(self, sink: IO[bytes], source: Path) -> None:
        self._sink, self._source = sink, source
        with source.open("rb") as file:
            data, self._behind = _footer_of(file)
        self._footer = read_struct(data)
        self._beside: Struct | None = None
        self._groups: list[Struct] = []
        self._rows = 0
        self._at = sink.seek(self._behind)

    def copy(self, wanted: Callable[[], bool] = lambda: True) -> None:
        """Copy the file's own columns; another thread may do so while answers are added.

        Parameters
        ----------
        wanted : callable
            Asked now and then whether to go on.

        Raises
        ------
        CannotWrite
            The file ends too early.
        """
        with self._source.open("rb", buffering=0) as file, open(self._sink.name, "r+b", buffering=0) as own:
            at = _copied_by_system(file.fileno(), own.fileno(), self._behind, wanted)
            file.seek(at)
            own.seek(at)
            data = memoryview(bytearray(COPIED_BYTES))
            while at < self._behind and wanted():
                read = file.readinto(data[: min(self._behind - at, COPIED_BYTES)])
                if not read:
                    raise CannotWrite(N_("A column of the file ends too early: it is broken."))
                at += _written(own, data[:read])

    def add(self, group: int, beside: Group) -> None:
        """Append what lies beside a row group of the source; all of them, in their order.

        Parameters
        ----------
        group : int
            Its number in the source.
        beside : Group
        """
        own = self._footer[GROUPS][1][1][group]
        if self._beside is None:
            self._beside = beside.footer
        more = beside.footer[GROUPS][1][1][0]
        columns = [_without_indices(column) for column in own[COLUMNS][1][1]]
        columns += [_at_home(column, self._at - len(MAGIC)) for column in more[COLUMNS][1][1]]
        for piece in beside.pages:
            self._at += self._sink.write(piece)
        fields = {**own, COLUMNS: (LIST, (STRUCT, columns))}
        fields[GROUP_BYTES] = (I64, own[GROUP_BYTES][1] + more[GROUP_BYTES][1])
        if GROUP_PACKED in own and GROUP_PACKED in more:
            fields[GROUP_PACKED] = (I64, own[GROUP_PACKED][1] + more[GROUP_PACKED][1])
        self._groups.append(fields)
        self._rows += own[GROUP_ROWS][1]

    def close(self, about: dict[bytes, bytes]) -> None:
        """Write the footer.

        Parameters
        ----------
        about : dict
            What the file says about itself, instead of what the source said.
        """
        if self._beside is None:
            raise CannotWrite(N_("There is nothing to write."))
        root, *own = self._footer[SCHEMA][1][1]
        _, *more = self._beside[SCHEMA][1][1]
        root = {**root, CHILDREN: (I32, root[CHILDREN][1] + len(more))}
        told = [{1: (BINARY, key), 2: (BINARY, value)} for key, value in about.items()]
        footer = {
            VERSION: self._footer[VERSION],
            SCHEMA: (LIST, (STRUCT, [root, *own, *more])),
            ROWS: (I64, self._rows),
            GROUPS: (LIST, (STRUCT, self._groups)),
            CREATED_BY: self._beside[CREATED_BY],
        }
        if told:
            footer[ABOUT] = (LIST, (STRUCT, told))
        if ORDERS in self._footer and ORDERS in self._beside:
            footer[ORDERS] = (LIST, (STRUCT, [*self._footer[ORDERS][1][1], *self._beside[ORDERS][1][1]]))
        data = write_struct(footer)
        self._sink.write(data + struct.pack("<I", len(data)) + MAGIC)


def can_be_copied(source: Path) -> bool:
    """Whether the columns of a file can be copied as they are: who wrote it counted their bytes right.

    Programs of before 2016 left a dictionary out of the count; of the others we know.
    """
    with source.open("rb") as file:
        footer = read_struct(_footer_of(file)[0])
    writer = footer.get(CREATED_BY, (BINARY, b""))[1].lower()
    known = writer.startswith(KNOWN_WRITERS) and not writer.startswith(OLD_WRITERS)
    groups = footer[GROUPS][1][1]
    return known and not any(ELSEWHERE in column for group in groups for column in group[COLUMNS][1][1])


def _copied_by_system(source: int, target: int, size: int, wanted: Callable[[], bool]) -> int:
    """Have the system copy a file's first bytes; how many it did: where it cannot, none, and they are copied by hand.

    Python's lock is free all the while, and a disk that shares what is equal copies nothing at all.
    """
    at = 0
    with suppress(OSError):
        while hasattr(os, "copy_file_range") and at < size and wanted():
            done = os.copy_file_range(source, target, min(size - at, SYSTEM_BYTES), at, at)
            if not done:
                break
            at += done
    return at


def _written(own: IO[bytes], data: memoryview) -> int:
    """Write all of it: without a buffer a file takes as much as it likes."""
    at = 0
    while at < len(data):
        at += own.write(data[at:])
    return at


def _length(data: Any) -> int:
    (length,) = struct.unpack("<I", data[-8:-4])
    return int(length)


def read_footer(file: Any) -> Struct:
    """The footer of a whole file given as its bytes."""
    data = memoryview(file).cast("B")
    return read_struct(data[len(data) - 8 - _length(data) : -8])


def _footer_of(file: IO[bytes]) -> tuple[bytes, int]:
    """The footer, and where it begins."""
    file.seek(-8, 2)
    length = _length(file.read(8))
    begin = file.seek(-8 - length, 2)
    return file.read(length), begin


def _without_indices(column: Struct) -> Struct:
    """A column's share without its indices of pages, which readers expect of all columns or of none."""
    return {name: value for name, value in column.items() if name not in INDICES}


def _at_home(column: Struct, by: int) -> Struct:
    """A column's share that was written elsewhere: its pages moved, and what lies beside them is gone."""
    about = _shifted(column[CHUNK_ABOUT][1], by, (PAGES_OFFSET, DICTIONARY_OFFSET))
    for name in (INDEX_OFFSET, BLOOM_OFFSET, BLOOM_BYTES):
        about.pop(name, None)
    # Where a copy of the column's description lies: nowhere, as Parquet advises.
    return {**_without_indices(column), CHUNK_OFFSET: (I64, 0), CHUNK_ABOUT: (STRUCT, about)}


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
