"""Whose ground a point is on: ties, gaps, overlaps, reach and doubt."""

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

from geo.doubt import SIGMAS_IN_ACCURACY
from geo.errors import BadGeometry, WrongCrs
from geo.locate import RULES, GridLocator, locate_points, weigh, weigh_candidates, weigh_points


def two_squares() -> gpd.GeoDataFrame:
    """B in the west, A in the east, sharing the line x = 10."""
    return make.frame([box(0, 0, 10, 10), box(10, 0, 20, 10)], grid_code=["B", "A"])


def points(*places: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([Point(place) for place in places], crs=make.METRES)


def lattice(columns: int, rows: int, side: float = 100.0, turn: float = 0.0) -> gpd.GeoDataFrame:
    """Square grids coded 000, 001, ..., turned around a corner far from the origin, as real borders lie."""
    squares = [box(c * side, r * side, c * side + side, r * side + side) for r in range(rows) for c in range(columns)]
    turned = shapely.transform(squares, lambda corners: turned_and_far(corners, turn))
    return make.frame(list(turned), grid_code=[f"{number:03d}" for number in range(len(squares))])


def turned_and_far(places: np.ndarray, turn: float) -> np.ndarray:
    """Places turned around the origin by so many degrees, then carried to a city's coordinates."""
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return places @ np.array([[cosine, sine], [-sine, cosine]]) + (440_000.0, 4_430_000.0)


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


def test_the_rule_that_decided_is_named() -> None:
    weighed = weigh_points(points((5, 5), (10, 5), (22, 5), (30, 5)), two_squares(), accuracy_m=1, reach_m=3)

    assert weighed["rule"].tolist() == ["inside", "border_tie", "within_reach", "none"]
    assert weighed["grid_code"].tolist() == ["B", "A", "A", None]
    np.testing.assert_allclose(weighed["border_m"], [5, 0, 2, np.nan])
    assert weighed["sure"].tolist() == [True, False, False, False]


def test_a_straight_border_shares_the_doubt_as_the_normal_law_says() -> None:
    wide = make.frame([box(-1e4, -1e4, 0, 1e4), box(0, -1e4, 1e4, 1e4)], grid_code=["W", "E"])
    sigmas = np.array([0.0, 0.5, 1.0, 1.6449, 2.0, 3.0])
    places = points(*[(s * 10.0, 0.0) for s in sigmas])

    weighed = weigh_points(places, wide, accuracy_m=10.0 * SIGMAS_IN_ACCURACY)

    # The normal distribution's own table.
    np.testing.assert_allclose(weighed["probability"], [0.5, 0.6915, 0.8413, 0.95, 0.9772, 0.9987], atol=5e-5)
    assert weighed["next_code"].iloc[1:].tolist() == ["W"] * 5
    assert weighed["sure"].tolist() == [False, False, False, True, True, True]


def test_in_68_of_100_cases_the_true_place_is_within_the_accuracy() -> None:
    disc = make.frame([Point(0, 0).buffer(10.0, quad_segs=256)], grid_code=["A"])

    weighed = weigh_points(points((0, 0)), disc, accuracy_m=10.0)

    assert weighed["probability"].iloc[0] == pytest.approx(0.68, abs=1e-4)


def test_at_a_corner_of_four_grids_each_has_a_quarter() -> None:
    grids = make.frame([box(x, y, x + 100, y + 100) for x in (0, 100) for y in (0, 100)], grid_code=list("DCBA"))

    weighed = weigh_points(points((100, 100)), grids, accuracy_m=10)

    assert weighed["probability"].iloc[0] == pytest.approx(0.25, abs=1e-6)
    assert weighed["grid_code"].iloc[0] == "A"
    assert weighed["next_code"].iloc[0] == "B"


def test_an_unknown_accuracy_is_never_sure() -> None:
    weighed = weigh_points(points((5, 5), (5, 5), (5, 5)), two_squares(), accuracy_m=[1.0, np.nan, -1.0])

    assert weighed["sure"].tolist() == [True, False, False]
    assert weighed["probability"].isna().tolist() == [False, True, True]
    assert weighed["grid_code"].tolist() == ["B", "B", "B"]


def test_an_exact_position_is_sure_unless_it_lies_on_the_line() -> None:
    weighed = weigh_points(points((9.99, 5), (10, 5)), two_squares(), accuracy_m=0)

    assert weighed["sure"].tolist() == [True, False]
    np.testing.assert_allclose(weighed["probability"], [1.0, 0.5], atol=1e-4)


def test_a_special_grid_does_not_compete_with_the_general_one_under_it() -> None:
    grids = make.frame([box(0, 0, 100, 100), box(40, 40, 60, 60)], grid_code=["G", "S"], kind=["general", "special"])

    weighed = weigh_points(points((50, 50)), grids, accuracy_m=10)

    assert weighed.loc[0, ["grid_code", "next_code"]].tolist() == ["G", None]
    assert weighed["probability"].iloc[0] == pytest.approx(1.0, abs=1e-6)


def test_a_lost_point_says_how_likely_it_is_nobodys() -> None:
    weighed = weigh_points(points((-10, 5), (-1000, 5)), two_squares(), accuracy_m=10 * SIGMAS_IN_ACCURACY)

    assert weighed["grid_code"].tolist() == [None, None]
    assert 0.8 < weighed["probability"].iloc[0] < 0.95
    assert weighed["next_code"].tolist() == ["B", None]
    assert weighed["probability"].iloc[1] == 1.0


def test_stated_probabilities_are_how_often_the_answer_is_right() -> None:
    grids = lattice(6, 6, side=60.0, turn=17.0)
    locator = GridLocator(grids)
    rng = np.random.default_rng(7)
    true = turned_and_far(rng.uniform(60, 300, (20_000, 2)), 17.0)
    stated = true + rng.normal(0, 15.0, true.shape)

    weighed = weigh_points(
        gpd.GeoSeries(gpd.points_from_xy(*stated.T), crs=make.METRES), locator, accuracy_m=15.0 * SIGMAS_IN_ACCURACY
    )

    right = weighed["grid_code"].to_numpy() == locator.codes_at(locator.locate(*true.T))
    inner = weighed["grid_code"].isin([f"{r * 6 + c:03d}" for r in (2, 3) for c in (2, 3)])
    bins = pd.cut(weighed["probability"][inner], [0.2, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    table = pd.DataFrame({"said": weighed["probability"][inner], "was": right[inner]}).groupby(bins, observed=True)
    gap = (table["said"].mean() - table["was"].mean()).abs()
    assert gap.max() < 0.05


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


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), turn=st.sampled_from([0.0, 17.0]), accuracy=st.sampled_from([0.0, 5.0, 20.0, 80.0]))
def test_the_masses_over_a_tiling_add_up_to_one(seed: int, turn: float, accuracy: float) -> None:
    grids = lattice(12, 12, turn=turn)
    rng = np.random.default_rng(seed)
    middle = grids.geometry.iloc[[65, 66, 77, 78]]
    corners = shapely.get_coordinates(middle.array)
    beside, astray = rng.normal(0, 1e-8, corners.shape), rng.normal(0, 30, corners.shape)
    places = np.vstack([corners, corners + beside, corners + astray])

    point, _, mass = GridLocator(grids).ground.masses(places[:, 0], places[:, 1], np.full(len(places), accuracy))

    total = np.bincount(point, mass, minlength=len(places))[np.unique(point)]
    np.testing.assert_allclose(total, 1.0, rtol=0, atol=1e-7)


def test_every_candidate_is_named_with_its_probability_likeliest_first() -> None:
    grids = lattice(2, 2)
    middle = turned_and_far(np.array([(103.0, 98.0), (103.0, 50.0), (50.0, 50.0), (900.0, 900.0)]), 0.0)
    spots = gpd.GeoSeries(gpd.points_from_xy(*middle.T), crs=make.METRES)

    said = weigh_candidates(spots, grids, accuracy_m=10.0)

    assert said["point"].tolist() == [0, 0, 0, 0, 1, 1, 2]
    assert said["grid_code"].tolist() == ["001", "003", "000", "002", "001", "000", "000"]
    np.testing.assert_allclose(said["probability"], [0.418, 0.257, 0.201, 0.124, 0.675, 0.325, 1.0], atol=1e-3)
    assert said["probability"].groupby(said["point"]).sum().tolist() == pytest.approx([1.0] * 3)


def test_the_likeliest_candidates_are_those_the_answer_names() -> None:
    grids = lattice(5, 5, side=40.0, turn=11.0)
    places = turned_and_far(np.random.default_rng(2).uniform(0, 200, (500, 2)), 11.0)
    spots = gpd.GeoSeries(gpd.points_from_xy(*places.T), crs=make.METRES)

    answer = weigh_points(spots, grids, accuracy_m=12.0)
    said = weigh_candidates(spots, grids, accuracy_m=12.0)

    joined = said.merge(answer.rename_axis("point").reset_index(), on=["point", "grid_code"], suffixes=("_each", ""))
    assert len(joined) == 500
    np.testing.assert_allclose(joined["probability_each"], joined["probability"], atol=1e-12)
    others = said[said["grid_code"].to_numpy() != answer["grid_code"].to_numpy()[said["point"]]]
    assert others.groupby("point")["grid_code"].first().to_dict() == answer["next_code"].dropna().to_dict()


def test_plain_arrays_and_frames_of_points_get_the_same_answer() -> None:
    grids = lattice(3, 3, turn=5.0)
    x, y = turned_and_far(np.random.default_rng(4).uniform(-30, 330, (300, 2)), 5.0).T
    spots = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=make.METRES)
    locator = GridLocator(grids)

    said = weigh(locator, x, y, accuracy_m=8.0, reach_m=10.0, tie_m=0.01)
    told = weigh_points(spots, grids, accuracy_m=8.0, reach_m=10.0, tie_m=0.01)

    assert locator.codes_at(said.grid).tolist() == told["grid_code"].tolist()
    assert [RULES[number].value for number in said.rule] == told["rule"].tolist()
    np.testing.assert_array_equal(said.probability, told["probability"])
    assert set(told["rule"]) == {"inside", "within_reach", "none"}


def test_a_mistaken_overlap_far_from_every_border_is_a_tie() -> None:
    grids = make.frame([box(0, 0, 600, 600), box(400, 0, 1000, 600)], grid_code=["B", "A"])

    weighed = weigh_points(points((500, 300)), grids, accuracy_m=5)

    assert weighed.loc[0, ["grid_code", "rule", "border_m"]].tolist() == ["A", "border_tie", 100.0]
