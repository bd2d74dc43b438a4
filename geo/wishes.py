"""What the person who draws wishes: kept whole, together, apart, along this border, and grids that are done."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geo.buildings import Note
from geo.clean import StreetMatcher
from geo.errors import N_
from geo.faces import Numbers, Positions, connected_parts, dissolve, find_sides

Pairs = Positions
"""Positions of blocks in two columns."""


@dataclass(frozen=True)
class Wishes:
    """Hard wishes for a drawing, in the metres of its frames.

    Attributes
    ----------
    whole : GeoDataFrame, optional
        Polygons that no border may cut; ``name`` optional.
    together, apart : sequence of geometry
        Each has two parts or more (a MultiPoint, a MultiPolygon): the blocks that a point inside each part lies on come
        into one grid, with what must lie between them; or each into a grid of its own.
    borders : sequence of geometry
        Lines that stay borders: no grid lies on both sides. A line that ends inside a block bounds nothing there.
    done : GeoDataFrame, optional
        ``grid_code, geometry``: grids that stay as they are.
    """

    whole: gpd.GeoDataFrame | None = None
    together: Sequence[shapely.Geometry] = ()
    apart: Sequence[shapely.Geometry] = ()
    borders: Sequence[shapely.Geometry] = ()
    done: gpd.GeoDataFrame | None = None

    def moved(self, by: Numbers) -> "Wishes":
        """The same wishes for a place that lies elsewhere by so many metres."""

        def shift(shapes: Sequence[shapely.Geometry]) -> list[shapely.Geometry]:
            return [shapely.transform(shape, lambda xy: xy + by) for shape in shapes]

        def move(frame: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
            return None if frame is None else frame.set_geometry(frame.translate(*by.tolist()))

        return Wishes(move(self.whole), shift(self.together), shift(self.apart), shift(self.borders), move(self.done))


@dataclass(frozen=True)
class Wished:
    """Blocks and their borders once the wishes are settled on them.

    ``blocks`` has ``done`` besides (the code of the grid that is done, else empty) and ``tied`` (the load of what was
    wished together, else 0); ``apart`` are pairs of blocks that no grid may hold both of.
    """

    blocks: gpd.GeoDataFrame
    borders: pd.DataFrame
    apart: Pairs
    notes: list[Note]


def settle_wishes(blocks: gpd.GeoDataFrame, borders: pd.DataFrame, wishes: Wishes) -> Wished:
    """Join the blocks wished together, mark those of done grids, and list those that must come apart.

    Parameters
    ----------
    blocks : GeoDataFrame
        From `geo.blocks.build_blocks`, made with the same wishes.
    borders : DataFrame
        From `geo.blocks.neighbours`.
    """
    blocks = blocks.assign(done=find_done(blocks, wishes.done), tied=0.0)
    apart, notes = _find_apart(blocks, wishes)
    if not wishes.together:
        return Wished(blocks, borders, apart, notes)
    labels, untied = _tie(blocks, borders, wishes, apart)
    notes.extend(untied)
    blocks, borders = _join(blocks, borders, labels)
    return Wished(blocks, borders, _still_apart(labels[apart], blocks, notes), notes)


def find_done(blocks: gpd.GeoDataFrame, done: gpd.GeoDataFrame | None) -> NDArray[np.object_]:
    """The code of the done grid that each block lies in, else empty."""
    codes = np.full(len(blocks), "", dtype=object)
    if done is not None and len(done):
        spots = shapely.point_on_surface(blocks.geometry.to_numpy())
        block, grid = shapely.STRtree(done.geometry.to_numpy()).query(spots, predicate="intersects")
        codes[block] = done["grid_code"].astype(str).to_numpy(dtype=object)[grid]
    return codes


def _blocks_under(blocks: gpd.GeoDataFrame, shape: shapely.Geometry) -> Positions:
    """The blocks that a point inside each part of a shape lies on; parts off the ground have none."""
    spots = shapely.point_on_surface(shapely.get_parts(shape))
    spot, block = shapely.STRtree(blocks.geometry.to_numpy()).query(spots, predicate="intersects")
    # A point on a border lies on two blocks: the first counts.
    return np.unique(block[np.unique(spot, return_index=True)[1]]).astype(np.int64)


def _find_apart(blocks: gpd.GeoDataFrame, wishes: Wishes) -> tuple[Pairs, list[Note]]:
    """Pairs of blocks wished apart, and those on the two sides of a border that stays."""
    pairs, notes = [np.empty((0, 2), dtype=np.int64)], []
    for shape in wishes.apart:
        under = _blocks_under(blocks, shape)
        if len(under) < shapely.get_num_geometries(shape):
            notes.append(
                _note(N_("Wished apart, but on one block (or off the ground): no border can lie between."), shape)
            )
        pairs.append(np.stack(np.triu_indices(len(under), 1), axis=1) if len(under) < 2 else _all_pairs(under))
    sides = find_sides(blocks.geometry.to_numpy()) if wishes.borders else None
    for line in wishes.borders:
        assert sides is not None  # noqa: S101
        frame = gpd.GeoDataFrame({"street_class": ["expressway"]}, geometry=[line], crs=blocks.crs)
        on = (StreetMatcher(frame).match(sides.middle)[0] >= 0) & (sides.right >= 0)
        if not on.any():
            notes.append(_note(N_("This border divides nothing: lead its ends to streets or to the outline."), line))
        pairs.append(np.stack([sides.left[on], sides.right[on]], axis=1))
    found = np.sort(np.concatenate(pairs), axis=1)
    return np.unique(found, axis=0), notes


def _all_pairs(under: Positions) -> Pairs:
    """Every two of some blocks."""
    one, two = np.triu_indices(len(under), 1)
    return np.stack([under[one], under[two]], axis=1)


def _note(text: str, shape: shapely.Geometry) -> Note:
    """A remark with its place, a point on the shape."""
    point = shapely.point_on_surface(shape)
    return text, {}, round(float(point.x), 2), round(float(point.y), 2)


def _tie(blocks: gpd.GeoDataFrame, borders: pd.DataFrame, wishes: Wishes, apart: Pairs) -> tuple[Positions, list[Note]]:
    """Number the blocks anew: those wished together, and those on the shortest way between them, alike."""
    one, two = borders["one"].to_numpy(dtype=np.int64), borders["two"].to_numpy(dtype=np.int64)
    done, size = blocks["done"].to_numpy(dtype=object), len(blocks)
    ground = connected_parts(size, one, two)
    key = np.minimum(one, two) * size + np.maximum(one, two)
    free = (done[one] == "") & (done[two] == "") & ~np.isin(key, apart[:, 0] * size + apart[:, 1])
    labels, notes = np.arange(size), []
    for shape in wishes.together:
        under = _blocks_under(blocks, shape)
        for goal in under[1:]:
            tied = _tie_two(labels, under[0], goal, one[free], two[free])
            # Pieces of ground that are apart anyway come into one grid, but no grid is broken by others in between.
            if tied is None and ground[under[0]] != ground[goal]:
                tied = np.where(labels == labels[goal], labels[under[0]], labels)
            if tied is None:
                text = N_("What is wished together here cannot come together: grids that stay lie between.")
                notes.append(_note(text, shape))
            else:
                labels = tied
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64), notes


def _tie_two(labels: Positions, first: np.int64, second: np.int64, one: Positions, two: Positions) -> Positions | None:
    """Give two blocks, and those on the shortest way between them, one label; None where no way leads."""
    start, step, size = labels[first], labels[second], len(labels)
    graph = coo_array((np.ones(len(one)), (labels[one], labels[two])), shape=(size, size)).tocsr()
    before = dijkstra(graph, directed=False, indices=start, unweighted=True, return_predecessors=True)[1]
    if start != step and before[step] < 0:
        return None
    while step != start:
        labels, step = np.where(labels == step, start, labels), before[step]
    return labels


def _join(blocks: gpd.GeoDataFrame, borders: pd.DataFrame, labels: Positions) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Blocks joined by label, with the sums of what stands on them, and the borders that are left."""
    count = np.bincount(labels)
    order = np.argsort(-blocks["in_whole"].to_numpy(), kind="stable")
    lead = order[np.unique(labels[order], return_index=True)[1]]
    sums = blocks[["households", "buildings", "compounds", "load"]].groupby(labels).sum()
    joined = blocks.iloc[lead].reset_index(drop=True).assign(**sums, block_id=np.arange(len(count)))
    joined["tied"] = np.where(count > 1, joined["load"], 0.0)
    joined = joined.set_geometry(gpd.GeoSeries(dissolve(blocks.geometry.to_numpy(), labels), crs=blocks.crs))
    ends = np.sort(labels[borders[["one", "two"]].to_numpy()], axis=1)
    left = borders.assign(one=ends[:, 0], two=ends[:, 1])[ends[:, 0] != ends[:, 1]]
    return joined, left.groupby(["one", "two"], as_index=False).sum()


