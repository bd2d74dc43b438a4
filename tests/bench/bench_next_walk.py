"""Side by side: our closed walks over cold streets, greedy walkers, and OR-tools; the same streets, the same lengths.

Run by ``make bench``; prints a table. The figure is the staleness removed: days since each street was last seen times
its metres, for every metre walked along, in thousands. North Bayreuth is left out where the shared folder isn't beside
the checkout, OR-tools where it is not installed (``pip install --group bench .``).
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from draw_towns import SHARED, bayreuth, sample_town
from scipy.sparse.csgraph import dijkstra

from geo.streets import cut_streets
from geo.walk_graph import WalkGraph, make_graph, ways
from geo.walk_plan import plan_walk

LENGTHS_M = (2000.0, 4000.0, 6000.0)
TOWNS, LIMIT_S = 3, 20
LINE = "{:16} {:>6} {:>5} {:>14} {:>14} {:>14} {:>14} {:>8}"


class Task(NamedTuple):
    """Pieces of street, what each is worth, where the walk starts, and how long it may be."""

    pieces: gpd.GeoDataFrame
    worth: np.ndarray
    start: tuple[float, float]
    longest_m: float


class Ground(NamedTuple):
    """The same task as arrays: what walking each edge is worth, and the metres between all places."""

    graph: WalkGraph
    worth: np.ndarray
    apart: np.ndarray


def cold_town(streets: gpd.GeoDataFrame, seed: int) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """Pieces of street, and days since each was seen: a dozen corners gone cold, the rest seen lately or today."""
    everywhere = gpd.GeoDataFrame({"grid_code": ["A"]}, geometry=[shapely.box(*streets.total_bounds)], crs=streets.crs)
    pieces = cut_streets(streets.explode(ignore_index=True), everywhere)
    middle = shapely.get_coordinates(pieces.geometry.interpolate(0.5, normalized=True))
    random = np.random.default_rng(seed)
    corners = middle[random.integers(0, len(middle), 12)]
    away = np.min(np.linalg.norm(middle[:, None] - corners, axis=2), axis=1)
    days = np.clip(14 * np.exp(-away / 200) + random.exponential(2, len(middle)), 0, 30)
    days[random.random(len(middle)) < 0.3] = 0
    return pieces, np.floor(days) * pieces["metres"].to_numpy()


def greedy(ground: Ground, longest_m: float, *, by_worth: bool) -> float:
    """Walk to the nearest street not walked yet (or to the one worth most a metre) while one can still get home."""
    graph, here, left, total = ground.graph, ground.graph.start, longest_m, 0.0
    done = ground.worth <= 0
    while True:
        to_one, to_two = ground.apart[here, graph.one], ground.apart[here, graph.two]
        way = np.minimum(to_one, to_two)
        far = np.where(to_one <= to_two, graph.two, graph.one)
        possible = ~done & (way + graph.metres + ground.apart[far, graph.start] <= left)
        if not possible.any():
            return total
        gain = ground.worth / np.maximum(way + graph.metres, 1e-9) if by_worth else -way
        best = int(np.where(possible, gain, -np.inf).argmax())
        left -= way[best] + graph.metres[best]
        total += ground.worth[best]
        done[best], here = True, far[best]


def or_tools(ground: Ground, longest_m: float) -> float:
    """OR-tools: every street twice, once each way, one at most is visited; what is left out costs its worth."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    graph = ground.graph
    edge = np.repeat(np.flatnonzero(ground.worth > 0), 2)
    back = np.arange(len(edge)) % 2 == 1
    begin = np.append(graph.start, np.where(back, graph.two[edge], graph.one[edge]))
    end = np.append(graph.start, np.where(back, graph.one[edge], graph.two[edge]))
    # Whole decimetres, rounded up for the way as a whole to stay within the length.
    costs = np.rint((ground.apart[np.ix_(end, begin)] + np.append(0.0, graph.metres[edge])[:, None]) * 10).astype(int)
    table = costs.tolist()
    manager = pywrapcp.RoutingIndexManager(len(begin), 1, 0)
    routing = pywrapcp.RoutingModel(manager)
    distance = routing.RegisterTransitCallback(
        lambda one, other: table[manager.IndexToNode(one)][manager.IndexToNode(other)]
    )
    routing.AddDimension(distance, 0, int(longest_m * 10), True, "metres")
    routing.SetArcCostEvaluatorOfAllVehicles(distance)
    scale = 1e6 / max(ground.worth.max(), 1e-9)
    for at in range(1, len(begin), 2):
        nodes = [manager.NodeToIndex(at), manager.NodeToIndex(at + 1)]
        routing.AddDisjunction(nodes, int(ground.worth[edge[at - 1]] * scale) + 1)
    wanted = pywrapcp.DefaultRoutingSearchParameters()
    wanted.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    wanted.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    wanted.time_limit.FromSeconds(LIMIT_S)
    found = routing.SolveWithParameters(wanted)
    if found is None:
        return 0.0
    total, index = 0.0, found.Value(routing.NextVar(routing.Start(0)))
    while not routing.IsEnd(index):
        total += ground.worth[edge[manager.IndexToNode(index) - 1]]
        index = found.Value(routing.NextVar(index))
    return total


def laid_out(task: Task) -> Ground:
    """The task as the walkers that know no geometry want it."""
    lines = task.pieces.geometry.to_numpy()
    graph = make_graph(lines, task.start, task.longest_m)
    worth = task.worth[graph.piece] * (graph.finish - graph.begin)
    return Ground(graph, worth, dijkstra(ways(graph), directed=False))


def bench(name: str, streets: gpd.GeoDataFrame, start: Callable[[np.ndarray], np.ndarray], *, peer: bool) -> None:
    """Rows of the table for one town: the mean of some days, for each length of walk."""
    towns = [cold_town(streets, seed) for seed in range(TOWNS)]
    for longest_m in LENGTHS_M:
        rows, seconds = [], []
        for pieces, worth in towns:
            spots = shapely.get_coordinates(pieces.geometry.interpolate(0.5, normalized=True))
            task = Task(pieces, worth, tuple(start(spots)), longest_m)
            began = time.process_time()
            walk = plan_walk(task.pieces, task.worth, task.start, longest_m=longest_m)
            seconds.append(time.process_time() - began)
            assert walk.metres <= longest_m + 0.001
            ground = laid_out(task)
            greedy_two = (greedy(ground, longest_m, by_worth=flag) for flag in (False, True))
            rows.append((walk.worth, *greedy_two, or_tools(ground, longest_m) if peer else np.nan))
        mean = np.mean(rows, axis=0) / 1000
        cells = [f"{value:.1f}" + (f" ({mean[0] / value:.2f}x)" if at else "") for at, value in enumerate(mean)]
        print(LINE.format(name, f"{longest_m:.0f}", TOWNS, *cells, f"{np.mean(seconds):.2f}"), flush=True)


def main() -> int:
    """The whole table."""
    try:
        import ortools

        peer = f"OR-tools {ortools.__version__}, {LIMIT_S} s a walk"
    except ImportError:
        peer = ""
    print("staleness removed, day-kilometres (ours divided by it)" + (f"; {peer}" if peer else ""))
    print(LINE.format("", "metres", "days", "ours", "nearest street", "worth a metre", "OR-tools", "CPU s"))
    bench("sample town", sample_town()[1], lambda spots: np.median(spots, axis=0), peer=bool(peer))
    if SHARED.is_dir():
        bench("North Bayreuth", bayreuth()[1], lambda spots: np.percentile(spots, 30, axis=0), peer=bool(peer))
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.exit(main())
