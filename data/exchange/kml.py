"""KML: placemarks with their shapes and data, and the tracks that phones write."""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast
from xml.etree.ElementTree import Element

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from data.errors import UnreadableFile
from data.exchange.columns import check_width, unique_names
from data.exchange.reading import Refusals
from data.exchange.safe_xml import child_text, elements, local
from data.exchange.unpack import Source
from geo.errors import N_

SHAPES = frozenset({"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "MultiTrack"})
FEATURE_TEXTS = ("name", "description", "address", "phoneNumber")
FEWEST_FOR_RING = 4


class BadShape(Exception):
    """A placemark whose coordinates make no shape; its argument says why."""


class Placemark(NamedTuple):
    """One placemark: its number in the file from 1, its element, and the names of the folders it lies in."""

    row: int
    element: Element
    folder: str


def placemarks(source: Source) -> Iterator[Placemark]:
    """Every placemark in the order of the file; its element is emptied once the next one is asked for."""
    row = 0
    folders: list[Element] = []
    rooted = False
    for event, element in elements(source.path.read_bytes(), source.name):
        kind = local(element)
        if not rooted and kind not in {"kml", "Document", "Folder", "Placemark"}:
            raise UnreadableFile(N_("%(file)s is XML, but no KML."), file=source.name)
        rooted = True
        if kind == "Folder":
            folders.append(element) if event == "start" else folders.pop()
        if event == "end" and kind == "Placemark":
            row += 1
            names = [child_text(folder, "name") for folder in folders]
            yield Placemark(row, element, "/".join(name for name in names if name))
            element.clear()


def read_kml(source: Source, refusals: Refusals) -> gpd.GeoDataFrame:
    """Read placemarks; their name, description, folder and extended data become columns.

    Parameters
    ----------
    source : Source
    refusals : Refusals
        Receives each placemark whose coordinates make no shape.
    """
    records: list[dict[str, Any]] = []
    shapes: list[BaseGeometry | None] = []
    rows: list[int] = []
    for placemark in placemarks(source):
        try:
            shape = _shape_of(placemark.element)
        except BadShape as error:
            refusals.add(
                N_("The placemark's coordinates make no shape (%(reason)s)."), row=placemark.row, reason=str(error)
            )
            shape = None
        records.append(_data_of(placemark))
        shapes.append(shape)
        rows.append(placemark.row)
    if not rows:
        raise UnreadableFile(N_("%(file)s holds no placemarks."), file=source.name)
    check_width(len({name for record in records for name in record}), source.name)
    frame = pd.DataFrame(records, dtype=object, index=range(len(records)))
    frame = frame.astype(object).where(frame.notna(), None)
    frame.columns = pd.Index(unique_names([str(column) for column in frame.columns]))
    frame["source_row"] = np.array(rows)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index))


def _data_of(placemark: Placemark) -> dict[str, Any]:
    """The placemark's texts, in its order."""
    record: dict[str, Any] = {}
    for child in placemark.element:
        kind = local(child)
        if kind in FEATURE_TEXTS:
            record[kind] = (child.text or "").strip() or None
        elif kind == "ExtendedData":
            record.update(_extended(child))
    if placemark.element.get("id"):
        record.setdefault("kml_id", placemark.element.get("id"))
    if placemark.folder:
        record.setdefault("folder", placemark.folder)
    return record


def _extended(element: Element) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for item in element.iter():
        key = item.get("name")
        if key and local(item) == "Data":
            record[key] = child_text(item, "value")
        elif key and local(item) == "SimpleData":
            record[key] = (item.text or "").strip() or None
    return record


def _shape_of(element: Element) -> BaseGeometry | None:
    """The first shape that holds anything: some programs write an empty point beside a track."""
    reason: BadShape | None = None
    for child in element:
        if local(child) in SHAPES:
            try:
                return _shape(child)
            except BadShape as error:
                reason = reason or error
            except RecursionError:
                reason = BadShape(N_("its parts are nested too deep"))
    if reason is not None:
        raise reason
    return None


def _shape(element: Element) -> BaseGeometry:
    match local(element):
        case "Point":
            return shapely.Point(coordinates(element)[0])
        case "LineString":
            return _line(coordinates(element))
        case "LinearRing":
            return _line(coordinates(element))
        case "Polygon":
            return _polygon(element)
        case "Track":
            return _line(track_coordinates(element))
    parts = [_shape(child) for child in element if local(child) in SHAPES]
    if not parts:
        raise BadShape(N_("it is empty"))
    return _gather(parts)


def _gather(parts: list[BaseGeometry]) -> BaseGeometry:
    kinds = {part.geom_type for part in parts}
    if kinds == {"Point"}:
        return cast(BaseGeometry, shapely.multipoints(parts))
    if kinds == {"LineString"}:
        return cast(BaseGeometry, shapely.multilinestrings(parts))
    if kinds == {"Polygon"}:
        return cast(BaseGeometry, shapely.multipolygons(parts))
    return cast(BaseGeometry, shapely.geometrycollections(parts))


def _line(places: "np.ndarray") -> BaseGeometry:
    if len(places) < 2:
        raise BadShape(N_("a line needs two places"))
    return shapely.LineString(places)


def _polygon(element: Element) -> BaseGeometry:
    rings = {"outerBoundaryIs": [], "innerBoundaryIs": []}  # type: dict[str, list[np.ndarray]]
    for side in element:
        for ring in side:
            if local(side) in rings and local(ring) == "LinearRing":
                rings[local(side)].append(_ring(coordinates(ring)))
    if len(rings["outerBoundaryIs"]) != 1:
        raise BadShape(N_("a polygon needs one outer ring"))
    return shapely.Polygon(rings["outerBoundaryIs"][0], rings["innerBoundaryIs"])


def _ring(places: "np.ndarray") -> "np.ndarray":
    """Closed, as most programs read a ring that its author left open."""
    if len(places) and (places[0] != places[-1]).any():
        places = np.vstack([places, places[:1]])
    if len(places) < FEWEST_FOR_RING:
        raise BadShape(N_("a ring needs three places"))
    return places


def coordinates(element: Element) -> "np.ndarray":
    """Longitude and latitude of each place in ``<coordinates>``."""
    text = child_text(element, "coordinates")
    if not text:
        raise BadShape(N_("it is empty"))
    return _numbers([part.split(",") for part in text.replace(", ", ",").split()])


def track_coordinates(element: Element) -> "np.ndarray":
    """Longitude and latitude of each ``<gx:coord>``."""
    return _numbers([(child.text or "").split() for child in element if local(child) == "coord"])


def _numbers(parts: list[list[str]]) -> "np.ndarray":
    try:
        places = np.array([(float(lon), float(lat)) for lon, lat, *_ in parts], dtype=float).reshape(-1, 2)
    except ValueError as error:
        raise BadShape(N_("a coordinate is no number")) from error
    if not np.isfinite(places).all():
        raise BadShape(N_("a coordinate is no number"))
    return places
