"""Hot spots told in made towns with and without any, esda beside; and forecasts of real incidents; run by hand.

python -m tests.bench.bench_hotspots [agree|calm|planted|forecast]

A town has the grids of the sample town with their real households or street metres, or squares; its incidents are
simulated. "esda" is `esda.G_Local` of the rates (star, weights of one), by its normal p and by its 999 permutations,
with the same control of false discoveries as ours.
"""

import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.chance import discovery_rates, window_chance
from geo.contiguity import Contiguity, border_on
from geo.draw import draw_grids
from geo.gistar import g_star, g_star_simulated
from geo.locator import GridLocator
from geo.streets import cut_streets
from patrols.hotspots import FALSE_SHARE
from patrols.next_counts import AREA_SHARE, Trial, try_out

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
CHICAGO = Path(__file__).parents[3] / "shared" / "data" / "inc-chicago-district"
ILLINOIS = 26971
"""Metres of eastern Illinois."""
TOWNS = 1000
MEANS = (0.5, 3.0, 20.0)
CELLS_M = (250, 500, 1000)


class Town(NamedTuple):
    """Who borders on whom, and what counts are held against."""

    name: str
    beside: Contiguity
    exposed: np.ndarray


def towns() -> Iterator[Town]:
    """The sample town by households and by streets, and 118 squares of very unlike sizes."""
    names = ("outline", "streets", "buildings", "compounds")
    outline, streets, buildings, compounds = (gpd.read_file(SAMPLE / f"{name}.geojson").to_crs(4548) for name in names)
    grids = draw_grids(outline, streets, buildings, compounds)
    beside = border_on(grids.geometry.to_numpy())
    yield Town(f"sample town, {len(grids)} grids, households", beside, grids["households"].to_numpy(float))
    pieces = cut_streets(streets, grids, border_m=1.0)
    metres = pieces[["grid_codes", "metres"]].explode("grid_codes").groupby("grid_codes")["metres"].sum()
    along = metres.reindex(grids["grid_code"]).fillna(0).to_numpy(float)
    yield Town(f"sample town, {len(grids)} grids, street metres", beside.among(along > 0), along[along > 0])
    squares = [shapely.box(column, row, column + 1, row + 1) for row in range(11) for column in range(11)][:118]
    random = np.random.default_rng(1)
    among = border_on(squares, near_m=0.01, least_m=0.1)
    yield Town("118 squares, households scattered by 0.8 in the logarithm", among, random.lognormal(5.3, 0.8, 118))


def simulated(random: np.random.Generator, town: Town, mean: float, unlike: str, times: np.ndarray) -> np.ndarray:
    """Counts of a town in which places differ by chance, day by day in bursts, or in their own rates."""
    expected = mean * town.exposed / town.exposed.mean() * times
    if unlike == "bursts":
        expected = random.gamma(expected, 1.0)
    elif unlike == "rates":
        expected = expected * random.gamma(2.0, 0.5, len(expected))
    return random.poisson(expected)


