"""Side by side: which metres of street simulated walks saw, against the plain buffer and leuven-map-matching.

Run by ``make bench``; prints tables. The true way is known (`simulated_walks`), and neither the noise nor the interval
of the fixes is told to anybody. Every method gets the same cleaned lines. Precision is the share of the metres called
seen that were walked; recall the share of the metres walked that are called seen; lanes side by side closer than 12 m
are taken as one (and once more not, in the last two columns). Each case has several sets of walks, drawn independently,
and others than those by which the matcher's numbers were chosen: ours are shown for all of them together, and for the
set in which they are worst. Fixes per processor second of this thread, one call a walk, the network of streets laid
anew for each set; and once more with all walks in one call. Peers get the first set, leuven the first few of its walks.
Peers that are not installed are left out.

In the last table the same streets lie side by side 1, 2, 4 and 8 times, with as many walks for each.
"""

import argparse
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.draw_towns import SHARED, bayreuth, sample_town
from bench.simulated_walks import Town, Walk

from geo.lines import lines_only
from geo.match import match_walks
from geo.network import Cells, make_network, street_cells
from patrols.coverage import cells_seen, forget_streets
from patrols.rules import Rules
from patrols.tracks import clean_fixes, to_lines

NOISES_M = (4.0, 8.0, 12.0)
WANTED = {4.0: 0.97, 8.0: 0.95, 12.0: 0.92}
EVERY_S = (5.0, 10.0)
AS_ONE_M = 12.0
BUFFER_M = 15.0
LINE = "{:37} {:>7} {:>9} {:>7} {:>10} {:>9} {:>7}"
START = pd.Timestamp("2026-11-02 08:00", tz="UTC")

Method = Callable[[list[gpd.GeoSeries]], list[np.ndarray]]


def lines_of(walks: list[Walk], crs: object) -> list[gpd.GeoSeries]:
    """What the patrols' own cleaning makes of the fixes, a series for each walk."""
    fixes = pd.concat([walk.fixes.assign(patrol=number) for number, walk in enumerate(walks)], ignore_index=True)
    fixes["at"] = START + pd.to_timedelta(fixes["seconds"], unit="s")
    rules = Rules()
    lines = to_lines(clean_fixes(fixes, rules), rules, crs=crs).geometry
    return [lines.iloc[[at]] for at in range(len(walks))]


def true_steps(walk: Walk, steps: Cells) -> np.ndarray:
    """Which steps of street were really walked along."""
    return _beside(steps, walk.true[:, :2], walk.true[:, 2:], apart_m=0.5, along_m=2.0)


def taken_as_one(steps: Cells, flags: np.ndarray) -> np.ndarray:
    """Those steps and the ones beside them."""
    if not flags.any():
        return flags
    return flags | _beside(steps, steps.middle[flags], steps.direction[flags], apart_m=AS_ONE_M, along_m=3.0)


def _beside(steps: Cells, place: np.ndarray, way: np.ndarray, *, apart_m: float, along_m: float) -> np.ndarray:
    found = np.zeros(len(steps.owner), bool)
    near = cKDTree(place).sparse_distance_matrix(
        cKDTree(steps.middle), float(np.hypot(apart_m, along_m)), output_type="ndarray"
    )
    offset = steps.middle[near["j"]] - place[near["i"]]
    ahead = np.abs((offset * way[near["i"]]).sum(axis=1))
    aside = np.abs(offset[:, 0] * way[near["i"], 1] - offset[:, 1] * way[near["i"], 0])
    turned = np.abs((way[near["i"]] * steps.direction[near["j"]]).sum(axis=1))
    found[near["j"][(ahead <= along_m) & (aside <= apart_m) & (turned >= np.cos(np.radians(35)))]] = True
    return found


def scores(steps: Cells, true: list[np.ndarray], seen: list[np.ndarray]) -> tuple[float, float, float, float]:
    """Precision and recall over all walks, with lanes beside each other as one and without."""
    sums = np.zeros(6)
    for was, said in zip(true, seen, strict=True):
        m = steps.metres
        was_wide, said_wide = taken_as_one(steps, was), taken_as_one(steps, said)
        sums += [m[said].sum(), m[was].sum(), m[said & was_wide].sum(), m[was & said_wide].sum()] + 2 * [
            m[said & was].sum()
        ]
    said_m, was_m, right, found, exactly, _ = sums
    return right / max(said_m, 1e-9), found / was_m, exactly / max(said_m, 1e-9), exactly / was_m


def ours(streets: gpd.GeoDataFrame, lines: list[gpd.GeoSeries]) -> list[np.ndarray]:
    """Our own answer, walk by walk."""
    return [cells_seen(line, streets) for line in lines]


