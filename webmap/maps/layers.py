"""Shapes and tables made small for the browser: whole-number steps from one origin, columns instead of rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from geoalchemy2 import WKBElement

from data import frames

STEPS = 1e6
"""Steps a degree: 0.1 m, finer than any source of a town's streets."""

RANK = ("expressway", "arterial", "secondary", "branch", "back_street", "path")
LATER = {"back_street": 1.0, "path": 1.5, "branch": 0.5}
"""How many zoom levels later than a main street's name that of a smaller one appears."""

Origin = tuple[float, float]
Steps = list[int]


def pack_lines(lines: Sequence[shapely.Geometry] | gpd.GeoSeries, origin: Origin) -> list[Steps]:
    """Return every line of (multi)lines as steps: the start from the origin, then from vertex to vertex.

    Lines shorter than two distinct steps vanish: they could not be seen.

    Examples
    --------
    >>> pack_lines([shapely.LineString([(116.1, 40), (116.100002, 40.000001)])], (116.1, 40.0))
    [[0, 0, 2, 1]]
    """
    return [steps for steps in _steps(shapely.get_parts(np.asarray(lines, dtype=object)), origin) if len(steps) > 2]


def pack_polygons(polygons: Sequence[shapely.Geometry] | gpd.GeoSeries, origin: Origin) -> list[list[Steps]]:
    """Return every polygon of (multi)polygons as its rings, the outer one first."""
    parts = shapely.get_parts(np.asarray(polygons, dtype=object))
    rings, owner = shapely.get_rings(parts, return_index=True)
    packed: list[list[Steps]] = [[] for _ in parts]
    for steps, polygon in zip(_steps(rings, origin), owner, strict=True):
        if len(steps) > 4:
            packed[polygon].append(steps)
    return [polygon for polygon in packed if polygon]


def _steps(lines: npt.NDArray[Any], origin: Origin) -> list[Steps]:
    """The steps of each single line, all vertices at once; vertices that fall on the one before are left out."""
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    if not len(lines):
        return []
    places = np.rint((coordinates - np.asarray(origin)) * STEPS).astype(np.int64)
    first = np.ones(len(line), bool)
    first[1:] = line[1:] != line[:-1]
    keep = first.copy()
    keep[1:] |= (places[1:] != places[:-1]).any(axis=1)
    places, first = places[keep], first[keep]
    steps = places.copy()
    steps[1:] -= places[:-1]
    steps[first] = places[first]
    return [part.ravel().tolist() for part in np.split(steps, np.flatnonzero(first)[1:])]


def pack_points(points: Sequence[shapely.Geometry] | gpd.GeoSeries, origin: Origin) -> list[Steps]:
    """Return each point's place from the origin."""
    coordinates = shapely.get_coordinates(np.asarray(points, dtype=object))
    places: list[Steps] = np.rint((coordinates - np.asarray(origin)) * STEPS).astype(np.int64).tolist()
    return places


def streets_by_class(streets: gpd.GeoDataFrame, origin: Origin) -> dict[str, list[Steps]]:
    """Return the packed lines of each street class that occurs."""
    return {str(name): pack_lines(part.geometry, origin) for name, part in streets.groupby("street_class", sort=True)}


def inner_points(polygons: gpd.GeoSeries) -> npt.NDArray[Any]:
    """Return, for each polygon, the middle of the largest circle that fits in: the best place for its name."""
    latitude = float(np.radians(np.mean(polygons.total_bounds[[1, 3]])))
    squeeze = np.array([np.cos(latitude), 1.0])
    flat = shapely.transform(polygons.to_numpy(), lambda xy: xy * squeeze)
    radii = shapely.maximum_inscribed_circle(flat, tolerance=1e-5)
    return np.asarray(shapely.transform(shapely.get_point(radii, 0), lambda xy: xy / squeeze), dtype=object)


def street_names(streets: gpd.GeoDataFrame, origin: Origin) -> list[dict[str, Any]]:
    """Return a label for each connected run of a named street, main streets and long runs first."""
    named = streets[streets["name"].fillna("") != ""]
    if named.empty:
        return []
    number, names = pd.factorize(named["name"], sort=True)
    best = named["street_class"].map(RANK.index).groupby(number).min().to_numpy()
    lines, row = shapely.get_parts(named.geometry.to_numpy(), return_index=True)
    order = np.argsort(number[row], kind="stable")
    runs = shapely.line_merge(shapely.multilinestrings(lines[order], indices=number[row][order]))
    pieces, street = shapely.get_parts(runs, return_index=True)
    order = np.lexsort((street, -shapely.length(pieces), best[street]))
    packed = _steps(shapely.simplify(pieces[order], 8e-6), origin)
    return [
        {"kind": "street", "text": names[one], "line": steps, "later": LATER.get(RANK[best[one]], 0)}
        for one, steps in zip(street[order], packed, strict=True)
        if len(steps) > 2
    ]


def place_names(places: gpd.GeoDataFrame, kind: str, origin: Origin) -> list[dict[str, Any]]:
    """Return a label for each named place, the largest first."""
    named = places[places["name"].fillna("") != ""]
    if named.empty:
        return []
    named = named.iloc[np.argsort(-shapely.area(named.geometry.to_numpy()), kind="stable")]
    spots = pack_points(shapely.point_on_surface(named.geometry.to_numpy()), origin)
    return [{"kind": kind, "text": name, "point": spot} for name, spot in zip(named["name"], spots, strict=True)]


def bounds_of(stored: WKBElement) -> tuple[float, float, float, float]:
    """Return west, south, east and north of a stored shape, in degrees."""
    west, south, east, north = shapely.bounds(frames.decode([stored])[0])
    return float(west), float(south), float(east), float(north)


def columns(frame: pd.DataFrame, names: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return columns under short names, missing values as empty text."""
    return {short: frame[name].astype(object).where(frame[name].notna(), "").tolist() for short, name in names.items()}
