"""Degrees to local metres by the million: one map projection, unrolled over one piece of ground."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.edges import Floats

Project = Callable[[Floats, Floats], tuple[Any, Any]]

CLOSE_M = 1e-7
"""How far a chart may be from the projection it stands for; where it would be farther, it asks the projection."""

# Cells of a hundredth of a degree are below a millionth of a millimetre with cubic polynomials; cells of a tenth still
# keep to `CLOSE_M`. Fewer, larger cells stay in the processor's cache.
_CELL_DEGREES = 0.02
_MOST_CELLS_A_SIDE = 128
_NODES = 4


class Chart:
    """A map projection unrolled over a box of degrees, so that millions of points take a blink.

    The box is laid out in cells; in each of them both coordinates are a polynomial, cubic in longitude and latitude,
    through 16 places that the projection itself worked out. What that differs from the projection is tried out in every
    cell, and stated in `error_m`. Points outside the box, and all points where the error would be more than `CLOSE_M`,
    are worked out by the projection.

    Who must know on which side of a line a point lies asks the projection again where the point is nearer to it than
    a few `error_m`: then the answer is the projection's, for every point.

    Parameters
    ----------
    project : callable
        Takes arrays of longitudes and latitudes, returns arrays of metres; exact by definition.
    west, south, east, north : float
        The box, degrees.

    Examples
    --------
    >>> chart = Chart(lambda lon, lat: (lon * 1000.0, lat * lat * 1000.0), 116.0, 40.0, 116.1, 40.1)
    >>> x, y = chart.metres(np.array([116.05]), np.array([40.05]))
    >>> print(x.round(6), y.round(6))
    [116050.] [1604002.5]
    """

    def __init__(self, project: Project, west: float, south: float, east: float, north: float) -> None:
        self._project = project
        self._origin = (west, south)
        wide, high = (max(side, _CELL_DEGREES / 100) for side in (east - west, north - south))
        across, up = (int(np.clip(np.ceil(side / _CELL_DEGREES), 1, _MOST_CELLS_A_SIDE)) for side in (wide, high))
        self._shape = (across, up)
        self._per_degree = (across / wide, up / high)
        self._polynomials = self._fitted()
        self.error_m = self._worst()

    @property
    def usable(self) -> bool:
        """Whether the polynomials are close enough to be used at all."""
        return self.error_m <= CLOSE_M

    def metres(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Metres of places; what is not finite stays so.

        Parameters
        ----------
        lon, lat : float64 arrays of one dimension
            Degrees.

        Returns
        -------
        x, y : float64 arrays
        """
        if not self.usable:
            return self.exactly(lon, lat)
        x, y = self._inside(lon, lat)
        outside = np.flatnonzero(np.isnan(x) & np.isfinite(lon) & np.isfinite(lat))
        if len(outside):
            x[outside], y[outside] = self.exactly(lon[outside], lat[outside])
        return x, y

    def metres_inside(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """The same, but NaN for whatever lies outside the box, at no cost."""
        if self.usable:
            return self._inside(lon, lat)
        x, y = self.exactly(lon, lat)
        u, v = (lon - self._origin[0]) * self._per_degree[0], (lat - self._origin[1]) * self._per_degree[1]
        away = ~((u >= 0) & (v >= 0) & (u <= self._shape[0]) & (v <= self._shape[1]))
        x[away] = y[away] = np.nan
        return x, y

    def exactly(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Metres of places by the projection itself."""
        x, y = self._project(lon, lat)
        return np.array(x, float), np.array(y, float)

    def _inside(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        from geo.charting import unrolled  # numba is only brought in by whoever asks for metres

        x, y = np.empty(len(lon)), np.empty(len(lon))
        unrolled(lon, lat, *self._origin, *self._per_degree, *self._shape, self._polynomials, x, y)
        return x, y

    def _fitted(self) -> NDArray[np.float64]:
        """Coefficients, shape (cells up, cells across, 2, 4, 4): coordinate, power of latitude, power of longitude."""
        node = 0.5 - 0.5 * np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
        places = np.stack(self._at_nodes(node))
        # Millions of metres would drown the millimetres in rounding: each cell is fitted from its own first place.
        first = places[..., :1, :1]
        back = np.linalg.inv(np.vander(node, increasing=True))
        polynomials = np.ascontiguousarray(np.einsum("ai,bj,cyxij->yxcab", back, back, places - first))
        polynomials[..., 0, 0] += first[..., 0, 0].transpose(1, 2, 0)
        return polynomials

    def _at_nodes(self, node: Floats) -> tuple[Floats, Floats]:
        """Both coordinates at the same places of every cell, shape (up, across, latitudes, longitudes)."""
        across, up = self._shape
        shape = (up, across, len(node), len(node))
        lon = self._origin[0] + (np.arange(across)[:, None] + node) / self._per_degree[0]
        lat = self._origin[1] + (np.arange(up)[:, None] + node) / self._per_degree[1]
        wide_lon = np.broadcast_to(lon[None, :, None, :], shape).ravel()
        wide_lat = np.broadcast_to(lat[:, None, :, None], shape).ravel()
        x, y = self.exactly(wide_lon, wide_lat)
        return x.reshape(shape), y.reshape(shape)

    def _worst(self) -> float:
        """The largest difference at places half-way between those that were fitted, corners of the cells included."""
        tried = np.array([0.0, 0.08, 0.5, 0.92])
        powers = np.vander(tried, _NODES, increasing=True)
        fitted = np.einsum("yxcab,ia,jb->cyxij", self._polynomials, powers, powers)
        away = np.hypot(*(fitted - np.stack(self._at_nodes(tried))))
        return float(np.where(np.isfinite(away), away, np.inf).max())
