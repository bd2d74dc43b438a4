"""Streets as a map has them, made fit to be borders: ends that meet, one line for two carriageways, no slivers."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.errors import N_, BadGeometry
from geo.faces import (
    GRAIN_M,
    Geometries,
    Numbers,
    Positions,
    Sides,
    connected_parts,
    find_sides,
    lines_of,
    make_faces,
    node_lines,
    polygons_of,
    settle,
    sum_by_pair,
)
from geo.middle import middle_pieces, sample_sides, smooth_lines

STREET_CLASSES = ("expressway", "arterial", "secondary", "branch", "back_street", "path")
"""Classes of streets, most important first; a border along no street has the rank after the last."""

NO_STREET = len(STREET_CLASSES)

JOINS = np.array([0.01, 0.05, 0.15, 0.4, 0.6, 0.9, 1.0])
"""How readily ground joins its neighbour across a street of each rank: hardly over an expressway, freely over none."""

SNAP_M = 5.0
"""A street that ends this close to another was meant to reach it (drawing errors are 1-5 m)."""

DUAL_M = 28.0
"""Carriageways closer than this are one street (those of a 40 m wide Chinese arterial lie 15-25 m apart)."""

ISLAND_M2 = 700.0
"""Ground without houses smaller than this is a traffic island, a roundabout or a junction, not a block."""

FOLLOWS_M = 0.02
"""A border this close to a street line lies on it (cutting moves lines by less than a millimetre)."""

MAIN_SIDE = 0.2
"""Streets along less than this share of a strip are its ends, not its sides."""


class StreetMatcher:
    """Says which street a piece of border follows: the most important one of those on it."""

    def __init__(self, streets: gpd.GeoDataFrame) -> None:
        self._ranks = rank_streets(streets)
        self._tree = shapely.STRtree(streets.geometry.to_numpy())

    def match(self, points: Numbers, within_m: float = FOLLOWS_M) -> tuple[Positions, Positions]:
        """Position of the street at each point (-1: none) and its rank (`NO_STREET`: none)."""
        found, street = self._tree.query(shapely.points(points), predicate="dwithin", distance=within_m)
        order = np.lexsort((street, self._ranks[street], found))[::-1]
        position = np.full(len(points), -1, dtype=np.int64)
        position[found[order]] = street[order]
        return position, np.where(position < 0, NO_STREET, np.append(self._ranks, NO_STREET)[position])


def rank_streets(streets: gpd.GeoDataFrame) -> Positions:
    """Rank of each street, 0 the most important; a street without a class that we know counts as ``branch``."""
    branch = STREET_CLASSES.index("branch")
    if "street_class" not in streets:
        return np.full(len(streets), branch, dtype=np.int64)
    known = {word: rank for rank, word in enumerate(STREET_CLASSES)}
    words = streets["street_class"].astype("object")
    return np.asarray(words.map(lambda word: known.get(str(word), branch)), dtype=np.int64)


def as_ground(outline: object) -> shapely.Geometry:
    """The ground as one valid polygon or multipolygon on the lattice of `geo.faces`.

    Raises
    ------
    BadGeometry
        When no polygon is left of it.
    """
    shapes = outline.geometry.to_numpy() if hasattr(outline, "geometry") else np.atleast_1d(np.asarray(outline))
    shapes = np.asarray([shape for shape in shapes if shape is not None], dtype=object)
    valid = shapely.make_valid(shapely.force_2d(shapes)) if len(shapes) else shapes
    ground = shapely.union_all(polygons_of(valid), grid_size=GRAIN_M) if len(valid) else shapely.Polygon()
    if shapely.is_empty(ground) or shapely.get_dimensions(ground) != 2:
        raise BadGeometry(N_("The outline has no area. Give it as a polygon."))
    return ground


def clean_streets(
    streets: gpd.GeoDataFrame,
    outline: object,
    *,
    wholes: Geometries | None = None,
    snap_m: float = SNAP_M,
    dual_m: float = DUAL_M,
) -> gpd.GeoDataFrame:
    """Turn street lines into lines that can be borders: what almost meets meets, two carriageways become one line.

    Streets are cut where they cross. Narrow ground without houses between them (medians, pavements, roundabouts,
    slivers of streets drawn twice) is shared out: across the less important side, or down the middle where both sides
    are equally important. Dead ends bound nothing and are left out.

    Parameters
    ----------
    streets : GeoDataFrame
        Lines in metres with ``name`` and ``street_class``; without a class a street is taken as ``branch``.
    outline : GeoDataFrame, GeoSeries or geometry
        The ground, in the same metres.
    wholes : array of Polygon, optional
        Buildings and compounds; ground that carries one is never shared out.
    snap_m, dual_m : float
        How far a street end may be from the street it means to reach; how far apart two carriageways lie at most.

    Returns
    -------
    GeoDataFrame
        ``name, street_class, geometry`` (LineString), a new index, the streets' CRS; only lines inside the outline with
        two different blocks on their sides, on the lattice of `geo.faces`.

    Raises
    ------
    BadGeometry
        When the outline has no area.
    """
    ground = as_ground(outline)
    taken = take_streets(streets, ground, snap_m)
    lines = np.concatenate([taken.geometry.to_numpy(), lines_of(shapely.boundary(ground))])
    faces = make_faces(lines, ground)
    sides = find_sides(faces)
    ranks = StreetMatcher(taken).match(sides.middle)[1]
    labels, group = _share_strips(faces, sides, ranks, _find_fillers(faces, dual_m, wholes))
    middles = _draw_middles(faces, sides, ranks, labels, group, taken.crs)
    if len(middles):
        taken = pd.concat([taken, middles], ignore_index=True)
        faces, labels = _cut_along(middles, np.concatenate([lines, middles.geometry]), ground, faces, labels)
        sides = find_sides(faces)
    kept = sides.pick((sides.right >= 0) & (labels[sides.left] != labels[sides.right]))
    return _join_sides(kept, taken)


def take_streets(streets: gpd.GeoDataFrame, ground: shapely.Geometry, snap_m: float = SNAP_M) -> gpd.GeoDataFrame:
    """Take the usable lines near the ground one by one and lead loose ends to the street or rim that they just miss."""
    shapes = streets.geometry.to_numpy()
    usable = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes) & np.isfinite(shapely.bounds(shapes)).all(axis=1)
    bounds = np.asarray(shapely.bounds(ground)) + np.array([-1, -1, 1, 1]) * (2 * snap_m + 10)
    near = shapely.clip_by_rect(shapely.force_2d(shapes[usable]), *bounds)
    parts, row = shapely.get_parts(near, return_index=True)
    wanted = (shapely.get_dimensions(parts) == 1) & ~shapely.is_empty(parts)
    source = np.flatnonzero(usable)[row[wanted]]
    taken = gpd.GeoDataFrame(
        {
            "name": _names_of(streets)[source],
            "street_class": np.array(STREET_CLASSES, dtype=object)[rank_streets(streets)[source]],
        },
        geometry=parts[wanted],
        crs=streets.crs,
    )
    links = _reach_out(taken.geometry.to_numpy(), ground, snap_m)
    return pd.concat([taken, links.set_crs(streets.crs)], ignore_index=True) if len(links) else taken


def _names_of(streets: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Names, empty where there are none."""
    if "name" not in streets:
        return np.full(len(streets), "", dtype=object)
    return np.asarray(streets["name"].astype("object").where(streets["name"].notna(), ""), dtype=object)


