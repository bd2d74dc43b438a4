"""Whose ground a point is on: ties, gaps, overlaps and reach."""

from fractions import Fraction
from itertools import pairwise

import geopandas as gpd
import make
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, box
from squares import lattice, points, turned_and_far, two_squares

from geo.errors import BadGeometry, WrongCrs
from geo.locate import GridLocator, locate_points, weigh_points


def holds_exactly(polygon: Polygon, x: float, y: float) -> bool:
    """Whether a polygon without holes holds a point, its border included, in fractions without any rounding."""
    ring = [(Fraction(a), Fraction(b)) for a, b in polygon.exterior.coords]
    px, py = Fraction(x), Fraction(y)
    inside = False
    for (ax, ay), (bx, by) in pairwise(ring):
        turn = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
        if turn == 0 and min(ax, bx) <= px <= max(ax, bx) and min(ay, by) <= py <= max(ay, by):
            return True
        if (ay > py) != (by > py) and (turn > 0) == (by > ay):
            inside = not inside
    return inside


def test_a_point_on_a_shared_line_goes_to_the_smaller_code() -> None:
    assert locate_points(points((10, 5)), two_squares()).tolist() == ["A"]


def test_a_hundred_points_on_a_shared_line_give_a_hundred_rows() -> None:
    on_line = points(*[(10.0, y) for y in np.linspace(0, 10, 100)])

    found = locate_points(on_line, two_squares())

    assert found.tolist() == ["A"] * 100
    assert found.index.equals(on_line.index)


def test_a_corner_of_four_grids_goes_to_the_smallest_code() -> None:
    grids = make.frame([make.square(x, y) for x in (0, 1) for y in (0, 1)], grid_code=["4", "3", "2", "10"])

    assert locate_points(points((1, 1)), grids).tolist() == ["10"]


def test_without_codes_the_first_grid_wins_a_tie() -> None:
    locator = GridLocator(two_squares().geometry)

    np.testing.assert_array_equal(locator.locate([10, 15], [5, 5]), [0, 1])


def test_a_missing_code_loses_every_tie() -> None:
    grids = make.frame([box(0, 0, 10, 10), box(10, 0, 20, 10)], grid_code=[None, "Z"])

    assert GridLocator(grids).locate(10, 5) == 1


def test_holes_are_nobodys_unless_another_grid_fills_them() -> None:
    ring = Polygon(box(0, 0, 9, 9).exterior, [box(3, 3, 6, 6).exterior])
    grids = make.frame([ring, box(3, 3, 5, 6)], grid_code=["A", "B"])

    found = locate_points(points((1, 1), (4, 4), (5.5, 4), (3, 4), (6, 4)), grids)

    assert found.tolist() == ["A", "B", None, "A", "A"]


def test_an_exclave_belongs_to_its_grid() -> None:
    grids = make.frame([MultiPolygon([make.square(0, 0), make.square(5, 5)]), make.square(1, 0)], grid_code=["A", "B"])

    assert locate_points(points((0.5, 0.5), (5.5, 5.5), (1.5, 0.5), (3, 3)), grids).tolist() == ["A", "A", "B", None]


def test_overlapping_grids_give_the_smaller_code() -> None:
    grids = make.frame([box(0, 0, 6, 6), box(4, 0, 10, 6)], grid_code=["B", "A"])

    assert locate_points(points((3, 3), (5, 3), (8, 3)), grids).tolist() == ["B", "A", "A"]


def test_overlapping_parts_of_one_grid_are_its_ground_too() -> None:
    grids = make.frame([MultiPolygon([box(0, 0, 6, 6), box(4, 0, 10, 6)])], grid_code=["A"])

    assert locate_points(points((5, 3)), grids).tolist() == ["A"]


def test_a_ring_that_crosses_itself_holds_what_it_winds_around_once() -> None:
    bow_tie = Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])

    found = locate_points(points((0.5, 2), (3.5, 2), (2, 0.5), (2, 2)), make.frame([bow_tie], grid_code=["A"]))

    assert found.tolist() == ["A", "A", None, "A"]


def test_the_general_grid_answers_for_the_ground_under_a_special_one() -> None:
    grids = make.frame([box(0, 0, 10, 10), box(4, 4, 14, 6)], grid_code=["Z", "A"], kind=["general", "special"])

    general = GridLocator(grids).locate([5, 12, 4], [5, 5, 5])
    special = GridLocator(grids, precedence="special").locate([5, 12, 4], [5, 5, 5])

    np.testing.assert_array_equal(general, [0, 1, 0])
    np.testing.assert_array_equal(special, [1, 1, 1])


def test_positions_that_are_no_numbers_lie_nowhere() -> None:
    found = GridLocator(two_squares()).locate([np.nan, np.inf, 5, -np.inf], [5, 5, np.nan, 5])

    np.testing.assert_array_equal(found, [-1, -1, -1, -1])


def test_the_answer_has_the_shape_of_the_question() -> None:
    locator = GridLocator(two_squares())

    assert locator.locate(5, 5).shape == ()
    assert locator.locate([], []).shape == (0,)
    assert locator.locate([[5], [15]], [5, 50]).tolist() == [[0, -1], [1, -1]]
    assert locator.locate([5], [5]).dtype == np.int32


