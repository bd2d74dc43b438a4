"""Points of large files a chunk at a time: what a chunk is, and how the files of one kind are taken apart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from data.errors import Refusal
from data.exchange.degrees import SHIFTED, in_degrees, is_wgs84_degrees
from data.exchange.reading import Refusals
from geo.datum import convert, in_metres

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

SAME_AS_WGS84 = ("wgs84", "cgcs2000")
CHUNK_ROWS = 1 << 18
"""Rows at a time: arrays of two megabytes, so that what one step wrote is still near when the next one reads it."""
PART_ROWS = 1 << 19
"""Rows that are worth sending elsewhere as one task; with fewer, what is left for one thread at the end is less."""
TELLING_ROWS = 1_000
"""When all of so many rows have the same fault, it is the file's."""
LISTED = 1_000
"""Refused rows that are kept to be told one by one; all of them are counted."""
FULL_DEGREES = (180.0, 90.0)
"""Farther out than this is nowhere on earth, whatever it was meant to be."""


@dataclass
class Refused:
    """What was read of a file so far: how many rows, how many of them were refused, and the first of those.

    Parameters
    ----------
    next_row : int
        What the user calls the next row. A part that is read on its own begins with 0, because only who has read
        all parts before it can tell; `add` puts that right.
    count : int
        Refused rows.
    listed : list of Refusal
        At most `LISTED`, in the file's order.
    notes : list of Refusal
        Things worth knowing that cost no row, each once.
    """

    next_row: int = 0
    count: int = 0
    listed: list[Refusal] = field(default_factory=list)
    notes: list[Refusal] = field(default_factory=list)

    def take(self, refusals: Refusals) -> None:
        """Add what a chunk refused."""
        rows = refusals.sorted()
        self.count += len({refusal.row for refusal in rows})
        self.listed.extend(rows[: LISTED - len(self.listed)])
        self._mention(refusals.notes)

    def add(self, part: "Refused") -> None:
        """Add what the next part of the file refused, which counted its rows from 0."""
        self.count += part.count
        for refusal in part.listed[: LISTED - len(self.listed)]:
            row = None if refusal.row is None else refusal.row + self.next_row
            self.listed.append(replace(refusal, row=row))
        self.next_row += part.next_row
        self._mention(part.notes)

    def _mention(self, notes: list[Refusal]) -> None:
        self.notes.extend(note for note in notes if note not in self.notes)


class Chunk(NamedTuple):
    """Some consecutive rows of a file that have a place on earth.

    ``table`` holds the file's own columns, ``lon`` and ``lat`` their places in degrees of WGS 84, ``row`` what they are
    called, counted as `Refused` does.
    """

    table: pa.Table
    lon: Floats
    lat: Floats
    row: Rows


class Points(Protocol):
    """A file of points that can be read a part at a time, here or on another machine (it can be pickled).

    Whatever the file, the places that its rows state are those of WGS 84 by the time they are handed on: columns or
    shapes in WGS 84 or CGCS2000 keep every bit, others are written anew.
    """

    @property
    def name(self) -> str:
        """The file's name as the user gave it."""

    @property
    def schema(self) -> pa.Schema:
        """The columns as the chunks have them."""

    @property
    def first_row(self) -> int:
        """What the user calls the first row."""

    def parts(self) -> Iterator[Any]:
        """Pieces of the file in its order, each of which `chunks` can read on its own."""

    def chunks(self, part: Any, refused: Refused) -> Iterator[Chunk]:
        """The rows of one part; what was read and refused is added to `refused`."""

    def rows(self, part: Any) -> int:
        """How many rows a part has, roughly where the file does not say; for telling how far it is."""


def on_earth(lon: Floats, lat: Floats) -> Flags:
    """Which places are plainly degrees on earth; any other row is looked at one by one."""
    # NaN compares as false, so it is not on earth either.
    there: Flags = (np.abs(lon) <= FULL_DEGREES[0]) & (np.abs(lat) <= FULL_DEGREES[1])
    return there


