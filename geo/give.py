"""Giving ground to a grid without breaking the tiling: what every edit of grids comes down to.

Everything lies on the lattice of `geo.faces`, a tenth of a millimetre: finer than anybody measures a border, and a
corner put into a straight border bends it by so little that ten thousand edits move no square metre. Grids near the
ground are cut into faces together with it, each face gets its owners, and the grids are put together again from their
faces; so a new corner comes into all grids around it at once, and nothing farther away is touched. All functions take
plain arrays of shapely geometries in local metres (see `geo.reshape` for frames).
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import N_, CannotReshape
from geo.faces import GRAIN_M, Geometries, Numbers, Positions, polygons_of
from geo.fits import misfits
from geo.tiling import SLIVER_M2, THREAD_M

Flags = NDArray[np.bool_]

SNAP_M = 0.02
"""A drawn line this close to a border or a corner was meant to lie on it."""

_REACH_M = SNAP_M + 3 * GRAIN_M
_WIDEST = 200.0
_ROUNDS = 5


@dataclass(frozen=True)
class Handed:
    """What giving ground did: shapes by position, and what each grid lost.

    ``shapes`` are those that changed, at ``positions``; an empty shape has no ground left. ``lost_m2`` is the ground
    that each of them gave, ``freed_m2`` what was nobody's before.
    """

    positions: Positions
    shapes: Geometries
    lost_m2: Numbers
    freed_m2: float = 0.0


def hand_over(shapes: Geometries, ground: shapely.Geometry, to: int | None, *, free: bool = False) -> Handed:
    """Give ground to one of the shapes, and take it from all others.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        On the lattice, neighbours sharing their vertices; an empty one has no ground yet.
    ground : Polygon or MultiPolygon
        Valid; see `as_given`.
    to : int, optional
        Position of who gets it; None: nobody.
    free : bool
        Also ground that belongs to nobody yet; otherwise that stays nobody's.

    Raises
    ------
    CannotReshape
        When no shape would gain or lose, or the new corners can't be fitted in without moving a border.
    """
    near = _touched(shapes, ground)
    if to is not None:
        near = np.union1d(near, [to])
    for _ in range(_ROUNDS):
        found = _share_out(shapes, near, ground, to, free)
        wider = None if _same_rim(shapes, near, found) else torn(shapes, near, found)
        if wider is None:
            return found
        if not len(wider):
            break
        near = np.union1d(near, wider)
    raise CannotReshape(N_("The line runs too close to other borders to be fitted in: draw it a little apart."))


def as_given(ground: object, sliver_m2: float = SLIVER_M2) -> shapely.Geometry:
    """Drawn ground as one valid shape on the lattice; of a line that crosses itself, what it surrounds oddly often.

    Raises
    ------
    CannotReshape
        When less ground than a sliver is left of it, or a corner has no position.
    """
    shapes = np.array([shape for shape in np.atleast_1d(np.asarray(ground, dtype=object)) if shape is not None])
    if len(shapes) and not np.isfinite(shapely.get_coordinates(shapes)).all():
        raise CannotReshape(N_("A corner of the drawn ground has no position: draw it again."))
    parts = polygons_of(shapely.make_valid(shapely.force_2d(shapes))) if len(shapes) else shapes
    whole = one_of(polygons_of(shapely.union_all(parts, grid_size=GRAIN_M))) if len(parts) else shapely.Polygon()
    if shapely.is_empty(whole) or shapely.area(whole) < sliver_m2:
        raise CannotReshape(N_("The drawn ground is smaller than a square metre: draw more."))
    return whole


def one_of(parts: Geometries) -> shapely.Geometry:
    """Polygons of a coverage as one shape, not moving a point."""
    whole: shapely.Geometry = shapely.coverage_union_all(parts) if len(parts) > 1 else shapely.Polygon()
    return cast("shapely.Geometry", parts[0]) if len(parts) == 1 else whole


def with_one(shapes: Geometries, one: shapely.Geometry) -> Geometries:
    """An array of shapes with one more at its end."""
    longer = np.empty(len(shapes) + 1, dtype=object)
    longer[:-1], longer[-1] = shapes, one
    return longer


def cut_into_faces(lines: Geometries) -> Geometries:
    """The faces that lines cut out, every corner on the lattice."""
    return np.asarray(shapely.get_parts(shapely.polygonize([shapely.union_all(lines, grid_size=GRAIN_M)])))


def owners(faces: Geometries, shapes: Geometries) -> Flags:
    """Which face (rows) is whose (columns)."""
    owned = np.zeros((len(faces), len(shapes)), dtype=bool)
    owned[belonging(faces, shapes)] = True
    return owned


def belonging(faces: Geometries, shapes: Geometries) -> tuple[Positions, Positions]:
    """Pairs of a face and a shape that holds it: the inner point decides, where rounding might, most of the area."""
    inner = shapely.point_on_surface(faces)
    tree = shapely.STRtree(shapes)
    shapely.prepare(shapes)
    face, shape = tree.query(inner, predicate="within")
    rims = shapely.STRtree(shapely.boundary(shapes))
    close = np.unique(rims.query(inner, predicate="dwithin", distance=2 * GRAIN_M)[0])
    sure = ~np.isin(face, close)
    some, other = tree.query(faces[close], predicate="intersects")
    shared = shapely.area(shapely.intersection(faces[close][some], shapes[other]))
    most = shared > 0.5 * shapely.area(faces[close][some])
    return np.concatenate([face[sure], close[some[most]]]), np.concatenate([shape[sure], other[most]])


def is_sliver(parts: Geometries, sliver_m2: float = SLIVER_M2) -> Flags:
    """Which polygons are too small, or too thin, for anybody to stand on."""
    area = shapely.area(parts)
    thin = area < _WIDEST
    thin[thin] = shapely.is_empty(shapely.buffer(parts[thin], -THREAD_M))
    return np.asarray((area < sliver_m2) | thin)


def _touched(shapes: Geometries, ground: shapely.Geometry) -> Positions:
    """Positions of shapes that lie on the ground or beside it."""
    return np.asarray(within(shapes, shapely.bounds(ground), ground), dtype=np.int64)


def within(shapes: Geometries, box: Numbers, thing: shapely.Geometry | None = None) -> Positions:
    """Positions of shapes whose boxes reach a box, and which themselves reach the thing."""
    bounds = shapely.bounds(shapes)
    reach = (bounds[:, :2] <= box[2:] + _REACH_M) & (bounds[:, 2:] >= box[:2] - _REACH_M)
    found = np.flatnonzero(reach.all(axis=1))
    if thing is not None and len(found):
        found = found[shapely.dwithin(shapes[found], thing, _REACH_M)]
    return np.asarray(found, dtype=np.int64)


def _share_out(shapes: Geometries, near: Positions, ground: shapely.Geometry, to: int | None, free: bool) -> Handed:
    """The near shapes' new ground."""
    old = shapes[near]
    ground = _fit(ground, old)
    both = with_one(old, ground)
    faces = cut_into_faces(np.asarray(shapely.boundary(both), dtype=object))
    owned = owners(faces, both)
    given, owned = owned[:, -1], owned[:, :-1]
    nobodys = ~owned.any(axis=1)
    given = given & (free | ~nobodys)
    area = shapely.area(faces)
    lost, freed = area @ (owned & given[:, None]), float(area[given & nobodys].sum())
    owned[given] = False
    if to is not None:
        place = int(np.searchsorted(near, to))
        owned[given, place] = True
        lost[place] = 0.0
        _take_slivers(faces, owned, given, place, lost)
    new = np.array([shapely.normalize(one_of(faces[its])) for its in owned.T], dtype=object)
    same = shapely.equals_identical(new, shapely.normalize(old))
    if same.all():
        raise CannotReshape(N_("Nothing would change: that ground is the grid's already, or no grid's at all."))
    return Handed(near[~same], new[~same], lost[~same], freed if to is not None else 0.0)


