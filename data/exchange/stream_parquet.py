"""Points out of Parquet and GeoParquet of any length, a chunk at a time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

from data.errors import UnreadableFile
from data.exchange.degrees import WGS84
from data.exchange.parquet_parts import can_be_copied
from data.exchange.points import LATITUDE, LONGITUDE, to_points
from data.exchange.reading import Reading, Refusals
from data.exchange.streams import (
    CHUNK_ROWS,
    PART_ROWS,
    Chunk,
    Floats,
    Refused,
    as_column,
    as_floats,
    settle_chunk,
    written_anew,
)
from data.exchange.tables import rename
from geo.errors import N_, BadGeometry

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

WKB_POINT = np.frombuffer(b"\x01\x01\x00\x00\x00", np.uint8)
WKB_POINT_BYTES = 21
READ_BUFFER_BYTES = 1 << 20
"""A column's pages come through a buffer of this size: a row group of any size never lies in memory as a whole."""


SLICE_ROWS = 16 * CHUNK_ROWS


class RowGroups(NamedTuple):
    """Consecutive row groups: the first and the one after the last, and which of their rows are meant."""

    first: int
    stop: int
    skip: int
    rows: int


@dataclass(frozen=True)
class ParquetPoints:
    """A Parquet file whose rows say where they are; see `data.exchange.streams.Points`.

    ``shapes`` is the column of points of a GeoParquet, else None; ``lon`` and ``lat`` are the columns of a table.
    ``crs`` is what the file declares. ``anew`` says that the places have to be written anew, in WGS 84.
    """

    path: Path
    name: str
    schema: pa.Schema
    shapes: str | None
    lon: str
    lat: str
    crs: str | None
    datum: str
    anew: bool
    first_row: int = 1

    def parts(self) -> Iterator[RowGroups]:
        """Row groups, as many at a time as make a task worth its while; one of many millions of rows in slices.

        Who reads a slice has to read what lies before it in its row group too, so slices are few.
        """
        described = pq.read_metadata(self.path)
        first = rows = 0
        for at in range(described.num_row_groups):
            rows += described.row_group(at).num_rows
            if rows < PART_ROWS and at + 1 < described.num_row_groups:
                continue
            for skip in range(0, max(rows, 1), SLICE_ROWS if rows >= 2 * SLICE_ROWS else max(rows, 1)):
                yield RowGroups(first, at + 1, skip, min(rows - skip, SLICE_ROWS if rows >= 2 * SLICE_ROWS else rows))
            first, rows = at + 1, 0

    def rows(self, part: RowGroups) -> int:
        """How many rows a part has."""
        return part.rows

    def chunks(self, part: RowGroups, refused: Refused) -> Iterator[Chunk]:
        """The rows of one part."""
        rows = pq.read_metadata(self.path).num_rows
        for table in self.tables(part):
            yield self._settled(table, refused, whole=len(table) == rows)

    def groups(self, part: RowGroups, column: str | None, refused: Refused) -> Iterator[tuple[int, Iterator[Chunk]]]:
        """Each row group of a part by its number, with chunks of nothing but its places and one column more."""
        wanted = [name for name in (self.shapes, self.lon, self.lat, column) if name]
        rows = pq.read_metadata(self.path).num_rows
        with _opened(self.path, self.name) as file:
            for group in range(part.first, part.stop):
                batches = file.iter_batches(CHUNK_ROWS, row_groups=[group], columns=wanted, use_threads=False)
                tables = (pa.Table.from_batches([batch]) for batch in batches)
                yield group, (self._settled(table, refused, whole=len(table) == rows) for table in tables)

    def can_be_copied(self) -> bool:
        """Whether the file's own columns can be taken over byte for byte."""
        described = pq.read_metadata(self.path)
        groups = [described.row_group(at).num_rows for at in range(described.num_row_groups)]
        return not self.anew and bool(sum(groups)) and max(groups) <= SLICE_ROWS and can_be_copied(self.path)

    def tables(self, part: RowGroups) -> Iterator[pa.Table]:
        """The rows of one part as they stand in the file."""
        before = 0
        with _opened(self.path, self.name) as file:
            groups = list(range(part.first, part.stop))
            for batch in file.iter_batches(CHUNK_ROWS, row_groups=groups, use_threads=False):
                if part.skip <= before < part.skip + part.rows:
                    yield pa.Table.from_batches([batch])
                before += len(batch)
                if before >= part.skip + part.rows:
                    return

    def _settled(self, table: pa.Table, refused: Refused, *, whole: bool) -> Chunk:
        """Rows as they stand in the file with their places; see `streams.settle_chunk`."""
        lon, lat = self._places(table)
        rows = np.arange(refused.next_row, refused.next_row + len(table))
        refused.next_row += len(table)
        chunk, refusals = settle_chunk(
            *(table, rows, lon, lat, self._patiently), name=self.name, crs=self.crs, datum=self.datum, whole=whole
        )
        refused.take(refusals)
        if not self.anew:
            return chunk
        return chunk._replace(table=self._written_anew(chunk.table, chunk.lon, chunk.lat))

    def _places(self, table: pa.Table) -> tuple[Floats, Floats]:
        if self.shapes is not None:
            return wkb_places(table[self.shapes].combine_chunks())
        return _numbers(table[self.lon]), _numbers(table[self.lat])

    def _patiently(self, rows: pa.Table, source_row: "pd.Series[int]") -> "tuple[gpd.GeoDataFrame, Refusals]":
        import geopandas as gpd  # as in `settle_chunk`
        import pandas as pd

        if self.shapes is not None:
            shapes = _shapes(rows[self.shapes].combine_chunks())
            wrong = shapely.get_type_id(shapes) > 0
            if wrong.any():
                raise BadGeometry(N_("Points are wanted; at least one geometry here is something else."))
            return gpd.GeoDataFrame({"source_row": source_row}, geometry=shapes), Refusals(self.name)
        table = pd.DataFrame({name: rows[name].to_pandas() for name in (self.lon, self.lat)})
        table["source_row"] = source_row.to_numpy()
        table.attrs["file"] = self.name
        return to_points(Reading(table, []), x=self.lon, y=self.lat)

    def _written_anew(self, table: pa.Table, lon: Floats, lat: Floats) -> pa.Table:
        if self.shapes is not None:
            at = table.schema.get_field_index(self.shapes)
            return table.set_column(at, self.schema.field(self.shapes), wkb_points(lon, lat)).cast(self.schema)
        for name, values in ((self.lon, lon), (self.lat, lat)):
            table = table.set_column(table.schema.get_field_index(name), name, as_column(values))
        return table.cast(self.schema)


