"""Shapes as arrays of edges."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, MultiPolygon, Polygon, box

from geo.edges import distances, line_edges, meetings, ring_edges, segments


def test_every_ring_of_every_part_is_listed_with_the_ground_on_its_left() -> None:
    clockwise = Polygon([(0, 0), (0, 9), (9, 9), (9, 0)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
    shapes = np.array([box(20, 0, 21, 1), None, MultiPolygon([clockwise, box(10, 0, 11, 1)])], dtype=object)

    edges = ring_edges(shapes)

    assert edges.owner.tolist() == [0] * 4 + [2] * 12
    middle, along = (edges.start + edges.end) / 2, edges.end - edges.start
    left = middle + 0.1 * np.column_stack([-along[:, 1], along[:, 0]]) / np.hypot(*along.T)[:, None]
    assert shapely.contains_xy(shapes[edges.owner], left[:, 0], left[:, 1]).all()


def test_lines_keep_their_parts_apart_and_name_their_vertices() -> None:
    shapes = np.array([MultiLineString([[(0, 0), (1, 0), (1, 0)], [(5, 5), (6, 5)]]), LineString([(7, 7), (8, 7)])])

    edges = line_edges(shapes)

    assert edges.owner.tolist() == [0, 0, 0, 1]
    assert edges.part.tolist() == [0, 0, 1, 2]
    np.testing.assert_array_equal(shapely.get_coordinates(shapes)[edges.first], edges.start)
    np.testing.assert_array_equal(shapely.get_coordinates(shapes)[edges.first + 1], edges.end)


def test_nothing_has_no_edges() -> None:
    assert len(ring_edges(np.array([None, Polygon()], dtype=object)).owner) == 0
    assert len(line_edges(np.array([], dtype=object)).owner) == 0


def test_an_edge_is_met_where_another_crosses_touches_or_runs_beside_it() -> None:
    start, end = np.zeros((5, 2)), np.tile([10.0, 0.0], (5, 1))
    others = np.array(
        [
            [[4, -1], [4, 1]],  # crosses
            [[6, 0], [6, 5]],  # begins on it
            [[2, 0], [7, 0]],  # runs along it
            [[4, 1], [4, 5]],  # misses it
            [[10, 0], [20, 9]],  # goes on from its end
        ],
        dtype=float,
    )

    pair, share = meetings(start, end, others[:, 0], others[:, 1], 1e-6)

    found = {number: sorted(set(share[pair == number].round(9))) for number in range(5)}
    assert found == {0: [0.4], 1: [0.6], 2: [0.2, 0.7], 3: [], 4: [1.0]}


place = st.tuples(st.integers(-9, 9), st.integers(-9, 9))


@settings(deadline=None)
@given(spot=place, start=place, end=place)
def test_distances_are_those_of_geos(spot: tuple[int, int], start: tuple[int, int], end: tuple[int, int]) -> None:
    one, a, b = (np.array([each], dtype=float) for each in (spot, start, end))

    np.testing.assert_allclose(distances(one, a, b), shapely.distance(shapely.points(one), segments(a, b)), atol=1e-12)
