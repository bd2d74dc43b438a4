"""A small drawing of the town with numbered points, made on the server; a script reads places off it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

WIDTH = 1000
"""Units of the drawing's width; the browser scales it."""

MARGIN = 0.02
"""How much is left free around the town, as a share of its own size."""


@dataclass(frozen=True)
class Dot:
    """A numbered point of the drawing; `cold` ones stand out."""

    number: int
    name: str
    x: float
    y: float
    cold: bool


@dataclass(frozen=True)
class PointSketch:
    """A drawing, north up: its size, streets and grids as SVG writes them, and the points.

    ``west``, ``north`` are the degrees of its upper left corner; ``lon_step``, ``lat_step`` degrees for each unit.
    """

    width: int
    height: float
    west: float
    north: float
    lon_step: float
    lat_step: float
    streets: str
    grids: str
    dots: list[Dot]


def draw(
    streets: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, points: Iterable[tuple[int, str, float, float, bool]]
) -> PointSketch | None:
    """Draw streets, grids and points (number, name, longitude, latitude, whether it stands out), all in degrees.

    None where there is neither a street nor a grid.
    """
    shown = [one.total_bounds for one in (streets, grids) if len(one)]
    if not shown:
        return None
    west, south, east, north = _window(np.array(shown))
    squeeze = float(np.cos(np.radians((south + north) / 2)))
    lon_step, lat_step = (east - west) / WIDTH, (east - west) * squeeze / WIDTH

    def place(spots: Any) -> Any:
        return np.column_stack([(spots[:, 0] - west) / lon_step, (north - spots[:, 1]) / lat_step]).round(1)

    def path(lines: Sequence[Any]) -> str:
        return "".join(f"M{'L'.join(f'{x:g},{y:g}' for x, y in place(shapely.get_coordinates(one)))}" for one in lines)

    dots = []
    for number, name, lon, lat, cold in points:
        ((x, y),) = place(np.array([[lon, lat]]))
        dots.append(Dot(number, name, float(x), float(y), cold))
    rings = shapely.get_rings(shapely.get_parts(grids.geometry.to_numpy()))
    height = round((north - south) / lat_step, 1)
    return PointSketch(
        WIDTH, height, west, north, lon_step, lat_step, path(streets.geometry.tolist()), path(list(rings)), dots
    )


def _window(bounds: Any) -> tuple[float, float, float, float]:
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    wide, high = max(east - west, 1e-4) * MARGIN, max(north - south, 1e-4) * MARGIN
    return float(west - wide), float(south - high), float(east + wide), float(north + high)
