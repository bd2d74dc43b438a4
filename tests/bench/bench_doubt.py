"""How honest and how fast doubt is: recorded incidents of Lancashire, and simulated noise on their ground.

python -m tests.bench.bench_doubt [recorded|calibration|speed]
"""

import sys
import time
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.doubt import SIGMAS_IN_ACCURACY
from geo.edges import Floats
from geo.locate import GridLocator, weigh, weigh_candidates, weigh_points

SHARED = Path(__file__).parents[3] / "shared" / "data" / "inc-lancashire-lsoa"
METRES = 27700
"""The British national grid, in which these places are metres."""
ACCURACIES = (5.0, 10.0, 20.0, 50.0)
BINS = np.linspace(0, 1, 11)


class Ground(NamedTuple):
    """Areas of about 1,500 residents each, and where something was recorded in them."""

    locator: GridLocator
    x: Floats
    y: Floats
    recorded: pd.Series


def read_ground() -> Ground:
    """Read areas and incidents into metres."""
    areas = pd.concat([gpd.read_file(path) for path in sorted((SHARED / "lsoa").glob("*.json"))], ignore_index=True)
    grids = areas.rename(columns={"LSOA11CD": "grid_code"}).to_crs(METRES)
    table = pd.read_csv(SHARED / "lancashire_asb.tab", sep="\t")
    spots = gpd.GeoSeries(gpd.points_from_xy(table["longitude"], table["latitude"]), crs=4326).to_crs(METRES)
    return Ground(GridLocator(grids), spots.x.to_numpy(), spots.y.to_numpy(), table["lsoa_code"])


def bench_recorded(ground: Ground) -> None:
    """Of the points called sure, how many lie where the police recorded them."""
    spots = gpd.GeoSeries(gpd.points_from_xy(ground.x, ground.y), crs=METRES)
    print(f"\n{len(ground.x):,} recorded incidents, {len(ground.locator.codes):,} areas")
    print(f"{'accuracy':>10} {'sure':>8} {'of those agree':>15} {'of the others':>14} {'named first or next':>20}")
    for accuracy in ACCURACIES:
        said = weigh_points(spots, ground.locator, accuracy_m=accuracy)
        agrees = said["grid_code"] == ground.recorded
        either = agrees | (said["next_code"] == ground.recorded)
        sure = said["sure"]
        print(
            f"{accuracy:8.0f} m {sure.mean():8.2%} {agrees[sure].mean():15.2%} {agrees[~sure].mean():14.2%}"
            f" {either.mean():20.2%}"
        )


def bench_calibration(ground: Ground, count: int = 300_000) -> None:
    """Of answers stated with so many percent, how many are right when the noise is really that."""
    random = np.random.default_rng(5)
    print(f"\n{count:,} true places near borders, evenly spread there, with noise of the accuracy stated")
    print(f"{'accuracy':>10} {'what':>16} {'bins':>5} {'worst gap':>10} {'mean gap':>9}  stated > found, each tenth")
    for accuracy in ACCURACIES:
        x, y = _near_borders(ground, random, count, 5.0 * accuracy)
        truth = ground.locator.locate(x, y)
        noise = random.normal(0, accuracy / SIGMAS_IN_ACCURACY, (2, count))
        x, y = x + noise[0], y + noise[1]
        # Farther than this from a border, places were only drawn from one side of what the noise may have moved.
        kept = ground.locator.border_m(x, y, ground.locator.locate(x, y)) < 1.5 * accuracy
        x, y, truth = x[kept], y[kept], truth[kept]
        said = weigh(ground.locator, x, y, accuracy_m=accuracy)
        _reliability(accuracy, "the answer", said.probability, said.grid == truth)
        spots = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=METRES)
        pairs = weigh_candidates(spots, ground.locator, accuracy_m=accuracy, least=0.0)
        true_codes = ground.locator.codes_at(truth)[pairs["point"].to_numpy()]
        right = (pairs["grid_code"].to_numpy() == true_codes).astype(bool)
        _reliability(accuracy, "every candidate", pairs["probability"].to_numpy(), right)


def _near_borders(ground: Ground, random: np.random.Generator, count: int, within_m: float) -> tuple[Floats, Floats]:
    found = np.empty((2, 0))
    while found.shape[1] < count:
        x, y = _evenly(ground, random, 500_000)
        grid = ground.locator.locate(x, y)
        near = ground.locator.border_m(x, y, grid) < within_m
        found = np.hstack([found, [x[near], y[near]]])
    return np.ascontiguousarray(found[0, :count]), np.ascontiguousarray(found[1, :count])


def _evenly(ground: Ground, random: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Places evenly spread over squares of 500 m in which something was recorded: the noise must not tell where."""
    squares = np.unique(np.floor(np.column_stack([ground.x, ground.y]) / 500), axis=0)
    corner = squares[random.integers(0, len(squares), count)]
    x, y = ((corner + random.uniform(0, 1, (count, 2))) * 500).T
    return np.ascontiguousarray(x), np.ascontiguousarray(y)


def _reliability(accuracy: float, what: str, stated: Floats, right: np.ndarray) -> None:
    which = np.clip(np.digitize(stated, BINS) - 1, 0, 9)
    count = np.bincount(which, minlength=10)
    said = np.bincount(which, stated, minlength=10) / np.maximum(count, 1)
    found = np.bincount(which, right, minlength=10) / np.maximum(count, 1)
    # Fewer than this leave more than a point to chance alone.
    told = count >= 2_500
    gap = np.abs(said - found)
    row = " ".join(f"{s * 100:.0f}>{f * 100:.1f}" if c else "-" for s, f, c in zip(said, found, count, strict=True))
    mean = np.average(gap, weights=count)
    print(f"{accuracy:8.0f} m {what:>16} {told.sum():5} {gap[told].max():10.2%} {mean:9.2%}  {row}")


def bench_speed(ground: Ground) -> None:
    """Points weighed in a second of one core, the recorded ones many times over, and evenly spread ones."""
    random = np.random.default_rng(6)
    again = random.integers(0, len(ground.x), 1_000_000)
    recorded = ground.x[again] + random.normal(0, 3, again.size), ground.y[again] + random.normal(0, 3, again.size)
    print(f"\n{'':34} {'points':>10} {'CPU s':>7} {'M points/s':>11} {'sure':>7}")
    for name, (x, y) in (("recorded places", recorded), ("evenly spread", _evenly(ground, random, 1_000_000))):
        weigh(ground.locator, x[:1000], y[:1000], accuracy_m=10.0)
        for accuracy in (np.nan, *ACCURACIES):
            best, said = np.inf, None
            for _ in range(3):
                started = time.thread_time()
                said = weigh(ground.locator, x, y, accuracy_m=accuracy, tie_m=0.01)
                best = min(best, time.thread_time() - started)
            label = f"{name}, " + ("accuracy unknown" if np.isnan(accuracy) else f"{accuracy:.0f} m")
            print(f"{label:34} {len(x):10,} {best:7.3f} {len(x) / best / 1e6:11.2f} {said.sure.mean():7.1%}")


def main() -> None:
    """Print all tables, or those named on the command line."""
    if not SHARED.exists():
        print(f"no {SHARED.name}: nothing to weigh")
        return
    ground = read_ground()
    tables = {"recorded": bench_recorded, "calibration": bench_calibration, "speed": bench_speed}
    for name in sys.argv[1:] or tables:
        tables[name](ground)


if __name__ == "__main__":
    main()