def _still_apart(pairs: Pairs, blocks: gpd.GeoDataFrame, notes: list[Note]) -> Pairs:
    """Pairs that can still come apart; for those wished both together and apart, a remark."""
    same = pairs[:, 0] == pairs[:, 1]
    text = N_("Wished both together and apart, or on both sides of a border that stays: it stays together.")
    notes.extend(_note(text, blocks.geometry.iloc[block]) for block in np.unique(pairs[same, 0]).tolist())
    return np.asarray(pairs[~same], dtype=np.int64)


def only_open(wished: Wished) -> tuple[gpd.GeoDataFrame, pd.DataFrame, Pairs, Positions]:
    """Blocks that no done grid holds, the borders and quarrels among them, and their positions among all."""
    place = np.flatnonzero((wished.blocks["done"] == "").to_numpy())
    number = np.full(len(wished.blocks), -1, dtype=np.int64)
    number[place] = np.arange(len(place))
    ends = number[wished.borders[["one", "two"]].to_numpy(dtype=np.int64)]
    inner = (ends >= 0).all(axis=1)
    borders = wished.borders.assign(one=ends[:, 0], two=ends[:, 1])[inner].reset_index(drop=True)
    pairs = number[wished.apart]
    return wished.blocks.iloc[place], borders, pairs[(pairs >= 0).all(axis=1)], place
