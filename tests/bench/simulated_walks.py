"""Walks whose true way is known: along real streets, with all that a phone in a pocket does to them.

The noise drifts (it is correlated over some 40 s), the walker keeps to one pavement, cuts across courtyards, stops for
a chat and turns back; single fixes jump, single ones are missed, and now and then the signal is gone for minutes.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.ops
from scipy.signal import lfilter
from scipy.spatial import cKDTree

from data.sample.walks import Network, make_network

NOISE_LASTS_S = 40.0
PACE_M_S = (0.8, 1.35)
PAVEMENT_M = (1.5, 5.0)
SHORT_CUT_M = (40.0, 120.0)
SHORT_CUT_SHARE = 0.06
"""How often a walker at a junction leaves the streets."""
TURN_BACK_SHARE = 0.03
JUMP_SHARE = 0.005
MISSED_SHARE = 0.02
GAPS_A_WALK = 0.5
GAP_S = (150.0, 300.0)


@dataclass(frozen=True)
class Walk:
    """The fixes of a phone, and where it was carried."""

    fixes: pd.DataFrame
    """``seconds, x, y``."""
    true: np.ndarray
    """A place every metre of the way that was along streets while fixes came, and the direction walked: (n, 4)."""


@dataclass(frozen=True)
class Way:
    """A way as a line, and for each leg of it whether it is a street's."""

    places: np.ndarray
    on_street: np.ndarray


class Town:
    """Streets to walk on."""

    def __init__(self, streets: gpd.GeoDataFrame) -> None:
        self.streets = streets
        ground = shapely.box(*streets.total_bounds).buffer(10)
        self.net: Network = make_network(streets, ground)
        self.joined = np.flatnonzero(np.diff(self.net.first))
        self.tree = cKDTree(self.net.nodes[self.joined])
        self.lines = shapely.STRtree(self.net.lines)

    def walk(self, rng: np.random.Generator, *, noise_m: float, every_s: float, metres: float) -> Walk:
        """One walk of about so many metres."""
        return _record(self.way(rng, metres), rng, noise_m, every_s)

    def way(self, rng: np.random.Generator, metres: float) -> Way:
        """From a junction on, rather where one has not been yet."""
        net, done, last = self.net, 0.0, -1
        edge = int(rng.choice(len(net.metres), p=net.metres / net.metres.sum()))
        at = int(net.ends[edge][0])
        today = np.zeros(len(net.metres))
        places, on_street = [net.nodes[at][None]], [np.empty(0, bool)]
        while done < metres:
            cut = self._short_cut(at, rng) if rng.random() < SHORT_CUT_SHARE else None
            if cut is not None:
                leg = net.nodes[[at, cut]]
                at, last = cut, -1
            else:
                edges = net.leaving[net.first[at] : net.first[at + 1]]
                wish = np.where(edges == last, 0.02, 1.0) / (1 + 6 * today[edges])
                last = int(rng.choice(edges, p=wish / wish.sum()))
                today[last] += 1
                leg = shapely.get_coordinates(net.lines[last])
                leg = leg if net.ends[last][0] == at else leg[::-1]
                if net.metres[last] > 60 and rng.random() < TURN_BACK_SHARE:
                    leg = _there_and_back(leg, rng.uniform(0.4, 0.9))
                else:
                    at = int(net.ends[last].sum() - at)
            places.append(leg[1:])
            on_street.append(np.full(len(leg) - 1, cut is None))
            done += np.hypot(*np.diff(leg, axis=0).T).sum()
        return Way(np.vstack(places), np.concatenate(on_street))

    def _short_cut(self, at: int, rng: np.random.Generator) -> int | None:
        """A junction across a courtyard: most of the straight way there is far from any street."""
        near = self.joined[self.tree.query_ball_point(self.net.nodes[at], SHORT_CUT_M[1])]
        for node in rng.permutation(near)[:12]:
            across = shapely.linestrings(self.net.nodes[[at, node]])
            if across.length < SHORT_CUT_M[0]:
                continue
            spots = shapely.line_interpolate_point(across, np.linspace(0.1, 0.9, 9), normalized=True)
            if (self.lines.query_nearest(spots, return_distance=True, all_matches=False)[1] > 12).mean() >= 0.6:
                return int(node)
        return None


