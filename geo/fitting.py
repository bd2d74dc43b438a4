"""Which of several places fits: does a file lie along a town's streets and beside its houses, here or half a mile on?

A file in the wrong datum looks plausible, for the shift is nearly a translation. But then its tracks run through houses
and its houses stand in the street, no better than anywhere else. So each reading is held against the town, and against
some hundreds of translations that mean nothing: a reading counts only as far as it fits better than chance ever did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import erf

from geo.townmap import FAR_M, TownMap

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

LEAST_SAMPLES = 20
"""With fewer places on the map nothing is said."""

_MOST_SAMPLES = 900
_EVERY_M = 10.0
# Larger areas are no buildings but grids or compounds, whose borders, not insides, have to do with streets.
_BUILDING_M2 = 10_000.0

# A reading may be off by as much without being another datum: survey, imagery and receivers differ.
_WINDOW_M = 15.0
_STEP_M = 5.0
_CHANCES = 200
_NEAREST_CHANCE_M = 45.0
# A chance placement counts when it keeps this share of the places on the map.
_KEPT_SHARE = 0.6

_EDGES_M = np.array([2.0, 4.0, 6.0, 9.0, 12.0, 16.0, 20.0, 30.0, 50.0, FAR_M - 1.0])
_SHARES = np.array([0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97])
_SPREADS_M = (3.0, 5.0, 8.0, 12.0)
# How far a house keeps from the middle of a street: inside the first never, beyond the second as it likes.
_CLEAR_M = ((1.0, 5.0), (2.0, 9.0), (3.0, 14.0))


@dataclass(frozen=True)
class Samples:
    """Places of a file: `x`, `y` and which of them lie inside of buildings (the others are said to follow streets)."""

    x: Floats
    y: Floats
    inner: NDArray[np.bool_]


@dataclass(frozen=True)
class Fit:
    """How well one reading fits.

    Parameters
    ----------
    probability : float
        That this reading is the right one, of those that were tried or none of them.
    score : float
        How many times likelier, as a natural logarithm, the distances to streets and houses are than chance makes them.
    on_map : float
        Share of the places that lie near any street.
    along : float
        Share of tracks, points or lines within 10 m of a street; NaN for buildings.
    in_street : float
        Share of the insides of buildings within 3 m of the middle of a street; NaN for anything else.
    in_buildings : float
        Share of all places within the buildings given; NaN without.
    shift : tuple of float
        Metres east and north from this reading to where the file fits best nearby.
    """

    probability: float
    score: float
    on_map: float
    along: float
    in_street: float
    in_buildings: float
    shift: tuple[float, float]


def take_samples(frame: gpd.GeoDataFrame, seed: int = 0) -> Samples:
    """Take places from shapes in metres: points as they are, lines every 10 m, buildings from within.

    Areas larger than a building count by their borders. Of places in the same 10 m only one is taken, so that standing
    still says nothing, and 900 at most.
    """
    shapes = shapely.get_parts(frame.geometry.array.to_numpy())
    areas = shapely.area(shapes)
    house = (shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON) & (areas <= _BUILDING_M2)
    rng = np.random.default_rng(seed)
    inner = _insides(shapes[house], rng)
    others = shapes[~house]
    polygons = shapely.get_type_id(others) == shapely.GeometryType.POLYGON
    others[polygons] = shapely.boundary(others[polygons])
    outer = shapely.get_coordinates(shapely.segmentize(others, _EVERY_M))
    outer = outer[np.isfinite(outer).all(axis=1)]
    _, first = np.unique(np.floor(outer / _EVERY_M), axis=0, return_index=True)
    outer = outer[np.sort(first)]
    outer = outer[np.sort(rng.permutation(len(outer))[:_MOST_SAMPLES])]
    both = np.vstack([inner, outer])
    return Samples(both[:, 0], both[:, 1], np.arange(len(both)) < len(inner))


def _insides(houses: NDArray[np.object_], rng: np.random.Generator) -> Floats:
    """Places within buildings: the middle, and between it and the corners."""
    houses = houses[np.sort(rng.permutation(len(houses))[: _MOST_SAMPLES // 4])]
    if not len(houses):
        return np.empty((0, 2))
    middle = shapely.get_coordinates(shapely.centroid(houses))
    corners, of = shapely.get_coordinates(shapely.simplify(houses, 2.0), return_index=True)
    spots = np.vstack([middle, *(middle[of] + part * (corners - middle[of]) for part in (0.5, 0.95))])
    of = np.concatenate([np.arange(len(houses)), of, of])
    shapely.prepare(houses)
    spots = spots[shapely.contains_xy(houses[of], spots[:, 0], spots[:, 1])]
    return spots[np.sort(rng.permutation(len(spots))[:_MOST_SAMPLES])]


def fit_readings(
    readings: Mapping[str, Pair], inner: NDArray[np.bool_], town: TownMap, seed: int = 0
) -> dict[str, Fit] | None:
    """Weigh readings of the same places against each other and against chance.

    Parameters
    ----------
    readings : mapping of str to pair of arrays
        For each reading where it puts the places, in the map's metres.
    inner : array of bool
        Which places lie inside of buildings.
    town : TownMap
    seed : int
        Of the chance placements.

    Returns
    -------
    dict of str to Fit, or None
        None where no reading puts `LEAST_SAMPLES` places on the map: there is nothing to go by.
    """
    base, share, around = _stand(readings, town)
    if share * len(inner) < LEAST_SAMPLES:
        return None
    elsewhere = _chances(readings, base, town, share, seed)
    if not len(elsewhere):
        return None
    x, y = readings[base]
    by_chance = _Seen.of(town, x, y, inner, elsewhere)
    measure = _Measure.learnt(by_chance)
    chance = np.array([measure.scores(_Seen.of(town, x, y, inner, around + one)).max() for one in elsewhere])
    found = {name: measure.scores(_Seen.of(town, *xy, inner, around)) for name, xy in readings.items()}
    odds = _shared(_odds(np.array([scores.max() for scores in found.values()]), chance), list(readings.values()))
    total = np.logaddexp.reduce(np.append(odds, 0.0))
    return {
        name: Fit(
            probability=float(np.exp(odd - total)),
            score=float(scores.max()),
            shift=(float(around[scores.argmax(), 0]), float(around[scores.argmax(), 1])),
            **_plain_figures(town, *readings[name], inner),
        )
        for (name, scores), odd in zip(found.items(), odds, strict=True)
    }


def best_reading(readings: Mapping[str, Pair], inner: NDArray[np.bool_], town: TownMap, seed: int = 0) -> str | None:
    """Name the reading with the best score, without asking how good that is; twenty times quicker than `fit_readings`.

    None where there is nothing to go by.
    """
    base, share, around = _stand(readings, town)
    elsewhere = _chances(readings, base, town, share, seed, count=40)
    if share * len(inner) < LEAST_SAMPLES or not len(elsewhere):
        return None
    measure = _Measure.learnt(_Seen.of(town, *readings[base], inner, elsewhere))
    return max(readings, key=lambda name: measure.scores(_Seen.of(town, *readings[name], inner, around)).max())


def _stand(readings: Mapping[str, Pair], town: TownMap) -> tuple[str, float, Floats]:
    """The reading with most of its places on the map, their share, and how far around each reading is looked."""
    street_m = town.street_m.ravel()
    shares = {name: float((street_m[town.look_up(*xy)] < FAR_M).mean()) for name, xy in readings.items()}
    base = max(shares, key=lambda name: shares[name])
    apart = [np.hypot(*_apart(one, other)) for one, other in combinations(readings.values(), 2)]
    return base, shares[base], _window(float(min([_WINDOW_M, *(one / 3 for one in apart)])))


def _plain_figures(town: TownMap, x: Floats, y: Floats, inner: NDArray[np.bool_]) -> dict[str, float]:
    cell = town.look_up(x, y)
    metres = town.street_m.ravel()[cell]
    here = metres < FAR_M
    houses = town.in_building
    return {
        "on_map": float(here.mean()),
        "along": _share(metres[here & ~inner] <= 10.0),
        "in_street": _share(metres[here & inner] <= 3.0),
        "in_buildings": _share(houses.ravel()[cell][here]) if houses is not None else float("nan"),
    }


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else float("nan")


def _apart(one: Pair, other: Pair) -> tuple[float, float]:
    return float(np.nanmedian(other[0] - one[0])), float(np.nanmedian(other[1] - one[1]))


def _window(most_m: float) -> Floats:
    """Translations of up to so many metres in each direction, the smallest first."""
    steps = np.arange(-(most_m // _STEP_M), most_m // _STEP_M + 1) * _STEP_M
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    return grid[np.argsort(np.hypot(*grid.T), kind="stable")]


def _chances(
    readings: Mapping[str, Pair], base: str, town: TownMap, share: float, seed: int, count: int = _CHANCES
) -> Floats:
    """Translations that mean nothing: near no reading, and with most of the places still on the map."""
    x, y = readings[base]
    reach = max(300.0, 0.5 * min(town.street_m.shape) * town.cell_m)
    rng = np.random.default_rng(seed)
    far, angle = np.sqrt(rng.uniform(0.0, 1.0, 8 * count)) * reach, rng.uniform(0.0, 2 * np.pi, 8 * count)
    moves = np.column_stack([far * np.cos(angle), far * np.sin(angle)])
    known = np.array([_apart(readings[base], xy) for xy in readings.values()])
    free = (np.hypot(*(moves[:, None] - known[None]).transpose(2, 0, 1)) > _NEAREST_CHANCE_M).all(axis=1)
    moves = moves[free]
    some = np.random.default_rng(seed).permutation(len(x))[:200]
    cells = town.look_up(x[some, None] + moves[:, 0], y[some, None] + moves[:, 1])
    kept = (town.street_m.ravel()[cells] < FAR_M).mean(axis=0)
    return np.asarray(moves[kept >= _KEPT_SHARE * share][:count])


@dataclass(frozen=True)
class _Seen:
    """For each translation how many places lie in which bin of distance to a street, and in a building or not.

    `along` and `inner`: translations x bins. `houses`: translations x 2 (all, inside) for either kind.
    """

    along: Floats
    inner: Floats
    houses: list[Floats]

    @classmethod
    def of(cls, town: TownMap, x: Floats, y: Floats, inner: NDArray[np.bool_], moves: Floats) -> "_Seen":
        cells = town.look_up(x[None] + moves[:, :1], y[None] + moves[:, 1:])
        bins = np.searchsorted(_EDGES_M, town.street_m.ravel()[cells], side="right")
        here = bins < len(_EDGES_M)
        kinds = (~inner, inner)
        houses: list[Floats] = []
        if town.in_building is not None:
            hits = town.in_building.ravel()[cells] & here
            houses = [
                np.column_stack([here[:, kind].sum(axis=1), hits[:, kind].sum(axis=1)]).astype(float) for kind in kinds
            ]
        return cls(_counts(bins[:, ~inner]), _counts(bins[:, inner]), houses)


def _counts(bins: NDArray[np.intp]) -> Floats:
    """How many of each row fall into each bin; what is off the map is left out."""
    rows, wide = len(bins), len(_EDGES_M) + 1
    flat = (bins + np.arange(rows)[:, None] * wide).ravel()
    return np.bincount(flat, minlength=rows * wide).reshape(rows, wide)[:, :-1].astype(float)


@dataclass(frozen=True)
class _Measure:
    """What chance makes of the distances, and how to tell what is likelier than that.

    `along` and `inner`: bins x models, the logarithm of how much likelier each model makes a bin. `houses`: by chance,
    the share inside of buildings, for either kind.
    """

    along: Floats
    inner: Floats
    houses: Sequence[float]

    @classmethod
    def learnt(cls, chance: _Seen) -> "_Measure":
        """From what chance placements see."""
        follow, keep_off = _usual(chance.along), _usual(chance.inner)
        low, high = np.concatenate([[0.0], _EDGES_M[:-1]]), _EDGES_M
        near = [_half_normal(low, high, spread) for spread in _SPREADS_M]
        middle = (low + high) / 2
        clear = [keep_off * np.clip((middle - least) / (most - least), 0.0, 1.0) for least, most in _CLEAR_M]
        return cls(
            _models(follow, near),
            _models(keep_off, [one / one.sum() for one in clear]),
            [float((seen[:, 1].sum() + 1) / (seen[:, 0].sum() + 2)) for seen in chance.houses],
        )

    def scores(self, seen: _Seen) -> Floats:
        """For each translation the logarithm of how much likelier than chance what it sees is."""
        total = np.maximum((seen.along @ self.along).max(axis=1), 0.0)
        total += np.maximum((seen.inner @ self.inner).max(axis=1), 0.0)
        for counts, share in zip(seen.houses, self.houses, strict=True):
            total += _surprise(counts[:, 1], counts[:, 0], share)
        return np.asarray(total)


def _usual(counts: Floats) -> Floats:
    sums = counts.sum(axis=0) + 1.0
    return np.asarray(sums / sums.sum())


def _half_normal(low: Floats, high: Floats, spread: float) -> Floats:
    part = erf(high / spread / np.sqrt(2)) - erf(low / spread / np.sqrt(2))
    return np.asarray(part / part.sum())


def _models(usual: Floats, wanted: Sequence[Floats]) -> Floats:
    """Mixtures of what is wanted and what is usual, as logarithms of the ratio to the usual: bins x mixtures."""
    return np.column_stack([np.log1p(share * (one / usual - 1.0)) for one in wanted for share in _SHARES])


def _surprise(hits: Floats, all_: Floats, share: float) -> Floats:
    """How much likelier the hits are with a share of their own than with the usual one, as a logarithm."""
    own = np.divide(hits, all_, out=np.full_like(hits, share), where=all_ > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.where(hits > 0, hits * np.log(own / share), 0.0)
        outside = np.where(hits < all_, (all_ - hits) * np.log((1 - own) / (1 - share)), 0.0)
    return np.asarray(inside + outside)


def _shared(odds: Floats, readings: Sequence[Pair]) -> Floats:
    """Odds shared out evenly among readings so near each other that any survey's own error may decide between them."""
    apart = np.array([[np.hypot(*_apart(one, other)) for other in readings] for one in readings])
    alike = apart < 2 * _WINDOW_M
    return np.asarray(np.logaddexp.reduce(np.where(alike, odds[None], -np.inf), axis=1) - np.log(alike.sum(axis=1)))


def _odds(scores: Floats, chance: Floats) -> Floats:
    """The logarithm of the odds of each score against chance.

    How often chance would do as well is read off a Gumbel distribution (the law of best-of-many scores) fitted to what
    it did, and is never taken to be less than was counted. The odds are the most that such a p-value can mean
    (Sellke, Bayarri and Berger 2001): 1 / (-e p ln p).
    """
    scale = max(float(chance.std()) * np.sqrt(6.0) / np.pi, 1e-9)
    away = (scores - (chance.mean() - 0.5772 * scale)) / scale
    logarithm = np.where(away > 30, -away, np.log(-np.expm1(-np.exp(-np.minimum(away, 30.0)))))
    counted = (chance[None] >= scores[:, None]).sum(axis=1)
    logarithm = np.where(counted > 0, np.maximum(logarithm, np.log((counted + 1) / (len(chance) + 1))), logarithm)
    small = logarithm < -1.0
    return np.asarray(np.where(small, -1.0 - logarithm - np.log(np.where(small, -logarithm, 1.0)), 0.0))
