"""Faces: the pieces of ground that a set of lines cuts out, who borders on whom, and joining them without a gap.

Everything happens on a lattice of a tenth of a millimetre, so that two neighbours share their border point for point.
All functions take plain arrays of shapely geometries in local metres (see `geo.blocks` for frames).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Geometries = NDArray[np.object_]
Numbers = NDArray[np.float64]
Positions = NDArray[np.int64]

GRAIN_M = 0.0001
"""Lattice of every coordinate: a tenth of a millimetre, so that a rim of 30 km keeps its area to a square metre."""

GRAIN_DIGITS = 4
"""Digits behind the point that a coordinate in metres has on the lattice."""

TOUCH_M = 0.5
"""Two faces that share less border than this are not neighbours: nobody can walk from one to the other."""


@dataclass(frozen=True)
class Sides:
    """The short straight pieces that borders consist of: ``left`` and ``right`` face (right -1: the outside)."""

    left: Positions
    right: Positions
    start: Numbers
    end: Numbers

    @property
    def metres(self) -> Numbers:
        """Length of each piece."""
        return np.asarray(np.hypot(*(self.end - self.start).T))

    @property
    def middle(self) -> Numbers:
        """Midpoint of each piece."""
        return (self.start + self.end) / 2

    def lines(self) -> Geometries:
        """Each piece as a line."""
        return np.asarray(shapely.linestrings(np.stack([self.start, self.end], axis=1)))

    def pick(self, chosen: NDArray[np.bool_]) -> "Sides":
        """The chosen pieces only."""
        return Sides(self.left[chosen], self.right[chosen], self.start[chosen], self.end[chosen])


def node_lines(lines: Geometries | Sequence[object]) -> Geometries:
    """Cut lines wherever they meet, every coordinate on the lattice; doubles are dropped."""
    return lines_of(shapely.union_all(np.asarray(lines, dtype=object), grid_size=GRAIN_M))


def lines_of(shape: object) -> Geometries:
    """The lines in a geometry of any kind, one by one."""
    parts = shapely.get_parts(np.atleast_1d(np.asarray(shape, dtype=object)))
    if (shapely.get_type_id(parts) == shapely.GeometryType.GEOMETRYCOLLECTION).any():
        parts = shapely.get_parts(parts)
    keep = shapely.get_dimensions(parts) == 1
    return np.asarray(parts[keep & ~shapely.is_empty(parts)])


def polygons_of(shape: object) -> Geometries:
    """The polygons in a geometry of any kind, one by one."""
    parts = shapely.get_parts(np.atleast_1d(np.asarray(shape, dtype=object)))
    if (shapely.get_type_id(parts) == shapely.GeometryType.GEOMETRYCOLLECTION).any():
        parts = shapely.get_parts(parts)
    keep = shapely.get_dimensions(parts) == 2
    return np.asarray(parts[keep & ~shapely.is_empty(parts)])


def make_faces(lines: Geometries | Sequence[object], ground: shapely.Geometry) -> Geometries:
    """Cut the ground into faces along lines; the ground's own rim must be among the lines.

    Parameters
    ----------
    lines : array of LineString or MultiLineString
        In metres, crossing each other as they like.
    ground : Polygon or MultiPolygon
        Faces outside it (its holes, for one) are dropped.

    Returns
    -------
    array of Polygon
        A valid coverage.

    Examples
    --------
    >>> import shapely
    >>> square = shapely.box(0, 0, 10, 10)
    >>> faces = make_faces([square.boundary, shapely.LineString([(4, -5), (4, 15)])], square)
    >>> sorted(float(face.area) for face in faces)
    [40.0, 60.0]
    """
    faces = shapely.get_parts(shapely.polygonize(node_lines(lines)))
    if not len(faces):
        return np.asarray(faces)
    inner = shapely.point_on_surface(faces)
    shapely.prepare(ground)
    inside = shapely.intersects_xy(ground, shapely.get_x(inner), shapely.get_y(inner))
    return np.asarray(faces[inside])


def find_sides(faces: Geometries) -> Sides:
    """Find every straight piece of border and the one or two faces on it, from the coordinates alone."""
    rings, owner = shapely.get_rings(faces, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end, face = xy[:-1][same], xy[1:][same], owner[ring[:-1][same]]
    place = _number_places(np.concatenate([start, end]))
    one, two = np.split(place, 2)
    key = np.minimum(one, two) * (place.max(initial=0) + 1) + np.maximum(one, two)
    order = np.argsort(key, kind="stable")
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[order][1:] != key[order][:-1]
    lead = order[first]
    right = np.full(len(lead), -1, dtype=np.int64)
    second = np.flatnonzero(~first)
    right[np.cumsum(first)[second] - 1] = face[order[second]]
    return Sides(face[lead].astype(np.int64), right, start[lead], end[lead])


def _number_places(xy: Numbers) -> Positions:
    """The same number for the same point of the lattice."""
    grains = np.rint(xy / GRAIN_M).astype(np.int64)
    grains -= grains.min(axis=0, initial=0) if not len(grains) else grains.min(axis=0)
    width = int(grains[:, 1].max(initial=0)) + 1
    return np.asarray(np.unique(grains[:, 0] * width + grains[:, 1], return_inverse=True)[1], dtype=np.int64)


def sum_by_pair(sides: Sides, amounts: Numbers) -> tuple[Positions, Positions, Numbers]:
    """Add up an amount over all pieces of border between the same two faces (``first < second``; outside left out)."""
    inner = (sides.right >= 0) & (sides.left != sides.right)
    one = np.minimum(sides.left[inner], sides.right[inner])
    two = np.maximum(sides.left[inner], sides.right[inner])
    size = int(two.max(initial=0)) + 1
    key, where = np.unique(one * size + two, return_inverse=True)
    total = np.bincount(where, weights=amounts[inner], minlength=len(key)).astype(np.float64)
    return key // size, key % size, total


def connected_parts(count: int, one: Positions, two: Positions) -> Positions:
    """Number the connected parts of ``count`` things joined in pairs; each thing's part number."""
    graph = coo_array((np.ones(len(one), dtype=np.int8), (one, two)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def settle(labels: Positions, one: Positions, two: Positions, metres: Numbers, weight: Numbers) -> Positions:
    """Make every label one connected piece: what is cut off goes to the neighbour with the longest common border.

    Parameters
    ----------
    labels : array of int
        Of each face; negative means not yet decided.
    one, two, metres : arrays
        Pairs of neighbouring faces and the length of their border.
    weight : array of float
        Of each face; the part of a label that weighs most stays (ties: the part with the lowest face).
    """
    labels = labels.copy()
    for _ in range(len(labels)):
        loose = _find_loose(labels, one, two, weight)
        if not loose.any():
            break
        target, best = _strongest_neighbour(labels, loose, one, two, metres)
        if not (best > 0).any():
            break
        moved = loose & (best > 0)
        labels[moved] = target[moved]
    return labels


def _find_loose(labels: Positions, one: Positions, two: Positions, weight: Numbers) -> NDArray[np.bool_]:
    """Which faces are undecided or cut off from the heaviest part of their label."""
    same = labels[one] == labels[two]
    part = connected_parts(len(labels), one[same], two[same])
    heavy = np.bincount(part, weights=weight)
    order = np.lexsort((np.arange(len(labels)), -heavy[part], labels))
    lead = np.ones(len(order), dtype=bool)
    lead[1:] = labels[order][1:] != labels[order][:-1]
    main = dict(zip(labels[order[lead]].tolist(), part[order[lead]].tolist(), strict=True))
    kept = np.array([main[label] for label in labels.tolist()], dtype=np.int64)
    return np.asarray((part != kept) | (labels < 0))


def _strongest_neighbour(
    labels: Positions, loose: NDArray[np.bool_], one: Positions, two: Positions, metres: Numbers
) -> tuple[Positions, Numbers]:
    """For each loose face the settled label that it shares most border with, and how much."""
    face, other = np.concatenate([one, two]), np.concatenate([two, one])
    length = np.concatenate([metres, metres])
    use = loose[face] & ~loose[other]
    size = int(labels.max(initial=0)) + 1
    key, where = np.unique(face[use] * size + labels[other[use]], return_inverse=True)
    total = np.bincount(where, weights=length[use], minlength=len(key))
    target, best = np.full(len(labels), -1, dtype=np.int64), np.zeros(len(labels))
    order = np.argsort(total, kind="stable")
    target[key[order] // size] = key[order] % size
    best[key[order] // size] = total[order]
    return target, best


def dissolve(faces: Geometries, labels: Positions) -> Geometries:
    """Join faces of the same label (0, 1, 2 ...; each present) without moving a point; a valid coverage stays one."""
    order = np.argsort(labels, kind="stable")
    bounds = np.flatnonzero(np.diff(labels[order])) + 1
    joined = np.empty(len(bounds) + 1, dtype=object)
    for position, group in enumerate(np.split(order, bounds)):
        joined[position] = faces[group[0]] if len(group) == 1 else shapely.coverage_union_all(faces[group])
    return joined
