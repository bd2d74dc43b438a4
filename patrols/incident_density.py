"""Where incidents are dense, for a window of a map: of those that a view means and a person may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.density import Raster, blank, deal_out, lay_raster, smooth, spread_squares
from geo.errors import N_
from geo.map_plane import MapPlane, on_web_map
from patrols.errors import BadView
from patrols.incident_choice import Flags, choice, flags_of
from patrols.incident_columns import IncidentColumns
from patrols.incident_view import IncidentView
from patrols.scope import Scope
from patrols.told_counts import SQUARE_M, Groups

REACH_M = 60.0
"""Standard deviation of the bell: about half the depth of a compound, so that neighbouring gates are one place."""

LEAST_REACH_M, MOST_REACH_M = 15.0, 5000.0
SMALLEST_DEG, LARGEST_DEG = 1e-4, 20.0


class Window(NamedTuple):
    """A window of a web map, degrees WGS 84, and how far the bell over each incident reaches."""

    west: float
    south: float
    east: float
    north: float
    reach_m: float = REACH_M

    @property
    def plane(self) -> MapPlane:
        """Metres around its middle."""
        return MapPlane((self.west + self.east) / 2, (self.south + self.north) / 2)

    def raster(self, *, least_m: float = 0.0) -> Raster:
        """Its cells, the reach no less than so many metres."""
        x, y = self.plane.metres([self.west, self.east], [self.south, self.north])
        return lay_raster(float(x[0]), float(y[0]), float(x[1]), float(y[1]), max(self.reach_m, least_m))

    def checked(self) -> "Window":
        """Itself, if a picture can be made of it.

        Raises
        ------
        BadView
            If it is turned round, smaller than a house, or larger than a province.
        """
        sides = self.east - self.west, self.north - self.south
        on_earth = self.west >= -180 and self.east <= 180 and self.south >= -80 and self.north <= 80
        if not on_earth or not all(SMALLEST_DEG <= side <= LARGEST_DEG for side in sides):
            raise BadView(N_("The window of the map cannot be drawn: give west, south, east, north in degrees."))
        return self


@dataclass(frozen=True)
class Heat:
    """How dense incidents are in a window.

    Parameters
    ----------
    raster : Raster
        In metres of the window's plane; it says how far the bell reached in the end.
    per_hectare : ndarray of float32, shape (rows, columns)
        Incidents a hectare in the time of the view; the first row lies in the north.
    counted : int
        Incidents that are in it, inside the window and out.
    elsewhere : int
        Incidents that are meant but have no place on the picture: without coordinates, or told for more ground only.
    """

    raster: Raster
    per_hectare: npt.NDArray[np.float32]
    counted: int
    elsewhere: int

    @property
    def peak(self) -> float:
        """The highest density in the window."""
        return float(self.per_hectare.max(initial=0.0))


def heat(known: Sequence[IncidentColumns], scope: Scope, view: IncidentView, window: Window) -> Heat:
    """The density of the incidents themselves, for who may see them one by one.

    Sensitive categories are left out for everybody.

    Parameters
    ----------
    known : sequence of IncidentColumns
        One for each community.
    """
    raster = window.raster()
    sums, counted, elsewhere = blank(raster), 0, 0
    for columns in known:
        wanted = choice(columns, scope, view)
        rows = slice(wanted.start, wanted.stop)
        flags = flags_of(columns, wanted)
        placed = _placed(columns, rows, flags)
        counted, elsewhere = counted + placed, elsewhere + int(flags.sum(dtype=np.int64)) - placed
        deal_out(raster, sums, columns.x[rows], columns.y[rows], flags, columns.plane.onto(window.plane))
    return Heat(raster, smooth(raster, sums), counted, elsewhere)


def _placed(columns: IncidentColumns, rows: slice, flags: Flags) -> int:
    """How many of the wanted have a place."""
    return int(np.count_nonzero(flags.view(bool) & ~np.isnan(columns.x[rows])))


def told_heat(told: Sequence[Groups], window: Window) -> Heat:
    """The density of what is told to those who may not see incidents singly: squares of ground, spread and smoothed.

    The bell reaches at least as far as a square, so that squares cannot be told from the picture.
    """
    east, north = on_web_map(window.plane.lon, window.plane.lat)
    side = SQUARE_M * window.plane.scale
    raster = window.raster(least_m=side)
    sums, counted, elsewhere = blank(raster), 0, 0
    for groups in told:
        known = groups.on_squares
        counted, elsewhere = counted + known.total, elsewhere + groups.total - known.total
        lattice = _lattice(known, raster, window.plane)
        if lattice is not None:
            column, row, counts = lattice
            west, south = column * SQUARE_M - float(east), row * SQUARE_M - float(north)
            spread_squares(raster, sums, counts, west * window.plane.scale, south * window.plane.scale, side)
    return Heat(raster, smooth(raster, sums, dealt_out=False), counted, elsewhere)


def _lattice(groups: Groups, raster: Raster, plane: MapPlane) -> tuple[int, int, npt.NDArray[np.float64]] | None:
    """The squares around a raster as a lattice: its first column and row, and how many lie in each."""
    east, north = on_web_map(plane.lon, plane.lat)
    beyond = raster.margin * max(raster.wide_m, raster.high_m)
    xs = raster.west - beyond, raster.west + raster.columns * raster.wide_m + beyond
    ys = raster.north - raster.rows * raster.high_m - beyond, raster.north + beyond
    first, last = (int((x / plane.scale + float(east)) // SQUARE_M) for x in xs)
    low, high = (int((y / plane.scale + float(north)) // SQUARE_M) for y in ys)
    near = (groups.column >= first) & (groups.column <= last) & (groups.row >= low) & (groups.row <= high)
    if not near.any():
        return None
    column, row = groups.column[near], groups.row[near]
    first, low = int(column.min()), int(row.min())
    wide, high = int(column.max()) - first + 1, int(row.max()) - low + 1
    places = (row - low) * wide + column - first
    counts = np.bincount(places, groups.count[near].astype(float), wide * high).reshape(high, wide)
    return first, low, counts.astype(float, copy=False)


def change(now: Heat, before: Heat, days: Any) -> npt.NDArray[np.float32]:
    """How much denser it has become, in incidents a hectare in four weeks; `days` are how many each covers."""
    return np.asarray(now.per_hectare * (28.0 / days[0]) - before.per_hectare * (28.0 / days[1]), np.float32)
