"""Whatever file there is, read as what it is said to hold: OpenStreetMap as it comes, or a file of one's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError

from data.exchange import gpx, osm
from data.exchange.points import LATITUDE, LONGITUDE
from data.exchange.reading import Reading
from data.exchange.tables import plain_heading, read_table
from data.exchange.vector import TABLE_ENDINGS, read_features
from geo import datum as datums

Features = Reading[gpd.GeoDataFrame]

KINDS = (
    *("outline", "streets", "buildings", "compounds", "grids"),
    *("people", "members", "incidents", "patrols", "limits", "cameras"),
)
"""What a file may hold."""

_LAYERS = {"streets": osm.LINE_LAYERS, "buildings": osm.AREA_LAYERS, "compounds": osm.LAND_LAYERS}
_OSM_ENDINGS = (".osm", ".osm.gz", ".pbf")
_FROM_OSM: dict[str, tuple[Callable[..., Features], str, str]] = {
    "streets": (osm.streets, "highway", "street_class"),
    "buildings": (osm.buildings, "building", "households"),
    "compounds": (osm.compounds, "landuse", "source_key"),
}


def read(
    path: Path,
    kind: str,
    *,
    datum: str = "wgs84",
    layer: str | None = None,
    name: str | None = None,
    crs: str | None = None,
    timezone: str = "Asia/Shanghai",
) -> Reading[Any]:
    """Read a file as one of `KINDS`; the frame's attribute ``datum`` keeps what it was said to be in.

    Streets, buildings and compounds may come as OpenStreetMap has them. People and members come as a
    table; incidents as a table (a row may name a grid instead of a place) or a map of points; patrols as tracks.

    Parameters
    ----------
    path : Path
    kind : str
        One of `KINDS`.
    datum : str
        In which degrees, or metres, are written: one of `geo.datum.NAMES`; it is undone.
    layer, name, crs
        As in `data.exchange.vector.read_features`.
    timezone : str
        Of tracks whose times name no zone.

    Raises
    ------
    UnreadableFile
        Nothing can be made of the file as a whole.
    """
    reading = _read(path, kind, datum, layer, name, crs, timezone)
    reading.frame.attrs["datum"] = datum
    return reading


def _read(
    path: Path, kind: str, datum: str, layer: str | None, name: str | None, crs: str | None, timezone: str
) -> Reading[Any]:
    if kind == "patrols":
        return gpx.read_tracks(path, name=name, datum=datum, timezone=timezone)
    if kind in ("people", "members", "limits"):
        return read_table(path, name=name, sheet=layer)
    if kind == "incidents" and Path(name or path).suffix.lower() in TABLE_ENDINGS:
        return _table_in_wgs84(read_table(path, name=name, sheet=layer), datum)
    if kind in _FROM_OSM:
        return _places(path, kind, datum, layer, name, crs)
    return read_features(path, datum=datum, layer=layer, name=name, crs=crs)


def _places(path: Path, kind: str, datum: str, layer: str | None, name: str | None, crs: str | None) -> Features:
    """A column with OpenStreetMap's tag and without our own word for it says that the file came from there."""
    from_osm, tag, ours = _FROM_OSM[kind]
    layer = layer or _layer_named_like(path, kind)
    if str(name or path).lower().endswith(_OSM_ENDINGS) and layer is None:
        return from_osm(path, name=name)
    reading = read_features(path, datum=datum, layer=layer, name=name, crs=crs)
    return from_osm(reading) if tag in reading.frame and ours not in reading.frame else reading


def _layer_named_like(path: Path, kind: str) -> str | None:
    """In a GeoPackage of several layers, the one that is called like what is wanted."""
    if path.suffix.lower() != ".gpkg":
        return None
    try:
        names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except DataSourceError:
        return None  # what is wrong with the file is told by whoever reads it
    wanted = (kind, *_LAYERS[kind])
    return next((name for like in wanted for name in names if name.lower() == like), None) if len(names) > 1 else None


def _table_in_wgs84(reading: Reading[pd.DataFrame], datum: str) -> Reading[pd.DataFrame]:
    """The table with its degrees undone; cells that are no numbers stay as they are, to be refused where they count."""
    headings = {plain_heading(str(column)): column for column in reading.frame.columns}
    lon = next((headings[word] for word in map(plain_heading, ("lon", *LONGITUDE)) if word in headings), None)
    lat = next((headings[word] for word in map(plain_heading, ("lat", *LATITUDE)) if word in headings), None)
    if lon is None or lat is None or datum in ("wgs84", "cgcs2000"):
        return reading
    x, y = (pd.to_numeric(reading.frame[column], errors="coerce") for column in (lon, lat))
    metres = datums.in_metres(datum)
    there = x.abs().between(0, 1e8) & y.abs().between(0, 1e8) if metres else x.between(-180, 180) & y.between(-90, 90)
    new_x, new_y = datums.convert(x[there].to_numpy(), y[there].to_numpy(), source=datum, target="wgs84")
    frame = reading.frame.copy()
    frame[[lon, lat]] = frame[[lon, lat]].astype(object)
    frame.loc[there, lon], frame.loc[there, lat] = new_x, new_y
    frame.attrs = reading.frame.attrs
    return Reading(frame, reading.refusals)
