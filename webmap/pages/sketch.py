"""A small drawing of a place, made on the server: a grid in its streets, with a point. It needs no script and prints."""

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import shapely
from flask_babel import gettext
from markupsafe import Markup
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from data import frames
from data.models import Grid, Incident

WIDTH = 640
"""Units of the drawing's width; the browser scales it."""

MARGIN = 0.25
"""How much of the surroundings shows, as a share of the place's own size."""

LEAST_M = 120.0
"""A place smaller than this still shows this much ground."""


def of_incident(session: Session, incident: Incident) -> Markup:
    """The incident's point in its grid; nothing where neither is known."""
    point = frames.decode([incident.geom])[0] if incident.geom is not None else None
    shapes: list[BaseGeometry] = []
    if incident.edition_id is not None and incident.grid_code is not None:
        grids = frames.grids(session, incident.edition_id, degrees=True)
        shapes = list(grids.geometry[grids["grid_code"] == incident.grid_code])
    if point is None and not shapes:
        return Markup("")
    return draw(shapes, frames.streets(session, incident.community_id, degrees=True), point)


def of_grid(session: Session, grid: Grid, community_id: int) -> Markup:
    """The grid in its streets."""
    return draw([frames.decode([grid.geom])[0]], frames.streets(session, community_id, degrees=True), None)


def draw(grids: Iterable[BaseGeometry], streets: gpd.GeoDataFrame, point: BaseGeometry | None) -> Markup:
    """Draw shapes given in degrees (WGS 84), north up, as SVG. Numbers alone enter the markup, never text of people."""
    shown = [*grids, *([point] if point is not None else [])]
    west, south, east, north = _window(shapely.union_all(shown).bounds)
    squeeze = float(np.cos(np.radians((south + north) / 2)))
    scale = WIDTH / ((east - west) * squeeze)
    height = (north - south) * scale

    def place(coordinates: np.ndarray) -> np.ndarray:
        return np.column_stack(
            [(coordinates[:, 0] - west) * squeeze * scale, (north - coordinates[:, 1]) * scale]
        ).round(1)

    near = streets.geometry.array[streets.sindex.intersection((west, south, east, north))] if len(streets) else []
    lines = "".join(_path(shapely.get_coordinates(line), place) for line in near)
    rings = "".join(_path(shapely.get_coordinates(ring), place) + "Z" for shape in shown for ring in _rings(shape))
    pieces = [f'<path class="street" d="{lines}"/>', f'<path class="grid" d="{rings}"/>']
    if point is not None:
        x, y = place(shapely.get_coordinates(point))[0]
        pieces.append(f'<circle class="spot" cx="{x}" cy="{y}" r="9"/>')
    return Markup('<svg class="sketch" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
        gettext("Drawing of the place, north up"), WIDTH, round(height, 1), Markup("".join(pieces))
    )


def _window(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """What is shown: the place with its surroundings, at least as wide as it is high."""
    west, south, east, north = bounds
    middle = ((west + east) / 2, (south + north) / 2)
    squeeze = float(np.cos(np.radians(middle[1])))
    high = max((north - south) * (1 + 2 * MARGIN), LEAST_M / 111_000)
    wide = max((east - west) * (1 + 2 * MARGIN), high * 1.2 / squeeze)
    return middle[0] - wide / 2, middle[1] - high / 2, middle[0] + wide / 2, middle[1] + high / 2


def _rings(shape: BaseGeometry) -> list[BaseGeometry]:
    return list(shapely.get_rings(shape)) if shape.geom_type in {"Polygon", "MultiPolygon"} else []


def _path(coordinates: np.ndarray, place: object) -> str:
    spots = place(coordinates)  # type: ignore[operator]
    return "M" + "L".join(f"{x},{y}" for x, y in spots)
