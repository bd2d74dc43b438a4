"""GeoPackage, FlatGeobuf, OpenStreetMap through GDAL, and GeoParquet."""

import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

from data.errors import UnreadableFile
from data.exchange import geopackage
from data.exchange.columns import unique_names
from data.exchange.degrees import without_area
from data.exchange.reading import Reading, Refusals
from data.exchange.safe_xml import refuse_entities
from data.exchange.unpack import LARGEST_UNPACKED_BYTES, Source, check_bomb, copied
from geo.errors import N_

PBF_START = b"\n\tOSMHeader"
MOST_ROWS = 10_000_000
GDAL = threading.Lock()  # GDAL's options and Python's warning filters belong to the whole process


def read_layer(source: Source, refusals: Refusals, *, layer: str | None = None) -> gpd.GeoDataFrame:
    """Read one layer; when there are several, ``layer`` must say which.

    The file is opened as a private copy, because libraries write beside what they open.

    Parameters
    ----------
    source : Source
        .gpkg, .fgb, .osm or .osm.pbf.
    refusals : Refusals
        Receives each feature whose shape cannot be built.
    layer : str, optional
    """
    with _gdal_path(source) as path:
        frame = _read_with_gdal(path, _choose_layer(_list_layers(path), source, layer), source)
    frame.columns = pd.Index([*unique_names(list(frame.columns[:-1])), "geometry"])
    frame["source_row"] = np.arange(1, len(frame) + 1)
    if source.ending in {".osm", ".pbf"}:
        _refuse_broken(frame, refusals)
    return frame


def _refuse_broken(frame: gpd.GeoDataFrame, refusals: Refusals) -> None:
    """Name a broken feature by its key: nobody counts the features of an OpenStreetMap file."""
    way = frame["osm_way_id"] if "osm_way_id" in frame else pd.Series(None, index=frame.index, dtype=object)
    refusals.add_where(
        shapely.is_missing(frame.geometry.to_numpy()) | without_area(frame.geometry.to_numpy()),
        frame["source_row"],
        N_("The shape of OpenStreetMap's %(key)s is broken, or incomplete in this extract."),
        key=lambda at: f"way/{way.iloc[at]}" if pd.notna(way.iloc[at]) else f"relation/{frame['osm_id'].iloc[at]}",
    )


def layer_names(source: Source) -> list[str]:
    """The layers that hold shapes."""
    with _gdal_path(source) as path:
        return _list_layers(path)


@contextmanager
def _gdal_path(source: Source) -> Iterator[Path]:
    """A private copy for GDAL, whose errors become ours."""
    _check(source)
    with tempfile.TemporaryDirectory(prefix="gridpatrol-") as folder:
        path = copied(source, Path(folder))
        if source.ending == ".gpkg":
            geopackage.check(path, source)
        try:
            yield path
        except (DataSourceError, DataLayerError, FeatureError, GeometryError, ValueError) as error:
            reason = str(error).replace(str(path), source.name)[:200]
            raise UnreadableFile(N_("%(file)s cannot be read: %(reason)s"), file=source.name, reason=reason) from error


def _check(source: Source) -> None:
    with source.path.open("rb") as file:
        if source.ending == ".osm":
            refuse_entities(file, source.name, root="osm")
        elif source.ending == ".pbf" and file.read(15)[4:] != PBF_START:
            raise UnreadableFile(N_("%(file)s is no OpenStreetMap file, or it is broken."), file=source.name)


def _list_layers(path: Path) -> list[str]:
    with GDAL, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]


def _choose_layer(present: list[str], source: Source, layer: str | None) -> str:
    """The layer of that name; the only one where none is named."""
    if layer is not None and layer in present:
        return layer
    if layer is not None and present:
        raise UnreadableFile(
            N_("%(file)s has no layer %(layer)s. It has: %(layers)s."),
            file=source.name,
            layer=layer,
            layers=", ".join(present[:12]),
        )
    if len(present) == 1:
        return present[0]
    if not present:
        raise UnreadableFile(N_("%(file)s holds no layer with shapes."), file=source.name)
    raise UnreadableFile(
        N_("%(file)s holds several layers: %(layers)s. Name the one that is meant."),
        file=source.name,
        layers=", ".join(present[:12]),
    )


