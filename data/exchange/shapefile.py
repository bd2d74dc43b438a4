"""Shapefiles as they really arrive: without .shx or .prj, their table in another encoding, records broken."""

import struct
import tempfile
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

from data.errors import UnreadableFile
from data.exchange import dbf
from data.exchange.layers import GDAL
from data.exchange.reading import Refusals
from data.exchange.unpack import Source
from geo.errors import N_

HEADER_BYTES = 100
RECORD_HEADER_BYTES = 8
NULL_SHAPE = 0


def read_shapefile(source: Source, refusals: Refusals, *, encoding: str | None = None) -> gpd.GeoDataFrame:
    """Read shapes and table; a missing index (.shx) is rebuilt from the shapes, a missing table means no columns.

    Records deleted in the table are left out, as every program does.

    Parameters
    ----------
    source : Source
        The .shp.
    refusals : Refusals
        Receives each record whose shape cannot be built.
    encoding : str, optional
        Of the table, when the user declares it.

    Returns
    -------
    GeoDataFrame
        With ``source_row``; its CRS is None when there is no .prj.

    Raises
    ------
    UnreadableFile
        The shapes are cut off, or shapes and table do not have as many rows.
    """
    shp = source.path.read_bytes()
    records = _records(shp, source)
    shapes = _shapes(shp, records, source)
    table_path = source.beside(".dbf")
    if table_path is None:
        table = pd.DataFrame(index=np.arange(len(shapes)))
        refusals.note(N_("There is no table (.dbf) beside it, so the features have no names or codes."))
    else:
        table = dbf.read_dbf(source, refusals, encoding=encoding, path=table_path, count=len(shapes))
    frame = gpd.GeoDataFrame(
        table, geometry=gpd.GeoSeries(shapes[table.index], index=table.index), crs=_declared(source)
    )
    frame["source_row"] = np.asarray(frame.index) + 1
    kinds = records[table.index]["kind"]
    refusals.add_where(
        pd.Series(shapely.is_missing(frame.geometry.to_numpy()) & (kinds != NULL_SHAPE)),
        frame["source_row"],
        N_("The feature's shape cannot be built: its record is broken, or of a kind that no map shows."),
    )
    return frame


RECORD = np.dtype([("start", "i8"), ("words", "i8"), ("kind", "i8")])


def _records(shp: bytes, source: Source) -> "np.ndarray":
    """Where each record lies: by the index if there is one that fits, else by walking from record to record."""
    shx = source.beside(".shx")
    if shx is not None:
        index = np.frombuffer(_whole_pairs(shx.read_bytes()), dtype=">i4").reshape(-1, 2).astype("i8")
        starts = index[:, 0] * 2
        if ((starts >= HEADER_BYTES) & (starts + RECORD_HEADER_BYTES <= len(shp))).all():
            pairs = [(int(start), int(words)) for start, words in zip(starts, index[:, 1], strict=True)]
            return _with_kinds(shp, pairs)
    return _with_kinds(shp, _walk(shp, source))


def _whole_pairs(shx: bytes) -> bytes:
    return shx[HEADER_BYTES : HEADER_BYTES + (len(shx) - HEADER_BYTES) // 8 * 8]


def _walk(shp: bytes, source: Source) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    start = HEADER_BYTES
    while start + RECORD_HEADER_BYTES <= len(shp):
        _, words = struct.unpack_from(">ii", shp, start)
        end = start + RECORD_HEADER_BYTES + 2 * words
        if words < 2 or end > len(shp):
            raise UnreadableFile(
                N_("%(file)s is broken or cut off at its feature %(row)s. Copy it again, with its .shx."),
                file=source.name,
                row=len(found) + 1,
            )
        found.append((start, words))
        start = end
    return found


def _with_kinds(shp: bytes, pairs: list[tuple[int, int]]) -> "np.ndarray":
    kinds = [struct.unpack_from("<i", shp[start + 8 : start + 12].ljust(4, b"\0"))[0] for start, _ in pairs]
    return np.array([(start, words, kind) for (start, words), kind in zip(pairs, kinds, strict=True)], dtype=RECORD)


def _shapes(shp: bytes, records: "np.ndarray", source: Source) -> "np.ndarray":
    """The shapes by GDAL, from a private copy with an index of our own."""
    if not len(records):
        return np.empty(0, dtype=object)
    with tempfile.TemporaryDirectory(prefix="gridpatrol-") as folder:
        path = Path(folder) / "layer.shp"
        path.write_bytes(shp)
        path.with_suffix(".shx").write_bytes(_index(shp, records))
        try:
            with GDAL, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                frame = pyogrio.read_dataframe(path, on_invalid="ignore", fid_as_index=True)
        except (DataSourceError, DataLayerError, FeatureError, GeometryError) as error:
            raise UnreadableFile(
                N_("%(file)s cannot be read: %(reason)s"),
                file=source.name,
                reason=str(error).replace(str(path), source.name)[:200],
            ) from error
    shapes = np.full(len(records), None, dtype=object)
    shapes[frame.index.to_numpy()] = frame.geometry.to_numpy()
    return shapes


def _index(shp: bytes, records: "np.ndarray") -> bytes:
    words = (HEADER_BYTES + 8 * len(records)) // 2
    header = shp[:24] + struct.pack(">i", words) + shp[28:HEADER_BYTES]
    return header + np.column_stack([records["start"] // 2, records["words"]]).astype(">i4").tobytes()


def _declared(source: Source) -> pyproj.CRS | None:
    """What the .prj says; None without one."""
    prj = source.beside(".prj")
    if prj is None:
        return None
    text = prj.read_bytes()[:20_000].decode("utf-8", "replace").strip()
    if not text:
        return None
    try:
        return pyproj.CRS.from_wkt(text)
    except pyproj.exceptions.CRSError as error:
        raise UnreadableFile(
            N_("%(file)s: its .prj names no coordinate system that is known (%(text)s). Replace it."),
            file=source.name,
            text=text[:60],
        ) from error
