"""Colours: neighbours never share one, six are enough, and those that are given stay."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from make import square

from geo.colouring import colour_apart, find_neighbours


def lattice(columns: int, rows: int) -> list[shapely.Polygon]:
    return [square(column, row) for column in range(columns) for row in range(rows)]


def planar(seed: int, count: int) -> np.ndarray:
    """The cells of a random partition of a square, which share their borders vertex for vertex."""
    spots = shapely.MultiPoint(np.random.default_rng(seed).uniform(0, 100, (count, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(spots))
    return np.asarray(shapely.set_precision(cells, 0.001), dtype=object)


def test_neighbours_share_a_line_and_a_corner_is_not_enough():
    one, two = find_neighbours(lattice(2, 2))

    assert list(zip(one.tolist(), two.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 3), (2, 3)]


def test_the_border_of_a_hole_counts():
    ring = shapely.difference(square(0, 0, 3), square(1, 1))

    assert [pair.tolist() for pair in find_neighbours([ring, square(1, 1)])] == [[0], [1]]


def test_a_grid_in_several_pieces_borders_on_the_neighbours_of_each():
    exclave = shapely.MultiPolygon([square(0, 0), square(3, 0)])

    one, two = find_neighbours([exclave, square(1, 0), square(2, 0), square(5, 0)])

    assert list(zip(one.tolist(), two.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]


def test_pieces_of_one_grid_that_touch_are_not_neighbours_of_themselves():
    pieces = shapely.MultiPolygon([square(0, 0), square(1, 0)])
    alone = shapely.MultiPolygon([square(0, 1)])

    one, two = find_neighbours([pieces, alone])

    assert list(zip(one.tolist(), two.tolist(), strict=True)) == [(0, 1)]


def test_the_hole_of_a_piece_counts_too():
    ring = shapely.difference(square(0, 0, 3), square(1, 1))

    one, two = find_neighbours([square(9, 9), shapely.MultiPolygon([square(6, 6), ring]), square(1, 1)])

    assert list(zip(one.tolist(), two.tolist(), strict=True)) == [(1, 2)]


def test_nothing_has_no_neighbours_and_no_colours():
    one, two = find_neighbours([])

    assert (len(one), len(two), len(colour_apart(0, one, two))) == (0, 0, 0)


def test_a_chessboard_needs_two_colours():
    colours = colour_apart(64, *find_neighbours(lattice(8, 8)))

    assert set(colours.tolist()) == {0, 1}


@given(st.integers(0, 10_000), st.integers(2, 60))
@settings(max_examples=40, deadline=None)
def test_neighbours_never_share_a_colour_and_six_are_enough(seed, count):
    one, two = find_neighbours(planar(seed, count))

    colours = colour_apart(count, one, two)

    assert (colours[one] != colours[two]).all()
    assert colours.max() <= 5


@given(st.integers(0, 10_000), st.sets(st.integers(0, 39), max_size=8))
@settings(max_examples=40, deadline=None)
def test_only_those_without_a_colour_get_one(seed, fresh):
    one, two = find_neighbours(planar(seed, 40))
    before = colour_apart(40, one, two)
    given_ones = before.copy()
    given_ones[list(fresh)] = -1

    after = colour_apart(40, one, two, given_ones)

    kept = np.setdiff1d(np.arange(40), list(fresh))
    assert (after[kept] == before[kept]).all()
    assert (after[one] != after[two]).all()