def _reach_out(lines: Geometries, ground: shapely.Geometry, snap_m: float) -> gpd.GeoDataFrame:
    """Short links from loose ends to the nearest other line within ``snap_m``; of the least important class."""
    if not len(lines):
        return gpd.GeoDataFrame({"name": [], "street_class": []}, geometry=[])
    cut = node_lines(np.concatenate([lines, lines_of(shapely.boundary(ground))]))
    tips = np.concatenate([shapely.get_point(cut, 0), shapely.get_point(cut, -1)])
    owner = np.tile(np.arange(len(cut)), 2)
    xy = np.rint(shapely.get_coordinates(tips) / GRAIN_M).astype(np.int64)
    times = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    loose = (times[2][times[1].ravel()] == 1) & (shapely.length(cut)[owner] > snap_m)
    tips, owner = tips[loose], owner[loose]
    found, line = shapely.STRtree(cut).query(tips, predicate="dwithin", distance=snap_m)
    other = line != owner[found]
    found, line = found[other], line[other]
    order = np.lexsort((line, shapely.distance(tips[found], cut[line]), found))
    _, first = np.unique(found[order], return_index=True)
    chosen = order[first]
    links = shapely.shortest_line(tips[found[chosen]], cut[line[chosen]])
    links = links[shapely.length(links) > GRAIN_M]
    return gpd.GeoDataFrame({"name": "", "street_class": STREET_CLASSES[-1]}, index=range(len(links)), geometry=links)


