"""Large files out, a chunk at a time: Parquet, GeoParquet and CSV, whole or not at all."""

import base64
import csv
import io
from collections.abc import Callable
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from data.exchange.endings import PARQUET_ENDINGS
from data.exchange.parquet_pages import can_be_paged, row_group
from data.exchange.parquet_parts import GROUPS, ROWS, ColumnsBeside, Group, PartsInOne, read_footer
from data.exchange.stream_parquet import ParquetPoints
from data.exchange.thrift import I64, LIST, STRUCT

ENDINGS = PARQUET_ENDINGS | {".csv"}
BOM = b"\xef\xbb\xbf"
SPECIAL = r'[",\r\n]'
COMPUTED = r"^'*[=+\-@\t\r]"
NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
LARGEST_IN_FULL = 1e15
"""Larger numbers would be shortened to a power of ten, which no reader of codes takes."""
BATCH_ROWS = 1 << 14
Sink = IO[bytes]


class Writer(Protocol):
    """Takes tables of one schema, one after the other."""

    def write(self, table: pa.Table) -> None:
        """Append some rows."""

    def close(self) -> None:
        """Finish what was written."""


class InOne(Protocol):
    """Takes files that were written elsewhere and makes one of them."""

    def add(self, number: int, part: Any) -> None:
        """Append the rows of a file, given as its bytes, whatever its number."""

    def close(self) -> None:
        """Finish what was written."""


class ParquetOut:
    """Parquet, each table a row group of its own.

    Text of which there are few kinds is written as a dictionary, which costs one number a row; what reads the file sees
    plain text. Numbers are written as they are: their dictionaries would only be thrown away again. The least and the
    greatest value of a row group are written down for numbers alone: to find them takes as long for text as to write
    it.
    """

    def __init__(self, sink: Any, schema: pa.Schema) -> None:
        plain = pa.schema([_plain(field) for field in schema])
        self._schema = schema.remove_metadata()
        self._writer = pq.ParquetWriter(
            sink,
            self._schema,
            compression="snappy",
            use_dictionary=[field.name for field in plain if _is_text(field.type)],
            write_statistics=[field.name for field in plain if not _is_text(field.type)],
            store_schema=False,
        )
        # Arrow would say of its dictionaries that they are no text, and pandas would make categories of them.
        kept = {key: value for key, value in (schema.metadata or {}).items() if key != b"ARROW:schema"}
        told = base64.b64encode(plain.with_metadata(kept or None).serialize().to_pybytes())
        self._writer.add_key_value_metadata({**kept, b"ARROW:schema": told})

    def write(self, table: pa.Table) -> None:
        """Append some rows as one row group."""
        self._writer.write_table(table.replace_schema_metadata(None), row_group_size=max(len(table), 1))

    def close(self) -> None:
        """Write the file's footer."""
        self._writer.close()


class ParquetBeside:
    """Parquet that keeps the columns of another Parquet byte for byte and has more columns beside them.

    Parameters
    ----------
    sink : binary file
    points : ParquetPoints
        A file that `can_be_copied`.

    Attributes
    ----------
    beside : pyarrow.Schema
        The columns beside its own; to be set before the end.
    """

    def __init__(self, sink: Any, points: ParquetPoints) -> None:
        self._whole = ColumnsBeside(sink, points.path)
        self._own = pq.read_metadata(points.path)
        self.beside = pa.schema([])

    def copy(self, wanted: Callable[[], bool] = lambda: True) -> None:
        """Take over the file's own columns; another thread may do so while others are written beside them."""
        self._whole.copy(wanted)

    def add(self, number: int, part: Any) -> None:
        """Write the columns of `one_group` beside a row group by its number."""
        self._whole.add(number, part)

    def close(self) -> None:
        """Write the file's footer."""
        about = dict(self._own.metadata or {})
        if about.pop(b"ARROW:schema", None) is not None:
            fields = [*self._own.schema.to_arrow_schema(), *(_plain(field) for field in self.beside)]
            told = pa.schema(fields, about or None)
            about[b"ARROW:schema"] = base64.b64encode(told.serialize().to_pybytes())
        self._whole.close(about)


class CsvOut:
    """CSV as `data.exchange.write.write_table` writes it: UTF-8 that Excel recognises, and no cell is ever computed."""

    def __init__(self, sink: Sink, schema: pa.Schema, *, headings: bool = True) -> None:
        self._sink = sink
        from data.exchange.write import csv_cell  # brings in what writes maps, which Parquet does without

        if headings:
            line = io.StringIO()
            csv.writer(line).writerow([csv_cell(name) for name in schema.names])
            sink.write(BOM + line.getvalue().encode())

    def write(self, table: pa.Table) -> None:
        """Append some rows."""
        columns = [_cells(column) for column in table.columns]
        texts = [column for column in columns if _is_text(column.type)]
        special = any(pc.any(pc.match_substring_regex(column, SPECIAL)).as_py() for column in texts)
        options = pa_csv.WriteOptions(
            include_header=False, eol="\r\n", quoting_style="needed" if special else "none", batch_size=BATCH_ROWS
        )
        text = pa.BufferOutputStream()
        pa_csv.write_csv(pa.table(columns, names=table.column_names), text, options)
        self._sink.write(memoryview(text.getvalue()))

    def close(self) -> None:
        """Nothing is left to do."""


class CsvInOne:
    """Puts CSV files behind each other; only the first was written with headings."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def add(self, number: int, part: Any) -> None:
        """Append the rows of a file."""
        self._sink.write(memoryview(part))

    def close(self) -> None:
        """Nothing is left to do."""


def writer(ending: str, sink: Any, schema: pa.Schema, *, first: bool = True) -> Writer:
    """What writes rows of these columns into a file of this ending; only a `first` part of a CSV gets headings."""
    return CsvOut(sink, schema, headings=first) if ending == ".csv" else ParquetOut(sink, schema)


def in_one(ending: str, sink: Sink) -> InOne:
    """What makes one file out of the parts that `writer` wrote into files of their own."""
    return CsvInOne(sink) if ending == ".csv" else PartsInOne(sink)


def one_group(table: pa.Table) -> Group:
    """A table as a Parquet file of one row group, in memory."""
    if not can_be_paged(table):
        return Group.of(_arrows_own(table))
    pages, group = row_group(table)
    footer = read_footer(_arrows_own(table.slice(0, 0)))
    return Group(pages, {**footer, ROWS: (I64, len(table)), GROUPS: (LIST, (STRUCT, [group]))})


def _arrows_own(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    writer = ParquetOut(sink, table.schema)
    if len(table):
        writer.write(table)
    writer.close()
    return sink.getvalue()


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _plain(field: pa.Field) -> pa.Field:
    """What readers are told: a text is a text, however it was written."""
    text = pa.types.is_dictionary(field.type) and _is_text(field.type.value_type)
    return field.with_type(field.type.value_type) if text else field


def _cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as text, or as numbers that are written as a person would."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if _is_text(kind):
        harmful = pc.and_(
            pc.match_substring_regex(column, COMPUTED), pc.invert(pc.match_substring_regex(column, NUMBER))
        )
        if pc.any(harmful).as_py():
            column = pc.if_else(harmful, pc.binary_join_element_wise("'", column, ""), column)
        return column
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        return column
    if pa.types.is_floating(kind) and not pc.any(pc.greater_equal(pc.abs(column), LARGEST_IN_FULL)).as_py():
        return pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
    from data.exchange.write import csv_cell  # as above

    return pa.chunked_array([pa.array([csv_cell(value) or None for value in column.to_pylist()], pa.string())])
