"""Moving a border that grids share: along a drawn line, or by one of its corners."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.ops import substring

from geo.errors import N_, CannotReshape
from geo.faces import GRAIN_DIGITS, GRAIN_M, Geometries, Numbers, Positions, find_sides, polygons_of
from geo.give import Handed, cut_into_faces, is_sliver, one_of, torn, within
from geo.knife import as_line, lead_on
from geo.rounding import tidy
from geo.tiling import SLIVER_M2

_SHORTEST_M = 0.05
_SAME_M2 = 0.001

_EDGE_STAYS = N_("This border is the edge of the community, which stays: change the outline first.")


@dataclass(frozen=True)
class Crossed:
    """A ring of a grid that a line begins and ends on, and where along the line, in metres."""

    grid: int
    ring: shapely.LineString
    start: float
    end: float


def bend(shapes: Geometries, line: object, between: Positions | None = None) -> list[tuple[shapely.Geometry, int]]:
    """Say which ground goes to which grid when a border is drawn anew.

    Of all grids' rings, the line redraws the one that it follows longest between its first and last crossing. The part
    of the ring between these that surrounds less ground with the line is replaced by it: where the line runs outside
    the grid, the grid gains; where inside, it gives, to the neighbour that the old border there was shared with most.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        A tiling as in `geo.give.hand_over`.
    line : LineString
        May cross the border often, and itself; what hangs over beyond the first and last crossing counts for nothing.
    between : array of two positions, optional
        Only the border of these two is redrawn, and only they gain or give.

    Returns
    -------
    list of (ground, position)
        Ground to give, and to whom, to be given in this order.

    Raises
    ------
    CannotReshape
        When the line has no two crossings with one ring, follows the border already, or would move the edge of the
        community.
    """
    drawn = as_line(line)
    if not isinstance(drawn, shapely.LineString):
        raise CannotReshape(N_("Draw the new border as one line."))
    near = within(shapes, shapely.bounds(drawn), drawn)
    near = near if between is None else np.intersect1d(near, between)
    drawn = lead_on(drawn, shapely.union_all(shapely.boundary(shapes[near])))
    crossed = _most_followed(shapes, near, drawn)
    inner, outer = _enclosed(crossed, drawn)
    grid = shapes[crossed.grid]
    others = np.setdiff1d(within(shapes, shapely.bounds(drawn)) if between is None else between, [crossed.grid])
    moves = []
    gained = _solid(shapely.intersection(outer, shapely.union_all(shapes[others])))
    if len(gained):
        moves.append((one_of(gained), crossed.grid))
    moves += [(piece, _beside(piece, shapes, others)) for piece in _solid(shapely.intersection(inner, grid))]
    if not moves:
        raise CannotReshape(N_("The line follows the border as it is: draw it where the border should run."))
    return moves


def _most_followed(shapes: Geometries, near: Positions, line: shapely.LineString) -> Crossed:
    """The ring with the longest way along the line between its first and last crossing."""
    best = None
    for grid in near.tolist():
        for ring in shapely.get_rings(shapely.get_parts(shapely.orient_polygons(shapes[grid]))):
            at = _crossings(line, ring)
            if len(at) > 1 and (best is None or at.max() - at.min() > best.end - best.start + GRAIN_M):
                best = Crossed(grid, shapely.LineString(ring.coords), float(at.min()), float(at.max()))
    if best is None or best.end - best.start < _SHORTEST_M:
        raise CannotReshape(N_("The line must begin and end on the border that it redraws, or cross it there."))
    return best


def _crossings(line: shapely.LineString, ring: shapely.Geometry) -> Numbers:
    """How far along the line it meets a ring, in metres; every meeting, also where the line crosses itself."""
    xy = shapely.get_coordinates(line)
    pieces = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
    before = np.append(0.0, np.cumsum(shapely.length(pieces)))[:-1]
    met, piece = shapely.get_coordinates(shapely.intersection(pieces, ring), return_index=True)
    ends = shapely.points(xy[[0, -1]])
    close = shapely.dwithin(ends, ring, GRAIN_M)
    at = before[piece] + np.hypot(*(met - xy[piece]).T)
    return np.concatenate([at, np.array([0.0, shapely.length(line)])[close]])


def _enclosed(crossed: Crossed, line: shapely.LineString) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Ground between the ring and the line: on the grid's side of the ring, and beyond it."""
    way = shapely.get_coordinates(substring(line, crossed.start, crossed.end))
    ring, length = crossed.ring, shapely.length(crossed.ring)
    begin, end = (float(shapely.line_locate_point(ring, shapely.Point(xy))) for xy in way[[0, -1]])
    loops = [
        np.concatenate([_along(ring, begin, end, length), way[::-1]]),
        np.concatenate([_along(ring, end, begin, length), way]),
    ]
    found = []
    for loop in loops:
        faces = cut_into_faces(np.array([shapely.LineString(np.concatenate([loop, loop[:1]]))], dtype=object))
        turns = _turns(loop, shapely.get_coordinates(shapely.point_on_surface(faces))) if len(faces) else np.array([])
        found.append((one_of(faces[turns > 0]), one_of(faces[turns < 0])))
    areas = [shapely.area(inner) + shapely.area(outer) for inner, outer in found]
    return found[int(np.argmin(areas))]