def hot(p: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Which are told hot of one-sided p of both tails."""
    return discovery_rates(np.where(z > 0, p, 1.0 - p)) <= FALSE_SHARE


def bench_calm() -> None:
    """How many of 1,000 towns without a hot spot show one."""
    print(f"\n{TOWNS:,} towns without a hot spot: how many show one (at most 5 % wanted)")
    print(f"{'':>58} {'ours':>7} {'esda p':>7} {'no FDR':>7} {'ms a town':>10}")
    for town in towns():
        print(town.name)
        for unlike in ("chance", "bursts", "rates"):
            for mean in MEANS:
                _calm(town, unlike, mean)


def _calm(town: Town, unlike: str, mean: float) -> None:
    random, told, took = np.random.default_rng(7), np.zeros(3), 0.0
    for _ in range(TOWNS):
        counts = simulated(random, town, mean, unlike, np.ones(town.beside.count))
        began = time.process_time()
        found = window_chance(counts, town.exposed, town.beside)
        ours = discovery_rates(found.p) <= FALSE_SHARE
        took += time.process_time() - began
        z, p = g_star(counts / town.exposed, town.beside)
        told += [ours.any(), hot(p, z).any(), ((p <= FALSE_SHARE) & (z > 0)).any()]
    share = told / TOWNS
    print(
        f"{f'unlike by {unlike}, {mean:g} incidents a grid':>58} {share[0]:7.1%} {share[1]:7.1%} {share[2]:7.1%}"
        f" {1000 * took / TOWNS:10.2f}"
    )


def bench_planted() -> None:
    """How many planted hot spots, a grid with its neighbours, are found; and what of all told is false."""
    print(f"\n{TOWNS // 2:,} towns with a hot spot, a grid and its neighbours")
    print(f"{'':>58} {'found':>7} {'nowhere near':>13}")
    for town in towns():
        print(town.name)
        for unlike in ("chance", "bursts"):
            for mean in MEANS:
                for times in (2.0, 3.0):
                    _planted(town, unlike, mean, times)


def _planted(town: Town, unlike: str, mean: float, times: float) -> None:
    random, found, false = np.random.default_rng(7), 0, []
    middles = np.flatnonzero(town.beside.neighbours >= 3)
    for _ in range(TOWNS // 2):
        middle = np.arange(town.beside.count) == random.choice(middles)
        spot = town.beside.window_sums(middle) > 0
        counts = simulated(random, town, mean, unlike, np.where(spot, times, 1.0))
        told = discovery_rates(window_chance(counts, town.exposed, town.beside).p) <= FALSE_SHARE
        found += bool((told & spot).any())
        # A window that has a part of the spot in it has more than chance would bring, and says so.
        away = town.beside.window_sums(spot) == 0
        false.append((told & away).sum() / max(told.sum(), 1))
    said = f"unlike by {unlike}, {mean:g} a grid, {times:g} times as many there"
    print(f"{said:>58} {2 * found / TOWNS:7.1%} {np.mean(false):13.1%}")


def bench_agree() -> None:
    """How far our Gi* and its p lie from esda's, and which takes how long."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import esda
        from libpysal.weights import W
    dealings = 9999
    print(f"\nGi* of rates beside esda {esda.__version__}, {dealings:,} permutations")
    print(f"{'':>58} {'z':>8} {'p':>8} {'p dealt':>8} {'esda twice':>11} {'ms':>6} {'esda ms':>8}")
    for town in towns():
        around: dict[int, list[int]] = {place: [] for place in range(town.beside.count)}
        for one, two in zip(town.beside.one.tolist(), town.beside.two.tolist(), strict=True):
            around[one].append(two)
            around[two].append(one)
        rates = np.random.default_rng(2).poisson(5, town.beside.count) / town.exposed
        known = ~town.beside.islands

        def theirs(seed: int, rates: np.ndarray = rates, around: dict[int, list[int]] = around) -> "esda.G_Local":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return esda.G_Local(
                    rates, W(around, silence_warnings=True), "B", dealings, star=True, seed=seed, n_jobs=1
                )

        first = theirs(1)
        began = time.process_time()
        second = theirs(2)
        esda_s = time.process_time() - began
        began = time.process_time()
        z, p = g_star(rates, town.beside)
        dealt = g_star_simulated(rates, town.beside, permutations=dealings)
        ours_s = time.process_time() - began
        spread = np.sqrt(2 * np.maximum(first.p_sim * (1 - first.p_sim), 1 / dealings) / dealings)[known]
        print(
            f"{town.name:>58} {np.abs(z - first.Zs)[known].max():8.0e} {np.abs(p - first.p_norm)[known].max():8.0e}"
            f" {(np.abs(dealt - first.p_sim)[known] / spread).max():8.1f}"
            f" {(np.abs(second.p_sim - first.p_sim)[known] / spread).max():11.1f}"
            f" {1000 * ours_s:6.0f} {1000 * esda_s:8.0f}"
        )
    print("z, p: largest difference; p dealt, esda twice: the same in standard errors of so many permutations")


def bench_forecast() -> None:
    """Hit rate and PAI of the next week's forecast beside plain counts, on incidents of Chicago."""
    if not CHICAGO.is_dir():
        print("left out: the incidents of Chicago are not beside the checkout")
        return
    incidents = pd.read_csv(CHICAGO / "chicago_aggravated_assaults.csv.gz", parse_dates=["date"])
    spots = gpd.GeoSeries(gpd.points_from_xy(incidents["longitude"], incidents["latitude"], crs=4326)).to_crs(ILLINOIS)
    week = ((incidents["date"] - incidents["date"].min().normalize()).dt.days // 7).to_numpy()
    areas = gpd.read_file(CHICAGO / "districts_2014_evz.geojson").to_crs(ILLINOIS).dissolve("DIST_NUM").reset_index()
    print(
        f"\nnext week's forecast, {len(spots):,} incidents of ten years; PAI of {AREA_SHARE:.0%} of the ground, weekly"
    )
    head = f"{'hit rate':>9} {'PAI':>6} {'of all':>7} {'of a year':>10} {'of a week':>10} {'gain a week':>15} shown"
    print(f"{'':>24} {head} {'CPU s':>6}")
    _foretell("districts", areas.rename(columns={"DIST_NUM": "grid_code"}), spots, week)
    for side in CELLS_M:
        _foretell(f"squares of {side} m", squares(areas.union_all(), side), spots, week)


def squares(ground: shapely.Geometry, side: float) -> gpd.GeoDataFrame:
    """Squares whose middle lies on some ground."""
    west, south, east, north = ground.bounds
    x, y = np.meshgrid(np.arange(west, east, side), np.arange(south, north, side))
    shapely.prepare(ground)
    inside = shapely.contains_xy(ground, x + side / 2, y + side / 2)
    x, y = x[inside], y[inside]
    codes = np.arange(len(x)).astype(str)
    return gpd.GeoDataFrame({"grid_code": codes}, geometry=shapely.box(x, y, x + side, y + side), crs=ILLINOIS)


def _foretell(name: str, grids: gpd.GeoDataFrame, spots: gpd.GeoSeries, week: np.ndarray) -> None:
    place = GridLocator(grids).locate(spots.x.to_numpy(), spots.y.to_numpy())
    weeks = int(week.max())
    # The last week is not over.
    known = (place >= 0) & (week < weeks)
    flat = week[known] * len(grids) + place[known]
    counts = np.bincount(flat, minlength=weeks * len(grids)).reshape(weeks, len(grids))
    began = time.process_time()
    found = try_out(counts, grids.area.to_numpy(), border_on(grids.geometry.to_numpy()))
    print(f"{f'{len(grids):,} {name}':>24} {_said(found)} {time.process_time() - began:6.1f}")
    print(f"{'':>24} {found.way}, tried on {found.periods} weeks that chose nothing")


def _said(found: Trial) -> str:
    plain = found.plain
    gain = f"{found.gain:+.2f} +- {found.gain_error:.2f}"
    return (
        f"{found.score.hit_rate:9.4f} {found.score.pai:6.3f} {plain['all'].pai:7.3f} {plain['year'].pai:10.3f}"
        f" {plain['last'].pai:10.3f} {gain:>15} {'yes' if found.better else 'no':>5}"
    )


TABLES = {"agree": bench_agree, "calm": bench_calm, "planted": bench_planted, "forecast": bench_forecast}


if __name__ == "__main__":
    for wanted in sys.argv[1:] or TABLES:
        TABLES[wanted]()
