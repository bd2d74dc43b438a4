"""Inside or not, in whole numbers: the last word where floating point can't tell.

Plain Python and slow, a millisecond for a ring of a few hundred vertices: for single points, and for coordinates so
large or so small that products of them leave the range of a double. Millions of points are decided by `geo.turns`.
"""

from fractions import Fraction
from itertools import pairwise

import shapely


def holds(polygon: shapely.Polygon, x: float, y: float) -> bool:
    """Say whether a polygon holds a point, computed without any rounding.

    The border belongs to the polygon, that of its holes too. Inside is what an odd number of the polygon's lines
    surrounds, so a ring that crosses itself still has an answer everywhere.

    Parameters
    ----------
    polygon : Polygon
        Valid or not, with finite coordinates.
    x, y : float
        Finite, in the polygon's coordinates.

    Examples
    --------
    >>> triangle = shapely.Polygon([(0, 0), (3, 0), (0, 1)])
    >>> holds(triangle, 1.5, 0.5), holds(triangle, 1.5, 0.5000000000000001)
    (True, False)
    """
    here = (Fraction(x), Fraction(y))
    inside = False
    for ring in (polygon.exterior, *polygon.interiors):
        corners = [(Fraction(one), Fraction(other)) for one, other in ring.coords]
        for start, end in pairwise(corners):
            side = turn(start, end, here)
            if side == 0 and _in_box(start, end, here):
                return True
            if (start[1] <= here[1]) != (end[1] <= here[1]) and (side > 0) == (end[1] > start[1]):
                inside = not inside
    return inside


def turn(start: tuple[Fraction, Fraction], end: tuple[Fraction, Fraction], here: tuple[Fraction, Fraction]) -> int:
    """1 where a place lies to the left of the way from start to end, -1 to the right, 0 in line with it."""
    (ax, ay), (bx, by), (px, py) = start, end, here
    area = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
    return (area > 0) - (area < 0)


def _in_box(start: tuple[Fraction, Fraction], end: tuple[Fraction, Fraction], here: tuple[Fraction, Fraction]) -> bool:
    return all(min(a, b) <= p <= max(a, b) for a, b, p in zip(start, end, here, strict=True))