def _along(ring: shapely.LineString, begin: float, end: float, length: float) -> Numbers:
    """Corners of the ring from one place on to another, onwards through its first corner where need be."""
    if begin <= end:
        return np.asarray(shapely.get_coordinates(substring(ring, begin, end)))
    parts = [substring(ring, begin, length), substring(ring, 0.0, end)]
    return np.asarray(shapely.get_coordinates(parts))


def _turns(loop: Numbers, points: Numbers) -> Positions:
    """How often a closed line goes round each point, to the left counted positive."""
    start, end = loop, np.roll(loop, -1, axis=0)
    x, y = points[:, :1], points[:, 1:]
    side = (end[:, 0] - start[:, 0]) * (y - start[:, 1]) - (x - start[:, 0]) * (end[:, 1] - start[:, 1])
    up = (start[:, 1] <= y) & (end[:, 1] > y) & (side > 0)
    down = (start[:, 1] > y) & (end[:, 1] <= y) & (side < 0)
    return np.asarray(up.sum(axis=1) - down.sum(axis=1), dtype=np.int64)


def _solid(ground: shapely.Geometry) -> Geometries:
    """The pieces of ground that somebody could stand on."""
    parts = polygons_of(ground)
    return parts[~is_sliver(parts)] if len(parts) else parts


def _beside(piece: shapely.Geometry, shapes: Geometries, others: Positions) -> int:
    """Which of the others has most border with a piece of ground."""
    lane = shapely.buffer(shapely.boundary(piece), 2 * GRAIN_M)
    metres = shapely.length(shapely.intersection(shapely.boundary(shapes[others]), lane))
    if not len(others) or metres.max() < _SHORTEST_M:
        raise CannotReshape(
            N_("The line would move the edge of the community: change the outline first, or draw inside it.")
        )
    return int(others[np.argmax(metres)])


def move_corner(
    shapes: Geometries, at: object, to: object, reach_m: float
) -> tuple[Handed, list[tuple[int, int, float]]]:
    """Move the corner of a border in all grids that share it; who gave how much to whom comes along, by position.

    Without a corner within reach, the border itself is bent there: it gets a new corner.

    Raises
    ------
    CannotReshape
        When nothing is within reach, it lies on the edge of the community, or the borders would cross others.
    """
    place, goal = _xy(at), np.round(_xy(to), GRAIN_DIGITS)
    near = within(shapes, shapely.bounds(shapely.Point(place).buffer(reach_m)))
    found = _corner(shapes, near, place, goal, reach_m) or _side(shapes, near, place, goal, reach_m)
    if found is None:
        raise CannotReshape(N_("There is no border here: take hold of one."))
    sharing, moved = found
    old = shapes[sharing]
    handed = Handed(sharing, tidy(shapely.remove_repeated_points(moved)), np.zeros(len(sharing)))
    fits = shapely.is_valid(handed.shapes).all() and (shapely.area(handed.shapes) >= SLIVER_M2).all()
    drift = abs(shapely.area(handed.shapes).sum() - shapely.area(old).sum())
    if not fits or drift > _SAME_M2 or torn(shapes, sharing, handed) is not None:
        raise CannotReshape(N_("The border would cross another one there: move its corner less far."))
    pairs = shapely.area(shapely.intersection(old[:, None], handed.shapes[None, :]))
    return handed, [
        (int(sharing[one]), int(sharing[two]), float(pairs[one, two]))
        for one, two in np.argwhere(pairs > _SAME_M2)
        if one != two
    ]


