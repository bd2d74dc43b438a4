"""How sure it is whose ground a point is on: the rule, the probability, the other candidates."""

import geopandas as gpd
import make
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box
from squares import lattice, points, turned_and_far, two_squares

from geo.doubt import SIGMAS_IN_ACCURACY
from geo.locate import RULES, GridLocator, weigh, weigh_candidates, weigh_points


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
