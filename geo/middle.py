"""The line in the middle: halfway between things that must stay apart (two carriageways, two rows of houses)."""

import numpy as np
import shapely
from scipy.spatial import Voronoi

from geo.faces import Geometries, Numbers, Positions, lines_of

NEAR_END_M = 0.25
"""First sample of a side this close to its ends, so that the middle line meets the corner where two sides part."""


def sample_sides(lines: Geometries, every_m: float) -> tuple[Numbers, Positions]:
    """Points along straight sides, close to both ends and evenly between; and the side that each lies on."""
    metres = shapely.length(lines)
    counts = np.maximum(np.ceil(metres / every_m).astype(np.int64), 1) + 1
    side = np.repeat(np.arange(len(lines)), counts)
    step = np.arange(len(side)) - np.repeat(np.cumsum(counts) - counts, counts)
    margin = np.minimum(NEAR_END_M, metres / 4)[side]
    along = margin + (metres[side] - 2 * margin) * step / (counts[side] - 1)
    return shapely.get_coordinates(shapely.line_interpolate_point(lines[side], along)), side


def middle_pieces(points: Numbers, labels: Positions) -> tuple[Geometries, Positions, Positions]:
    """Straight pieces of the lines halfway between points of different labels, and the two labels of each.

    Parameters
    ----------
    points : array of shape (n, 2)
        Metres.
    labels : array of int, not negative
        What each point belongs to.
    """
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    reach = float(np.ptp(points, axis=0).max()) + 1.0
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = 8 * reach * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    diagram = Voronoi(np.concatenate([points - centre, ring]))
    marked = np.concatenate([labels, np.full(len(ring), -1)])
    one, two = marked[diagram.ridge_points].T
    ends = np.array([(a, b) if len(rest) == 0 else (-1, -1) for a, b, *rest in diagram.ridge_vertices])
    keep = (one != two) & (one >= 0) & (two >= 0) & (ends >= 0).all(axis=1)
    return np.asarray(shapely.linestrings(diagram.vertices[ends[keep]] + centre)), one[keep], two[keep]


def smooth_lines(
    pieces: Geometries, area: shapely.Geometry, within_m: float, corners: Numbers | None = None
) -> Geometries:
    """Clip pieces to an area, join them to lines, straighten them and lead their ends to the given corners."""
    clipped = shapely.intersection(shapely.union_all(pieces), area)
    lines = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines_of(clipped))))
    lines = shapely.simplify(lines, within_m)
    if corners is not None and len(corners):
        lines = shapely.snap(lines, shapely.multipoints(corners), 4 * NEAR_END_M)
    return lines_of(lines)
