"""Plots: the ground around each building, up to halfway to the next."""

import numpy as np
import shapely

from geo.faces import Geometries, Numbers, Positions, find_sides, settle, sum_by_pair
from geo.give import cut_into_faces, one_of, owners
from geo.middle import middle_pieces, smooth_lines

_STEP_M = 1.0
_SHRINK_M = 0.05
_STRAIGHTEN_M = 0.5


def plots_of(ground: shapely.Geometry, buildings: Geometries) -> Geometries:
    """Share ground out among the buildings on it: to each what is nearer to it than to any other.

    Plots share their borders, cut no building, and together are the ground. A building that stands only partly on the
    ground counts with that part; where two overlap, the first has the ground.

    Parameters
    ----------
    ground : Polygon or MultiPolygon
        In metres: a block, or a grid.
    buildings : array of Polygon or MultiPolygon
        In the same metres.

    Returns
    -------
    array of Polygon or MultiPolygon
        One for each building; empty for one that stands elsewhere.

    Examples
    --------
    >>> houses = np.array([shapely.box(2, 2, 4, 8), shapely.box(10, 2, 12, 8)])
    >>> plots_of(shapely.box(0, 0, 20, 10), houses)[0].bounds
    (0.0, 0.0, 7.0, 10.0)
    """
    bodies = np.asarray(shapely.intersection(shapely.make_valid(buildings), ground), dtype=object)
    standing = np.flatnonzero(shapely.area(bodies) > 0)
    plots = np.full(len(bodies), shapely.Polygon(), dtype=object)
    if len(standing) < 2:
        plots[standing] = ground
        return plots
    here = bodies[standing]
    lines = smooth_lines(middle_pieces(*_round_about(here))[0], ground, _STRAIGHTEN_M)
    rims = np.asarray(shapely.boundary([ground, *here]), dtype=object)
    faces = cut_into_faces(np.concatenate([rims, lines]))
    faces = faces[owners(faces, np.array([ground], dtype=object))[:, 0]]
    # A house's own ground is nearest to it, so a straightened line through its corner changes nothing.
    label = np.full(len(faces), -1, dtype=np.int64)
    face, nearest = shapely.STRtree(here).query_nearest(shapely.point_on_surface(faces))
    label[face[::-1]] = nearest[::-1]
    sides = find_sides(faces)
    label = settle(label, *sum_by_pair(sides, sides.metres), shapely.area(faces))
    for place in np.unique(label[label >= 0]):
        plots[standing[place]] = one_of(faces[label == place])
    return plots


def _round_about(bodies: Geometries) -> tuple[Numbers, Positions]:
    """Points along the walls of each building, and whose they are; drawn in a little, so that shared walls have two."""
    inner = shapely.buffer(bodies, -_SHRINK_M, join_style="mitre")
    walls = shapely.segmentize(shapely.boundary(np.where(shapely.is_empty(inner), bodies, inner)), _STEP_M)
    xy, owner = shapely.get_coordinates(walls, return_index=True)
    first = np.unique(np.round(xy, 3), axis=0, return_index=True)[1]
    return xy[first], owner[first].astype(np.int64)
