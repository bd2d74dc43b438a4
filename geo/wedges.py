"""How much of a normal scatter lies beyond a straight line, as seen between its ends: a table of a smooth function.

Owen's function T(h, u / h) is the mass of a round normal distribution beyond a line at the distance h, between the foot
of the perpendicular and a place u along the line, all in standard deviations. Here it is a polynomial of the fourth
degree in each of 40 by 44 small squares, within 1e-7 of the truth, which takes a fifth of the time of adding up its
series. Compiled; import it where it is used.
"""

import math

import numpy as np

from geo.edges import Floats
from geo.turns import compiled

_CELLS_A_SIGMA = 8
_HIGHEST, _FARTHEST = 5.0, 5.5
"""Beyond these the mass is less than that of a millionth of the scatter; a line that far away is not asked about."""
_ROWS, _COLUMNS = int(_HIGHEST * _CELLS_A_SIGMA), int(_FARTHEST * _CELLS_A_SIGMA)
_NEAR_ROWS = _CELLS_A_SIGMA
"""Nearer to a line than one standard deviation the angle is kept apart: only the rest is smooth."""
_POWERS = tuple((up, along) for up in range(5) for along in range(5 - up))


def _table() -> Floats:
    """The polynomials of all squares, row by row: 15 coefficients each, and one place left empty."""
    spot = 0.5 - 0.5 * np.cos(np.pi * (np.arange(6) + 0.5) / 6)
    up, along = (each.ravel() for each in np.meshgrid(spot, spot, indexing="ij"))
    fit = np.linalg.pinv(np.column_stack([up**one * along**other for one, other in _POWERS]))
    rows, columns = np.divmod(np.arange(_ROWS * _COLUMNS), _COLUMNS)
    height, place = ((rows[:, None] + up) / _CELLS_A_SIGMA, (columns[:, None] + along) / _CELLS_A_SIGMA)
    values = -_triangle(height, place)
    far = rows >= _NEAR_ROWS
    values[far] += np.arctan2(place[far], height[far]) / (2 * np.pi)
    table = np.zeros((len(rows), 16))
    table[:, :15] = values @ fit.T
    return table


def _triangle(height: Floats, place: Floats) -> Floats:
    """The mass over the triangle between a point, the foot of its perpendicular on a line, and a place on that line.

    An integral over the place of an entire function, so 16 nodes give it to 1e-12.
    """
    node, weight = np.polynomial.legendre.leggauss(16)
    total = np.zeros_like(height)
    for one, its in zip((node + 1) / 2, weight / 2, strict=True):
        half = (height**2 + (one * place) ** 2) / 2
        total += its * -np.expm1(-half) / np.maximum(half, 1e-300)
    mass: Floats = height * place * total / (4 * np.pi)
    return mass


_TABLE = _table().ravel()


@compiled(None)
def _beyond(height: float, place: float) -> float:
    """What the table says of a height, not negative, and a place on either side of the perpendicular."""
    up, along = min(height, _HIGHEST) * _CELLS_A_SIGMA, abs(place) * _CELLS_A_SIGMA
    row, column = min(int(up), _ROWS - 1), min(int(along), _COLUMNS - 1)
    u, v, at = up - row, along - column, 16 * (row * _COLUMNS + column)
    c = _TABLE[at : at + 16]
    flat = c[0] + v * (c[1] + v * (c[2] + v * (c[3] + v * c[4])))
    first = c[5] + v * (c[6] + v * (c[7] + v * c[8]))
    second = c[9] + v * (c[10] + v * c[11])
    value = flat + u * (first + u * (second + u * (c[12] + v * c[13] + u * c[14])))
    return float(value if place >= 0.0 else -value)


@compiled(None)
def wedge(height: float, begin: float, end: float) -> float:
    """The mass beyond a line, between two places along it; lengths in standard deviations.

    Parameters
    ----------
    height : float
        The point's distance from the line, at most five; positive where the point lies on its left.
    begin, end : float
        Where the line begins and ends, counted along it from the foot of the perpendicular.

    Returns
    -------
    float
        Positive on the left of a line, negative on the right.
    """
    up, begin, end = abs(height), min(max(begin, -_FARTHEST), _FARTHEST), min(max(end, -_FARTHEST), _FARTHEST)
    total = _beyond(up, end) - _beyond(up, begin)
    if up * _CELLS_A_SIGMA < _NEAR_ROWS:
        total += math.atan2(up * (end - begin), up * up + begin * end) / (2.0 * math.pi)
    return math.copysign(total, height) if total > 0.0 else 0.0