def _corner(
    shapes: Geometries, near: Positions, place: Numbers, goal: Numbers, reach_m: float
) -> tuple[Positions, Geometries] | None:
    """The grids that share the nearest corner, with it moved; None: no corner is within reach."""
    xy, owner = shapely.get_coordinates(shapes[near], return_index=True)
    apart = np.hypot(*(xy - place).T)
    if not len(xy) or apart.min() > reach_m:
        return None
    corner = xy[np.argmin(apart)]
    sharing = near[np.unique(owner[(xy == corner).all(axis=1)])]
    if _on_edge(shapes[sharing], corner):
        raise CannotReshape(_EDGE_STAYS)
    moved = shapely.transform(shapes[sharing], lambda xy: np.where((xy == corner).all(axis=1)[:, None], goal, xy))
    return sharing, np.asarray(moved, dtype=object)


def _side(
    shapes: Geometries, near: Positions, place: Numbers, goal: Numbers, reach_m: float
) -> tuple[Positions, Geometries] | None:
    """The two grids that share the nearest straight piece of border, with a corner put into it; None: none is near."""
    sides = find_sides(shapes[near])
    apart = shapely.distance(sides.lines(), shapely.Point(place)) if len(sides.left) else np.array([np.inf])
    side = int(np.argmin(apart))
    if apart[side] > reach_m:
        return None
    if sides.right[side] < 0:
        raise CannotReshape(_EDGE_STAYS)
    sharing = np.sort(near[[sides.left[side], sides.right[side]]])
    ends = np.stack([sides.start[side], sides.end[side]])
    moved = np.array([_with_corner(shape, ends, goal) for shape in shapes[sharing]], dtype=object)
    return sharing, moved


def _with_corner(shape: shapely.Geometry, ends: Numbers, corner: Numbers) -> shapely.Geometry:
    """A shape with a corner put between two that follow each other."""
    rings, part = shapely.get_rings(shapely.get_parts(shape), return_index=True)
    longer = []
    for ring in rings:
        xy = shapely.get_coordinates(ring)
        start, end = xy[:-1], xy[1:]
        follows = ((start == ends[0]) & (end == ends[1])).all(axis=1) | ((start == ends[1]) & (end == ends[0])).all(
            axis=1
        )
        longer.append(shapely.LinearRing(np.insert(xy, np.flatnonzero(follows) + 1, corner, axis=0)))
    parts = []
    for number in np.unique(part):
        its = [ring for ring, owner in zip(longer, part.tolist(), strict=True) if owner == number]
        parts.append(shapely.Polygon(its[0], its[1:]))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _xy(place: object) -> Numbers:
    """A point, or a pair of numbers, as an array."""
    xy = shapely.get_coordinates(place)[0] if isinstance(place, shapely.Geometry) else np.asarray(place, dtype=float)
    if xy.shape != (2,) or not np.isfinite(xy).all():
        raise CannotReshape(N_("Give a place as two numbers, metres east and north."))
    return np.asarray(xy)


def _on_edge(shapes: Geometries, corner: Numbers) -> bool:
    """Whether some piece of border at a corner has a grid on one side only."""
    xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shapes)), return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = xy[:-1][same], xy[1:][same]
    far = np.concatenate([end[(start == corner).all(axis=1)], start[(end == corner).all(axis=1)]])
    return bool((np.unique(far, axis=0, return_counts=True)[1] != 2).any())
