"""The map of a sheet for a page: paths that need no script, with what each grid has under the pointer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from webmap.documents.grid_map import Band, Drawn

WIDTH = 1000
"""Units of the drawing's width; the browser scales it."""
FINENESS = 0.6
"""Units by which a line may be straightened."""


@dataclass(frozen=True)
class Patch:
    """One grid: its colour, its path as SVG writes it, what is written on it and where, and what it is called."""

    colour: str
    path: str
    number: str
    figure: str
    x: float
    y: float
    said: str


@dataclass(frozen=True)
class Picture:
    """A map, north up."""

    title: str
    width: int
    height: float
    patches: list[Patch]
    streets: str
    bands: list[Band]


def of(told: Drawn) -> Picture:
    """Draw a map."""
    grids = told.ground.grids
    west, south, east, north = grids.total_bounds
    scale = (WIDTH - 20) / max(east - west, (north - south) * 0.8, 1.0)
    left = (WIDTH - (east - west) * scale) / 2

    def place(spots: Any) -> Any:
        return np.column_stack([(spots[:, 0] - west) * scale + left, (north - spots[:, 1]) * scale + 10]).round(1)

    spots = place(shapely.get_coordinates(shapely.point_on_surface(grids.geometry.to_numpy())))
    shapes = shapely.simplify(grids.geometry.to_numpy(), FINENESS / scale)
    window = shapely.box(west, south, east, north)
    wide = told.ground.streets
    streets = shapely.intersection(wide.geometry[wide["street_class"] != "path"].to_numpy(), window)
    return Picture(
        title=told.title,
        width=WIDTH,
        height=round((north - south) * scale + 20, 1),
        patches=[
            _patch(told, code, name, shape, spot, place)
            for code, name, shape, spot in zip(grids["grid_code"], grids["name"], shapes, spots, strict=True)
        ],
        streets="".join(_path(shapely.simplify(line, FINENESS / scale), place) for line in streets),
        bands=told.bands,
    )


def _patch(
    told: Drawn, code: str, name: str | None, shape: BaseGeometry, spot: Any, place: Callable[[Any], Any]
) -> Patch:
    number, figure = code[12:] or code, told.figures.get(code, "")
    return Patch(
        colour=told.colours.get(code, "none"),
        path="".join(_path(ring, place) + "Z" for ring in shapely.get_rings(shapely.get_parts([shape]))),
        number=number,
        figure=figure,
        x=float(spot[0]),
        y=float(spot[1]),
        said=f"{number} {name or ''}".strip() + f": {figure or '–'}",
    )


def _path(line: BaseGeometry, place: Callable[[Any], Any]) -> str:
    parts = [place(shapely.get_coordinates(part)) for part in shapely.get_parts(line)]
    return "".join("M" + "L".join(f"{x:g},{y:g}" for x, y in part) for part in parts if len(part) > 1)
