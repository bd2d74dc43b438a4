"""How often a home is found by somebody who has fifty shown walks from it, and knows how their ends are hidden.

    python tests/bench/bench_doors.py [--homes 400]

The enemy simulates the method on many homes of which he knows the place, and learns from them where a home lies beside
what is shown: a forest of regression trees whose leaves are weighed, and the spot within 100 m of which most of the
weight lies. He learns from the ends alone; from the ends and the ways that walks go there; and from everything that is
shown, which tells him also how far people usually walk from home: against that no hiding of ends helps. Beside him
stand those who take the mean, the median or the densest point.
"""

import argparse
import importlib.util
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from sklearn.ensemble import RandomForestRegressor

from geo import trim

TESTS = Path(__file__).parents[1]
FOLDS = 4
NEAR_M = 100.0
SETS = {"ends": range(8), "ends and ways": range(13), "everything": range(26)}
BEFORE = {"AHEAD_M": (135.0, 160.0, 450.0), "LEFT_SHARE": 0.5, "TURN_DEG": (20.0, 50.0)}
"""How curtains hung in former days, to compare."""


class Sight(NamedTuple):
    """What is shown of one home: what can be read off it, a spot, and the axes along and off its curtain."""

    facts: np.ndarray
    spot: np.ndarray
    axes: np.ndarray


def simulated(homes: int) -> list[tuple[gpd.GeoSeries, np.ndarray]]:
    """Fifty walks from each of many homes in many towns, as the tests simulate them."""
    spec = importlib.util.spec_from_file_location("test_trim", TESTS / "geo" / "test_trim.py")
    assert spec is not None
    assert spec.loader is not None
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    return [tests.walks_from_one_home.__wrapped__(10_000 + number) for number in range(homes)]


def sight(shown: gpd.GeoSeries) -> Sight | None:
    """Everything of what is shown that might help; None where nothing is shown."""
    lines = [shapely.get_coordinates(line) for line in shown.dropna()]
    if not lines:
        return None
    ends = np.array([spot for line in lines for spot in (line[0], line[-1])])
    every = np.concatenate(lines)
    spot = np.median(ends, axis=0)
    along = np.linalg.svd(ends - ends.mean(axis=0), full_matrices=False)[2][0]
    off = np.array([-along[1], along[0]])
    off = -off if ((every - spot) @ off).mean() < 0 else off
    axes = np.array([[off[1], -off[0]], off])
    ways = np.array([way(line[::turn]) for line in lines for turn in (1, -1)]) @ axes.T
    beside = (ends - spot) @ axes[0]
    across, ahead = ((every - spot) @ axes.T).T
    dense = np.exp(-((beside[:, None] - beside[None]) ** 2) / (2 * 30**2)).sum(axis=1)
    slant = np.corrcoef(beside, ways[:, 0])[0, 1] if len(beside) > 3 and beside.std() > 1 else 0.0
    facts = [
        *(len(lines), ends.std(), beside.std(), *np.percentile(beside, [5, 25, 75, 95]), beside[dense.argmax()]),
        *(ways[:, 0].mean(), ways[:, 1].mean(), np.median(ways[:, 0]), np.abs(ways[:, 0]).mean(), slant),
        *np.percentile(across, [2, 10, 25, 50, 75, 90, 98]),
        *np.percentile(ahead, [50, 75, 90, 98, 100]),
        np.mean([np.hypot(*np.diff(line, axis=0).T).sum() for line in lines]),
    ]
    return Sight(np.nan_to_num(facts), spot, axes)


def way(line: np.ndarray) -> np.ndarray:
    """The direction in which a line sets out."""
    step = line[min(12, len(line) - 1)] - line[0]
    return np.asarray(step / max(np.hypot(*step), 1e-6))


def found(facts: np.ndarray, homes: np.ndarray) -> float:
    """The share of homes that the enemy, having learnt from the others, places within `NEAR_M`."""
    order = np.random.default_rng(0).permutation(len(facts))
    near = 0
    for fold in range(FOLDS):
        known, unknown = np.delete(order, np.s_[fold::FOLDS]), order[fold::FOLDS]
        trees = RandomForestRegressor(80, min_samples_leaf=5, max_features=0.6, random_state=0)
        trees.fit(facts[known], homes[known])
        leaves, mine = trees.apply(facts[known]), trees.apply(facts[unknown])
        for leaf, home in zip(mine, homes[unknown], strict=True):
            same = leaves == leaf
            weight = (same / np.maximum(same.sum(axis=0), 1)).sum(axis=1)
            spots, weight = homes[known][weight > 0], weight[weight > 0]
            away = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
            guess = spots[(weight / (1 + np.exp((away - NEAR_M) / 15))).sum(axis=1).argmax()]
            near += np.hypot(*(guess - home)) < NEAR_M
    return near / len(facts)


def plain(shown: gpd.GeoSeries, home: np.ndarray) -> bool:
    """Whether the mean, the median or the densest point of the ends lies within `NEAR_M`."""
    ends = np.array([shapely.get_coordinates(line)[end] for line in shown.dropna() for end in (0, -1)])
    dense = np.exp(-((ends[:, None] - ends[None]) ** 2).sum(axis=2) / (2 * 50**2)).sum(axis=1)
    guesses = (ends.mean(axis=0), np.median(ends, axis=0), ends[dense.argmax()])
    return min(np.hypot(*(guess - home)) for guess in guesses) < NEAR_M


def table(name: str, towns: list[tuple[gpd.GeoSeries, np.ndarray]]) -> None:
    """One line: what every enemy finds, and what is left to see."""
    sights, homes, simple, metres, kept = [], [], 0, 0.0, 0.0
    for number, (walks, home) in enumerate(towns):
        owners = np.full(len(walks), 7)
        curtains = trim.hang_curtains(walks, owners, trim.no_curtains(), np.random.default_rng(77_000 + number))
        shown = trim.hide_ends(walks, owners, curtains)
        metres, kept = metres + walks.length.sum(), kept + shown.dropna().length.sum()
        if (one := sight(shown)) is not None:
            simple += plain(shown, home)
            sights.append(one.facts)
            homes.append((home - one.spot) @ one.axes.T)
    facts, places = np.array(sights), np.array(homes)
    shares = [found(facts[:, list(columns)], places) for columns in SETS.values()]
    said = "".join(f"{share:>15.0%}" for share in (simple / len(facts), *shares))
    print(f"{name:<12}{said}{kept / metres:>15.0%}{1 - len(facts) / len(towns):>15.0%}", flush=True)


def main() -> None:
    """As curtains hang today, and as they hung before."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--homes", type=int, default=400)
    towns = simulated(asked.parse_args().homes)
    print(f"homes placed within {NEAR_M:.0f} m by their fifty shown walks; towns 1 km across, walks of 1 to 3 km")
    columns = ("mean, median", *SETS, "metres shown", "nothing shown")
    print(f"{'':<12}" + "".join(f"{name:>15}" for name in columns))
    table("today", towns)
    for name, value in BEFORE.items():
        setattr(trim, name, value)
    table("before", towns)


if __name__ == "__main__":
    main()