def buffered(streets: gpd.GeoDataFrame, lines: list[gpd.GeoSeries]) -> list[np.ndarray]:
    """Everything within 15 m of the walk, of streets with at least half of their length there."""
    steps = street_cells(lines_only(streets))
    tree = shapely.STRtree(shapely.points(steps.middle))
    metres = np.bincount(steps.owner, steps.metres, minlength=len(streets))
    seen = []
    for line in lines:
        near = np.zeros(len(steps.owner), bool)
        near[tree.query(shapely.buffer(line.iloc[0], BUFFER_M), predicate="intersects")] = True
        share = np.bincount(steps.owner, steps.metres * near, minlength=len(streets)) / np.maximum(metres, 1e-9)
        seen.append(near & (share >= 0.5)[steps.owner])
    return seen


def by_leuven(streets: gpd.GeoDataFrame, town: Town, lines: list[gpd.GeoSeries]) -> list[np.ndarray]:
    """leuven-map-matching on the same network, with the settings of its own examples for walks."""
    from leuvenmapmatching.map.inmem import InMemMap

    steps = street_cells(lines_only(streets))
    graph = InMemMap("town", use_latlon=False, use_rtree=True, index_edges=True)
    nodes, links = _dense(town)
    for number, place in enumerate(nodes):
        graph.add_node(number, (place[1], place[0]))
    for one, other in links:
        graph.add_edge(int(one), int(other))
        graph.add_edge(int(other), int(one))
    seen = []
    for line in lines:
        ways, places = [], []
        for part in shapely.get_parts(line.array):
            for way in _leuven_ways(graph, shapely.get_coordinates(part)):
                spots = shapely.get_coordinates(shapely.segmentize(shapely.linestrings(nodes[way]), 1.0))
                leg = np.diff(spots, axis=0)
                length = np.hypot(*leg.T)
                places.append(((spots[1:] + spots[:-1]) / 2)[length > 0])
                ways.append((leg / np.maximum(length, 1e-9)[:, None])[length > 0])
        found = np.zeros(len(steps.owner), bool)
        if places:
            found = _beside(steps, np.vstack(places), np.vstack(ways), apart_m=0.5, along_m=2.0)
        seen.append(found)
    return seen


def _leuven_ways(graph: Any, spots: np.ndarray) -> Iterator[list[int]]:
    """The nodes passed; where the matcher gives up, off the streets, it is set going again behind the place."""
    from leuvenmapmatching.matcher.distance import DistanceMatcher

    begin = 0
    while begin < len(spots) - 1:
        matcher = DistanceMatcher(
            graph, max_dist=60, max_dist_init=60, obs_noise=10, obs_noise_ne=15, non_emitting_states=True,
            max_lattice_width=8, min_prob_norm=0.001, only_edges=True,
        )  # fmt: skip
        _, last = matcher.match([(y, x) for x, y in spots[begin:]])
        way = matcher.path_pred_onlynodes if last else []
        if len(way) > 1:
            yield way
        begin += last + 1


def _dense(town: Town) -> tuple[np.ndarray, np.ndarray]:
    """The network's vertices and straight edges."""
    coordinates, line = shapely.get_coordinates(town.net.lines, return_index=True)
    nodes, where = np.unique(np.round(coordinates, 1), axis=0, return_inverse=True)
    joined = np.flatnonzero(line[1:] == line[:-1])
    return nodes, np.column_stack([where[joined], where[joined + 1]])


def cases(walks: int, metres: float, town: Town, sets: int) -> Iterator[tuple[float, float, list[list[Walk]]]]:
    """Interval, noise and sets of walks, the same for every run."""
    for every_s in EVERY_S:
        for noise in NOISES_M:
            rngs = [np.random.default_rng([101 + number, int(noise), int(every_s)]) for number in range(sets)]
            drawn = [
                [town.walk(rng, noise_m=noise, every_s=every_s, metres=metres) for _ in range(walks)] for rng in rngs
            ]
            yield every_s, noise, drawn


