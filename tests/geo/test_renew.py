"""Melting a few neighbouring grids at a time."""

import numpy as np
import pytest
from make import frame, square

from geo.blockgraph import Graph, Want, has_threads, improve, mend_threads, rank, refine, totals_of
from geo.blocks import neighbours
from geo.faces import connected_parts

SIDE = 12
STRIPES = np.repeat(np.arange(6), 2 * SIDE)
"""Six grids of two rows each: even, and far from round."""


def a_town(seed=0):
    """A lattice with different numbers of households in its blocks."""
    people = np.random.default_rng(seed).integers(5, 30, SIDE * SIDE).astype(float)
    blocks = frame([square(10 * x, 10 * y, 10) for y in range(SIDE) for x in range(SIDE)], households=people)
    borders = neighbours(blocks, frame([], street_class=[]))
    one, two = borders["one"].to_numpy(), borders["two"].to_numpy()
    area, around = blocks.area.to_numpy(), blocks.length.to_numpy()
    metres, none = borders["metres"].to_numpy(), np.empty((0, 2), dtype=np.int64)
    return Graph(people, area, around, one, two, metres, np.zeros(len(one)), none)


def spread(graph, labels):
    loads = np.bincount(labels, weights=graph.load)
    return loads.std() / loads.mean()


@pytest.mark.parametrize("seed", range(3))
def test_grids_stay_whole_and_in_the_band_and_get_no_worse(seed):
    graph, want = a_town(seed), Want(250, 600)
    start = improve(graph, STRIPES, want, seed)
    labels, worth = refine(graph, start, want, seed, 300_000)
    same = labels[graph.one] == labels[graph.two]
    assert worth <= start[1]
    assert worth == rank(graph, labels, want)
    assert worth[0] == 0
    assert connected_parts(len(labels), graph.one[same], graph.two[same]).max() == labels.max() == 5


def test_stripes_become_round_and_stay_as_even_as_wished():
    graph, want = a_town(), Want(250, 600)
    labels, _ = refine(graph, (STRIPES, rank(graph, STRIPES, want)), want, 1, 2_000_000)
    totals = totals_of(graph, labels, 6)
    assert (4 * np.pi * totals[:, 1] / totals[:, 2] ** 2).min() > 0.5
    assert spread(graph, labels) <= want.weights.even * 1.34


def test_the_same_seed_refines_the_same_and_leaves_what_it_was_given():
    graph, want, given = a_town(), Want(250, 600), STRIPES.copy()
    one, two = (refine(graph, (given, rank(graph, given, want)), want, 7, 200_000)[0] for _ in range(2))
    assert one.tolist() == two.tolist()
    assert given.tolist() == STRIPES.tolist()


ONE_THREAD = np.repeat([0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5], SIDE).reshape(SIDE, SIDE)
"""Stripes, of which the first is one row only and ends in a tail down the side of the next."""
ONE_THREAD[1:5, 0] = 0
ONE_THREAD = ONE_THREAD.ravel()


def test_a_grid_as_thin_as_a_thread_is_mended_within_the_band():
    graph, want = a_town(), Want(100, 900)
    labels = mend_threads(graph, ONE_THREAD, want, 1, 200_000)
    assert has_threads(graph, ONE_THREAD)
    assert not has_threads(graph, labels)
    assert rank(graph, labels, want)[0] == 0


def test_grids_without_a_thread_are_left_as_they_are():
    graph = a_town()
    assert not has_threads(graph, STRIPES)
    assert mend_threads(graph, STRIPES, Want(250, 600), 1, 200_000).tolist() == STRIPES.tolist()


@pytest.mark.parametrize(("band", "narrow"), [((300, 500), False), ((90, 110), True)])
def test_a_band_is_narrow_when_it_asks_for_more_even_loads_than_anybody_else_would(band, narrow):
    assert Want(*band).narrow is narrow