def as_floats(column: pa.Array | pa.ChunkedArray) -> Floats:
    """Numbers as they lie in memory, NaN for none; Arrow's own way brings pandas in.

    >>> as_floats(pa.array([116.25, None])).tolist()
    [116.25, nan]
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    column = pc.cast(column, pa.float64(), safe=False)
    if column.null_count:
        column = pc.fill_null(column, np.nan)
    if not len(column):
        return np.empty(0)
    return np.frombuffer(column.buffers()[1], np.float64)[column.offset : column.offset + len(column)]


def as_column(numbers: Floats) -> pa.Array:
    """Numbers as a column, where they lie in memory; see `as_floats`.

    >>> as_column(np.array([116.25, 40.0])).to_pylist()
    [116.25, 40.0]
    """
    return pa.Array.from_buffers(pa.float64(), len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])


Places = Callable[[pa.Table, "pd.Series[int]"], "tuple[gpd.GeoDataFrame, Refusals]"]


def settle_chunk(
    table: pa.Table,
    rows: Rows,
    lon: Floats,
    lat: Floats,
    patiently: Places,
    *,
    name: str,
    crs: str | None,
    datum: str,
    whole: bool = False,
) -> tuple[Chunk, Refusals]:
    """The rows of a chunk that have a place on earth, with their places in WGS 84, and what was refused.

    Rows whose numbers are degrees pass at once. All others go the way of `data.exchange.vector.read_features`, so that
    both say the same about them.

    Parameters
    ----------
    table : pyarrow.Table
    rows : int64 array
        What the user calls each of them, ascending.
    lon, lat : float64 arrays
        As they stand in the file; NaN where they cannot be read at once.
    patiently : callable
        Makes features, with `source_row`, out of some rows of the chunk.
    name, crs, datum
        The file's name, the coordinate system that it declares, the datum that the user states.
    whole : bool
        Whether these are all rows of the file.
    """
    plain = not in_metres(datum) and (crs is None or _degrees(crs))
    good = on_earth(lon, lat) if plain else np.zeros(len(lon), bool)
    if datum in SHIFTED and good.any():
        lon, lat = lon.copy(), lat.copy()
        straight = lon[good], lat[good]
        lon[good], lat[good] = convert(*straight, source=datum, target="wgs84")
    if good.all():
        return Chunk(table, lon, lat, rows), Refusals(name)
    import pandas as pd  # most files have no odd rows, and need no frames

    # One sound row among the odd ones keeps a single fault from being told as that of the whole file.
    whole = whole or len(rows) >= TELLING_ROWS
    asked = np.union1d(np.flatnonzero(~good), np.flatnonzero(good)[:1])
    frame, refusals = patiently(table.take(pa.array(asked)), pd.Series(rows[asked]))
    declared = frame.crs if frame.crs is not None else None if crs is None else pyproj.CRS(crs)
    frame = in_degrees(frame, declared, refusals, datum=datum, degrees_by_format=True, whole=whole)
    frame = frame[~frame["source_row"].isin({refusal.row for refusal in refusals.sorted()})]
    at = np.searchsorted(rows, frame["source_row"].to_numpy())
    lon, lat = lon.copy(), lat.copy()
    shapes = frame.geometry.to_numpy()
    lon[at], lat[at] = shapely.get_x(shapes), shapely.get_y(shapes)
    good[at] = True
    if not good.all():
        keep = np.flatnonzero(good)
        table, lon, lat, rows = table.take(pa.array(keep)), lon[keep], lat[keep], rows[keep]
    return Chunk(table, lon, lat, rows), refusals


def written_anew(crs: str | None, datum: str) -> bool:
    """Whether places written so are no degrees of WGS 84 as they stand."""
    return datum not in SAME_AS_WGS84 or (crs is not None and not _degrees(crs))


@lru_cache(maxsize=8)
def _degrees(crs: str) -> bool:
    return is_wgs84_degrees(pyproj.CRS(crs))