def test_no_grids_hold_no_points() -> None:
    empty = two_squares().iloc[:0]

    np.testing.assert_array_equal(GridLocator(empty).locate([5], [5]), [-1])
    assert locate_points(points((5, 5)), empty, reach_m=100).tolist() == [None]


def test_missing_and_empty_grids_hold_nothing_but_keep_their_place() -> None:
    grids = make.frame([None, Polygon(), box(0, 0, 9, 9)], grid_code=["A", "B", "C"])

    assert GridLocator(grids).locate(1, 1) == 2


def test_a_grid_that_is_a_line_is_refused() -> None:
    with pytest.raises(BadGeometry, match="Grids are polygons"):
        GridLocator(make.frame([LineString([(0, 0), (1, 1)])], grid_code=["A"]))


def test_something_other_than_points_is_refused() -> None:
    with pytest.raises(BadGeometry, match="Points are wanted"):
        locate_points(make.frame([box(0, 0, 1, 1)]), two_squares())


def test_a_missing_point_has_no_grid_but_keeps_its_row() -> None:
    places = gpd.GeoSeries([None, Point(), Point(5, 5)], crs=make.METRES, index=["x", "y", "z"])

    found = locate_points(places, two_squares(), reach_m=5)
    weighed = weigh_points(places, two_squares(), accuracy_m=1)

    assert found.to_dict() == {"x": None, "y": None, "z": "B"}
    assert weighed["rule"].to_dict() == {"x": "none", "y": "none", "z": "inside"}
    assert weighed["probability"].isna().to_list() == [True, True, False]


def test_degrees_are_taken_without_a_reach_and_refused_with_one() -> None:
    grids = make.frame([make.degrees_square(0)], crs="EPSG:4326", grid_code=["A"])
    spot = gpd.GeoSeries([grids.geometry.iloc[0].centroid], crs="EPSG:4326")

    assert locate_points(spot, grids).tolist() == ["A"]
    with pytest.raises(WrongCrs, match="not in metres"):
        locate_points(spot, grids, reach_m=1)


def test_points_on_another_map_are_refused() -> None:
    with pytest.raises(WrongCrs, match="convert one of them"):
        locate_points(points((5, 5)).set_crs("EPSG:4549", allow_override=True), two_squares())


def test_a_point_beyond_the_edge_goes_to_the_nearest_grid_within_reach() -> None:
    found = locate_points(points((-3, 5), (-3.001, 5), (23, 5), (23, 14)), two_squares(), reach_m=3)

    assert found.tolist() == ["B", None, "A", None]


def test_a_point_as_far_from_two_grids_goes_to_the_smaller_code() -> None:
    turned = lattice(2, 1, turn=31.0)
    # The line that both share runs from (100, 0) to (100, 100) before turning; these lie beyond its ends.
    beyond = [Point(place) for place in turned_and_far(np.array([(100.0, -5.0), (100.0, 105.0)]), 31.0)]

    found = locate_points(gpd.GeoSeries(beyond, crs=make.METRES), turned.iloc[::-1], reach_m=10)

    assert found.tolist() == ["000", "000"]


@settings(deadline=None)
@given(
    vertices=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=9, unique=True),
    share=st.floats(0, 1),
    edge=st.integers(0, 8),
    nudge=st.tuples(st.integers(-2, 2), st.integers(-2, 2)),
    far=st.sampled_from([(0.0, 0.0), (440_000.1, 4_430_000.7), (116.3, 39.9)]),
)
def test_beside_a_line_the_answer_is_that_of_arithmetic_without_rounding(
    vertices: list[tuple[int, int]], share: float, edge: int, nudge: tuple[int, int], far: tuple[float, float]
) -> None:
    ring = [(x / 7 + far[0], y / 7 + far[1]) for x, y in vertices]
    polygon = Polygon(ring)
    (ax, ay), (bx, by) = ring[edge % len(ring)], ring[(edge + 1) % len(ring)]
    x, y = ax + share * (bx - ax), ay + share * (by - ay)
    for _ in range(abs(nudge[0])):
        x = np.nextafter(x, np.inf * nudge[0])
    for _ in range(abs(nudge[1])):
        y = np.nextafter(y, np.inf * nudge[1])

    found = GridLocator(gpd.GeoSeries([polygon])).locate(x, y)

    assert (found == 0) == holds_exactly(polygon, float(x), float(y))


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), turn=st.sampled_from([0.0, 17.0, 45.0, 90.0]))
def test_every_point_of_a_tiling_has_one_grid_whatever_the_order_of_rows(seed: int, turn: float) -> None:
    grids = lattice(4, 3, turn=turn)
    rng = np.random.default_rng(seed)
    corners = shapely.get_coordinates(grids.geometry)
    beside, astray = rng.normal(0, 1e-9, corners.shape), rng.normal(0, 60, corners.shape)
    places = np.vstack([corners, corners + beside, corners + astray])
    spots = gpd.GeoSeries(gpd.points_from_xy(*places.T), crs=make.METRES)

    found = locate_points(spots, grids)
    shuffled = locate_points(spots, grids.sample(frac=1, random_state=seed))

    pd.testing.assert_series_equal(found, shuffled)
    inside = shapely.contains_properly(shapely.union_all(grids.geometry.array).buffer(-1e-6), spots.array)
    assert found[inside].notna().all()
