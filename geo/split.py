"""Splitting ground that carries too many households: between buildings, where no street does it."""

import numpy as np
import shapely

from geo.faces import Geometries, Numbers, Positions, connected_parts, settle
from geo.graph import cut_graph
from geo.middle import middle_pieces, sample_sides, smooth_lines

SHRINK_M = 0.05
"""Houses are drawn in by this much before the middle is sought, so that a wall they share has a middle at all."""

STRAIGHTEN_M = 4.0
"""A dividing line may leave the exact middle by this much to run straighter, as long as it touches no house."""


def split_between(
    ground: shapely.Geometry, wholes: Geometries, load: Numbers, pieces: int
) -> tuple[Geometries, Positions]:
    """Draw lines that divide ground into about equally populated pieces, each line halfway between houses.

    Parameters
    ----------
    ground : Polygon
        One block, in metres.
    wholes : array of Polygon
        What stands on it and stays whole.
    load : array of float
        Households, or another load, of each whole.
    pieces : int
        How many pieces are wanted; fewer come back when houses are fewer.

    Returns
    -------
    lines : array of LineString
        May still clip a corner of a house; the caller leads the border round it.
    piece : array of int
        The piece that each whole belongs to.
    """
    pieces = min(pieces, int((load > 0).sum()))
    if pieces < 2:
        return np.array([], dtype=object), np.zeros(len(wholes), dtype=np.int64)
    ridges, one, two = _lines_between(ground, wholes)
    metres = shapely.length(ridges)
    piece = _share_wholes(load, one, two, metres, pieces)
    parting = piece[one] != piece[two]
    return _straighten(ridges[parting], ground, wholes), piece


def _lines_between(ground: shapely.Geometry, wholes: Geometries) -> tuple[Geometries, Positions, Positions]:
    """Pieces of line on the ground that are equally far from two wholes, and these two."""
    drawn_in = shapely.buffer(wholes, -SHRINK_M, join_style="mitre")
    shapes = np.where(shapely.is_empty(drawn_in), wholes, drawn_in)
    edges, owner = shapely.get_rings(shapely.get_parts(shapes), return_index=True)
    part_owner = np.repeat(np.arange(len(wholes)), shapely.get_num_geometries(shapes))
    owner = part_owner[owner]
    xy, ring = shapely.get_coordinates(edges, return_index=True)
    same = ring[1:] == ring[:-1]
    straight = np.asarray(shapely.linestrings(np.stack([xy[:-1][same], xy[1:][same]], axis=1)))
    points, side = sample_sides(straight, 4.0)
    pieces, one, two = middle_pieces(points, owner[ring[:-1][same]][side])
    shapely.prepare(ground)
    inside = shapely.contains_properly(ground, pieces)
    pieces = pieces.copy()
    pieces[~inside] = shapely.intersection(pieces[~inside], ground)
    some = shapely.length(pieces) > 0
    return pieces[some], one[some], two[some]


def _share_wholes(load: Numbers, one: Positions, two: Positions, metres: Numbers, pieces: int) -> Positions:
    """Share wholes out to connected pieces of about equal load, with short lines between them."""
    count = len(load)
    weight = load + 0.001
    low, high = np.minimum(one, two), np.maximum(one, two)
    key, where = np.unique(low * count + high, return_inverse=True)
    low, high = key // count, key % count
    length = np.bincount(where, weights=metres, minlength=len(key)).astype(np.float64)
    part = connected_parts(count, low, high)
    leads = np.unique(part, return_index=True)[1]
    low, high = np.concatenate([low, leads[:-1]]), np.concatenate([high, leads[1:]])
    length = np.concatenate([length, np.full(len(leads) - 1, 0.1)])
    labels = cut_graph(np.rint(load * 10).astype(np.int64) + 1, low, high, length, pieces)
    return settle(labels, low, high, length, weight)


def _straighten(ridges: Geometries, ground: shapely.Geometry, wholes: Geometries) -> Geometries:
    """Straighten dividing lines; where a straight one would touch a house, the exact middle is kept."""
    if not len(ridges):
        return ridges
    exact = smooth_lines(ridges, ground, 0.0)
    straight = shapely.simplify(exact, STRAIGHTEN_M)
    touched = np.unique(shapely.STRtree(wholes).query(straight, predicate="intersects")[0])
    straight[touched] = shapely.simplify(exact[touched], 0.3)
    return np.asarray(straight)
