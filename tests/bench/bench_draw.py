"""Side by side: our balanced grids against METIS, ReCom, Max-P and Skater on the same blocks; whole towns; counties.

Run by ``make bench``; prints tables. Towns of the shared folder are left out where it isn't beside the checkout, peers
where they are not installed (``pip install --group bench .``). ``--only=NAME``, as often as wished, asks for the towns
alone whose name begins so; ``whole`` stands for the last tables, of whole towns and counties.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).parent))

from draw_peers import LIMIT_S, run_peers
from draw_towns import SHARED, Town, bayreuth, counties, sample_town, towns

from geo.balance import balance_blocks
from geo.cuts import cut_fewest
from geo.draw import draw
from geo.explain import NARROW
from geo.faces import connected_parts
from geo.tiling import balance, find_flaws

SEEDS = 20
LINE = "{:30} {:>8} {:>6} {:>6} {:>6} {:>8} {:>12} {:>6} {:>8}"
HEADS = ("", "CPU s", "grids", "out", "broken", "spread", "compactness", "least", "yards")


def judge(town: Town, labels: np.ndarray) -> dict[str, float]:
    """Grids, those out of the band beyond what single blocks force, broken ones, spread, compactness, poor borders.

    A grid is broken when nobody can walk between its pieces though the ground between them belongs to the town.
    ``least`` is the least compactness of a grid; ``forced`` counts grids below 0.2 of one block that no neighbour could
    join within the band. ``yards`` is the share of the border that the most important streets would not have: 0 along
    expressways, 1.5 through yards.
    """
    labels = np.unique(labels, return_inverse=True)[1]
    blocks, count = town.blocks, int(labels.max()) + 1
    one, two = town.borders["one"].to_numpy(), town.borders["two"].to_numpy()
    metres, cost = town.borders["metres"].to_numpy(), town.borders["cost"].to_numpy()
    inner = labels[one] == labels[two]
    people = np.bincount(labels, weights=blocks["households"])
    around = np.bincount(labels, weights=blocks.length) - 2 * np.bincount(labels[one[inner]], metres[inner], count)
    round_share = 4 * np.pi * np.bincount(labels, weights=blocks.area) / around**2
    large = int((blocks["households"] > town.band[1]).sum())
    out = int(((people < town.band[0]) | (people > town.band[1])).sum())
    ground = connected_parts(len(labels), one, two)
    pieces = int(connected_parts(len(labels), one[inner], two[inner]).max()) + 1
    homes = len(np.unique(labels * (int(ground.max()) + 1) + ground))
    return {
        "grids": count,
        "out": max(out - large, 0),
        "broken": pieces - homes,
        "spread": float(people.std()),
        "compactness": float(round_share.mean()),
        "least": float(round_share.min()),
        "thin": int((round_share < NARROW).sum()),
        "forced": _count_forced(town, labels, round_share < NARROW),
        "yards": float(cost[~inner].sum() / max(metres[~inner].sum(), 1e-9)),
    }


def _count_forced(town: Town, labels: np.ndarray, thin: np.ndarray) -> int:
    """Thin grids of one block, with people enough for a grid, that not even the emptiest neighbour fits beside."""
    people = town.blocks["households"].to_numpy(dtype=float)
    one, two = town.borders["one"].to_numpy(), town.borders["two"].to_numpy()
    emptiest = np.full(len(people), np.inf)
    np.minimum.at(emptiest, one, people[two])
    np.minimum.at(emptiest, two, people[one])
    alone = np.bincount(labels)[labels] == 1
    return int((alone & thin[labels] & (people >= town.band[0]) & (people + emptiest > town.band[1])).sum())


def show(name: str, seconds: str, found: dict[str, float]) -> None:
    """One row of the table."""
    cells = (f"{found['spread']:.1f}", f"{found['compactness']:.3f}", f"{found['least']:.2f}", f"{found['yards']:.2f}")
    print(LINE.format(name, seconds, found["grids"], found["out"], found["broken"], *cells), flush=True)
    if found["thin"]:
        print(
            f"  {found['thin']} grids below {NARROW}, {found['forced']} of them a single block that nothing could join"
        )


def best_in_band(town: Town, answers: Sequence[np.ndarray]) -> tuple[dict[str, float], int]:
    """The most compact sound answer, and how many are sound; without any, the one with the fewest faults."""
    judged = [judge(town, labels) for labels in answers]
    sound = [one for one in judged if one["out"] == one["broken"] == 0 and one["grids"] == town.grids]
    if sound:
        return max(sound, key=lambda one: one["compactness"]), len(sound)
    return min(judged, key=lambda one: (one["out"] + one["broken"], -one["compactness"])), 0


def bench_town(town: Town, given_up: dict[str, int]) -> None:
    """Our grids for every seed, then each peer that had an answer for towns of fewer blocks."""
    print(f"\n{town.name}: {len(town.blocks)} blocks, band {town.band[0]} to {town.band[1]}")
    print(LINE.format(*HEADS))
    runs, seconds, walls = [], [], []
    for seed in range(SEEDS):
        began, wall = time.process_time(), time.perf_counter()
        labels = balance_blocks(town.blocks, town.borders, households=town.band, seed=seed)
        seconds.append(time.process_time() - began)
        walls.append(time.perf_counter() - wall)
        runs.append(judge(town, labels))
    worst = {key: (min if key in ("compactness", "least") else max)(run[key] for run in runs) for key in runs[0]}
    show("gridpatrol, mean", f"{np.mean(seconds):.2f}", {key: _mean(key, runs) for key in runs[0]})
    show(f"  worst of {SEEDS} seeds, each figure", f"{max(seconds):.2f}", worst)
    print(f"  on the clock: {np.median(walls):.2f} s at the median, {max(walls):.2f} s at most")
    for name, blocks in given_up.items():
        if blocks < len(town.blocks):
            print(f"{name:30} not asked, having had no answer for {blocks} blocks")
    for name, cpu, answers in run_peers(town, given_up):
        if not answers:
            print(f"{name:30} no answer within {LIMIT_S} s of CPU time")
            continue
        found, sound = best_in_band(town, answers)
        show(name, f"{cpu:.2f}", found)
        print(f"  {sound} of {len(answers)} answers sound and in the band; ", end="")
        print(
            f"our worst seed is {worst['compactness'] / found['compactness']:.3f} times as compact, "
            f"its spread {worst['spread'] / found['spread']:.2f} times as wide"
        )


def _mean(key: str, runs: list[dict[str, float]]) -> float:
    """The mean over all seeds; of counts the most."""
    values = [run[key] for run in runs]
    return max(values) if key in ("grids", "out", "broken", "thin", "forced") else float(np.mean(values))


def bench_counties() -> None:
    """Fewest cut edges for every seed, beside the optimum that others have proven."""
    print("\nCounties into districts within 0.5 % of the mean, fewest edges cut (optima proven by Validi and Buchanan)")
    line = "{:6} {:>9} {:>10} {:>8} {:>22} {:>10}"
    print(line.format("", "counties", "districts", "optimum", f"found, {SEEDS} seeds", "most CPU s"))
    for state, people, one, two, districts, optimum in counties():
        found, seconds = [], []
        for seed in range(SEEDS):
            began = time.process_time()
            labels = cut_fewest(people, one, two, districts, seed=seed)
            seconds.append(time.process_time() - began)
            totals = np.bincount(labels, weights=people)
            off = abs(totals / totals.mean() - 1).max()
            same = labels[one] == labels[two]
            parts = int(connected_parts(len(people), one[same], two[same]).max()) + 1
            sound = off <= 0.005 and parts == districts
            found.append(int((~same).sum()) if sound else -1)
        told = ", ".join(f"{value} x{found.count(value)}" for value in sorted(set(found)))
        print(line.format(state, len(people), districts, optimum, told, f"{max(seconds):.2f}"), flush=True)


def bench_drawing(name: str, frames: tuple[gpd.GeoDataFrame, ...]) -> None:
    """Draw a town from its streets and houses; check the tiling."""
    outline, _, buildings, *rest = frames
    start = time.perf_counter()
    drawing = draw(*frames)
    seconds = time.perf_counter() - start
    figures = balance(drawing.grids, (150, 500))
    flaws = find_flaws(drawing.grids, outline, buildings=buildings, compounds=rest[0] if rest else None)
    shapes = drawing.grids.geometry.to_numpy()
    off = shapely.area(shapely.symmetric_difference(shapely.coverage_union_all(shapes), outline.union_all()))
    print(
        f"{name}: {seconds:.2f} s, {figures['grids']} grids, {figures['in_band']} in the band, spread "
        f"{figures['spread']:.1f}, compactness {figures['compactness']:.3f}; valid coverage: "
        f"{shapely.coverage_is_valid(shapes)}; off the outline: {off:.3f} m2; flaws: {len(flaws)}; "
        f"notes: {len(drawing.notes)}"
    )


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="towns whose name begins so")
    only = tuple(parser.parse_args().only)
    balance_blocks(*_warm_up())
    given_up: dict[str, int] = {}
    for town in towns():
        if not only or town.name.startswith(only):
            bench_town(town, given_up)
    if not only or "whole" in only:
        bench_whole()
    return 0


def bench_whole() -> None:
    """From streets and houses to grids, and counties."""
    print("\nWhole towns, from streets and houses to grids")
    bench_drawing("sample town", sample_town())
    if SHARED.is_dir():
        bench_drawing("North Bayreuth", bayreuth())
        bench_counties()


def _warm_up() -> tuple[gpd.GeoDataFrame, object]:
    """A town of two rows, so that compiling is not counted."""
    from draw_towns import synthetic_blocks, without_streets

    town = without_streets("", synthetic_blocks(60), (300, 500))
    return town.blocks, town.borders


if __name__ == "__main__":
    sys.exit(main())