def open_parquet(
    path: Path, *, x: str | None = None, y: str | None = None, crs: str | None = None, datum: str = "wgs84"
) -> ParquetPoints:
    """Find out where the rows of a Parquet file say where they are.

    Parameters
    ----------
    path : Path
        GeoParquet of points, or a table with a longitude and a latitude.
    x, y : str, optional
        The headings of the two columns, where they are unusual.
    crs : str, optional
        Of a GeoParquet that declares none, or of the numbers of a table.
    datum : str
        In which degrees are written.

    Raises
    ------
    UnreadableFile
        It is no Parquet, or no column holds a place.
    """
    with _opened(path, path.name) as file:
        schema = file.schema_arrow
    described = _described(schema)
    if described is not None and not (x and y):
        return _of_shapes(path, schema, described, crs, datum)
    wanted = {"lon": (x,) if x else LONGITUDE, "lat": (y,) if y else LATITUDE}
    found = {target: column for column, target in rename(schema.names, wanted, file=path.name).items()}
    if x in schema.names and y in schema.names:
        found = {"lon": str(x), "lat": str(y)}
    if not {"lon", "lat"} <= found.keys():
        raise UnreadableFile(
            N_(
                "%(file)s: no column holds longitudes or latitudes. Its columns are: %(columns)s. Name them 经度 and "
                "纬度 (or lon and lat)."
            ),
            file=path.name,
            columns=", ".join(schema.names),
        )
    anew = written_anew(crs, datum)
    if anew:
        for name in found.values():
            schema = schema.set(schema.get_field_index(name), pa.field(name, pa.float64()))
    return ParquetPoints(path, path.name, schema, None, found["lon"], found["lat"], crs, datum, anew)