def _take_slivers(faces: Geometries, owned: Flags, given: Flags, place: int, lost: Numbers) -> None:
    """Give leftovers that nobody could stand on, beside the given ground, along with it."""
    ground = one_of(faces[given])
    shapely.prepare(ground)
    for other in np.flatnonzero(lost > 0):
        its = np.flatnonzero(owned[:, other])
        parts = polygons_of(one_of(faces[its])) if len(its) else np.array([], dtype=object)
        parts = parts[is_sliver(parts)] if len(parts) else parts
        parts = parts[shapely.dwithin(parts, ground, GRAIN_M)]
        if len(parts):
            inner = shapely.point_on_surface(faces[its])
            left = its[shapely.STRtree(parts).query(inner, predicate="dwithin", distance=GRAIN_M)[0]]
            owned[left, other] = False
            owned[left, place] = True
            lost[other] += shapely.area(faces[left]).sum()


def _fit(ground: shapely.Geometry, old: Geometries) -> shapely.Geometry:
    """The ground with its line laid on borders and corners that it nearly follows."""
    rims = shapely.get_parts(shapely.boundary(old))
    rims = rims[shapely.dwithin(rims, ground, _REACH_M)]
    if not len(rims):
        return ground
    corners = shapely.multipoints(shapely.get_coordinates(rims))
    snapped = shapely.snap(shapely.transform(ground, lambda xy: _onto(xy, rims)), corners, SNAP_M)
    fitted = one_of(polygons_of(shapely.union_all(polygons_of(shapely.make_valid(snapped)), grid_size=GRAIN_M)))
    return ground if shapely.is_empty(fitted) else fitted