def _there_and_back(leg: np.ndarray, share: float) -> np.ndarray:
    whole = shapely.linestrings(leg)
    begun = shapely.get_coordinates(shapely.ops.substring(whole, 0, share, normalized=True))
    return np.vstack([begun, begun[-2::-1]])


def _record(way: Way, rng: np.random.Generator, noise_m: float, every_s: float) -> Walk:
    moved = np.concatenate([[True], np.hypot(*np.diff(way.places, axis=0).T) > 1e-6])
    places, on_street = way.places[moved], way.on_street[moved[1:]]
    along = np.concatenate([[0.0], np.hypot(*np.diff(places, axis=0).T).cumsum()])
    stops = np.sort(rng.uniform(0, along[-1], rng.poisson(along[-1] / 450)))
    breaks = np.concatenate([along, stops, stops])
    waits = np.concatenate([np.zeros(len(along) + len(stops)), rng.uniform(20, 180, len(stops))])
    order = np.lexsort((waits, breaks))
    clock = np.diff(breaks[order], prepend=0.0).cumsum() / rng.uniform(*PACE_M_S) + waits[order].cumsum()
    seconds = np.arange(0, clock[-1], every_s)
    heard = rng.random(len(seconds)) > MISSED_SHARE
    gaps = [(at, at + rng.uniform(*GAP_S)) for at in rng.uniform(0, clock[-1], rng.poisson(GAPS_A_WALK))]
    for begin, end in gaps:
        heard &= (seconds < begin) | (seconds > end)
    seconds = seconds[heard]
    reached = np.interp(seconds, clock, breaks[order])
    x, y = _at(along, places, reached) + _pavement(along, places, reached, rng)
    drift = _drift(seconds, noise_m, rng)
    jump = (rng.random(len(seconds)) < JUMP_SHARE) * rng.uniform(60, 400, len(seconds))
    angle = rng.uniform(0, 2 * np.pi, len(seconds))
    fixes = pd.DataFrame(
        {
            "seconds": seconds,
            "x": x + drift[0] + jump * np.cos(angle),
            "y": y + drift[1] + jump * np.sin(angle),
        }
    )
    return Walk(fixes, _true(along, places, on_street, seconds, reached))


def _at(along: np.ndarray, places: np.ndarray, where: np.ndarray) -> np.ndarray:
    return np.array([np.interp(where, along, places[:, axis]) for axis in (0, 1)])


def _pavement(along: np.ndarray, places: np.ndarray, where: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How far beside the street's line the walker goes: on one side, until the street is crossed."""
    chord = _at(along, places, where + 6) - _at(along, places, where - 6)
    normal = np.array([-chord[1], chord[0]]) / np.maximum(np.hypot(*chord), 1e-6)
    crossed = np.searchsorted(np.sort(rng.uniform(0, along[-1], rng.poisson(along[-1] / 300))), where)
    return normal * rng.uniform(*PAVEMENT_M) * np.where((crossed + rng.integers(2)) % 2, 1.0, -1.0)


def _drift(seconds: np.ndarray, noise_m: float, rng: np.random.Generator) -> np.ndarray:
    steps = np.arange(0, seconds[-1] + 1.0)
    keep = np.exp(-1.0 / NOISE_LASTS_S)
    white = rng.normal(0, noise_m, (2, len(steps)))
    drift = lfilter([np.sqrt(1 - keep**2)], [1, -keep], white, axis=1, zi=keep * rng.normal(0, noise_m, (2, 1)))[0]
    return np.array([np.interp(seconds, steps, axis) for axis in drift])


def _true(
    along: np.ndarray, places: np.ndarray, on_street: np.ndarray, seconds: np.ndarray, reached: np.ndarray
) -> np.ndarray:
    """A place for every metre between two fixes that came within two minutes, where it was a street's."""
    heard = np.flatnonzero(np.diff(seconds) <= 120.0)
    spots = np.arange(reached[0] + 0.5, reached[-1], 1.0)
    inside = np.isin(np.searchsorted(reached, spots, side="right") - 1, heard)
    leg = np.clip(np.searchsorted(along, spots, side="right") - 1, 0, len(on_street) - 1)
    spots, leg = spots[inside & on_street[leg]], leg[inside & on_street[leg]]
    way = np.diff(places, axis=0)[leg]
    return np.column_stack([_at(along, places, spots).T, way / np.hypot(*way.T)[:, None]])
