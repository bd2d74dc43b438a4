"""What else joins blocks to balanced grids: METIS from many permuted starts, ReCom, Max-P and Skater.

METIS trades evenness for roundness by one setting, so it comes with three of them, each a row of its own, with the
roundest of its answers in the band: whoever draws with it takes one and has the spread that goes with it. ReCom goes on
for as long as it is let, at least twice as long as we take; its roundest state counts. Each run is a process of its own
with a limit of CPU time; who does not answer within it is not asked about larger towns. Peers that are not installed
are left out.
"""

import multiprocessing
import random
import resource
import time
from collections.abc import Callable, Iterator
from functools import partial
from queue import Empty

import geopandas as gpd
import numpy as np
import pymetis
import shapely
from draw_towns import Town

from geo.faces import connected_parts

STARTS = 60
LIMIT_S = 60
"""CPU seconds for each peer and town; METIS needs less."""

RECOM_S = 20
"""CPU seconds that ReCom walks for after its first state."""

PATIENCE = 30
"""On a busy machine a run is cut off after so many times its limit on the clock."""

EVENNESS = (30, 100, 200)
"""METIS's ufactor: parts may differ from the mean by so many thousandths; its default, and two that leave more room."""

Answer = tuple[str, float, list[np.ndarray]]
"""Name, CPU seconds, and the grid of each block for each try."""


def metis(town: Town, ufactor: int, seed: int) -> np.ndarray:
    """One start of METIS: the same graph with its blocks in another order; borders are weighed by their metres."""
    count = len(town.blocks)
    turn = np.random.default_rng(seed).permutation(count)
    one, two = turn[town.borders["one"].to_numpy()], turn[town.borders["two"].to_numpy()]
    metres = np.maximum(np.rint(town.borders["metres"].to_numpy() * 10), 1).astype(int)
    # METIS refuses graphs in several pieces.
    leads = np.unique(connected_parts(count, one, two), return_index=True)[1]
    one, two = np.concatenate([one, leads[:-1]]), np.concatenate([two, leads[1:]])
    metres = np.concatenate([metres, np.ones(len(leads) - 1, dtype=int)])
    start, end = np.concatenate([one, two]), np.concatenate([two, one])
    order = np.lexsort((end, start))
    first = np.concatenate([[0], np.cumsum(np.bincount(start, minlength=count))])
    weight = np.empty(count, dtype=int)
    weight[turn] = town.blocks["households"] * 10 + 1
    found = pymetis.part_graph(
        town.grids,
        pymetis.CSRAdjacency(first.tolist(), end[order].tolist()),
        vweights=weight.tolist(),
        eweights=np.tile(metres, 2)[order].tolist(),
        recursive=False,
        options=pymetis.Options(contig=1, seed=seed, ncuts=4, ufactor=ufactor),
    )
    return np.asarray(found[1])[turn]


def run_metis(ufactor: int, town: Town) -> Iterator[np.ndarray]:
    """Every start."""
    for seed in range(STARTS):
        yield metis(town, ufactor, seed)


def run_recom(town: Town) -> Iterator[np.ndarray]:
    """Recursive tree partition, and the steps of ReCom from there that fit into the limit."""
    import networkx as nx
    from gerrychain import Graph, Partition, constraints, proposals, updaters
    from gerrychain.partition import recursive_tree_part

    random.seed(1)
    graph = nx.Graph()
    graph.add_nodes_from((place, {"people": int(people)}) for place, people in enumerate(town.blocks["households"]))
    graph.add_edges_from(town.borders[["one", "two"]].to_numpy().tolist())
    graph = Graph.from_networkx(graph)
    mean = town.blocks["households"].sum() / town.grids
    room = (town.band[1] - town.band[0]) / sum(town.band)
    parts = recursive_tree_part(graph, range(town.grids), mean, "people", room * 0.9)
    yield np.array([parts[place] for place in range(len(town.blocks))])
    tally = {"people": updaters.Tally("people", alias="people")}
    state = Partition(graph, parts, updaters=tally)
    even = constraints.within_percent_of_ideal_population(state, room, pop_key="people")
    until = time.process_time() + RECOM_S
    while time.process_time() < until:
        state = proposals.recom(state, "people", mean, room * 0.9, 0)
        if even(state):
            yield np.array([state.assignment[place] for place in range(len(town.blocks))])