def _onto(xy: Numbers, rims: Geometries) -> Numbers:
    """Places moved onto the nearest line where that is close."""
    points = np.asarray(shapely.points(xy), dtype=object)
    point, rim = shapely.STRtree(rims).query_nearest(points, max_distance=SNAP_M, all_matches=False)
    along = shapely.line_interpolate_point(rims[rim], shapely.line_locate_point(rims[rim], points[point]))
    moved = xy.copy()
    moved[point] = shapely.get_coordinates(along)
    return moved


def _same_rim(shapes: Geometries, near: Positions, found: Handed) -> bool:
    """Whether what the near shapes have around them is untouched, so that nothing farther off can be torn."""
    changed = shapes[near].copy()
    changed[np.searchsorted(near, found.positions)] = found.shapes
    return _rim(changed) == _rim(shapes[near]) and bool(shapely.is_valid(found.shapes).all())


def _rim(shapes: Geometries) -> int:
    """A number for the outer border of shapes: each piece of border counts once forward and once back, so shared ones
    cancel out."""
    xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shapes)), return_index=True)
    mixed = _mix(_mix(np.rint(xy[:, 0] / GRAIN_M)) + np.rint(xy[:, 1] / GRAIN_M).astype(np.int64).view(np.uint64))
    same = ring[1:] == ring[:-1]
    start, end = mixed[:-1][same], mixed[1:][same]
    return int((_mix(start ^ (end << np.uint64(1))) - _mix(end ^ (start << np.uint64(1)))).sum(dtype=np.uint64))


def _mix(numbers: np.ndarray) -> NDArray[np.uint64]:
    """Numbers scattered so that sums of them don't meet by chance (the finaliser of SplitMix64)."""
    word = numbers if numbers.dtype == np.uint64 else numbers.astype(np.int64).view(np.uint64)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(word ^ (word >> np.uint64(31)), dtype=np.uint64)


def torn(shapes: Geometries, near: Positions, found: Handed) -> Positions | None:
    """Shapes around whose border no longer fits that of the changed ones; None: all fit as well as they did."""
    all_now = shapes.copy()
    all_now[found.positions] = found.shapes
    both = np.concatenate([found.shapes, shapes[found.positions]])
    around = within(shapes, shapely.total_bounds(both))
    around = np.union1d(around, near)
    misfit = around[misfits(all_now[around])]
    if not len(misfit) and shapely.is_valid(found.shapes).all():
        return None
    fresh = np.setdiff1d(misfit, around[misfits(shapes[around])])
    if not len(fresh) and shapely.is_valid(found.shapes).all():
        return None
    return np.setdiff1d(fresh, near)
