"""A drawing of what a redraw changes, made on the server: borders before and after, and the ground that moves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from data.models import LineageKind
from patrols.preview import Preview

Numbers = npt.NDArray[np.float64]

WIDTH = 960
"""Units of the drawing's width; the browser scales it."""

HIGHEST = 1.1
"""The drawing is at most this many times as high as wide; a taller place gets margins."""

MARGIN = 0.12
"""How much of the surroundings shows, as a share of the changed ground's own size."""

LABEL_ROOM = (34.0, 16.0)
"""A grid narrower or lower than this in the drawing carries no number, for it would cover its neighbours'."""


@dataclass(frozen=True)
class Piece:
    """Ground that moves: its outline, and from and to which grid, to be told when it is touched or printed."""

    path: str
    from_code: str
    to_code: str


@dataclass(frozen=True)
class Label:
    """A grid's code and where it is written; `moved` where the grid is not what it was."""

    x: float
    y: float
    code: str
    moved: bool


@dataclass(frozen=True)
class Drawing:
    """North up: the size, the paths as SVG writes them, and how many metres a bar of `bar` units stands for.

    `kept` are the outlines of grids that do not change, `before` and `after` those of the others.
    """

    height: float
    streets: str
    kept: str
    before: str
    after: str
    pieces: list[Piece]
    labels: list[Label]
    bar: float
    bar_m: int


def draw(preview: Preview, streets: gpd.GeoDataFrame) -> Drawing | None:
    """Draw the changed ground with its surroundings, or the whole community where nothing changes.

    Parameters
    ----------
    streets : GeoDataFrame
        In the metres of the grids.
    """
    same = set(preview.grids.index[preview.grids["change"] == LineageKind.KEPT])
    before, after = (frame[~frame["grid_code"].isin(same)] for frame in (preview.before, preview.after))
    shown = next((one for one in (pd.concat([before, after]), preview.after) if len(one)), None)
    if shown is None:
        return None
    window = _window(shown.total_bounds, preview.after.total_bounds if len(preview.after) else shown.total_bounds)
    west, south, east, north = window
    scale = WIDTH / (east - west)

    def place(spots: Numbers) -> Numbers:
        return np.column_stack([(spots[:, 0] - west) * scale, (north - spots[:, 1]) * scale]).round(1)

    frame = shapely.box(*window)
    bar_m = _round_length((east - west) / 5)
    moved = set(after["grid_code"])
    return Drawing(
        height=round((north - south) * scale, 1),
        streets="".join(_lines(streets, frame, scale, place)),
        kept="".join(_rings(preview.after[preview.after["grid_code"].isin(same)], frame, scale, place)),
        before="".join(_rings(before, frame, scale, place)),
        after="".join(_rings(after, frame, scale, place)),
        pieces=[
            Piece("".join(_rings(preview.ground.iloc[[row]], frame, scale, place)), one.from_code, one.to_code)
            for row, one in enumerate(preview.ground.itertuples())
        ],
        labels=list(_labels(preview.after, frame, scale, place, moved)),
        bar=round(bar_m * scale, 1),
        bar_m=bar_m,
    )


def _window(bounds: Numbers, whole: Numbers) -> tuple[float, float, float, float]:
    """What is shown: the changed ground with a margin, never less than a third of the whole, and not too tall."""
    west, south, east, north = bounds
    wide, high = (east - west) * (1 + 2 * MARGIN), (north - south) * (1 + 2 * MARGIN)
    wide = max(wide, (whole[2] - whole[0]) / 3, high / HIGHEST, 100.0)
    high = max(high, wide * 0.5)
    x, y = (west + east) / 2, (south + north) / 2
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def _near(frame: gpd.GeoDataFrame, window: BaseGeometry) -> gpd.GeoDataFrame:
    return frame.iloc[np.sort(frame.sindex.query(window))] if len(frame) else frame


def _lines(
    streets: gpd.GeoDataFrame, window: BaseGeometry, scale: float, place: Callable[[Numbers], Numbers]
) -> Iterator[str]:
    shapes = _near(streets, window).geometry.array.to_numpy()
    for line in shapely.get_parts(shapely.simplify(shapes, 0.5 / scale)):
        yield _path(line, place)


def _rings(
    grids: gpd.GeoDataFrame, window: BaseGeometry, scale: float, place: Callable[[Numbers], Numbers]
) -> Iterator[str]:
    """The outlines of areas; neighbours are thinned together, so that their common border stays one line."""
    shapes = _near(grids, window).geometry.array.to_numpy()
    thin = shapely.coverage_simplify(shapes, 0.7 / scale) if len(shapes) > 1 else shapes
    for ring in shapely.get_rings(shapely.get_parts(thin)):
        yield _path(ring, place) + "Z"


def _labels(
    grids: gpd.GeoDataFrame, window: BaseGeometry, scale: float, place: Callable[[Numbers], Numbers], moved: set[str]
) -> Iterator[Label]:
    near = _near(grids, window)
    shapes = shapely.intersection(near.geometry.array.to_numpy(), window)
    west, south, east, north = shapely.bounds(shapes).T * scale
    roomy = (east - west >= LABEL_ROOM[0]) & (north - south >= LABEL_ROOM[1])
    # Only what shows: a number at the edge would be cut off.
    spots = place(shapely.get_coordinates(shapely.point_on_surface(shapes[roomy])))
    for code, (x, y) in zip(near["grid_code"].to_numpy()[roomy], spots.tolist(), strict=True):
        yield Label(x, y, code, code in moved)


def _path(line: BaseGeometry, place: Callable[[Numbers], Numbers]) -> str:
    return "M" + "L".join(f"{x},{y}" for x, y in place(shapely.get_coordinates(line)))


def _round_length(metres: float) -> int:
    """The largest of 1, 2, 5, 10, 20, 50 ... that is not more."""
    power = 10 ** int(np.floor(np.log10(max(metres, 1.0))))
    return int(next(power * step for step in (5, 2, 1) if power * step <= max(metres, 1.0)))