def mean_width(faces: Geometries) -> Numbers:
    """Width in metres of the rectangle with the same area and perimeter (of a face rounder than a square: its root)."""
    area, around = shapely.area(faces), shapely.length(faces)
    root = np.sqrt(np.maximum(around**2 - 16 * area, 0.0))
    return np.minimum((around - root) / 4, np.sqrt(area))


def _find_fillers(faces: Geometries, dual_m: float, wholes: Geometries | None) -> NDArray[np.bool_]:
    """Which faces are too narrow or too small to be a block, and carry no house."""
    area, width = shapely.area(faces), mean_width(faces)
    long = area / np.maximum(width, GRAIN_M) > 2.5 * width
    filler = ((width < dual_m) & long) | (area < ISLAND_M2)
    if wholes is not None and len(wholes):
        filler[np.unique(shapely.STRtree(faces).query(wholes, predicate="intersects")[1])] = False
    return filler


def _share_strips(
    faces: Geometries, sides: Sides, ranks: Positions, fillers: NDArray[np.bool_]
) -> tuple[Positions, Positions]:
    """Give each narrow face to the block across its less important side; number the groups of the even-sided ones.

    Returns the block of each face (-1 for even-sided ones) and their group (-1 for all others).
    """
    main = _main_ranks(sides, ranks, len(faces), fillers)
    even = fillers & (main.sum(axis=1) <= 1)
    one, two, _ = sum_by_pair(sides, sides.metres)
    together = even[one] & even[two]
    group = connected_parts(len(faces), one[together], two[together])
    group = np.where(even, group, -1)
    labels = np.where(fillers, -1, np.arange(len(faces)))
    ready = (sides.right >= 0) & ~even[sides.left] & ~even[np.maximum(sides.right, 0)]
    open_sides = sides.pick(ready)
    pairs = sum_by_pair(open_sides, open_sides.metres * JOINS[ranks[ready]])
    labels[even] = np.flatnonzero(even)
    labels = settle(labels, *pairs, shapely.area(faces))
    labels[labels < 0] = np.flatnonzero(labels < 0)
    labels[even] = -1
    return labels, group


