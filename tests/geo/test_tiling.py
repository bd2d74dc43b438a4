"""What is wrong with grids, and where."""

import pytest
import shapely
from make import frame, square

from geo.errors import BadGeometry, WrongCrs
from geo.tiling import balance, find_flaws


def grids(*shapes, codes=None):
    return frame(list(shapes), grid_code=codes or [f"{place:03d}" for place in range(1, len(shapes) + 1)])


def flaws_of(*args, **kwargs):
    return find_flaws(*args, **kwargs)[["kind", "grid_code", "other_code", "area_m2"]].values.tolist()


PAIR = grids(square(0, 0, 10), square(10, 0, 10))
GROUND = shapely.box(0, 0, 20, 10)


def test_a_tiling_has_no_flaws():
    found = find_flaws(PAIR, GROUND)
    assert found.empty
    assert list(found.columns) == ["kind", "grid_code", "other_code", "area_m2", "geometry"]
    assert found.crs == PAIR.crs


def test_ground_that_two_grids_claim():
    found = find_flaws(grids(square(0, 0, 10), square(7, 0, 10)))
    assert found[["kind", "grid_code", "other_code", "area_m2"]].values.tolist() == [["overlap", "001", "002", 30.0]]
    assert found.geometry[0].equals(shapely.box(7, 0, 10, 10))


def test_ground_of_the_outline_without_a_grid():
    assert flaws_of(PAIR, shapely.box(0, 0, 25, 10)) == [["gap", "002", "", 50.0]]


def test_a_hole_between_grids_is_a_gap_even_without_an_outline():
    ring = square(0, 0, 30).difference(square(10, 10, 10))
    halves = grids(ring.intersection(shapely.box(0, 0, 15, 30)), ring.intersection(shapely.box(15, 0, 30, 30)))
    assert flaws_of(halves) == [["gap", "001", "", 100.0]]


def test_part_of_a_grid_beyond_the_outline():
    assert flaws_of(PAIR, shapely.box(0, 0, 16, 10)) == [["outside", "002", "", 40.0]]


def test_a_grid_in_two_pieces():
    apart = grids(shapely.MultiPolygon([square(0, 0, 10), square(50, 0, 4)]))
    assert flaws_of(apart) == [["not_connected", "001", "", 16.0]]


def test_a_grid_may_have_an_exclave_where_the_outline_has_one():
    both = shapely.MultiPolygon([square(0, 0, 10), square(50, 0, 4)])
    assert flaws_of(grids(both), both) == []


def test_pieces_that_meet_at_a_point_are_not_connected():
    corner = grids(shapely.MultiPolygon([square(0, 0, 10), square(10, 10, 5)]))
    assert flaws_of(corner) == [["not_connected", "001", "", 25.0]]


def test_a_code_used_twice():
    assert flaws_of(grids(square(0, 0, 10), square(10, 0, 10), codes=["007", "007"])) == [
        ["duplicate_code", "007", "007", 100.0]
    ]


def test_a_twisted_or_missing_shape_is_invalid_and_the_rest_is_still_checked():
    twisted = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert flaws_of(grids(twisted, None, square(8, 0, 10))) == [
        ["invalid", "001", "", 50.0],
        ["invalid", "002", "", 0.0],
        ["overlap", "001", "003", 16.0],
        ["not_connected", "001", "", 25.0],
    ]


def test_a_building_and_a_compound_across_a_border():
    house, yard = frame([shapely.box(8, 2, 11, 4)]), frame([shapely.box(5, 5, 12, 7)])
    assert flaws_of(PAIR, GROUND, buildings=house, compounds=yard) == [
        ["cut_building", "001", "002", 2.0],
        ["cut_compound", "001", "002", 4.0],
    ]


def test_a_building_that_only_the_outline_cuts_is_not_cut_by_grids():
    assert flaws_of(PAIR, GROUND, buildings=frame([shapely.box(-5, 2, 5, 4)])) == []


def test_slivers_and_threads_are_passed_over():
    nearly = grids(shapely.box(0, 0, 10.005, 1000), shapely.box(10, 0, 20, 1000))
    assert flaws_of(nearly) == []
    small = grids(square(0, 0, 10), shapely.box(9.95, 0, 20, 10))
    assert flaws_of(small) == []
    assert flaws_of(small, sliver_m2=0.1) == [["overlap", "001", "002", pytest.approx(0.5)]]


def test_degrees_another_system_or_no_codes_are_refused():
    with pytest.raises(WrongCrs):
        find_flaws(PAIR.set_crs(4326, allow_override=True))
    with pytest.raises(WrongCrs):
        find_flaws(PAIR, frame([GROUND]).set_crs(4547, allow_override=True))
    with pytest.raises(BadGeometry, match="grid_code"):
        find_flaws(frame([GROUND]))


def test_no_grids_have_no_flaws_but_leave_the_whole_ground_uncovered():
    assert flaws_of(grids()) == []
    assert flaws_of(grids(), GROUND) == [["gap", "", "", 200.0]]


def test_figures_of_balance():
    figures = balance(frame([square(0, 0, 10), shapely.box(0, 0, 40, 10)], households=[100, 300]), (150, 500))
    assert (figures["grids"], figures["in_band"], figures["in_band_share"]) == (2, 1, 0.5)
    assert (figures["least"], figures["most"], figures["mean"], figures["spread"]) == (100, 300, 200, 100)
    assert figures["compactness"] == pytest.approx((0.7854 + 0.5027) / 2, abs=1e-3)


def test_figures_of_no_grids_are_zero():
    assert set(balance(frame([], households=[])).values()) == {0}