def run_max_p(town: Town) -> Iterator[np.ndarray]:
    """Max-P with the band's lower limit as the floor."""
    from spopt.region import MaxPHeuristic

    frame, weights = _for_spopt(town)
    model = MaxPHeuristic(frame, weights, ["x", "y"], "households", town.band[0], top_n=2)
    model.solve()
    yield np.asarray(model.labels_)


def run_skater(town: Town) -> Iterator[np.ndarray]:
    """Skater with as many clusters as grids; its floor counts blocks."""
    from spopt.region import Skater

    frame, weights = _for_spopt(town)
    floor = max(len(frame) // town.grids // 2, 1)
    model = Skater(frame, weights, ["x", "y"], n_clusters=town.grids, floor=floor)
    model.solve()
    yield np.asarray(model.labels_)


def _for_spopt(town: Town) -> tuple[gpd.GeoDataFrame, object]:
    """Blocks with their middles, and their neighbours as spopt reads them."""
    from libpysal.weights import W

    middle = shapely.centroid(town.blocks.geometry.to_numpy())
    frame = town.blocks[["households", "geometry"]].assign(x=shapely.get_x(middle), y=shapely.get_y(middle))
    near: dict[int, list[int]] = {place: [] for place in range(len(frame))}
    for one, two in town.borders[["one", "two"]].to_numpy().tolist():
        near[one].append(two)
        near[two].append(one)
    return frame, W(near, silence_warnings=True)


PEERS: dict[str, tuple[str, Callable[[Town], Iterator[np.ndarray]]]] = {
    **{f"METIS, {room / 10:g} %, best of {STARTS}": ("pymetis", partial(run_metis, room)) for room in EVENNESS},
    "ReCom (gerrychain)": ("gerrychain", run_recom),
    "Max-P (spopt)": ("spopt", run_max_p),
    "Skater (spopt)": ("spopt", run_skater),
}


def run_peers(town: Town, given_up: dict[str, int]) -> Iterator[Answer]:
    """Every installed peer on a town; ``given_up`` notes for how many blocks one had no answer, and is heeded.

    Where single blocks outweigh the band, that may be why, and nothing is noted.
    """
    ordinary = town.blocks["households"].max() <= town.band[1]
    for name, (package, run) in PEERS.items():
        if given_up.get(name, len(town.blocks)) < len(town.blocks) or not importlib_finds(package):
            continue
        seconds, answers = _within_limit(town, run)
        if not answers and ordinary:
            given_up[name] = len(town.blocks)
        yield name, seconds, answers


def importlib_finds(package: str) -> bool:
    """Whether a package is installed."""
    import importlib.util

    return importlib.util.find_spec(package) is not None


def _within_limit(town: Town, run: Callable[[Town], Iterator[np.ndarray]]) -> tuple[float, list[np.ndarray]]:
    """CPU seconds, and what came out within the limit; the rest is cut off."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_collect, args=(town, run, queue), daemon=True)
    process.start()
    found, seconds = [], float(LIMIT_S)
    until = time.monotonic() + LIMIT_S * PATIENCE
    while time.monotonic() < until:
        try:
            answer = queue.get(timeout=1)
        except Empty:
            if process.is_alive():
                continue
            break
        if answer is None:
            break
        seconds, labels = answer
        found.append(labels)
    process.terminate()
    process.join()
    return seconds, found


def _collect(town: Town, run: Callable[[Town], Iterator[np.ndarray]], queue: multiprocessing.Queue) -> None:
    """Send each answer with the CPU seconds so far, at last None; the system ends what takes longer than the limit."""
    spent = time.process_time()
    limit = int(spent) + LIMIT_S
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    try:
        for labels in run(town):
            now = time.process_time()
            # Before the system ends the process, which could be in the middle of sending.
            if now > limit - 3:
                break
            queue.put((now - spent, labels))
    finally:
        queue.put(None)
