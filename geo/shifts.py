"""The two shifts of Chinese maps: GCJ-02 moves WGS 84 by a public formula, BD-09 moves GCJ-02 once more.

Every function takes and gives degrees, longitude first, as arrays of one shape, and a flag `everywhere`: outside the
box in which the shift is defined a position stays where it is, unless the flag is set.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

# The formula's own ellipsoid (Krasovsky 1940); it is part of the definition, not of the earth.
_AXIS_M = 6378245.0
_ECCENTRICITY_2 = 0.00669342162296594323
_BD_TURN = np.pi * 3000.0 / 180.0
# Outside this box GCJ-02 is defined as equal to WGS 84; published with the formula.
_BOX_WEST, _BOX_EAST, _BOX_SOUTH, _BOX_NORTH = 72.004, 137.8347, 0.8293, 55.8271
# Each round leaves 4 thousandths of the error of the way back at most (GCJ-02), 2 hundredths (BD-09): from 700 and
# 1300 m that is under 1e-8 m after as many.
_ROUNDS_GCJ, _ROUNDS_BD = 6, 7


def in_box(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Where the shifts are defined: 72.004-137.8347 E, 0.8293-55.8271 N."""
    inside: NDArray[np.bool_] = (lon >= _BOX_WEST) & (lon <= _BOX_EAST) & (lat >= _BOX_SOUTH) & (lat <= _BOX_NORTH)
    return inside


def wgs_to_gcj(lon: Floats, lat: Floats, everywhere: bool) -> Pair:
    """From WGS 84 to GCJ-02."""
    moves = everywhere | in_box(lon, lat)
    x, y = _shifted(lon, lat)
    return np.where(moves, x, lon), np.where(moves, y, lat)


def gcj_to_wgs(lon: Floats, lat: Floats, everywhere: bool) -> Pair:
    """From GCJ-02 to the WGS 84 position that the formula moves here."""
    x, y = _solve(_shifted, lon, lat, _ROUNDS_GCJ)
    moves = everywhere | in_box(x, y)
    return np.where(moves, x, lon), np.where(moves, y, lat)


def gcj_to_bd(lon: Floats, lat: Floats, everywhere: bool) -> Pair:
    """From GCJ-02 to BD-09."""
    moves = everywhere | in_box(lon, lat)
    x, y = _swirled(lon, lat)
    return np.where(moves, x, lon), np.where(moves, y, lat)


def bd_to_gcj(lon: Floats, lat: Floats, everywhere: bool) -> Pair:
    """From BD-09 to the GCJ-02 position that the formula moves here."""
    x, y = _solve(_swirled, lon, lat, _ROUNDS_BD)
    moves = everywhere | in_box(x, y)
    return np.where(moves, x, lon), np.where(moves, y, lat)


def _solve(forward: Callable[[Floats, Floats], Pair], lon: Floats, lat: Floats, rounds: int) -> Pair:
    """Walk back by what the formula overshoots. Always as often, so that a row never depends on its neighbours."""
    x, y = lon, lat
    for _ in range(rounds):
        there_x, there_y = forward(x, y)
        x, y = x - (there_x - lon), y - (there_y - lat)
    return x, y


def _shifted(lon: Floats, lat: Floats) -> Pair:
    """What the public formula makes of a WGS 84 position."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    sine = np.sin(np.radians(lat))
    bend = 1.0 - _ECCENTRICITY_2 * sine * sine
    metres_per_degree_lat = _AXIS_M * (1.0 - _ECCENTRICITY_2) / (bend * np.sqrt(bend)) * np.pi / 180.0
    metres_per_degree_lon = _AXIS_M / np.sqrt(bend) * np.cos(np.radians(lat)) * np.pi / 180.0
    return lon + east / metres_per_degree_lon, lat + north / metres_per_degree_lat


def _swirled(lon: Floats, lat: Floats) -> Pair:
    """What Baidu makes of a GCJ-02 position."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
