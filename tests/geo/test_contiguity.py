"""Who borders on whom."""

import numpy as np
import shapely
from squares import lattice

from geo.contiguity import Contiguity, border_on


def pairs(found: Contiguity) -> list[tuple[int, int]]:
    return list(zip(found.one.tolist(), found.two.tolist(), strict=True))


def test_sides_are_shared_and_corners_are_not() -> None:
    found = border_on(lattice(3, 2, turn=17.0).geometry.to_numpy())

    assert pairs(found) == [(0, 1), (0, 3), (1, 2), (1, 4), (2, 5), (3, 4), (4, 5)]


def test_vertices_of_one_side_alone_part_no_neighbours() -> None:
    one = shapely.box(0, 0, 100, 100)
    two = shapely.segmentize(shapely.box(100, 0, 200, 100), 7.0)

    assert pairs(border_on([one, two])) == [(0, 1)]


def test_a_strip_of_nobodys_ground_parts_neighbours() -> None:
    assert pairs(border_on([shapely.box(0, 0, 100, 100), shapely.box(103, 0, 200, 100)])) == []


def test_an_exclave_borders_on_what_lies_around_it() -> None:
    around = shapely.box(200, 0, 300, 100) - shapely.box(240, 40, 260, 60)
    home = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(240, 40, 260, 60)])

    found = border_on([home, around, shapely.box(900, 0, 950, 50)])

    assert pairs(found) == [(0, 1)]
    assert found.islands.tolist() == [False, False, True]


def test_nothing_borders_on_nothing() -> None:
    found = border_on([])

    assert (found.count, len(found.islands)) == (0, 0)


def test_who_bordered_only_on_those_left_out_is_an_island() -> None:
    row = border_on(lattice(4, 1).geometry.to_numpy())

    left = row.among(np.array([True, False, True, True]))

    assert pairs(left) == [(1, 2)]
    assert left.islands.tolist() == [True, False, False]


def test_sums_of_many_rows_at_once_are_those_of_each() -> None:
    beside = border_on(lattice(4, 3).geometry.to_numpy())
    rows = np.arange(36.0).reshape(3, 12) ** 2

    together = beside.window_sums(rows)

    assert np.array_equal(together, [beside.window_sums(row) for row in rows])
    assert together[0, 0] == rows[0, [0, 1, 4]].sum()
