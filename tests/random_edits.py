"""Edits of grids as careless as people draw: over corners, along borders, out and in again, across themselves."""

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.change import Change
from geo.errors import CannotReshape
from geo.reshape import give, merge, move_blocks, move_vertex, reshape, split
from geo.rounding import on_lattice

KINDS = ("give", "new", "paint", "split", "cut out", "merge", "reshape", "move")
SHARES = (0.14, 0.05, 0.09, 0.2, 0.05, 0.15, 0.18, 0.14)


def crooked_town(columns: int, random: np.random.Generator, block_m: float = 100.0) -> gpd.GeoDataFrame:
    """A square town of crooked grids, turned, far from the origin."""
    steps = np.arange(columns + 1) * block_m
    x, y = np.meshgrid(steps, steps, indexing="ij")
    inside = np.zeros_like(x)
    inside[1:-1, 1:-1] = 0.3 * block_m
    x, y = x + inside * random.uniform(-1, 1, x.shape), y + inside * random.uniform(-1, 1, x.shape)
    cos, sin = np.cos(0.3), np.sin(0.3)
    xy = np.stack([451_000.1234 + cos * x - sin * y, 4_429_000.9876 + sin * x + cos * y], axis=-1)
    rings = np.stack([xy[:-1, :-1], xy[1:, :-1], xy[1:, 1:], xy[:-1, 1:]], axis=2).reshape(-1, 4, 2)
    codes = [f"{number:05d}" for number in range(1, len(rings) + 1)]
    grids = gpd.GeoDataFrame({"grid_code": codes, "households": 200}, geometry=shapely.polygons(rings), crs=4548)
    return on_lattice(grids)


class Scribbler:
    """Somebody who edits at random, and counts what was done and what was refused."""

    def __init__(self, grids: gpd.GeoDataFrame, random: np.random.Generator) -> None:
        self.grids, self.random, self.most = grids, random, len(grids)
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._last = 90_000

    def edit(self) -> Change | None:
        """Try one edit; what it did, or None when it was refused. The grids are then the edited ones."""
        kind = str(self.random.choice(KINDS, p=SHARES))
        try:
            change = self._try(kind)
        except CannotReshape as refusal:
            self.refused[f"{kind}: {refusal.template}"] += 1
            return None
        self.done[kind] += 1
        self.grids = change.grids
        return change

    def _try(self, kind: str) -> Change:
        shapes = self.grids.geometry.to_numpy()
        here = int(self.random.integers(len(shapes)))
        around = np.flatnonzero(shapely.dwithin(shapes, shapes[here], 0.5))
        code, near = self.grids["grid_code"][here], self.grids["grid_code"][int(self.random.choice(around))]
        if kind == "give":
            return give(self.grids, shapely.Polygon(self._places(shapes[around], 3, 7)), near)
        if kind == "new":
            return give(self.grids, shapely.Polygon(self._places(shapes[[here]], 3, 6)), self._code())
        if kind == "paint":
            halves = shapely.intersection(shapes[here], _halves(shapes[here]))
            return move_blocks(self.grids, halves[: 1 + self.random.integers(2)], near)
        if kind == "split":
            return split(self.grids, code, self._line(shapes[[here]]), self._code())
        if kind == "cut out":
            middle = shapely.point_on_surface(shapes[here])
            ring = shapely.buffer(middle, self.random.uniform(0.3, 30), quad_segs=3).exterior
            return split(self.grids, code, ring, self._code())
        if kind == "merge":
            # A town in ever smaller bits says little: merging waits until there are as many grids as at first.
            return merge(self.grids, [code, near], code) if len(shapes) > self.most else self._try("split")
        if kind == "reshape":
            return reshape(self.grids, self._line(shapes[around]))
        xy = shapely.get_coordinates(shapes[here])
        corner = xy[self.random.integers(len(xy))]
        return move_vertex(self.grids, corner, corner + self.random.normal(0, 8, 2))

    def _code(self) -> str:
        self._last += 1
        return f"{self._last}"

    def _line(self, shapes: np.ndarray) -> shapely.LineString:
        return shapely.LineString(self._places(shapes, 2, 6))

    def _places(self, shapes: np.ndarray, least: int, most: int) -> np.ndarray:
        """Places on corners, beside them, on borders, or anywhere about."""
        west, south, east, north = shapely.total_bounds(shapes)
        xy = shapely.get_coordinates(shapes)
        rims = shapely.boundary(shapes)
        places = []
        for kind in self.random.choice(4, size=self.random.integers(least, most + 1), p=(0.2, 0.15, 0.25, 0.4)):
            corner = xy[self.random.integers(len(xy))]
            rim = rims[self.random.integers(len(rims))]
            on_border = shapely.get_coordinates(
                shapely.line_interpolate_point(rim, self.random.uniform(), normalized=True)
            )[0]
            anywhere = self.random.uniform((west - 10, south - 10), (east + 10, north + 10))
            beside = corner + self.random.normal(0, 0.02, 2)
            places.append((corner, beside, on_border, anywhere)[kind])
        return np.array(places)


def _halves(shape: shapely.Geometry) -> np.ndarray:
    """The boxes of a shape's western and eastern half."""
    west, south, east, north = shapely.bounds(shape)
    return np.array(
        [shapely.box(west, south, (west + east) / 2, north), shapely.box((west + east) / 2, south, east, north)]
    )


def put_back(before: gpd.GeoDataFrame, change: Change) -> gpd.GeoDataFrame:
    """The grids before an edit, from those after it and the old rows that it names."""
    old = before[before["grid_code"].isin([*change.changed, *change.gone])]
    kept = change.grids[~change.grids["grid_code"].isin(change.changed)]
    return pd.concat([kept, old]).sort_values("grid_code", ignore_index=True)
