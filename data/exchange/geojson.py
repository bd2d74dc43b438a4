"""GeoJSON, feature by feature, so that one broken shape does not cost the file."""

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from data.errors import UnreadableFile
from data.exchange.columns import check_width, settle, unique_names
from data.exchange.encodings import decode
from data.exchange.reading import Refusals
from data.exchange.unpack import Source
from geo.brokenness import UNKNOWN, why_broken
from geo.errors import N_

ENDINGS = frozenset({".geojson", ".json"})
SHAPES = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
)


def read_geojson(source: Source, refusals: Refusals) -> gpd.GeoDataFrame:
    """Read a FeatureCollection, a Feature or a bare shape; nested properties become JSON text.

    A ``crs`` of the older standard is honoured. The feature's own ``id`` becomes the column ``id`` unless a property
    has that name.

    Parameters
    ----------
    source : Source
    refusals : Refusals
        Receives each feature whose shape cannot be built.

    Returns
    -------
    GeoDataFrame
        With ``source_row``; its CRS is None when the file declares none.
    """
    content = load_json(source)
    features = features_of(content, source)
    shapes = _shapes(features, refusals)
    records = _records(features)
    check_width(len({name for record in records for name in record}), source.name)
    frame = pd.DataFrame(records, dtype=object, index=range(len(records)))
    frame.columns = pd.Index(unique_names([str(column) for column in frame.columns]))
    frame = frame.apply(_plain)
    frame["source_row"] = np.arange(1, len(features) + 1)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index), crs=_declared(content, source))


def load_json(source: Source) -> Any:
    """The parsed file; refused with the line where it breaks."""
    text = decode(source.path.read_bytes(), file=source.name)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if _is_sequence(text, error):
            raise UnreadableFile(
                N_("%(file)s holds one JSON text a line. Save it as one GeoJSON FeatureCollection."), file=source.name
            ) from error
        raise UnreadableFile(
            N_("%(file)s is no valid JSON: it breaks at line %(line)s, character %(column)s (%(reason)s)."),
            file=source.name,
            line=error.lineno,
            column=error.colno,
            reason=error.msg,
        ) from error
    except (RecursionError, ValueError) as error:
        raise UnreadableFile(
            N_("%(file)s is no GeoJSON: it is nested too deep or holds endless numbers."), file=source.name
        ) from error


def _is_sequence(text: str, error: json.JSONDecodeError) -> bool:
    return error.msg == "Extra data" and text[error.pos : error.pos + 1] == "{"


def features_of(content: Any, source: Source) -> list[dict[str, Any]]:
    kind = content.get("type") if isinstance(content, dict) else None
    if kind == "FeatureCollection" and isinstance(content.get("features"), list):
        return [feature if isinstance(feature, dict) else {} for feature in content["features"]]
    if kind == "Feature":
        return [content]
    if kind in SHAPES:
        return [{"geometry": {key: value for key, value in content.items() if key != "crs"}}]
    if kind == "Topology":
        raise UnreadableFile(N_("%(file)s is TopoJSON. Save it as GeoJSON."), file=source.name)
    raise UnreadableFile(N_("%(file)s is JSON, but no GeoJSON: it is no FeatureCollection."), file=source.name)


def _shapes(features: list[dict[str, Any]], refusals: Refusals) -> "np.ndarray":
    """One shape each; None where there is none, or where it cannot be built."""
    geometries = [feature.get("geometry") for feature in features]
    texts = np.array([json.dumps(geometry) if geometry else None for geometry in geometries], dtype=object)
    with np.errstate(all="ignore"):  # numbers beyond all numbers are refused with their row, further on
        shapes: np.ndarray = shapely.from_geojson(texts, on_invalid="ignore")
    for position in np.flatnonzero(shapely.is_missing(shapes)):
        if geometries[position]:
            refusals.add(
                N_("The feature's shape cannot be built (%(reason)s)."),
                row=int(position) + 1,
                reason=_reason(texts[position]),
            )
    return shapes


def _reason(text: str) -> str:
    try:
        shapely.from_geojson(text)
    except shapely.errors.GEOSException as error:
        return why_broken(str(error))
    return UNKNOWN


def _records(features: list[dict[str, Any]]) -> list[dict[str, Any]]:
    records = []
    for feature in features:
        properties = feature.get("properties")
        record = dict(properties) if isinstance(properties, dict) else {}
        if feature.get("id") is not None:
            record.setdefault("id", feature["id"])
        records.append(record)
    return records


def _plain(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Lists and objects as JSON text."""
    values = [json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value for value in column]
    return settle(values, column.index)


def _declared(content: Any, source: Source) -> pyproj.CRS | None:
    """The ``crs`` member of GeoJSON 2008; RFC 7946 has none and means WGS 84."""
    crs = content.get("crs") if isinstance(content, dict) else None
    if not crs:
        return None
    name = (
        crs.get("properties", {}).get("name")
        if isinstance(crs, dict) and isinstance(crs.get("properties"), dict)
        else None
    )
    try:
        return pyproj.CRS.from_user_input(str(name))
    except pyproj.exceptions.CRSError as error:
        raise UnreadableFile(
            N_("%(file)s names a coordinate system that is not known: %(crs)s."),
            file=source.name,
            crs=str(name or crs)[:80],
        ) from error
