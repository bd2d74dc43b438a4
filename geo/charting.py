"""The compiled inner loop of `geo.chart`."""

from typing import Any

import numpy as np
from numba import njit

from geo.edges import Floats


@njit(cache=True, nogil=True)
def unrolled(
    lon: Floats,
    lat: Floats,
    west: float,
    south: float,
    per_lon: float,
    per_lat: float,
    across: int,
    up: int,
    polynomials: Any,
    x: Floats,
    y: Floats,
) -> None:
    """Fill ``x`` and ``y``; NaN where a place lies outside the box or is no number."""
    for at in range(len(lon)):
        u, v = (lon[at] - west) * per_lon, (lat[at] - south) * per_lat
        if not (u >= 0.0 and v >= 0.0 and u <= across and v <= up):
            x[at] = y[at] = np.nan
            continue
        column, row = min(int(u), across - 1), min(int(v), up - 1)
        s, t = u - column, v - row
        c = polynomials[row, column]
        x[at] = (c[0, 0, 0] + s * (c[0, 0, 1] + s * (c[0, 0, 2] + s * c[0, 0, 3]))) + t * (
            (c[0, 1, 0] + s * (c[0, 1, 1] + s * (c[0, 1, 2] + s * c[0, 1, 3])))
            + t
            * (
                (c[0, 2, 0] + s * (c[0, 2, 1] + s * (c[0, 2, 2] + s * c[0, 2, 3])))
                + t * (c[0, 3, 0] + s * (c[0, 3, 1] + s * (c[0, 3, 2] + s * c[0, 3, 3])))
            )
        )
        y[at] = (c[1, 0, 0] + s * (c[1, 0, 1] + s * (c[1, 0, 2] + s * c[1, 0, 3]))) + t * (
            (c[1, 1, 0] + s * (c[1, 1, 1] + s * (c[1, 1, 2] + s * c[1, 1, 3])))
            + t
            * (
                (c[1, 2, 0] + s * (c[1, 2, 1] + s * (c[1, 2, 2] + s * c[1, 2, 3])))
                + t * (c[1, 3, 0] + s * (c[1, 3, 1] + s * (c[1, 3, 2] + s * c[1, 3, 3])))
            )
        )