def wkb_places(column: pa.Array) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of points in WKB; NaN for all of them unless each is a plain point.

    Parameters
    ----------
    column : binary, large_binary or struct<x: double, y: double> array
    """
    nothing = np.full(len(column), np.nan)
    if pa.types.is_struct(column.type):
        return _numbers(column.field("x")), _numbers(column.field("y"))
    wide = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    if column.null_count or not len(column) or (not pa.types.is_binary(column.type) and wide is np.int32):
        return nothing, nothing
    offsets = np.frombuffer(column.buffers()[1], wide)[column.offset : column.offset + len(column) + 1]
    if (np.diff(offsets) != WKB_POINT_BYTES).any():
        return nothing, nothing
    data = np.frombuffer(column.buffers()[2], np.uint8)[offsets[0] : offsets[-1]].reshape(-1, WKB_POINT_BYTES)
    if (data[:, :5] != WKB_POINT).any():
        return nothing, nothing
    places = np.ascontiguousarray(data[:, 5:]).view("<f8")
    return np.ascontiguousarray(places[:, 0]), np.ascontiguousarray(places[:, 1])


def wkb_points(lon: Floats, lat: Floats) -> pa.Array:
    """Points in WKB, without making a geometry of each.

    >>> shapely.from_wkb(wkb_points(np.array([116.25]), np.array([40.0]))[0].as_py()).wkt
    'POINT (116.25 40)'
    """
    data = np.empty((len(lon), WKB_POINT_BYTES), np.uint8)
    data[:, :5] = WKB_POINT
    data[:, 5:] = np.column_stack([lon, lat]).astype("<f8").view(np.uint8)
    offsets = np.arange(0, data.size + 1, WKB_POINT_BYTES, dtype=np.int32)
    return pa.Array.from_buffers(pa.binary(), len(lon), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def geo_metadata(column: str) -> bytes:
    """What a GeoParquet says about its points in WGS 84."""
    about = {"encoding": "WKB", "geometry_types": ["Point"], "crs": pyproj.CRS(WGS84).to_json_dict()}
    return json.dumps({"version": "1.0.0", "primary_column": column, "columns": {column: about}}).encode()


def _of_shapes(path: Path, schema: pa.Schema, described: Any, crs: str | None, datum: str) -> ParquetPoints:
    try:
        column = described["primary_column"]
        about = described["columns"][column]
        # What the specification says of a file that is silent: degrees of WGS 84.
        declared = pyproj.CRS(about["crs"]) if about.get("crs") else pyproj.CRS(crs or WGS84)
    except (KeyError, TypeError, pyproj.exceptions.CRSError) as error:
        raise UnreadableFile(
            N_("%(file)s is no GeoParquet that can be read: %(reason)s"), file=path.name, reason=str(error)[:160]
        ) from error
    anew = written_anew(declared.to_wkt(), datum)
    if anew:
        schema = schema.set(schema.get_field_index(column), pa.field(column, pa.binary()))
        schema = schema.with_metadata({**(schema.metadata or {}), b"geo": geo_metadata(column)})
    return ParquetPoints(path, path.name, schema, column, "", "", declared.to_wkt(), datum, anew)


def _described(schema: pa.Schema) -> Any:
    try:
        return json.loads((schema.metadata or {}).get(b"geo", b"null"))
    except ValueError:
        return None


def _opened(path: Path, name: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, buffer_size=READ_BUFFER_BYTES, pre_buffer=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(
            N_("%(file)s is no Parquet that can be read: %(reason)s"),
            file=name,
            reason=str(error).split("\n", 1)[0][:160],
        ) from error


def _numbers(column: Any) -> Floats:
    """A column as numbers; all NaN where it holds something that has to be looked at one by one."""
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        return np.full(len(column), np.nan)
    return as_floats(column)


def _shapes(column: Any) -> Any:
    if pa.types.is_struct(column.type):
        return shapely.points(_numbers(column.field("x")), _numbers(column.field("y")))
    return np.asarray(shapely.from_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore"), object)