def _read_with_gdal(path: Path, layer: str, source: Source) -> gpd.GeoDataFrame:
    """One layer as GDAL gives it, but whole numbers with gaps stay whole numbers."""
    with GDAL, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        info = pyogrio.read_info(path, layer=layer)
        if source.ending in {".osm", ".pbf"}:
            frame = _read_osm_patiently(path, layer)
        else:
            frame = pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore")
    if not isinstance(frame, gpd.GeoDataFrame):
        raise UnreadableFile(N_("%(file)s holds no layer with shapes."), file=source.name)
    for name, kind in zip(info["fields"], info["dtypes"], strict=True):
        if str(kind).startswith(("int", "uint")) and name in frame and frame[name].dtype.kind == "f":
            frame[name] = frame[name].astype("Int64")
    return frame


def _read_osm_patiently(path: Path, layer: str) -> gpd.GeoDataFrame:
    """Files whose nodes are out of order need GDAL's slower index."""
    try:
        return pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore")
    except FeatureError as error:
        if "node id" not in str(error):
            raise
    pyogrio.set_gdal_config_options({"OSM_USE_CUSTOM_INDEXING": "NO"})
    try:
        return pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore")
    finally:
        pyogrio.set_gdal_config_options({"OSM_USE_CUSTOM_INDEXING": None})


def is_plain_parquet(source: Source) -> bool:
    """Whether a Parquet file is a table that says nothing of shapes."""
    try:
        return b"geo" not in (pq.read_metadata(source.path).metadata or {})
    except (pa.ArrowException, OSError):
        return False  # what is wrong with the file is told by whoever reads it


def read_parquet(source: Source, refusals: Refusals) -> gpd.GeoDataFrame:
    """Read GeoParquet; see `is_plain_parquet` for any other."""
    frame = _read_parquet(source, gpd.read_parquet)
    frame = frame.rename_geometry("geometry") if frame.active_geometry_name != "geometry" else frame
    others = [column for column in frame.columns if column != "geometry"]
    frame = frame[[*others, "geometry"]].reset_index(drop=True)
    frame.columns = pd.Index([*unique_names([str(column) for column in others]), "geometry"])
    frame["source_row"] = np.arange(1, len(frame) + 1)
    return frame


def read_parquet_table(source: Source) -> Reading[pd.DataFrame]:
    """Read a Parquet file that says nothing of shapes as the table that it is."""
    table = _read_parquet(source, pd.read_parquet).reset_index(drop=True)
    table.columns = pd.Index(unique_names([str(column) for column in table.columns]))
    table["source_row"] = np.arange(1, len(table) + 1)
    table.attrs = {"file": source.name}
    return Reading(table, [])


def _read_parquet(source: Source, reader: Callable[[Path], Any]) -> Any:
    """The file as a reader gives it, unless it is none, or too large to be read as a whole."""
    try:
        described = pq.read_metadata(source.path)
        columns = [
            described.row_group(at).column(place)
            for at in range(described.num_row_groups)
            for place in range(described.num_columns)
        ]
        check_bomb(source.name, LARGEST_UNPACKED_BYTES, sum(column.total_uncompressed_size for column in columns))
        if described.num_rows * max(described.num_columns, 1) > MOST_ROWS:
            check_bomb(source.name, 0, LARGEST_UNPACKED_BYTES + 1)
        return reader(source.path)
    except (
        pa.ArrowException,
        ValueError,
        KeyError,
        TypeError,
        OSError,
        shapely.errors.GEOSException,
        pyproj.exceptions.CRSError,
        NotImplementedError,
    ) as error:
        raise UnreadableFile(
            N_("%(file)s is no GeoParquet that can be read: %(reason)s"),
            file=source.name,
            reason=str(error).split("\n", 1)[0][:160],
        ) from error
