"""GeoPackage, FlatGeobuf, OpenStreetMap through GDAL, and GeoParquet."""

import tempfile
import threading
import warnings
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
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from data.errors import UnreadableFile
from data.exchange.dbf import unique_names
from data.exchange.reading import Refusals
from data.exchange.safe_xml import refuse_entities
from data.exchange.unpack import LARGEST_UNPACKED_BYTES, Source, check_bomb, copied
from geo.errors import N_

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
    if source.ending == ".osm":
        with source.path.open("rb") as file:
            refuse_entities(file, source.name)
    with tempfile.TemporaryDirectory(prefix="gridpatrol-") as folder:
        path = copied(source, Path(folder))
        try:
            layer = choose_layer(path, source, layer)
            frame = read_with_gdal(path, layer, source)
        except (DataSourceError, DataLayerError, FeatureError) as error:
            reason = str(error).replace(str(path), source.name)
            raise UnreadableFile(N_("%(file)s cannot be read: %(reason)s"), file=source.name, reason=reason[:200]) from error
    frame.columns = pd.Index([*unique_names(list(frame.columns[:-1])), "geometry"])
    frame["source_row"] = np.arange(1, len(frame) + 1)
    return frame


def choose_layer(path: Path, source: Source, layer: str | None) -> str:
    """The layer of that name, or the only one that holds shapes."""
    with GDAL, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layers = pyogrio.list_layers(path)
    spatial = [str(name) for name, kind in layers if kind is not None]
    if layer is not None and layer in spatial:
        return layer
    if layer is None and len(spatial) == 1:
        return spatial[0]
    if not spatial:
        raise UnreadableFile(N_("%(file)s holds no layer with shapes."), file=source.name)
    raise UnreadableFile(
        N_("%(file)s holds several layers: %(layers)s. Name the one that is meant."),
        file=source.name,
        layers=", ".join(spatial[:12]),
    )


def read_with_gdal(path: Path, layer: str, source: Source, **options: Any) -> gpd.GeoDataFrame:
    """One layer as GDAL gives it, but whole numbers with gaps stay whole numbers."""
    with GDAL, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        info = pyogrio.read_info(path, layer=layer)
        if source.ending == ".pbf":
            options["TAGS_FORMAT"] = "JSON"
        frame = _read_osm_patiently(path, layer, options) if source.ending in {".osm", ".pbf"} else None
        if frame is None:
            frame = pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore", **options)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise UnreadableFile(N_("%(file)s holds no layer with shapes."), file=source.name)
    for name, kind in zip(info["fields"], info["dtypes"], strict=True):
        if str(kind).startswith(("int", "uint")) and name in frame and frame[name].dtype.kind == "f":
            frame[name] = frame[name].astype("Int64")
    return frame


def _read_osm_patiently(path: Path, layer: str, options: dict[str, Any]) -> gpd.GeoDataFrame:
    """Files whose nodes are out of order need GDAL's slower index."""
    for indexing in ("YES", "NO"):
        pyogrio.set_gdal_config_options({"OSM_USE_CUSTOM_INDEXING": indexing})
        try:
            return pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore", **options)
        except FeatureError as error:
            if indexing == "NO" or "node id" not in str(error):
                raise
        finally:
            pyogrio.set_gdal_config_options({"OSM_USE_CUSTOM_INDEXING": None})
    raise AssertionError


def read_parquet(source: Source, refusals: Refusals) -> gpd.GeoDataFrame:
    """Read GeoParquet; a Parquet file that does not say where its shapes are is refused."""
    try:
        described = pq.read_metadata(source.path)
        columns = [described.row_group(at).column(place) for at in range(described.num_row_groups) for place in range(described.num_columns)]
        check_bomb(source.name, LARGEST_UNPACKED_BYTES, sum(column.total_uncompressed_size for column in columns))
        if described.num_rows * max(described.num_columns, 1) > MOST_ROWS:
            check_bomb(source.name, 0, LARGEST_UNPACKED_BYTES + 1)
        frame = gpd.read_parquet(source.path)
    except (pa.ArrowException, ValueError, KeyError, TypeError, OSError, shapely.errors.GEOSException, pyproj.exceptions.CRSError) as error:
        raise UnreadableFile(
            N_("%(file)s is no GeoParquet that can be read: %(reason)s"), file=source.name, reason=str(error).split("\n", 1)[0][:160]
        ) from error
    frame = frame.rename_geometry("geometry") if frame.active_geometry_name != "geometry" else frame
    others = [column for column in frame.columns if column != "geometry"]
    frame = frame[[*others, "geometry"]].reset_index(drop=True)
    frame.columns = pd.Index([*unique_names([str(column) for column in others]), "geometry"])
    frame["source_row"] = np.arange(1, len(frame) + 1)
    return frame
