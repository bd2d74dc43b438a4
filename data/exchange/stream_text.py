"""Points out of CSV and other tables of text of any length, a block of rows at a time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from data.exchange import tables
from data.exchange.encodings import decode, encoding_of
from data.exchange.points import LATITUDE, LONGITUDE, to_points
from data.exchange.reading import Reading, Refusals
from data.exchange.streams import Chunk, Floats, Refused, Rows, as_column, as_floats, settle_chunk, written_anew
from data.exchange.unpack import Source

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

BLOCK_BYTES = 8 << 20
LONGEST_ROW_BYTES = 64 << 20
"""A quotation mark that is never closed makes one row of the rest of the file."""
HEAD_BYTES = 1 << 18
"""Enough for the headings and the lines above them."""
ODD = re.compile(rb"""["'\r\x00](?!\n)|[eE]\+?(?:1[1-9]|2\d)""")
"""What only the patient reader understands: quotes, formulas, old line ends, numbers that a spreadsheet shortened."""


class Block(NamedTuple):
    """The bytes between which whole rows of a file lie."""

    start: int
    stop: int


@dataclass(frozen=True)
class TextPoints:
    """A table of text whose rows say where they are; see `data.exchange.streams.Points`.

    Rows and cells are those that `data.exchange.tables.read_table` would make of the file. ``begin`` is where the rows
    under the headings begin, in bytes; ``width`` how many cells the headings' own row has; ``numbers`` that the two
    columns of the place are handed on as numbers instead of as the text they are.
    """

    path: Path
    name: str
    schema: pa.Schema
    first_row: int
    encoding: str
    delimiter: str
    begin: int
    width: int
    lon: str
    lat: str
    crs: str | None
    datum: str
    numbers: bool

    def parts(self) -> Iterator[Block]:
        """Blocks of whole rows: a line end inside quotes ends no row."""
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            start = self.begin
            while start < size:
                stop = row_end(file, start, size)
                yield Block(start, stop)
                start = stop

    def rows(self, part: Block) -> int:
        """How many rows a part may have, at a guess."""
        return (part.stop - part.start) // (12 * self.width)

    def chunks(self, part: Block, refused: Refused) -> Iterator[Chunk]:
        """The rows of one part."""
        with self.path.open("rb") as file:
            file.seek(part.start)
            data = file.read(part.stop - part.start)
        begin = refused.next_row
        table, rows, refused.next_row = self._rows(data, begin, refused)
        lon, lat = _as_numbers(table[self.lon]), _as_numbers(table[self.lat])
        chunk, refusals = settle_chunk(
            *(table, rows, lon, lat, self._patiently),
            name=self.name,
            crs=self.crs,
            datum=self.datum,
            whole=part == (self.begin, self.path.stat().st_size),
        )
        refused.take(refusals)
        if self.numbers:
            table = chunk.table
            for name, values in ((self.lon, chunk.lon), (self.lat, chunk.lat)):
                table = table.set_column(table.schema.get_field_index(name), name, as_column(values))
            chunk = chunk._replace(table=table)
        yield chunk

    def _rows(self, data: bytes, begin: int, refused: Refused) -> tuple[pa.Table, Rows, int]:
        """The cells of a block, what the user calls its rows, and what the next one is called."""
        quick = None if ODD.search(data) else self._quickly(data)
        if quick is not None:
            return quick, np.arange(begin, begin + len(quick)), begin + len(quick)
        text = decode(data, file=self.name, encoding=self.encoding)
        split = tables.split_rows(text, self.delimiter, self.name)
        refusals = Refusals(self.name)
        filled = [(number + begin - 1, cells) for number, cells in split if any(cells)]
        if not filled:
            return self._nothing(), np.empty(0, np.int64), begin + len(split)
        frame = tables.frame_of(filled, self.schema.names, refusals).frame
        refused.take(refusals)
        columns = {name: pa.array(frame[name].tolist(), pa.string()) for name in self.schema.names}
        return pa.table(columns), frame["source_row"].to_numpy(np.int64), begin + len(split)

    def _nothing(self) -> pa.Table:
        return pa.table({name: pa.array([], pa.string()) for name in self.schema.names})

    def _quickly(self, data: bytes) -> pa.Table | None:
        """The cells of a block in which every row has as many cells as headings and a place; None for any other."""
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        plain = data if self.encoding == "utf-8" else decode(data, file=self.name, encoding=self.encoding).encode()
        names = [*self.schema.names, *(f"\x00{number}" for number in range(len(self.schema.names), self.width))]
        try:
            table = pa_csv.read_csv(
                pa.BufferReader(plain),
                pa_csv.ReadOptions(use_threads=False, column_names=names, block_size=len(plain) + 1),
                pa_csv.ParseOptions(delimiter=self.delimiter, quote_char=False),
                pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
            )
        except pa.ArrowInvalid:
            return None
        columns = [pc.utf8_trim_whitespace(column) for column in table.columns]
        own, surplus = columns[: len(self.schema.names)], columns[len(self.schema.names) :]
        placed = (own[names.index(self.lon)], own[names.index(self.lat)])
        if len(table) != lines or any(_empty(column) < lines for column in surplus) or any(map(_empty, placed)):
            return None
        # Arrow's own way to make a null of one's own brings pandas in.
        nothing = pa.nulls(1, pa.string())[0]
        cells = [pc.if_else(_is_empty(column), nothing, column) for column in own]
        return pa.table(cells, names=self.schema.names).combine_chunks()

    def _patiently(self, rows: pa.Table, source_row: "pd.Series[int]") -> "tuple[gpd.GeoDataFrame, Refusals]":
        import pandas as pd  # as in `settle_chunk`

        table = pd.DataFrame({name: rows[name].to_pandas().astype(object) for name in (self.lon, self.lat)})
        table["source_row"] = source_row.to_numpy()
        table.attrs["file"] = self.name
        return to_points(Reading(table, []), x=self.lon, y=self.lat)