def _main_ranks(sides: Sides, ranks: Positions, count: int, fillers: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which ranks make up a main side of each face."""
    metres = np.zeros((count, NO_STREET + 1))
    inner = sides.right >= 0
    np.add.at(metres, (sides.left, ranks), sides.metres * inner)
    np.add.at(metres, (sides.right[inner], ranks[inner]), sides.metres[inner])
    return np.asarray(metres > MAIN_SIDE * metres.sum(axis=1, keepdims=True)) & fillers[:, None]


def _draw_middles(
    faces: Geometries, sides: Sides, ranks: Positions, labels: Positions, group: Positions, crs: object
) -> gpd.GeoDataFrame:
    """Draw the line down the middle of each group of even-sided faces, as streets of the class on their sides."""
    inner = sides.right >= 0
    left, right = group[sides.left], np.where(inner, group[np.maximum(sides.right, 0)], -1)
    rim = inner & ((left < 0) != (right < 0))
    home = np.where(left[rim] >= 0, left[rim], right[rim])
    beyond = labels[np.where(left[rim] >= 0, sides.right[rim], sides.left[rim])]
    rim_sides, rim_ranks = sides.pick(rim), ranks[rim]
    drawn: list[tuple[str, str, shapely.Geometry]] = []
    for number in np.unique(home):
        mine = home == number
        best = np.bincount(rim_ranks[mine], weights=rim_sides.metres[mine]).argmax()
        use = mine & (rim_ranks == best)
        area = shapely.union_all(faces[group == number])
        word = (*STREET_CLASSES, STREET_CLASSES[-1])[best]
        drawn.extend(("", word, line) for line in _middle_of(area, rim_sides.pick(use), beyond[use]))
    return gpd.GeoDataFrame(drawn, columns=["name", "street_class", "geometry"], geometry="geometry", crs=crs)


def _middle_of(area: shapely.Geometry, sides: Sides, beyond: Positions) -> Geometries:
    """The lines inside an area that are equally far from the blocks beyond its sides."""
    blocks, label = np.unique(beyond, return_inverse=True)
    if len(blocks) < 2:
        return np.array([], dtype=object)
    points, side = sample_sides(sides.lines(), 4.0)
    pieces, _, _ = middle_pieces(points, label[side])
    ends = np.concatenate([sides.start, sides.end])
    owner = np.tile(label, 2)
    near = cKDTree(ends).query_pairs(FOLLOWS_M, output_type="ndarray")
    parted = near[owner[near[:, 0]] != owner[near[:, 1]]] if len(near) else near
    corners = ends[parted[:, 0]] if len(parted) else None
    return smooth_lines(pieces, area, 1.0, corners) if len(pieces) else pieces


def _cut_along(
    middles: gpd.GeoDataFrame, lines: Geometries, ground: shapely.Geometry, faces: Geometries, labels: Positions
) -> tuple[Geometries, Positions]:
    """Cut the faces again with the middle lines and give what lies on each side of them to the block on that side."""
    cut = make_faces(lines, ground)
    piece, face = shapely.STRtree(faces).query(shapely.point_on_surface(cut), predicate="intersects")
    found = np.full(len(cut), -1, dtype=np.int64)
    found[piece] = labels[face]
    sides = find_sides(cut)
    outer = StreetMatcher(middles).match(sides.middle)[0] < 0
    open_sides = sides.pick(outer)
    found = settle(found, *sum_by_pair(open_sides, open_sides.metres), shapely.area(cut))
    found[found < 0] = labels.max(initial=0) + 1 + np.flatnonzero(found < 0)
    return cut, found


def _join_sides(sides: Sides, streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Join pieces of border that follow the same street to lines; the rest are kept as paths without a name."""
    position = StreetMatcher(streets).match(sides.middle)[0]
    lines = sides.lines()
    names = np.append(streets["name"].to_numpy(dtype=object), "")[position]
    words = np.append(streets["street_class"].to_numpy(dtype=object), STREET_CLASSES[-1])[position]
    first, group = np.unique(np.stack([words, names], axis=1).astype(str), axis=0, return_inverse=True)
    rows = [
        (name, word, line)
        for number, (word, name) in enumerate(first.tolist())
        for line in shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines[group.ravel() == number])))
    ]
    return gpd.GeoDataFrame(rows, columns=["name", "street_class", "geometry"], geometry="geometry", crs=streets.crs)
