"""A small drawing of streets by how cold they are, and of a walk over them, made on the server. Needs no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from data import frames
from geo.walk_turns import Step
from patrols.cold import Warmth

WIDTH = 1000
"""Units of the drawing's width; the browser scales it."""

MARGIN = 0.03
"""How much is left free around the streets, as a share of the drawing's width."""

DRAWN = (Warmth.NO_WISH, Warmth.FRESH, Warmth.YELLOW, Warmth.RED)
"""In this order: what matters most lies on top."""


@dataclass(frozen=True)
class Lines:
    """Streets drawn alike: how cold they are, days since they were seen, and their path as SVG writes it."""

    warmth: str
    days: int
    path: str


APART = 60
"""Numbers farther apart than this on the drawing can be read on a phone too, where the others are left out."""


@dataclass(frozen=True)
class Mark:
    """A number on the drawing, and whether it stands apart from those before it."""

    number: int
    x: float
    y: float
    apart: bool


@dataclass(frozen=True)
class StreetSketch:
    """A drawing, north up: its size, the streets, and a walk with the places where it turns."""

    width: int
    height: float
    lines: list[Lines]
    walk: str
    marks: list[Mark]


class _Paper:
    """Where a place in metres lies on the drawing."""

    def __init__(self, bounds: Sequence[float]) -> None:
        west, south, east, self.north = bounds
        self.west, self.scale = west, WIDTH * (1 - 2 * MARGIN) / max(east - west, (self.north - south) / 2, 1.0)
        self.margin = WIDTH * MARGIN
        self.height = round((self.north - south) * self.scale + 2 * self.margin, 1)

    def place(self, spots: Any) -> Any:
        right = (spots[:, 0] - self.west) * self.scale + self.margin
        down = (self.north - spots[:, 1]) * self.scale + self.margin
        return np.column_stack([right, down]).round(1)

    def path(self, line: Any) -> str:
        return "M" + "L".join(f"{x:g},{y:g}" for x, y in self.place(shapely.get_coordinates(line)))


def draw(cold: gpd.GeoDataFrame, walk: Any = None, steps: Sequence[Step] = ()) -> StreetSketch:
    """Draw streets, and a walk over them where there is one.

    Parameters
    ----------
    cold : GeoDataFrame
        As `patrols.cold.cold_streets` makes it, in metres.
    walk : LineString, optional
        In degrees.
    steps : sequence of Step
        Their places in degrees.
    """
    walked = frames.to_metres(gpd.GeoSeries([walk], crs=4326), cold.crs) if walk is not None else None
    paper = _Paper(cold.total_bounds if walked is None else walked.buffer(150).total_bounds)
    shown = cold if walked is None else cold[cold.intersects(walked.buffer(200).iloc[0])]
    groups = shown.groupby(["warmth", "days"])["geometry"]
    lines = [Lines(str(warmth), int(days), "".join(map(paper.path, shapes))) for (warmth, days), shapes in groups]
    lines.sort(key=lambda one: (DRAWN.index(Warmth(one.warmth)), one.days))
    path = paper.path(walked.iloc[0]) if walked is not None else ""
    return StreetSketch(WIDTH, paper.height, lines, path, _marks(paper, steps, cold.crs))


def _marks(paper: _Paper, steps: Sequence[Step], crs: Any) -> list[Mark]:
    if not steps:
        return []
    x, y = frames.points_in_metres([step.x for step in steps], [step.y for step in steps], crs)
    spots = paper.place(np.column_stack([x, y]))
    # The arrival is where one started; its number would hide the first.
    marks: list[Mark] = []
    for number, (x, y) in enumerate(spots[:-1].tolist(), start=1):
        apart = all(np.hypot(x - one.x, y - one.y) >= APART for one in marks if one.apart)
        marks.append(Mark(number, x, y, apart))
    return marks