def open_text(
    path: Path,
    *,
    x: str | None = None,
    y: str | None = None,
    crs: str | None = None,
    datum: str = "wgs84",
    numbers: bool = False,
) -> TextPoints | None:
    """Find out how a table of text is written and where its rows say where they are.

    Parameters
    ----------
    path : Path
        .csv, .tsv, .tab or .txt.
    x, y, crs, datum
        As in `data.exchange.vector.read_features`.
    numbers : bool
        Hand the two columns of the place on as numbers.

    Returns
    -------
    TextPoints or None
        None where the file can only be read as a whole: it is UTF-16, or its places are shapes in WKT.

    Raises
    ------
    UnreadableFile
        It is no table of text.
    """
    source = Source(path, path.name, path.suffix.lower())
    encoding = encoding_of(_lines(path))
    if encoding is None or encoding.startswith("utf-16"):
        return None
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    head = head[: head.rfind(b"\n") + 1] or head
    text = decode(head, file=source.name, encoding=encoding)
    tables.check_text(text, source.name)
    delimiter = tables.delimiter_of(text, source)
    row, cells = tables.headings_of(tables.split_rows(text, delimiter, source.name), source.name)
    headings = tables.name_columns(cells)
    wanted = {"lon": (x,) if x else LONGITUDE, "lat": (y,) if y else LATITUDE}
    found = {target: column for column, target in tables.rename(headings, wanted, file=source.name).items()}
    if x in headings and y in headings:
        found = {"lon": str(x), "lat": str(y)}
    begin = _after_rows(head, row, encoding, delimiter, source.name)
    if not {"lon", "lat"} <= found.keys() or begin is None or begin >= path.stat().st_size:
        return None
    numbers = numbers or written_anew(crs, datum)
    kinds = {name: pa.float64() if numbers and name in found.values() else pa.string() for name in headings}
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    places = (found["lon"], found["lat"], crs, datum, numbers)
    return TextPoints(
        path, source.name, pa.schema(kinds.items()), row + 1, encoding, delimiter, begin, len(cells), *places
    )


def row_end(file: IO[bytes], start: int, size: int) -> int:
    """Where the last row ends that lies wholly in the next block."""
    want = BLOCK_BYTES
    while True:
        file.seek(start)
        data = file.read(want)
        if start + len(data) >= size:
            return size
        cut = data.rfind(b"\n") + 1
        quotes = data.count(b'"', 0, cut)
        while cut and quotes % 2:
            before = data.rfind(b"\n", 0, cut - 1) + 1
            quotes -= data.count(b'"', before, cut)
            cut = before
        if not cut and want >= LONGEST_ROW_BYTES:
            # An inch sign that opens nothing: line ends are row ends then.
            cut = data.rfind(b"\n") + 1 or len(data)
        if cut:
            return start + cut
        want *= 2


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(BLOCK_BYTES):
            yield data + file.readline()


def _after_rows(head: bytes, rows: int, encoding: str, delimiter: str, name: str) -> int | None:
    """How many bytes the first so many rows take; None where they do not end in what was looked at."""
    end = -1
    for _ in range(len(head)):
        end = head.find(b"\n", end + 1)
        if end < 0:
            return None
        if head.count(b'"', 0, end) % 2 == 0:
            text = decode(head[: end + 1], file=name, encoding=encoding)
            if len(tables.split_rows(text, delimiter, name)) >= rows:
                return end + 1
    return None


def _empty(column: pa.ChunkedArray) -> int:
    """How many cells hold nothing."""
    return int(pc.sum(_is_empty(column)).as_py() or 0)


def _is_empty(column: pa.ChunkedArray) -> pa.ChunkedArray:
    # To compare with a text would bring pandas in too.
    return pc.invert(pc.cast(pc.binary_length(column), pa.bool_()))


def _as_numbers(column: pa.ChunkedArray) -> Floats:
    """Cells as numbers; NaN where they are none."""
    try:
        return as_floats(pc.cast(column, pa.float64()))
    except pa.ArrowInvalid:
        import pandas as pd  # as in `settle_chunk`

        return np.asarray(pd.to_numeric(column.to_pandas(), errors="coerce"), float)
