"""A small drawing of a place, made on the server: a grid in its streets, with a point. Needs no script; prints."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from data import frames
from data.models import Grid, Incident

Numbers = npt.NDArray[np.float64]

WIDTH = 640
"""Units of the drawing's width; the browser scales it."""

MARGIN = 0.25
"""How much of the surroundings shows, as a share of the place's own size."""

LEAST_M = 120.0
"""A place smaller than this still shows this much ground."""


@dataclass(frozen=True)
class Sketch:
    """A drawing, north up: its size, and the paths of streets and grid as SVG writes them.

    ``west`` and ``north`` are degrees (WGS 84) of its upper left corner, ``per_x`` and ``per_y`` degrees of its units.
    """

    width: int
    height: float
    streets: str
    grid: str
    spot: tuple[float, float] | None
    track: str = ""
    west: float = 0.0
    north: float = 0.0
    per_x: float = 0.0
    per_y: float = 0.0


def of_incident(session: Session, incident: Incident) -> Sketch | None:
    """The incident's point in its grid; None where neither is known."""
    point = frames.decode([incident.geom])[0] if incident.geom is not None else None
    shapes: list[BaseGeometry] = []
    if incident.edition_id is not None and incident.grid_code is not None:
        grids = frames.grids(session, incident.edition_id, degrees=True)
        shapes = list(grids.geometry[grids["grid_code"] == incident.grid_code])
    if point is None and not shapes:
        return None
    return draw(shapes, frames.streets(session, incident.community_id, degrees=True), point)


def of_grid(session: Session, grid: Grid, community_id: int) -> Sketch:
    """The grid in its streets."""
    return draw([frames.decode([grid.geom])[0]], frames.streets(session, community_id, degrees=True), None)


def draw(
    grids: Iterable[BaseGeometry],
    streets: gpd.GeoDataFrame,
    point: BaseGeometry | None,
    *,
    track: BaseGeometry | None = None,
) -> Sketch:
    """Draw shapes given in degrees (WGS 84)."""
    shapes = list(grids)
    shown = [*shapes, *(one for one in (point, track) if one is not None)]
    west, south, east, north = _window(shapely.union_all(shown).bounds)
    squeeze = float(np.cos(np.radians((south + north) / 2)))
    scale = WIDTH / ((east - west) * squeeze)

    def place(spots: Numbers) -> Numbers:
        return np.column_stack([(spots[:, 0] - west) * squeeze * scale, (north - spots[:, 1]) * scale]).round(1)

    near = streets.geometry.array[streets.sindex.intersection((west, south, east, north))] if len(streets) else []
    return Sketch(
        width=WIDTH,
        height=round((north - south) * scale, 1),
        streets="".join(_path(line, place) for line in near),
        grid="".join(_path(ring, place) + "Z" for ring in shapely.get_rings(shapely.get_parts(shapes))),
        spot=None if point is None else tuple(place(shapely.get_coordinates(point))[0].tolist()),
        track="".join(_path(part, place) for part in shapely.get_parts(track)) if track is not None else "",
        west=west,
        north=north,
        per_x=1 / (squeeze * scale),
        per_y=1 / scale,
    )


def _window(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """What is shown: the place with its surroundings, at least as wide as it is high."""
    west, south, east, north = bounds
    middle = ((west + east) / 2, (south + north) / 2)
    squeeze = float(np.cos(np.radians(middle[1])))
    high = max((north - south) * (1 + 2 * MARGIN), LEAST_M / 111_000)
    wide = max((east - west) * (1 + 2 * MARGIN), high * 1.2 / squeeze)
    return middle[0] - wide / 2, middle[1] - high / 2, middle[0] + wide / 2, middle[1] + high / 2


def _path(line: BaseGeometry, place: Callable[[Numbers], Numbers]) -> str:
    return "M" + "L".join(f"{x},{y}" for x, y in place(shapely.get_coordinates(line)))
