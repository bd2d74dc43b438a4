"""Blocks: the smallest pieces that grids are built of, bounded by streets, lanes and the gaps between houses."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geo.buildings import Wholes, gather_wholes
from geo.clean import JOINS, StreetMatcher, as_ground, mean_width, take_streets
from geo.faces import (
    GRAIN_M,
    TOUCH_M,
    Geometries,
    Positions,
    Sides,
    dissolve,
    find_sides,
    lines_of,
    make_faces,
    settle,
    sum_by_pair,
)
from geo.split import split_between

COSTS = np.array([0.0, 0.05, 0.15, 0.35, 0.5, 0.75, 1.5])
"""What a metre of border costs along a street of each rank; last: along none, through yards and gaps between houses."""

NARROW_M = 8.0
"""Ground without houses narrower than this (between a wall and its lane) goes with its neighbour."""

SMALL_M2 = 500.0
"""Ground without houses smaller than this goes with its neighbour."""

ROOMY_M2, PEOPLED = 2500.0, 40
"""A compound that a street runs into is a block of its own if it is this large or has this many households."""


@dataclass(frozen=True)
class Crossing:
    """A street line that runs through a building or compound; a border there goes round it."""

    whole: int
    name: str
    street: str
    is_compound: bool
    x: float
    y: float


@dataclass(frozen=True)
class Cut:
    """Ground cut into faces: who borders on whom, and the face that each whole lies in."""

    faces: Geometries
    sides: Sides
    home: Positions
    alone: NDArray[np.bool_]


def make_blocks(
    outline: object,
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame | None = None,
    *,
    largest: int = 500,
    piece: int = 150,
) -> gpd.GeoDataFrame:
    """Cut a community into blocks along its streets; every building and every compound stays whole.

    Where a street line runs through a building or a compound, the border goes round it. A block with more than
    ``largest`` households is split into pieces of about ``piece``, halfway between its houses.

    Parameters
    ----------
    outline : GeoDataFrame, GeoSeries or geometry
        The ground, in metres.
    streets : GeoDataFrame
        Cleaned by `geo.clean.clean_streets`: ``name, street_class, geometry``.
    buildings, compounds : GeoDataFrame
        See `geo.buildings.gather_wholes`.
    largest, piece : int
        Households (or another load).

    Returns
    -------
    GeoDataFrame
        ``block_id`` (0, 1, 2 ...), ``households, buildings, compounds, load`` (households, unless the wholes have
        another), ``whole`` and ``in_whole`` (name and load of the heaviest thing that must stay whole) and
        ``geometry``: one valid coverage of the outline, in the streets' CRS. ``attrs["crossings"]`` lists where street
        lines run through buildings and compounds, ``attrs["notes"]`` what else the person who draws should know.

    Raises
    ------
    BadGeometry
        When the outline has no area.
    """
    ground = as_ground(outline)
    wholes = gather_wholes(buildings, compounds, ground)
    blocks, crossings = build_blocks(ground, streets, wholes, largest=largest, piece=piece)
    blocks.attrs = {"crossings": crossings, "notes": wholes.notes}
    return blocks


def build_blocks(
    ground: shapely.Geometry, streets: gpd.GeoDataFrame, wholes: Wholes, *, largest: int, piece: int
) -> tuple[gpd.GeoDataFrame, list[Crossing]]:
    """`make_blocks` for wholes that are gathered already; the crossings beside the blocks."""
    near = take_streets(streets, ground, 0.0)
    lines, crossed, crossings = _lead_round(near.geometry.to_numpy(), near["name"].to_numpy(dtype=object), wholes)
    crossings = [crossing for crossing in crossings if not wholes.done[crossing.whole]]
    crossed |= wholes.done
    cut = _cut(ground, lines, crossed, wholes)
    labels = _absorb(cut, wholes, near)
    parting, part = _split_large(cut, labels, wholes, largest, piece)
    if len(parting):
        more, clipped, _ = _lead_round(parting, np.full(len(parting), "", dtype=object), wholes)
        finer = _cut(ground, np.concatenate([lines, more]), crossed | clipped, wholes)
        labels = _follow(finer, cut, labels, part)
        cut = finer
    labels = _join_kin(cut, labels, wholes)
    return _describe(cut, labels, wholes, streets.crs), crossings


def _lead_round(
    lines: Geometries, names: NDArray[np.object_], wholes: Wholes
) -> tuple[Geometries, NDArray[np.bool_], list[Crossing]]:
    """Take out of each line what lies inside a whole; say which wholes were crossed, and where."""
    crossed = np.zeros(len(wholes), dtype=bool)
    if not len(lines) or not len(wholes):
        return lines, crossed, []
    line, whole = shapely.STRtree(wholes.shape).query(lines, predicate="intersects")
    inside = shapely.intersection(lines[line], wholes.shape[whole])
    through = shapely.length(inside) > GRAIN_M
    line, whole, inside = line[through], whole[through], inside[through]
    crossed[whole] = True
    lines = lines.copy()
    for position in np.unique(line):
        lines[position] = shapely.difference(lines[position], shapely.union_all(wholes.shape[whole[line == position]]))
    deep = ~shapely.intersects(inside, shapely.boundary(wholes.shape[whole])) | ~shapely.covered_by(
        inside, shapely.boundary(wholes.shape[whole])
    )
    spots = shapely.get_coordinates(shapely.line_interpolate_point(inside[deep], 0.5, normalized=True))
    crossings = [
        Crossing(int(w), str(wholes.name[w]), str(names[n]), bool(wholes.compounds[w]), round(x, 2), round(y, 2))
        for w, n, (x, y) in zip(whole[deep], line[deep], spots.tolist(), strict=True)
    ]
    return lines_of(lines), crossed, crossings


def _cut(ground: shapely.Geometry, lines: Geometries, crossed: NDArray[np.bool_], wholes: Wholes) -> Cut:
    """Cut the ground along lines and round the crossed wholes; find the face of every whole."""
    rims = lines_of(shapely.boundary(np.append(wholes.shape[crossed], [ground])))
    faces = make_faces(np.concatenate([lines, rims]), ground)
    home = np.full(len(wholes), -1, dtype=np.int64)
    if len(wholes):
        whole, face = shapely.STRtree(faces).query(shapely.point_on_surface(wholes.shape), predicate="intersects")
        home[whole] = face
    alone = np.zeros(len(faces), dtype=bool)
    alone[home[crossed & (home >= 0)]] = True
    return Cut(faces, find_sides(faces), home, alone)


def _absorb(cut: Cut, wholes: Wholes, streets: gpd.GeoDataFrame) -> Positions:
    """Join to a neighbour, rather not across a street: crossed buildings, small or narrow ground without houses."""
    count = len(cut.faces)
    area = shapely.area(cut.faces)
    housed = np.bincount(cut.home[cut.home >= 0], minlength=count) > 0
    found = cut.home >= 0
    yards = np.bincount(cut.home[found], weights=wholes.compounds[found], minlength=count) > 0
    people = np.bincount(cut.home[found], weights=wholes.households[found], minlength=count)
    waste = ~housed & ((area < SMALL_M2) | (mean_width(cut.faces) < NARROW_M))
    done = np.bincount(cut.home[found], weights=wholes.done[found], minlength=count) > 0
    single = cut.alone & ~done & ~(yards & ((area > ROOMY_M2) | (people > PEOPLED)))
    labels = np.where(waste | single, -1, np.arange(count))
    ranks = StreetMatcher(streets).match(cut.sides.middle)[1]
    # Nothing joins a grid that is done.
    shut = done[cut.sides.left] | done[cut.sides.right]
    pairs = sum_by_pair(cut.sides, np.where(shut, 0.0, cut.sides.metres * JOINS[ranks]))
    labels = settle(labels, *pairs, area)
    labels[labels < 0] = np.flatnonzero(labels < 0)
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _split_large(cut: Cut, labels: Positions, wholes: Wholes, largest: int, piece: int) -> tuple[Geometries, Positions]:
    """Lines that divide blocks with too many households, and the piece of each whole (-1: its block is not split)."""
    part = np.full(len(wholes), -1, dtype=np.int64)
    block = labels[cut.home]
    people = np.bincount(block, weights=wholes.load, minlength=labels.max(initial=0) + 1)
    people[block[wholes.done]] = 0
    lines: list[Geometries] = []
    for number in np.flatnonzero(people > largest):
        inside = np.flatnonzero(block == number)
        load = wholes.load[inside]
        big = load > largest
        wanted = int(big.sum() + np.ceil(load[~big].sum() / piece))
        ground = shapely.coverage_union_all(cut.faces[labels == number])
        new, pieces = split_between(ground, wholes.shape[inside], load, wanted)
        if len(new):
            lines.append(new)
            part[inside] = pieces
    return (np.concatenate(lines) if lines else np.array([], dtype=object)), part


def _follow(finer: Cut, cut: Cut, labels: Positions, part: Positions) -> Positions:
    """Number the finer faces: as before where a block stayed, by the piece of their houses where it was split."""
    face, old = shapely.STRtree(cut.faces).query(shapely.point_on_surface(finer.faces), predicate="intersects")
    before = np.zeros(len(finer.faces), dtype=np.int64)
    before[face] = labels[old]
    stride = int(part.max(initial=0)) + 2
    split = np.zeros(labels.max(initial=0) + 1, dtype=bool)
    split[labels[cut.home[part >= 0]]] = True
    found = np.where(split[before], -1, before * stride + stride - 1)
    moved = np.flatnonzero(part >= 0)
    found[finer.home[moved]] = before[finer.home[moved]] * stride + part[moved]
    one, two, metres = sum_by_pair(finer.sides, finer.sides.metres)
    same = before[one] == before[two]
    found = settle(found, one[same], two[same], metres[same], shapely.area(finer.faces))
    lost = found < 0
    found[lost] = (labels.max(initial=0) + 2) * stride + before[lost]
    return np.asarray(np.unique(found, return_inverse=True)[1], dtype=np.int64)


def _join_kin(cut: Cut, labels: Positions, wholes: Wholes) -> Positions:
    """Join the blocks that hold parts of one compound, with those between them where they don't touch."""
    one, two, metres = sum_by_pair(cut.sides, cut.sides.metres)
    for first, second in wholes.kin:
        start, goal = labels[cut.home[first]], labels[cut.home[second]]
        if start == goal:
            continue
        size = int(labels.max()) + 1
        near = (metres > TOUCH_M) & (labels[one] != labels[two])
        graph = coo_array((np.ones(near.sum()), (labels[one[near]], labels[two[near]])), shape=(size, size)).tocsr()
        before = dijkstra(graph, directed=False, indices=start, unweighted=True, return_predecessors=True)[1]
        step = goal
        while step != start and before[step] >= 0:
            labels = np.where(labels == step, start, labels)
            step = before[step]
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _describe(cut: Cut, labels: Positions, wholes: Wholes, crs: object) -> gpd.GeoDataFrame:
    """The frame of blocks with what stands on each."""
    shapes = dissolve(cut.faces, labels)
    block = labels[cut.home] if len(wholes) else np.array([], dtype=np.int64)

    def total(amounts: Positions) -> Positions:
        return np.bincount(block, weights=amounts, minlength=len(shapes)).astype(np.int64)

    order = np.argsort(wholes.load, kind="stable")
    whole, in_whole = np.full(len(shapes), "", dtype=object), np.zeros(len(shapes))
    whole[block[order]], in_whole[block[order]] = wholes.name[order], wholes.load[order]
    columns = {
        "block_id": np.arange(len(shapes)),
        "households": total(wholes.households),
        "buildings": total(wholes.buildings),
        "compounds": total(wholes.compounds),
        "load": np.bincount(block, weights=wholes.load, minlength=len(shapes)).astype(np.float64),
        "whole": whole,
        "in_whole": in_whole,
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


def neighbours(blocks: gpd.GeoDataFrame, streets: gpd.GeoDataFrame) -> pd.DataFrame:
    """List which blocks border on each other, for how many metres, and how good a border that would be.

    Parameters
    ----------
    blocks : GeoDataFrame
        A valid coverage in metres, as from `make_blocks`; any index.
    streets : GeoDataFrame
        The cleaned streets that the blocks were cut along.

    Returns
    -------
    DataFrame
        ``one, two`` (positions of blocks, ``one < two``), ``metres`` of common border and ``cost``: those metres
        weighted from 0 (along an expressway) to 1.5 (through yards). Blocks that share less than half a metre are no
        neighbours.

    Examples
    --------
    >>> two = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)], crs=4548)
    >>> lane = shapely.LineString([(10, 0), (10, 10)])
    >>> street = gpd.GeoDataFrame({"street_class": ["path"]}, geometry=[lane], crs=4548)
    >>> neighbours(two, street)[["metres", "cost"]].values.tolist()
    [[10.0, 7.5]]
    """
    sides = find_sides(blocks.geometry.to_numpy())
    ranks = StreetMatcher(streets).match(sides.middle)[1]
    one, two, metres = sum_by_pair(sides, sides.metres)
    cost = sum_by_pair(sides, sides.metres * COSTS[ranks])[2]
    near = metres > TOUCH_M
    return pd.DataFrame({"one": one[near], "two": two[near], "metres": metres[near], "cost": cost[near]})