def timed(method: Method, lines: list[gpd.GeoSeries]) -> tuple[list[np.ndarray], float]:
    """What a method says, and the seconds of this thread that it took."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.thread_time()
        seen = method(lines)
        return seen, time.thread_time() - started


def show(name: str, noise: float, said: Sequence[float], speed: float) -> None:
    """One row."""
    shares = [f"{100 * share:.1f}" for share in said]
    print(LINE.format(name, f"{noise:g} m", *shares[:2], f"{speed:,.0f}", *shares[2:]))


def bench_ours(
    streets: gpd.GeoDataFrame, every_s: float, noise: float, sets: list[list[Walk]], lines: list[list[gpd.GeoSeries]]
) -> bool:
    """Our rows of a case; whether each set reached what is wanted."""
    steps = street_cells(lines_only(streets))
    said, fixes, spent, together = [], 0, 0.0, 0.0
    for walks, some in zip(sets, lines, strict=True):
        forget_streets()
        seen, seconds = timed(partial(ours, streets), some)
        said.append(scores(steps, [true_steps(walk, steps) for walk in walks], seen))
        fixes, spent = fixes + sum(len(walk.fixes) for walk in walks), spent + seconds
        all_in_one = gpd.GeoSeries(pd.concat(some), crs=streets.crs)
        together += timed(lambda line: ours(streets, line), [all_in_one])[1]
    table = np.array(said)
    show(f"ours, each {every_s:g} s, {len(sets)} sets", noise, table.mean(axis=0), fixes / spent)
    worst = table[table[:, :2].min(axis=1).argmin()]
    show("ours, the worst set", noise, worst, fixes / spent)
    print(LINE.format("ours, all walks of a set in one call", "", "", "", f"{fixes / together:,.0f}", "", ""))
    return bool(table[:, :2].min() >= WANTED[noise])


def bench_town(name: str, streets: gpd.GeoDataFrame, walks: int, metres: float, leuven_walks: int, sets: int) -> bool:
    """All methods on one town; whether ours reached what is wanted everywhere."""
    town, good = Town(streets), []
    steps = street_cells(lines_only(streets))
    print(f"\n{name}: {streets.length.sum() / 1000:,.0f} km of streets, {sets} sets of {walks} walks of", end=" ")
    print(f"{metres / 1000:g} km a case")
    print(LINE.format("", "noise", "precision", "recall", "fixes/s", "exactly:", ""))
    ours(streets, lines_of([town.walk(np.random.default_rng(1), noise_m=5, every_s=5, metres=300)], streets.crs))
    for every_s, noise, drawn in cases(walks, metres, town, sets):
        lines = [lines_of(walked, streets.crs) for walked in drawn]
        good.append(bench_ours(streets, every_s, noise, drawn, lines))
        methods: list[tuple[str, Method, int]] = [
            ("plain buffer, half a street", partial(buffered, streets), walks),
            (f"leuven, {leuven_walks} of the walks", partial(by_leuven, streets, town), leuven_walks),
            (f"ours, the same {leuven_walks}", partial(ours, streets), leuven_walks),
        ]
        for method, run, count in methods:
            if not count:
                continue
            try:
                seen, spent = timed(run, lines[0][:count])
            except ImportError:
                print(f"{method} is not installed")
                continue
            some = drawn[0][:count]
            said = scores(steps, [true_steps(walk, steps) for walk in some], seen)
            show(method, noise, said, sum(len(walk.fixes) for walk in some) / spent)
    print(f"ours reached what is wanted with every set in {sum(good)} of {len(good)} cases")
    return all(good)


def bench_sizes(streets: gpd.GeoDataFrame, walks: int, metres: float) -> None:
    """Time and memory against the size of the town."""
    town = Town(streets)
    rng = np.random.default_rng(5)
    walked = [town.walk(rng, noise_m=8.0, every_s=10.0, metres=metres) for _ in range(walks)]
    lines = gpd.GeoSeries(pd.concat(lines_of(walked, streets.crs)), crs=streets.crs)
    west, south, east, north = streets.total_bounds
    row = "{:>5} {:>8} {:>9} {:>12} {:>12} {:>14} {:>12}"
    print("\nthe same streets side by side, walks on all of them in one call")
    print(row.format("times", "km", "cells", "net: s", "net: MB", "microsec/fix", "peak: MB"))
    for times in (1, 2, 4, 8):
        across = 2 ** (times.bit_length() // 2)
        shifts = [((east - west + 50) * (at % across), (north - south + 50) * (at // across)) for at in range(times)]
        tiled = np.concatenate([moved(lines_only(streets), shift) for shift in shifts])
        many = np.concatenate([moved(lines_only(lines), shift) for shift in shifts])
        started = time.thread_time()
        net = make_network(tiled)
        laid = time.thread_time() - started
        size = sum(part.nbytes for part in (*net.cells, net.before, net.leads, *net.boxes))
        tracemalloc.start()
        match_walks(many, net, sight_m=Rules().sight_m)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        started = time.thread_time()
        match_walks(many, net, sight_m=Rules().sight_m)
        each = (time.thread_time() - started) / times / sum(len(walk.fixes) for walk in walked)
        km = times * streets.length.sum() / 1000
        print(
            row.format(
                times, f"{km:,.0f}", f"{len(net.cells.owner):,}", f"{laid:.2f}", f"{size / 1e6:.0f}",
                f"{1e6 * each:.1f}", f"{peak / 1e6:.0f}",
            )
        )  # fmt: skip


def moved(lines: np.ndarray, shift: tuple[float, float]) -> np.ndarray:
    """The lines moved."""
    return shapely.transform(lines, lambda places: places + shift)


def main() -> None:
    """Print all tables."""
    options = argparse.ArgumentParser()
    options.add_argument("--walks", type=int, default=30)
    options.add_argument("--metres", type=float, default=2500.0)
    options.add_argument("--leuven", type=int, default=6, help="walks given to leuven-map-matching, which is slow")
    options.add_argument("--sets", type=int, default=5)
    given = options.parse_args()
    towns = {"sample town": sample_town()[1]}
    if SHARED.is_dir():
        towns["North Bayreuth"] = bayreuth()[1]
    for name, streets in towns.items():
        streets = streets.explode(ignore_index=True)
        bench_town(name, streets, given.walks, given.metres, given.leuven, given.sets)
    bench_sizes(streets, given.walks, given.metres)


if __name__ == "__main__":
    main()
